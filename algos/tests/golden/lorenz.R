# Golden values of Lorenz curves and Gini coefficients by their definition: prints them for tests/lorenz.rs, from roc.csv.
#
#   Rscript algos/tests/golden/lorenz.R

arguments <- commandArgs(trailingOnly = FALSE)
folder <- dirname(sub("--file=", "", grep("--file=", arguments, value = TRUE)))
d <- read.csv(file.path(folder, "roc.csv"))

# the curve through groups of rows, and one less twice the area below it
curve <- function(group, w, v) {
  rows <- c(0, cumsum(tapply(w, group, sum)) / sum(w))
  values <- c(0, cumsum(tapply(w * v, group, sum)) / sum(w * v))
  gini <- 1 - sum(diff(rows) * (values[-1] + values[-length(values)]))
  list(rows = unname(rows), values = unname(values), gini = gini)
}
run <- function(name, order, v, w, breaks) {
  bounds <- min(order) + (max(order) - min(order)) * (0:(breaks - 1)) / (breaks - 1)
  bin <- findInterval(order, bounds, rightmost.closed = TRUE)
  keep <- w > 0
  binned <- curve(bin[keep], w[keep], v[keep])
  exact <- curve(match(order, sort(unique(order)))[keep], w[keep], v[keep])
  cat(name, "\n")
  print(c(binned = binned$gini, exact = exact$gini), digits = 16)
  if (breaks < 10) print(rbind(binned$rows, binned$values), digits = 16)
}
one <- rep(1, nrow(d))
run("fine, 6", d$fine, d$fine, one, 6)
run("fine, 1000", d$fine, d$fine, one, 1000)
run("fine by w, 6, weights f", d$w, d$fine, d$f, 6)
run("fine, 101, weights w", d$fine, d$fine, d$w, 101)
# the usual formula of sorted values
x <- sort(d$fine); n <- length(x)
print(sum((2 * seq_len(n) - n - 1) * x) / (n * sum(x)), digits = 16)
