# Golden masters of generalized linear models: R's glm over a grid of family x link x weights x terms.
#
#   Rscript algos/tests/golden/glm.R        (needs the package statmod for Tweedie's family)
#
# writes policies.csv, the data, and glm.json, the results, beside this script. The tests need neither R nor this script.

arguments <- commandArgs(trailingOnly = FALSE)
folder <- dirname(sub("--file=", "", grep("--file=", arguments, value = TRUE)))
library(statmod)

set.seed(20260101, kind = "Mersenne-Twister", normal.kind = "Inversion", sample.kind = "Rejection")
n <- 240
g <- factor(sample(c("north", "south", "east", "west"), n, replace = TRUE), levels = c("north", "south", "east", "west"))
h <- factor(sample(c("old", "new"), n, replace = TRUE), levels = c("old", "new"))
x <- round(runif(n, 0, 2), 3)
z <- sample(1:5, n, replace = TRUE)
w <- round(runif(n, 0.2, 3), 2)
o <- round(rnorm(n, 0, 0.3), 2)
eta <- -0.4 + 0.5 * x + 0.3 * (g == "south") - 0.4 * (g == "west") + 0.25 * (h == "new") - 0.05 * z
m <- sample(3:9, n, replace = TRUE)
d <- data.frame(
  g, h, x, z, w, o, m,
  bin = rbinom(n, 1, plogis(eta)),
  prop = rbinom(n, m, plogis(eta)) / m,
  cnt = rpois(n, exp(eta + 0.8)),
  pos = round(rgamma(n, 4, 4 / exp(eta + 1)), 4) + 1e-4,
  ig = round(rinvgauss(n, mean = exp(eta + 1), dispersion = 0.1), 4) + 1e-4,
  tw = round(ifelse(runif(n) < 0.3, 0, rgamma(n, 2, 2 / exp(eta + 1))), 4)
)
write.csv(d, file.path(folder, "policies.csv"), row.names = FALSE, quote = FALSE)
d <- read.csv(file.path(folder, "policies.csv"))
d$g <- factor(d$g, levels = levels(g))
d$h <- factor(d$h, levels = levels(h))

number <- function(v) ifelse(is.finite(v), sprintf("%.15g", v), "null")
pairs <- function(v) paste0("{", paste0("\"", names(v), "\": ", number(v), collapse = ", "), "}")

cases <- list()
run <- function(family, link, response, object, variance = NULL, power = NULL, offsets = c("", "o")) {
  for (terms in c("x + g", "g * h + z")) for (weights in c("", "w")) for (offset in offsets) {
    formula <- as.formula(paste(response, "~", terms))
    known <- list(formula = formula, family = object, data = d, control = glm.control(epsilon = 1e-14, maxit = 200))
    if (weights != "") known$weights <- d$w
    if (offset != "") known$offset <- d$o
    fit <- tryCatch(suppressWarnings(do.call(glm, known)), error = function(e) NULL)
    if (is.null(fit) || !fit$converged || fit$boundary) {
      message("left out: ", family, " ", link, " ", terms, " ", weights, " ", offset)
      next
    }
    s <- summary(fit)
    p <- suppressWarnings(predict(fit, type = "response", se.fit = TRUE))
    text <- c(
      sprintf("\"family\": \"%s\"", family), sprintf("\"link\": \"%s\"", link),
      sprintf("\"variance\": %s", if (is.null(variance)) "null" else sprintf("\"%s\"", variance)),
      sprintf("\"power\": %s", if (is.null(power)) "null" else number(power)),
      sprintf("\"formula\": \"%s ~ %s\"", response, terms),
      sprintf("\"weights\": %s", if (weights == "") "null" else "\"w\""),
      sprintf("\"offset\": %s", if (offset == "") "null" else "\"o\""),
      sprintf("\"coefficients\": %s", pairs(coef(fit))),
      sprintf("\"std_errors\": %s", pairs(s$coefficients[, 2])),
      sprintf("\"p_values\": %s", pairs(s$coefficients[, 4])),
      sprintf("\"deviance\": %s", number(fit$deviance)), sprintf("\"null_deviance\": %s", number(fit$null.deviance)),
      sprintf("\"aic\": %s", number(fit$aic)), sprintf("\"dispersion\": %s", number(s$dispersion)),
      sprintf("\"df\": [%d, %d]", fit$df.residual, fit$df.null),
      sprintf("\"fitted\": [%s]", paste(number(p$fit[1:3]), collapse = ", ")),
      sprintf("\"fitted_errors\": [%s]", paste(number(p$se.fit[1:3]), collapse = ", "))
    )
    cases[[length(cases) + 1]] <<- paste0("    {", paste(text, collapse = ", "), "}")
  }
}

for (link in c("logit", "probit", "cloglog", "cauchit")) run("binomial", link, "bin", binomial(link))
run("binomial", "logit", "prop", binomial("logit"))
for (link in c("log", "identity", "sqrt")) run("poisson", link, "cnt", poisson(link))
for (link in c("inverse", "log", "identity")) run("Gamma", link, "pos", Gamma(link))
for (link in c("identity", "log", "inverse")) run("gaussian", link, "pos", gaussian(link))
for (link in c("1/mu^2", "log", "inverse")) run("inverse.gaussian", link, "ig", inverse.gaussian(link))
run("quasibinomial", "logit", "prop", quasibinomial("logit"))
run("quasipoisson", "log", "cnt", quasipoisson("log"))
run("quasi", "identity", "pos", quasi("identity", "constant"), variance = "constant")
run("quasi", "log", "pos", quasi("log", "mu^2"), variance = "mu^2")
run("quasi", "log", "pos", quasi("log", "mu^3"), variance = "mu^3")
run("quasi", "logit", "prop", quasi("logit", "mu(1-mu)"), variance = "mu(1-mu)")
for (power in c(1.3, 1.7)) run("tweedie", "log", "tw", tweedie(power, 0), power = power)
# with an offset R stops at null models that are no minimum
run("tweedie", "mu^-0.5", "pos", tweedie(1.5, -0.5), power = 1.5, offsets = "")
run("tweedie", "log", "pos", tweedie(2.5, 0), power = 2.5)

provenance <- sprintf(
  "\"made_by\": \"glm.R\", \"software\": \"%s, statmod %s\", \"control\": \"epsilon 1e-14\"",
  R.version.string, packageVersion("statmod")
)
writeLines(
  c("{", paste0("  ", provenance, ","), "  \"cases\": [", paste(unlist(cases), collapse = ",\n"), "  ]", "}"),
  file.path(folder, "glm.json")
)
message(length(cases), " cases")
