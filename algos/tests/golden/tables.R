# Golden values of rank correlations and ratios of tables: prints them for tests/contingency.rs.
#
#   Rscript algos/tests/golden/tables.R

rows_of <- function(t) {
  d <- as.data.frame(as.table(t))
  d <- d[rep(seq_len(nrow(d)), d$Freq), ]
  list(as.integer(d[[1]]), as.integer(d[[2]]))
}
kendall <- function(t) {
  d <- rows_of(t)
  test <- suppressWarnings(cor.test(d[[1]], d[[2]], method = "kendall", exact = FALSE))
  n <- sum(t)
  concordant <- 0
  m <- nrow(t); k <- ncol(t)
  for (i in 1:m) for (j in 1:k) for (p in 1:m) for (q in 1:k) {
    concordant <- concordant + t[i, j] * t[p, q] * sign((p - i) * (q - j)) / 2
  }
  least <- min(sum(rowSums(t) > 0), sum(colSums(t) > 0))
  c(a = concordant / choose(n, 2), b = unname(test$estimate), c = 2 * least * concordant / (n^2 * (least - 1)),
    z = unname(test$statistic), p = test$p.value)
}
admissions <- UCBAdmissions
both <- apply(admissions, c(2, 1), sum)
print("Gender:Admit"); print(kendall(both), digits = 16)
for (dept in c("A", "F")) { print(dept); print(kendall(t(admissions[, , dept])), digits = 16) }
wide <- matrix(c(10, 4, 0, 7, 12, 3, 2, 0, 1, 5, 9, 8), nrow = 3, byrow = TRUE)
print("wide"); print(kendall(wide), digits = 16)

ratio <- function(t, estimate, variance) {
  e <- log(estimate); s <- sqrt(variance); z <- e / s
  c(estimate = estimate, low = exp(e - qnorm(0.975) * s), high = exp(e + qnorm(0.975) * s), log = e,
    p = 2 * pnorm(-abs(z)), less_high = exp(e + qnorm(0.95) * s), less_p = pnorm(z),
    greater_low = exp(e - qnorm(0.95) * s), greater_p = pnorm(z, lower.tail = FALSE))
}
odds <- function(t) ratio(t, t[1, 1] * t[2, 2] / t[1, 2] / t[2, 1], sum(1 / t))
risk <- function(t) {
  r <- rowSums(t)
  ratio(t, (t[2, 2] / r[2]) / (t[1, 2] / r[1]), sum(1 / t[, 2]) - sum(1 / r))
}
print("odds"); print(odds(both), digits = 16)
print("risk"); print(risk(both), digits = 16)
a <- t(admissions[, , "A"])
print("odds A"); print(odds(a), digits = 16)
print("risk A"); print(risk(a), digits = 16)
