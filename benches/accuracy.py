"""Correct digits of linear regressions on NIST's Statistical Reference Datasets: rxdf beside R, statsmodels, scikit-learn.

    python benches/accuracy.py [--xdf target/release/xdf] [--write docs/accuracy.md]

The table is printed, or put between the marks of a document. R is left out where there is no Rscript. Every program gets
the same CSV files (`algos/tests/data/nist`) and the same polynomial terms, and is called as its users call it; R also with
a smaller tolerance, because `lm` drops a column of Filip by default. Figures are NIST's LRE: −log₁₀ of the relative error, or of the
error where the certified value is 0; at most 15, the digits certified; the least over the coefficients, the least over
their standard errors, and that of the residual standard deviation. 0 stands for a dropped coefficient or no digit right.
"""

import argparse
import csv
import json
import math
import shutil
import subprocess
import sys
from pathlib import Path

DATA = Path(__file__).parents[1] / "algos/tests/data/nist"
SETS = {
    "norris": ("lower", 1),
    "pontius": ("lower", 2),
    "noint1": ("average", 0),
    "noint2": ("average", 0),
    "filip": ("higher", 10),
    "longley": ("higher", None),
    "wampler1": ("higher", 5),
    "wampler2": ("higher", 5),
    "wampler3": ("higher", 5),
    "wampler4": ("higher", 5),
    "wampler5": ("higher", 5),
}
BEGIN, END = "<!-- accuracy: begin -->\n", "<!-- accuracy: end -->\n"


def certified() -> dict[str, list[tuple[float, float]]]:
    values: dict[str, list[tuple[float, float]]] = {}
    with open(DATA / "certified.csv", newline="") as file:
        for row in csv.DictReader(file):
            values.setdefault(row["set"], []).append(
                (float(row["estimate"]), float(row["std_error"] or "nan"))
            )
    return values


def table(name: str) -> dict[str, list[float]]:
    with open(DATA / f"{name}.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    return {column: [float(row[column]) for row in rows] for column in rows[0]}


def formula(degree: int | None) -> str:
    if degree is None:
        return "y ~ " + " + ".join(f"x{i}" for i in range(1, 7))
    if degree == 0:
        return "y ~ x - 1"
    return "y ~ " + " + ".join(["x"] + [f"I(x^{power})" for power in range(2, degree + 1)])


def matrix(name: str, degree: int | None):
    import numpy as np

    columns = table(name)
    y = np.array(columns["y"])
    if degree is None:
        return y, np.column_stack([columns[f"x{i}"] for i in range(1, 7)]), True
    x = np.array(columns["x"])
    return y, np.column_stack([x**power for power in range(1, max(degree, 1) + 1)]), degree > 0


def rxdf(program: str, name: str, degree: int | None) -> list[tuple[float, float]]:
    command = [program, "fit", "linmod", formula(degree), str(DATA / f"{name}.csv"), "--json", "--quiet"]
    model = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    pairs = [
        (model["coefficients"][label], model["coef_std_error"][label]) for label in model["coefficient_names"]
    ]
    return [*pairs, (model["sigma"][0], math.nan)]


R = """
args <- commandArgs(TRUE)
fit <- lm(as.formula(args[2]), read.csv(args[1]), tol = as.numeric(args[3]))
rows <- summary(fit)$coefficients
b <- coef(fit); e <- setNames(rep(NA, length(b)), names(b)); e[rownames(rows)] <- rows[, 2]
cat(sprintf("%.17g %.17g\\n", c(b, summary(fit)$sigma), c(e, NA)), sep = "")
"""


def r(tolerance: str, name: str, degree: int | None) -> list[tuple[float, float]]:
    command = ["Rscript", "-e", R, str(DATA / f"{name}.csv"), formula(degree), tolerance]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    number = {"NA": math.nan, "NaN": math.nan}
    return [
        tuple(number.get(field) or float(field) for field in line.split()) for line in output.splitlines()
    ]


def statsmodels(name: str, degree: int | None) -> list[tuple[float, float]]:
    import statsmodels.api as sm

    y, x, intercept = matrix(name, degree)
    fit = sm.OLS(y, sm.add_constant(x) if intercept else x).fit()
    return [*zip(fit.params, fit.bse, strict=True), (math.sqrt(fit.scale), math.nan)]


def sklearn(name: str, degree: int | None) -> list[tuple[float, float]]:
    from sklearn.linear_model import LinearRegression

    y, x, intercept = matrix(name, degree)
    fit = LinearRegression(fit_intercept=intercept).fit(x, y)
    return [(b, math.nan) for b in ([fit.intercept_] if intercept else []) + list(fit.coef_)] + [
        (math.nan, math.nan)
    ]


def digits(got: float | None, expected: float) -> float:
    if got is None or math.isnan(got):
        return 0.0
    error = abs(got) if expected == 0 else abs((got - expected) / expected)
    return 15.0 if error == 0 else min(15.0, max(0.0, -math.log10(error)))


def cell(got: list[tuple[float, float]], expected: list[tuple[float, float]], has_errors: bool) -> str:
    pairs = list(zip(got, expected, strict=True))
    estimates = min(digits(a[0], b[0]) for a, b in pairs[:-1])
    if not has_errors:
        return f"{estimates:.1f}"
    errors = min(digits(a[1], b[1]) for a, b in pairs[:-1])
    return f"{estimates:.1f} / {errors:.1f} / {digits(pairs[-1][0][0], pairs[-1][1][0]):.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--xdf", default="target/release/xdf")
    parser.add_argument("--write", type=Path, help="the document whose table is replaced")
    arguments = parser.parse_args()
    import sklearn as sklearn_package
    import statsmodels as statsmodels_package

    programs = {"rxdf": (lambda name, degree: rxdf(arguments.xdf, name, degree), True)}
    if shutil.which("Rscript"):
        version = subprocess.run(
            ["Rscript", "-e", "cat(format(getRversion()))"], check=True, capture_output=True, text=True
        ).stdout
        programs[f"R {version} `lm`"] = (lambda name, degree: r("1e-7", name, degree), True)
        programs["`lm`, tol = 1e-20"] = (lambda name, degree: r("1e-20", name, degree), True)
    programs[f"statsmodels {statsmodels_package.__version__}"] = (statsmodels, True)
    programs[f"scikit-learn {sklearn_package.__version__}"] = (sklearn, False)
    values = certified()
    lines = ["| set | difficulty | " + " | ".join(programs) + " |", "|---|---|" + "---|" * len(programs)]
    for name, (difficulty, degree) in SETS.items():
        cells = [cell(run(name, degree), values[name], has_errors) for run, has_errors in programs.values()]
        lines.append(f"| {name.capitalize()} | {difficulty} | " + " | ".join(cells) + " |")
    text = "\n".join(lines) + "\n"
    if not arguments.write:
        sys.stdout.write(text)
        return
    document = arguments.write.read_text()
    before, rest = document.split(BEGIN)
    arguments.write.write_text(before + BEGIN + text + END + rest.split(END)[1])


if __name__ == "__main__":
    main()
