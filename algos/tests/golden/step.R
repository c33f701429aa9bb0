# Golden masters of stepwise selection: R's step, add1 and drop1, and a search by p values of our own on top of the
# latter two.
#
#   Rscript algos/tests/golden/step.R        (base R; reads policies.csv of glm.R)
#
# writes the data sets of base R into step/ and the results into step.json, beside this script. The tests need neither R nor this script.

arguments <- commandArgs(trailingOnly = FALSE)
folder <- dirname(sub("--file=", "", grep("--file=", arguments, value = TRUE)))
put <- function(name, d) write.csv(d, file.path(folder, "step", paste0(name, ".csv")), row.names = FALSE, quote = FALSE)
cars <- mtcars
cars$gear <- paste0("g", cars$gear)
put("mtcars", cars)
put("swiss", swiss)
put("warpbreaks", warpbreaks)
put("infert", transform(infert, event = case, case = NULL, education = gsub("[^0-9a-z]", "", education)))
put("airquality", airquality)
tables <- lapply(
  c(mtcars = "step/mtcars", swiss = "step/swiss", warpbreaks = "step/warpbreaks", infert = "step/infert",
    airquality = "step/airquality", policies = "policies"),
  function(name) read.csv(file.path(folder, paste0(name, ".csv")), stringsAsFactors = TRUE)
)

number <- function(v) ifelse(is.finite(v), sprintf("%.15g", v), "null")
text <- function(v) if (is.null(v)) "null" else sprintf("\"%s\"", v)
list_of <- function(v) paste0("[", paste(v, collapse = ", "), "]")

# One change at a time by p values, as in SAS: drop the worst above `stay`, else add the best up to `enter`. A model that
# would come back ends the search.
by_p <- function(fit, lower, upper, direction, enter, stay, test) {
  value <- function(table) table[-1, ncol(table)]
  changes <- list()
  key <- function(fit) paste(sort(attr(terms(fit), "term.labels")), collapse = "+")
  seen <- key(fit)
  repeat {
    current <- attr(terms(fit), "factors")
    scope <- factor.scope(current, list(add = upper, drop = lower))
    change <- NULL
    if (direction != "forward" && length(scope$drop)) {
      p <- value(drop1(fit, scope$drop, test = test))
      if (max(p) > stay) change <- list(paste("-", scope$drop[which.max(p)]), max(p))
    }
    if (is.null(change) && direction != "backward" && length(scope$add)) {
      p <- value(add1(fit, scope$add, test = test))
      if (min(p) <= enter) change <- list(paste("+", scope$add[which.min(p)]), min(p))
    }
    if (is.null(change)) return(list(fit = fit, changes = changes))
    following <- update(fit, paste("~ .", change[[1]]))
    if (key(following) %in% seen) return(list(fit = fit, changes = changes))
    fit <- following
    seen <- c(seen, key(fit))
    changes[[length(changes) + 1]] <- c(change, deviance(fit), df.residual(fit))
  }
}

rows <- function(table, dev, aic) {
  statistic <- intersect(c("F value", "LRT", "scaled dev."), names(table))
  p <- intersect(c("Pr(>F)", "Pr(>Chi)"), names(table))
  of <- function(name) if (length(name)) table[, name] else rep(NA, nrow(table))
  sprintf("{\"term\": \"%s\", \"df\": %s, \"deviance\": %s, \"aic\": %s, \"statistic\": %s, \"p\": %s}",
    rownames(table), number(table$Df), number(table[, dev]), number(table[, aic]), number(of(statistic)), number(of(p)))[-1]
}

