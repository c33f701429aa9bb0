"""The clusters of kmeans.json once more, by scikit-learn from the same centers.

    python algos/tests/golden/kmeans_sklearn.py        (scikit-learn 1.9, pandas)

prints how far inertia and centers are from R's, and exits with 1 where that is more than rounding.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans

FOLDER = Path(__file__).parent
FILES = {"policies": FOLDER / "policies.csv", "attitude": FOLDER.parent / "data" / "attitude.csv"}


def matrix(case: dict) -> np.ndarray:
    frame = pd.read_csv(FILES[case["file"]])
    columns = []
    for name in case["formula"].removeprefix("~ ").split(" + "):
        values = frame[name]
        if values.dtype.kind in "if":
            columns.append(values.to_numpy(float))
        else:
            columns.extend((values == level).to_numpy(float) for level in values.unique())
    return np.column_stack(columns)


def main() -> int:
    worst = 0.0
    for case in json.loads((FOLDER / "kmeans.json").read_text()):
        x = matrix(case)
        start = np.array(case["start"]).reshape(-1, x.shape[1])
        fit = KMeans(len(start), init=start, n_init=1, max_iter=200, tol=0, algorithm="lloyd").fit(x)
        inertia = abs(fit.inertia_ / sum(case["withinss"]) - 1)
        centers = np.abs(fit.cluster_centers_.ravel() - case["centers"]).max()
        print(f"{case['name']}: inertia off by {inertia:.1e}, centers by {centers:.1e}, iterations {fit.n_iter_}")
        worst = max(worst, inertia, centers)
    return int(worst > 1e-10)


if __name__ == "__main__":
    sys.exit(main())
