# Golden values of principal components of the attitude data: prints them for tests/pca.rs.
#
#   Rscript algos/tests/golden/pca.R

fixed <- function(v) sweep(v, 2, sign(v[1, ]), "*")
d <- attitude[, c("rating", "complaints", "learning", "raises")]
p <- prcomp(d)
print(p$sdev, digits = 16)
print(fixed(p$rotation), digits = 16)
s <- sign(p$rotation[1, ])
print(sweep(p$x, 2, s, "*")[1:2, ], digits = 16)
q <- princomp(covmat = cor(d))
print(unname(q$sdev), digits = 16)
print(fixed(unclass(q$loadings)), digits = 16)
r <- prcomp(d, scale. = TRUE)
print(sweep(r$x, 2, sign(r$rotation[1, ]), "*")[1:2, ], digits = 16)
