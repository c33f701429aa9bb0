# Golden masters of k-means: R's kmeans(algorithm = "Lloyd") from given centers.
#
#   Rscript algos/tests/golden/kmeans.R
#
# reads policies.csv and attitude.csv and writes kmeans.json beside this script. The tests need neither R nor this script.

arguments <- commandArgs(trailingOnly = FALSE)
folder <- dirname(sub("--file=", "", grep("--file=", arguments, value = TRUE)))
number <- function(x) paste0("[", paste(sprintf("%.17g", x), collapse = ","), "]")
policies <- read.csv(file.path(folder, "policies.csv"), stringsAsFactors = FALSE)
attitude <- read.csv(file.path(folder, "..", "data", "attitude.csv"))
regions <- unique(policies$g)
indicators <- sapply(regions, function(level) as.numeric(policies$g == level))
cases <- list(
  list(name = "attitude", file = "attitude", formula = "~ rating + complaints + privileges + learning",
       x = as.matrix(attitude[c("rating", "complaints", "privileges", "learning")]), rows = c(1, 10, 20)),
  list(name = "policies", file = "policies", formula = "~ x + z + pos",
       x = as.matrix(policies[c("x", "z", "pos")]), rows = c(1, 50, 100, 150, 200)),
  list(name = "factor", file = "policies", formula = "~ x + g + cnt",
       x = cbind(policies$x, indicators, policies$cnt), rows = c(3, 7, 120, 121)),
  list(name = "one", file = "policies", formula = "~ x + z", x = as.matrix(policies[c("x", "z")]), rows = 5)
)
out <- sapply(cases, function(case) {
  x <- unname(case$x)
  start <- x[case$rows, , drop = FALSE]
  fit <- kmeans(x, start, iter.max = 200, algorithm = "Lloyd")
  # centers after two iterations
  early <- suppressWarnings(kmeans(x, start, iter.max = 2, algorithm = "Lloyd"))
  sprintf(paste0(
    '{"name":"%s","file":"%s","formula":"%s","start":%s,"centers":%s,"withinss":%s,"totss":%.17g,',
    '"betweenss":%.17g,"size":%s,"iterations":%d,"early":%s,"cluster":[%s]}'),
    case$name, case$file, case$formula, number(t(start)), number(t(fit$centers)), number(fit$withinss), fit$totss,
    fit$betweenss, number(fit$size), fit$iter, number(t(early$centers)), paste(fit$cluster, collapse = ","))
})
writeLines(paste0("[\n", paste(out, collapse = ",\n"), "\n]"), file.path(folder, "kmeans.json"))
