"""rxdf beside its peers in one run: import of a text file, size on disk, linear models, logistic regressions.

    python benches/peers/foundation.py [--rows 10000000] [--repetitions 5] [--dir target/peers] [--xdf target/release/xdf]

The simulated airline table is written as CSV by rxdf and as Parquet by polars. Every task then runs rxdf and its peer
alternately. rxdf is the program as a user starts it: its time includes the start of the process and the opening of the
files. A peer runs inside one Python process that has imported its library before the clock starts; the time of the
fastest repetition counts on both sides. Results must agree before a time counts. Memory is the peak resident set of
the process, for peers less what the interpreter took after importing the library.
"""

import argparse
import json
import os
import resource
import sys
from pathlib import Path

from peers import Peer, alternate, run, serve

SMALL = (["DayOfWeek"], ["CRSDepTime"])
LARGE = (["DayOfWeek", "Month", "UniqueCarrier", "Origin"], ["CRSDepTime", "Distance"])
LOGIT = (["DayOfWeek", "UniqueCarrier"], ["CRSDepTime"])
FACTORS = ["Month", "DayOfWeek", "UniqueCarrier", "Origin", "Dest", "TailNum"]


def polars_import(csv: str, out: str) -> dict:
    import polars as pl

    def work() -> None:
        pl.scan_csv(csv).sink_parquet(out, compression="zstd")

    return {"work": work, "version": f"polars {pl.__version__}"}


def polars_small(parquet: str) -> dict:
    import numpy as np
    import polars as pl

    def work() -> float:
        x, y = pl.col("CRSDepTime").cast(pl.Float64), pl.col("ArrDelay").cast(pl.Float64)
        cells = (
            pl.scan_parquet(parquet)
            .filter(pl.col("ArrDelay").is_not_null())
            .group_by(pl.col("DayOfWeek"))
            .agg(n=pl.len(), sx=x.sum(), sy=y.sum(), sxx=(x * x).sum(), sxy=(x * y).sum(), syy=(y * y).sum())
            .collect(engine="streaming")
        )
        n, sx, sy = (cells[name].to_numpy().astype(float) for name in ("n", "sx", "sy"))
        k = len(n)
        gram = np.zeros((k + 1, k + 1))
        gram[np.arange(k), np.arange(k)] = n
        gram[k, :k] = gram[:k, k] = sx
        gram[k, k] = cells["sxx"].sum()
        return float(np.linalg.solve(gram, np.append(sy, cells["sxy"].sum()))[k])

    return {"work": work, "version": f"polars {pl.__version__}, sums by group"}


def glum(parquet: str, response: str, columns: tuple, family: str) -> dict:
    import glum
    import numpy as np
    import pyarrow.compute as compute
    import pyarrow.parquet as parquet_file
    import tabmat

    factors, numbers = columns
    table = parquet_file.read_table(parquet, columns=[response, *factors, *numbers], read_dictionary=factors)
    frame = table.filter(compute.is_valid(table[response])).unify_dictionaries().to_pandas()
    data = {name: frame[name].array.remove_unused_categories() for name in factors}
    dense = np.column_stack([frame[name].to_numpy(np.float64) for name in numbers])
    y = frame[response].to_numpy(np.float64)
    del frame, table

    def work() -> float:
        matrix = tabmat.SplitMatrix(
            [tabmat.CategoricalMatrix(data[name], drop_first=True) for name in factors]
            + [tabmat.DenseMatrix(dense)]
        )
        model = glum.GeneralizedLinearRegressor(family=family, alpha=0, fit_intercept=True, gradient_tol=1e-6)
        model.fit(matrix, y)
        model.std_errors(matrix, y, robust=False)
        return float(model.coef_[-len(numbers)])

    return {"work": work, "version": f"glum {glum.__version__}, in memory, reading not counted"}


def glum_large(parquet: str) -> dict:
    return glum(parquet, "ArrDelay", LARGE, "normal")


def glum_logit(parquet: str) -> dict:
    return glum(parquet, "Late", LOGIT, "binomial")


