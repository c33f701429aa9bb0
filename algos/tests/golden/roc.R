# Golden masters of receiver operating characteristics, by their definition.
#
#   Rscript algos/tests/golden/roc.R
#
# writes roc.csv, the data, and roc.json, the results, beside this script; roc_sklearn.py checks its areas.

arguments <- commandArgs(trailingOnly = FALSE)
folder <- dirname(sub("--file=", "", grep("--file=", arguments, value = TRUE)))

set.seed(20260102, kind = "Mersenne-Twister", normal.kind = "Inversion", sample.kind = "Rejection")
n <- 200
x <- rnorm(n)
d <- data.frame(
  late = rbinom(n, 1, plogis(x)),
  # with ties, some of them at thresholds, and without
  coarse = round(plogis(1.5 * x + rnorm(n)), 1),
  fine = round(plogis(0.7 * x + rnorm(n, 0, 0.5)), 6),
  w = round(runif(n, 0, 3), 2),
  f = sample(0:4, n, replace = TRUE)
)
write.csv(d, file.path(folder, "roc.csv"), row.names = FALSE, quote = FALSE)
d <- read.csv(file.path(folder, "roc.csv"))

number <- function(v) sprintf("%.15g", v)
list_of <- function(v) paste0("[", paste(number(v), collapse = ", "), "]")

results <- list()
for (prediction in c("coarse", "fine")) for (weight in c("", "w", "f")) for (breaks in c(2, 11, 100)) {
  w <- if (weight == "") rep(1, n) else d[[weight]]
  y <- d$late
  p <- d[[prediction]]
  thresholds <- (0:(breaks - 1)) / (breaks - 1)
  share <- function(rows, t) sum(w[rows & p >= t]) / sum(w[rows])
  sensitivity <- sapply(thresholds, function(t) share(y == 1, t))
  specificity <- 1 - sapply(thresholds, function(t) share(y == 0, t))
  # closed at (0, 0), trapezoids over 1 - specificity
  fpr <- c(1 - specificity, 0)
  tpr <- c(sensitivity, 0)
  trapezoids <- sum(-diff(fpr) * (tpr[-1] + tpr[-length(tpr)]) / 2)
  above <- outer(p[y == 1], p[y == 0], function(a, b) (a > b) + 0.5 * (a == b))
  pairs <- outer(w[y == 1], w[y == 0])
  keep <- !duplicated(cbind(sensitivity, specificity))
  results[[length(results) + 1]] <- paste0(
    "{\"prediction\": \"", prediction, "\", \"weight\": \"", weight, "\", \"breaks\": ", breaks,
    ", \"threshold\": ", list_of(thresholds[keep]), ", \"sensitivity\": ", list_of(sensitivity[keep]),
    ", \"specificity\": ", list_of(specificity[keep]), ", \"trapezoids\": ", number(trapezoids),
    ", \"exact\": ", number(sum(above * pairs) / sum(pairs)), "}")
}
writeLines(paste0("[\n", paste(results, collapse = ",\n"), "\n]"), file.path(folder, "roc.json"))
