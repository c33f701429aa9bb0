"""Checks glm.json, which R made, against statsmodels, where both have the family and link.

    python algos/tests/golden/glm_statsmodels.py

prints how many cases agree, and fails if one does not.
"""

import json
import re
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import statsmodels
import statsmodels.api as sm
import statsmodels.formula.api as smf

FOLDER = Path(__file__).parent
links, families = sm.families.links, sm.families
LINKS = {
    "logit": links.Logit(),
    "probit": links.Probit(),
    "cloglog": links.CLogLog(),
    "cauchit": links.Cauchy(),
    "log": links.Log(),
    "identity": links.Identity(),
    "sqrt": links.Sqrt(),
    "inverse": links.InversePower(),
    "1/mu^2": links.InverseSquared(),
    "mu^-0.5": links.Power(-0.5),
}


def family(case):
    """How to make the family of a case, None where statsmodels has none."""
    link = LINKS[case["link"]]
    return {
        "binomial": lambda: families.Binomial(link),
        "quasibinomial": lambda: families.Binomial(link),
        "poisson": lambda: families.Poisson(link),
        "quasipoisson": lambda: families.Poisson(link),
        "Gamma": lambda: families.Gamma(link),
        "gaussian": lambda: families.Gaussian(link),
        "inverse.gaussian": lambda: families.InverseGaussian(link),
        "tweedie": lambda: families.Tweedie(link, var_power=case["power"]),
    }.get(case["family"])


def main():
    """Fit all cases from R's coefficients, and compare what comes out."""
    data = pd.read_csv(FOLDER / "policies.csv")
    data["g"] = pd.Categorical(data.g, ["north", "south", "east", "west"])
    data["h"] = pd.Categorical(data.h, ["old", "new"])
    checked = 0
    warnings.simplefilter("ignore")
    for case in json.loads((FOLDER / "glm.json").read_text())["cases"]:
        make = family(case)
        if make is None:
            continue
        # by the name that patsy gives it, in the order of R
        names = [
            re.sub(r"\bg([a-z]+)", r"g[T.\1]", name).replace("hnew", "h[T.new]").strip("()")
            for name in case["coefficients"]
        ]
        model = smf.glm(
            case["formula"],
            data,
            family=make(),
            var_weights=data[case["weights"]] if case["weights"] else None,
            offset=data[case["offset"]] if case["offset"] else None,
        )
        start = np.array(list(case["coefficients"].values()))
        order = [model.exog_names.index(name) for name in names]
        beginning = np.empty(len(order))
        beginning[order] = start
        scale = "X2" if case["family"] not in ("binomial", "poisson") else None
        try:
            fit = model.fit(start_params=beginning, tol=1e-13, maxiter=200, scale=scale)
        except ValueError as refusal:
            print("refused by statsmodels:", case["family"], case["link"], case["formula"], refusal)
            continue
        np.testing.assert_allclose(fit.params[names], start, rtol=1e-5, atol=1e-8, err_msg=str(case))
        np.testing.assert_allclose(
            fit.bse[names], list(case["std_errors"].values()), rtol=1e-5, err_msg=str(case)
        )
        np.testing.assert_allclose(fit.deviance, case["deviance"], rtol=1e-8, err_msg=str(case))
        checked += 1
    print(f"{checked} cases of R agree with statsmodels {statsmodels.__version__}")


if __name__ == "__main__":
    main()