cases <- list()
run <- function(data, formula, direction, upper = NULL, lower = NULL, family = NULL, k = 2, scale = 0, test = "none",
                weights = NULL, offset = NULL, levels = NULL) {
  d <- tables[[data]]
  used <- c(all.vars(as.formula(formula)), if (!is.null(upper)) all.vars(as.formula(upper)), weights, offset)
  d <- na.omit(d[intersect(names(d), used)])
  given <- list(as.formula(formula), data = d)
  if (!is.null(weights)) given$weights <- d[[weights]]
  if (!is.null(offset)) given$offset <- d[[offset]]
  if (!is.null(family)) {
    given$family <- get(family)()
    given$control <- glm.control(epsilon = 1e-13, maxit = 200)
  }
  fit <- do.call(if (is.null(family)) lm else glm, given)
  factors <- function(scope) attr(terms(update.formula(fit, scope)), "factors")
  limits <- list()
  limits$upper <- if (!is.null(upper)) as.formula(upper) else formula(fit)
  if (!is.null(lower)) limits$lower <- as.formula(lower)
  penalty <- if (k == "BIC") log(nrow(d)) else k
  shown <- c(
    sprintf("\"data\": \"%s\"", data), sprintf("\"formula\": \"%s\"", formula), sprintf("\"direction\": \"%s\"", direction),
    sprintf("\"upper\": %s", text(upper)), sprintf("\"lower\": %s", text(lower)), sprintf("\"family\": %s", text(family)),
    sprintf("\"bic\": %s", if (k == "BIC") "true" else "false"), sprintf("\"k\": %s", if (k == "BIC") "2" else k),
    sprintf("\"scale\": %s", scale), sprintf("\"test\": %s", text(if (test == "none") NULL else test)),
    sprintf("\"weights\": %s", text(weights)), sprintf("\"offset\": %s", text(offset))
  )
  drops <- if (is.null(lower)) numeric() else factors(limits$lower)
  if (is.null(levels)) {
    s <- step(fit, limits, scale = scale, direction = direction, trace = 0, k = penalty, test = test)
    a <- s$anova
    scope <- factor.scope(attr(terms(fit), "factors"), list(add = factors(limits$upper), drop = drops))
    dev <- if (is.null(family)) "RSS" else "Deviance"
    aic <- if (is.null(family) && scale > 0) "Cp" else "AIC"
    first <- character()
    if (direction != "forward" && length(scope$drop)) first <- rows(drop1(fit, scope$drop, scale = scale, k = penalty, test = test), dev, aic)
    if (direction != "backward" && length(scope$add)) first <- c(first, rows(add1(fit, scope$add, scale = scale, k = penalty, test = test), dev, aic))
    shown <- c(shown, "\"levels\": null",
      sprintf("\"change\": [%s]", paste0("\"", a$Step, "\"", collapse = ", ")), sprintf("\"df\": %s", list_of(number(a$Df))),
      sprintf("\"deviance\": %s", list_of(number(a$Deviance))), sprintf("\"residual_df\": %s", list_of(number(a[["Resid. Df"]]))),
      sprintf("\"residual_deviance\": %s", list_of(number(a[["Resid. Dev"]]))), sprintf("\"aic\": %s", list_of(number(a$AIC))),
      "\"p\": null", sprintf("\"first\": [%s]", paste(first, collapse = ", "))
    )
  } else {
    s <- by_p(fit, drops, factors(limits$upper), direction, levels[1], levels[2], test)
    of <- function(i) vapply(s$changes, function(change) as.numeric(change[[i]]), 0)
    shown <- c(shown, sprintf("\"levels\": %s", list_of(levels)),
      sprintf("\"change\": [%s]", paste0("\"", c("", vapply(s$changes, `[[`, "", 1)), "\"", collapse = ", ")),
      "\"df\": null", "\"deviance\": null", sprintf("\"residual_df\": %s", list_of(number(c(df.residual(fit), of(4))))),
      sprintf("\"residual_deviance\": %s", list_of(number(c(deviance(fit), of(3))))), "\"aic\": null",
      sprintf("\"p\": %s", list_of(number(c(NA, of(2))))), "\"first\": []"
    )
  }
  cases[[length(cases) + 1]] <<- paste0("    {", paste(shown, collapse = ", "), "}")
}

all_cars <- "~ cyl + disp + hp + drat + wt + qsec + vs + am + gear + carb"
for (k in list(2, "BIC")) {
  run("mtcars", paste("mpg", all_cars), "backward", k = k)
  run("mtcars", "mpg ~ 1", "forward", upper = all_cars, k = k, test = "F")
  run("mtcars", "mpg ~ hp + carb", "both", upper = all_cars, k = k, test = "F")
  run("mtcars", "mpg ~ wt * gear + am", "both", upper = "~ (wt + gear + am + hp)^2", lower = "~ wt", k = k)
  run("swiss", "Fertility ~ Agriculture + Examination + Education + Catholic + Infant.Mortality", "both", upper = "~ .^2", k = k, test = "Chisq")
  run("warpbreaks", "breaks ~ wool * tension", "backward", k = k)
  run("airquality", "Ozone ~ Solar.R", "both", upper = "~ Solar.R * Wind * Temp + log(Temp) + I(Wind^2)", k = k)
  run("infert", "event ~ age + parity", "both", upper = "~ age + parity + education + induced * spontaneous", family = "binomial", k = k, test = "Chisq")
  run("infert", "event ~ (age + parity + induced + spontaneous)^2 + education", "backward", lower = "~ age", family = "binomial", k = k)
  run("warpbreaks", "breaks ~ 1", "forward", upper = "~ wool * tension", family = "poisson", k = k)
  run("policies", "cnt ~ x", "both", upper = "~ (x + g + h + z)^2", family = "poisson", k = k, offset = "o", test = "Chisq")
  run("policies", "cnt ~ x + g", "both", upper = "~ x + g * h + z", family = "quasipoisson", levels = c(0.15, 0.15), test = "F")
  run("policies", "bin ~ x * g + h + z", "backward", family = "binomial", k = k)
  run("policies", "pos ~ h", "both", upper = "~ x * g + h + z + m", family = "Gamma", k = k, test = "F")
  run("policies", "pos ~ x * g + h + z + m", "both", family = "gaussian", k = k, weights = "w", test = "F")
  # without a factor in the first model, add1 would give the second factor a column too few
  run("policies", "pos ~ g - 1", "both", upper = "~ x * g + h + z + m", k = k, weights = "w")
}
run("swiss", "Fertility ~ Agriculture + Examination + Education + Catholic + Infant.Mortality", "both", scale = 55, test = "Chisq")
run("infert", "event ~ age", "forward", upper = "~ age + spontaneous + induced + parity", family = "binomial", scale = 1.5, test = "Chisq")
for (levels in list(c(0.15, 0.15), c(0.05, 0.05), c(0.5, 0.1))) {
  for (direction in c("both", "backward", "forward")) {
    start <- if (direction == "backward") all_cars else "~ hp + carb"
    run("mtcars", paste("mpg", start), direction, upper = all_cars, levels = levels, test = "F")
    start <- if (direction == "backward") "~ age + parity + education + induced * spontaneous" else "~ age"
    run("infert", paste("event", start), direction, upper = "~ age + parity + education + induced * spontaneous",
      family = "binomial", levels = levels, test = "Chisq")
  }
}

writeLines(
  c("{", sprintf("  \"made_by\": \"step.R\", \"software\": \"%s\",", R.version.string), "  \"cases\": [",
    paste(unlist(cases), collapse = ",\n"), "  ]", "}"),
  file.path(folder, "step.json")
)
message(length(cases), " cases")
