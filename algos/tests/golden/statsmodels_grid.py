"""Golden masters of statsmodels: generalized linear models over family x link x weights x terms, OLS and WLS.

    python algos/tests/golden/statsmodels_grid.py

reads policies.csv, which glm.R made, and writes statsmodels.json beside this script. The tests need neither statsmodels
nor this script. Frequency weights are `z`, whole numbers; variance weights, which are our probability weights, are `w`.
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
LINKS = sm.families.links
FAMILIES = {
    "binomial": (sm.families.Binomial, ["bin", "prop"], ["logit", "probit", "cloglog", "cauchit"]),
    "poisson": (sm.families.Poisson, ["cnt"], ["log", "sqrt"]),
    "Gamma": (sm.families.Gamma, ["pos"], ["log", "inverse", "identity"]),
    "gaussian": (sm.families.Gaussian, ["pos"], ["identity", "log"]),
    "inverse.gaussian": (sm.families.InverseGaussian, ["ig"], ["1/mu^2", "log"]),
}
LINK = {
    "logit": LINKS.Logit,
    "probit": LINKS.Probit,
    "cloglog": LINKS.CLogLog,
    "cauchit": LINKS.Cauchy,
    "log": LINKS.Log,
    "sqrt": LINKS.Sqrt,
    "inverse": LINKS.InversePower,
    "identity": LINKS.Identity,
    "1/mu^2": LINKS.InverseSquared,
}
TERMS = ["x", "g", "x + g", "g * h", "g + h:x", "x:g + h", "g + x - 1"]
WEIGHTS = [None, "frequency", "probability"]
COLUMN = {None: None, "frequency": "z", "probability": "w"}


def named(values):
    """By the names that R gives columns."""
    names = [re.sub(r"\[T\.|\[|\]", "", name).replace("Intercept", "(Intercept)") for name in values.index]
    return dict(zip(names, map(float, values)))


def generalized(data):
    """The cases of GLM; those that do not converge in statsmodels are left out and named."""
    for family, (make, responses, links) in FAMILIES.items():
        for link in links:
            for response in responses:
                for terms in TERMS:
                    for weights in WEIGHTS:
                        formula = f"{response} ~ {terms}"
                        column = None if weights is None else data[COLUMN[weights]]
                        model = smf.glm(
                            formula,
                            data,
                            family=make(LINK[link]()),
                            freq_weights=column if weights == "frequency" else None,
                            var_weights=column if weights == "probability" else None,
                        )
                        scale = None if family in ("binomial", "poisson") else "X2"
                        try:
                            fit = model.fit(tol=1e-13, tol_criterion="params", maxiter=300, scale=scale)
                        except (ValueError, np.linalg.LinAlgError) as refusal:
                            print("refused:", family, link, formula, weights, refusal)
                            continue
                        # the next step from here, which is 0 at the maximum
                        step = fit.cov_params() @ model.score(fit.params, scale=fit.scale)
                        if not np.abs(step / fit.bse).max() < 1e-10:
                            print("not converged:", family, link, formula, weights)
                            continue
                        yield {
                            "family": family,
                            "link": link,
                            "formula": formula,
                            "weights": weights,
                            "coefficients": named(fit.params),
                            "std_errors": named(fit.bse),
                            "deviance": float(fit.deviance),
                            "null_deviance": float(fit.null_deviance),
                            "dispersion": float(fit.scale),
                            "pearson": float(fit.pearson_chi2),
                            "df_residual": float(fit.df_resid),
                            "aic": float(fit.aic),
                        }


def linear(data):
    """The cases of OLS, of rows as often as their frequencies say, and WLS."""
    for response in ["pos", "ig"]:
        for terms in TERMS:
            for weights in WEIGHTS:
                formula = f"{response} ~ {terms}"
                if weights == "probability":
                    fit = smf.wls(formula, data, weights=data[COLUMN[weights]]).fit()
                else:
                    rows = data if weights is None else data.loc[data.index.repeat(data[COLUMN[weights]])]
                    fit = smf.ols(formula, rows).fit()
                yield {
                    "formula": formula,
                    "weights": weights,
                    "coefficients": named(fit.params),
                    "std_errors": named(fit.bse),
                    "p_values": named(fit.pvalues),
                    "residual_squares": float(fit.ssr),
                    "r_squared": float(fit.rsquared),
                    "adj_r_squared": float(fit.rsquared_adj),
                    "f": float(fit.fvalue),
                    "f_pvalue": float(fit.f_pvalue),
                    "df_residual": float(fit.df_resid),
                }


def main():
    """Write all cases."""
    warnings.simplefilter("ignore")
    data = pd.read_csv(FOLDER / "policies.csv")
    data["g"] = pd.Categorical(data.g, ["north", "south", "east", "west"])
    data["h"] = pd.Categorical(data.h, ["old", "new"])
    golden = {
        "made_by": "statsmodels_grid.py",
        "software": f"statsmodels {statsmodels.__version__}, numpy {np.__version__}",
    }
    cases = {"glm": list(generalized(data)), "linear": list(linear(data))}
    lines = {name: ",\n    ".join(json.dumps(case) for case in found) for name, found in cases.items()}
    head = ", ".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in golden.items())
    body = ",\n".join(f'  "{name}": [\n    {text}\n  ]' for name, text in lines.items())
    (FOLDER / "statsmodels.json").write_text(f"{{\n  {head},\n{body}\n}}\n")
    print({name: len(found) for name, found in cases.items()})


if __name__ == "__main__":
    main()
