"""naive_bayes.json once more by scikit-learn, where it computes the same.

    python algos/tests/golden/naive_bayes_sklearn.py        (scikit-learn 1.9, pandas)

GaussianNB divides variances by n: its means and priors are compared. CategoricalNB smooths by the same rule: its
probabilities are. Exits with 1 where they differ by more than rounding.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.naive_bayes import CategoricalNB, GaussianNB

FOLDER = Path(__file__).parent
FILES = {"policies": FOLDER / "policies.csv", "kyphosis": FOLDER.parent / "data" / "kyphosis.csv"}


def main() -> int:
    worst = 0.0
    for case in json.loads((FOLDER / "naive_bayes.json").read_text()):
        frame = pd.read_csv(FILES[case["file"]])
        response, _, terms = case["formula"].partition(" ~ ")
        names = terms.split(" + ")
        classes = len(case["levels"])
        y = frame[response].map({level: code for code, level in enumerate(case["levels"])}).to_numpy()
        numeric = [name for name in names if not name.startswith("F(") and frame[name].dtype.kind in "if"]
        if numeric:
            fit = GaussianNB().fit(frame[numeric], y)
            for column, name in enumerate(numeric):
                means = np.array(case["tables"][names.index(name)][:classes])
                worst = max(worst, np.abs(fit.theta_[:, column] - means).max())
            worst = max(worst, np.abs(fit.class_prior_ - np.array(case["counts"]) / len(y)).max())
        else:
            bare = [name.removeprefix("F(").removesuffix(")") for name in names]
            codes = np.column_stack([pd.factorize(frame[name])[0] for name in bare])
            fit = CategoricalNB(alpha=case["smoothing"]).fit(codes, y)
            expected = np.array(case["probabilities"]).reshape(-1, classes)
            worst = max(worst, np.abs(fit.predict_proba(codes) - expected).max())
        print(f"{case['formula']}: {worst:.1e}")
    return int(worst > 1e-12)


if __name__ == "__main__":
    sys.exit(main())
