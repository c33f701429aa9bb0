"""Memory of a Python process over many fits: `python benches/leak.py [FITS]` in the virtual environment of the package.

Prints the resident memory after each tenth of the fits, and the growth over the second half by fit. What was allocated
once (thread pools, caches) is there after the first half.
"""

import os
import sys

import numpy as np

from revoscalepy import rx_lin_mod, rx_logit, rx_predict


def resident() -> float:
    """Resident memory in MiB (Linux)."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def main() -> None:
    """Fit, predict and measure."""
    fits = int(sys.argv[1]) if len(sys.argv) > 1 else 10000
    rng = np.random.default_rng(1)
    x = rng.normal(size=1000)
    data = {"x": x, "y": x + rng.normal(size=1000), "late": (x + rng.normal(size=1000) > 0).astype("int32")}
    half = 0.0
    for fit in range(1, fits + 1):
        model = rx_lin_mod("y ~ x", data) if fit % 2 else rx_logit("late ~ x", data)
        if fit % 10 == 0:
            rx_predict(model, data)
        if fit % max(fits // 10, 1) == 0:
            print(f"{fit:8d} fits  {resident():8.1f} MiB", flush=True)
        if fit == fits // 2:
            half = resident()
    grown = resident() - half
    print(f"growth over the second half: {grown:.1f} MiB, {grown * 2**20 / (fits - fits // 2):.0f} bytes a fit")


if __name__ == "__main__":
    main()