PEERS = {"import": polars_import, "small": polars_small, "large": glum_large, "logit": glum_logit}


def peer(task: str, arguments: list[str]) -> None:
    """Serves one peer."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    made = PEERS[task](*arguments)
    serve(
        made["version"],
        made["work"],
        lambda: (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024,
    )


def contest(repetitions: int, ours, task: str, *arguments: str) -> tuple[list, list, str]:
    """rxdf and a peer in turn."""
    theirs = Peer([sys.executable, __file__, "--peer", task, *arguments])
    mine, yours = alternate(repetitions, [ours, theirs.repeat])
    theirs.close()
    return mine, yours, theirs.version


def coefficient(output: str, name: str) -> float:
    return float(json.loads(output)["coefficients"][name])


def report(title: str, mine: list, yours: list, version: str) -> None:
    ours = min(seconds for seconds, _, _ in mine)
    theirs = min(row["seconds"] for row in yours)
    our_bytes = max(peak for _, peak, _ in mine)
    their_bytes = max(row["bytes"] for row in yours)
    print(f"{title}")
    print(f"  rxdf  {ours:8.3f} s  {our_bytes / 1e6:8.0f} MB")
    print(f"  peer  {theirs:8.3f} s  {their_bytes / 1e6:8.0f} MB   {version}")
    print(
        f"  the peer takes {theirs / ours:.2f} times as long, {their_bytes / our_bytes:.1f} times the memory"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=int(os.environ.get("PEER_ROWS", "10000000")))
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--dir", type=Path, default=Path("target/peers"))
    parser.add_argument("--xdf", type=Path, default=Path("target/release/xdf"))
    arguments = parser.parse_args()
    arguments.dir.mkdir(parents=True, exist_ok=True)
    program = str(arguments.xdf)
    stem = arguments.dir / f"airline-{arguments.rows}"
    csv, parquet, xdf = f"{stem}.csv", f"{stem}.parquet", f"{stem}.xdf"
    if not Path(csv).exists():
        run([program, "generate", "airline", "--rows", str(arguments.rows), "-o", csv, "--quiet"])
    size = Path(csv).stat().st_size

    def ours_import():
        return run([program, "import", csv, "-o", xdf, "--strings-as-factors", "--overwrite", "--quiet"])

    mine, yours, version = contest(arguments.repetitions, ours_import, "import", csv, parquet)
    report(f"text to file, {size / 1e6:.0f} MB", mine, yours, version)
    sizes = {path: Path(path).stat().st_size for path in (xdf, parquet)}
    print(
        f"size on disk\n  rxdf  {sizes[xdf] / 1e6:8.1f} MB\n  peer  {sizes[parquet] / 1e6:8.1f} MB   Parquet, zstd"
    )
    print(f"  the peer's file is {sizes[parquet] / sizes[xdf]:.2f} times as large")

    for title, task, fit, response, (factors, numbers) in (
        ("linear model, 9 columns, from the file", "small", ["linmod"], "ArrDelay", SMALL),
        ("linear model, 338 columns", "large", ["linmod"], "ArrDelay", LARGE),
        ("logistic regression, 27 columns", "logit", ["logit"], "Late", LOGIT),
        ("logistic regression, 27 columns, row by row", "logit", ["logit", "--no-cells"], "Late", LOGIT),
    ):
        formula = f"{response} ~ " + " + ".join(factors + numbers)
        model = str(arguments.dir / f"{task}.model")

        def ours(fit=fit, formula=formula, model=model):
            return run([program, "fit", *fit, formula, xdf, "-o", model, "--overwrite", "--json", "--quiet"])

        mine, yours, version = contest(arguments.repetitions, ours, task, parquet)
        got, expected = coefficient(mine[-1][2], "CRSDepTime"), yours[-1]["check"]
        if abs(got - expected) > 1e-4 * abs(expected):
            raise SystemExit(f"{title}: rxdf gives {got}, the peer {expected}: times do not count")
        report(title, mine, yours, version)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--peer"]:
        peer(sys.argv[2], sys.argv[3:])
    else:
        main()
