"""Checks the exact areas of roc.json against scikit-learn's roc_auc_score (1.9); prints the largest difference."""

import json
from pathlib import Path

import pandas as pd
from sklearn.metrics import roc_auc_score

folder = Path(__file__).parent
data = pd.read_csv(folder / "roc.csv")
worst = 0.0
for case in json.loads((folder / "roc.json").read_text()):
    weight = data[case["weight"]] if case["weight"] else None
    area = roc_auc_score(data["late"], data[case["prediction"]], sample_weight=weight)
    worst = max(worst, abs(area - case["exact"]))
print(f"largest difference: {worst:.1e}")
assert worst < 1e-13
