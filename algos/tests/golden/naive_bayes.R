# Golden masters of naive Bayes: base R, by the formula.
#
#   Rscript algos/tests/golden/naive_bayes.R
#
# reads kyphosis.csv and policies.csv and writes naive_bayes.json beside this script. The tests need neither R nor this
# script.

arguments <- commandArgs(trailingOnly = FALSE)
folder <- dirname(sub("--file=", "", grep("--file=", arguments, value = TRUE)))
number <- function(x) paste0("[", paste(sprintf("%.17g", x), collapse = ","), "]")
levels_as_seen <- function(x) factor(x, levels = unique(x))
kyphosis <- read.csv(file.path(folder, "..", "data", "kyphosis.csv"), stringsAsFactors = FALSE)
policies <- read.csv(file.path(folder, "policies.csv"), stringsAsFactors = FALSE)
for (name in c("g", "h")) policies[[name]] <- levels_as_seen(policies[[name]])
kyphosis$Kyphosis <- levels_as_seen(kyphosis$Kyphosis)
cases <- list(
  list(file = "kyphosis", y = "Kyphosis", x = c("Age", "Number", "Start"), smoothing = 0),
  list(file = "policies", y = "g", x = c("x", "h", "cnt"), smoothing = 0),
  list(file = "policies", y = "h", x = c("g", "F(z)"), smoothing = 1),
  list(file = "policies", y = "h", x = c("g", "pos", "F(z)"), smoothing = 0.5)
)
out <- sapply(cases, function(case) {
  data <- get(case$file)
  y <- data[[case$y]]
  score <- matrix(log(table(y) / length(y)), length(y), nlevels(y), byrow = TRUE)
  tables <- sapply(case$x, function(name) {
    x <- if (name == "F(z)") factor(data$z, levels = min(data$z):max(data$z)) else data[[name]]
    if (is.factor(x)) {
      count <- table(y, x)
      p <- (count + case$smoothing) / (rowSums(count) + case$smoothing * nlevels(x))
      score <<- score + t(log(p))[as.integer(x), ]
      number(t(p))
    } else {
      m <- tapply(x, y, mean)
      s <- tapply(x, y, sd)
      for (k in seq_len(nlevels(y))) score[, k] <<- score[, k] + dnorm(x, m[k], s[k], log = TRUE)
      number(c(m, s))
    }
  })
  p <- exp(score - apply(score, 1, max))
  p <- p / rowSums(p)
  sprintf('{"file":"%s","formula":"%s ~ %s","smoothing":%g,"levels":[%s],"counts":%s,"tables":[%s],"probabilities":%s,"classes":%s}',
    case$file, case$y, paste(case$x, collapse = " + "), case$smoothing,
    paste0('"', levels(y), '"', collapse = ","), number(table(y)), paste(tables, collapse = ","),
    number(t(p)), number(max.col(p, ties.method = "first")))
})
writeLines(paste0("[\n", paste(out, collapse = ",\n"), "\n]"), file.path(folder, "naive_bayes.json"))
