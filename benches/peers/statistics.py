"""Descriptive statistics and predictions beside their peers in one run.

    python benches/peers/statistics.py [--rows 10000000] [--repetitions 5] [--dir target/peers] [--xdf target/release/xdf]

The simulated airline table is written as XDF by rxdf, as Parquet by polars and as DuckDB's own file by DuckDB; further tables
of random numbers by numpy. rxdf is the program as a user starts it, its start and the opening of files included; where
that would measure something else (values that are in memory, statistics that the file knows) it is
`target/release/statistics`, a process that serves repetitions as the peers do. A peer's library is imported before the clock
starts. The fastest repetition counts on both sides, of several peers the fastest peer; results must agree before a
time counts. Memory is the peak resident set of the process, for peers less what the interpreter took after the import.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
from pathlib import Path

from peers import Peer, alternate, run, serve

NUMBERS = ["Year", "DayofMonth", "CRSDepTime", "Distance", "DepDelay", "ArrDelay"]
FACTORS = ["Month", "DayOfWeek", "UniqueCarrier", "Origin", "Dest"]
WHOLE = ["ArrDelay", "DepDelay", "Distance", "DayofMonth"]
FIVE = ["CRSDepTime", "Distance", "DepDelay", "ArrDelay", "DayofMonth"]
CELLS = ["Month", "DayOfWeek", "UniqueCarrier"]
PROBABILITIES = [0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1]
DENSE_ROWS, DENSE_COLUMNS = 1_000_000, 100


def polars_summary(parquet: str) -> dict:
    import polars as pl

    def work() -> float:
        rows = pl.scan_parquet(parquet)
        number = [
            statistic
            for x in NUMBERS
            for statistic in (
                pl.col(x).count().alias(f"{x} n"),
                pl.col(x).cast(pl.Float64).mean().alias(f"{x} mean"),
                pl.col(x).cast(pl.Float64).std().alias(f"{x} sd"),
                pl.col(x).min().alias(f"{x} min"),
                pl.col(x).max().alias(f"{x} max"),
            )
        ]
        y = pl.col("ArrDelay")
        groups = rows.group_by("DayOfWeek").agg(
            n=y.count(), mean=y.mean(), sd=y.std(), least=y.min(), greatest=y.max()
        )
        counts = [rows.group_by(x).len() for x in FACTORS]
        return float(
            pl.collect_all([rows.select(number), groups, *counts], engine="streaming")[0]["ArrDelay mean"][0]
        )

    return {"work": work, "version": f"polars {pl.__version__}, Parquet"}


def duckdb_connection(database: str):
    import duckdb

    connection = duckdb.connect(database, read_only=True)
    connection.execute(f"set threads={os.cpu_count()}")
    return connection, f"DuckDB {duckdb.__version__}, its own file"


def duckdb_summary(database: str) -> dict:
    connection, version = duckdb_connection(database)
    of = "count({x}), avg({x}), stddev({x}), min({x}), max({x})"

    def work() -> float:
        row = connection.execute(f"select {', '.join(of.format(x=x) for x in NUMBERS)} from t").fetchone()
        for factor in FACTORS:
            connection.execute(f"select {factor}, count(*) from t group by 1").fetchall()
        connection.execute(f"select DayOfWeek, {of.format(x='ArrDelay')} from t group by 1").fetchall()
        return row[5 * NUMBERS.index("ArrDelay") + 1]

    return {"work": work, "version": version}


def duckdb_quantiles(database: str, table: str, *columns: str) -> dict:
    connection, version = duckdb_connection(database)
    asked = ", ".join(f"quantile_disc({x}, {PROBABILITIES})" for x in columns)
    return {
        "work": lambda: float(connection.execute(f"select {asked} from {table}").fetchone()[0][8]),
        "version": version,
    }


def polars_quantiles(parquet: str, *columns: str) -> dict:
    import polars as pl

    asked = [pl.col(x).quantile(p, "lower").alias(f"{x} {p}") for x in columns for p in PROBABILITIES]

    def work() -> float:
        return float(
            pl.scan_parquet(parquet).select(asked).collect(engine="streaming")[f"{columns[0]} 0.95"][0]
        )

    return {"work": work, "version": f"polars {pl.__version__}, Parquet"}


def duckdb_crosstab(database: str) -> dict:
    connection, version = duckdb_connection(database)
    keys = ", ".join(CELLS)

    def work() -> float:
        rows = connection.execute(
            f"select {keys}, count(*), sum(ArrDelay) from t where ArrDelay is not null group by all"
        )
        return float(sum(row[4] for row in rows.fetchall()))

    return {"work": work, "version": version}


def polars_crosstab(parquet: str) -> dict:
    import polars as pl

    def work() -> float:
        rows = pl.scan_parquet(parquet).filter(pl.col("ArrDelay").is_not_null()).group_by(CELLS)
        return float(rows.agg(pl.len(), s=pl.col("ArrDelay").sum()).collect(engine="streaming")["s"].sum())

    return {"work": work, "version": f"polars {pl.__version__}, Parquet"}


def polars_covariance(parquet: str) -> dict:
    import polars as pl

    def work() -> float:
        rows = pl.scan_parquet(parquet).select(FIVE).drop_nulls().with_columns(pl.all().cast(pl.Float64))
        pairs = [pl.cov(a, b).alias(f"{a} {b}") for i, a in enumerate(FIVE) for b in FIVE[i:]]
        return float(rows.select(pairs).collect(engine="streaming")["DepDelay ArrDelay"][0])

    return {"work": work, "version": f"polars {pl.__version__}, Parquet"}


def dsyrk(parquet: str) -> dict:
    # OpenBLAS takes its AVX2 kernels on processors that it does not know
    os.environ.setdefault("OPENBLAS_CORETYPE", "SkylakeX")
    import numpy as np
    import pyarrow.parquet
    import scipy.linalg.blas

    x = np.column_stack([column.to_numpy() for column in pyarrow.parquet.read_table(parquet).columns])

    def work() -> float:
        square = scipy.linalg.blas.dsyrk(1.0, x.T)
        sums = x.sum(0)
        return float(((square - np.outer(sums, sums) / len(x)) / (len(x) - 1))[0, 1])

    return {
        "work": work,
        "version": f"OpenBLAS dsyrk of numpy {np.__version__}, in memory",
    }


def polars_predict(parquet: str, out: str, model: str, is_logit: str) -> dict:
    import polars as pl

    coefficients = json.loads(model)

    def effect(factor: str):
        levels = {
            name.split("=", 1)[1]: b or 0.0
            for name, b in coefficients.items()
            if name.startswith(f"{factor}=")
        }
        return pl.col(factor).cast(pl.String).replace_strict(levels, return_dtype=pl.Float64)

    def work() -> float:
        rows = pl.scan_parquet(parquet)
        eta = (
            effect("DayOfWeek")
            + pl.col("CRSDepTime").cast(pl.Float64) * coefficients["CRSDepTime"]
            + coefficients["(Intercept)"]
        )
        if is_logit == "yes":
            eta = 1 / (1 + (-(eta + effect("UniqueCarrier"))).exp())
        rows.select(p=eta).sink_parquet(out, compression="zstd")
        return 0.0

    return {"work": work, "version": f"polars {pl.__version__}, Parquet to Parquet"}


PEERS = {
    "polars-summary": polars_summary,
    "duckdb-summary": duckdb_summary,
    "polars-quantiles": polars_quantiles,
    "duckdb-quantiles": duckdb_quantiles,
    "polars-crosstab": polars_crosstab,
    "duckdb-crosstab": duckdb_crosstab,
    "polars-covariance": polars_covariance,
    "dsyrk": dsyrk,
    "polars-predict": polars_predict,
}


def peer(task: str, arguments: list[str]) -> None:
    """Serves one peer."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    made = PEERS[task](*arguments)
    serve(
        made["version"],
        made["work"],
        lambda: (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024,
    )


class Contest:
    """Tasks of rxdf and of its peers, each in turn."""

    def __init__(self, repetitions: int) -> None:
        self.repetitions = repetitions

    def run(self, title: str, ours, check, *peers: list[str]) -> None:
        """`ours` gives seconds, bytes and what `check` makes the number of that the peers must give."""
        served = [Peer([sys.executable, __file__, "--peer", *arguments]) for arguments in peers]
        mine, *theirs = alternate(self.repetitions, [ours, *(one.repeat for one in served)])
        got = check(mine[-1][2])
        for one, rows in zip(served, theirs, strict=True):
            one.close()
            expected = rows[-1]["check"]
            if abs(got - expected) > 1e-6 * max(abs(expected), 1e-3):
                raise SystemExit(f"{title}: rxdf gives {got}, {one.version} {expected}: times do not count")
        seconds = min(seconds for seconds, _, _ in mine)
        peak = max(peak for _, peak, _ in mine)
        print(f"{title}\n  rxdf  {seconds:8.4f} s  {peak / 1e6:6.0f} MB")
        fastest = min(min(row["seconds"] for row in rows) for rows in theirs)
        for one, rows in zip(served, theirs, strict=True):
            bytes_ = max(row["bytes"] for row in rows)
            print(
                f"  peer  {min(row['seconds'] for row in rows):8.4f} s  {bytes_ / 1e6:6.0f} MB   {one.version}"
            )
        print(
            f"  the fastest peer takes {fastest / seconds:.2f} times as long",
            flush=True,
        )


def served(command: list[str]):
    """A contestant of ours that serves repetitions, as `peers.run` gives them."""
    process = Peer(command)

    def repeat() -> tuple[float, int, dict]:
        answer = process.repeat()
        return answer["seconds"], answer["bytes"], answer

    return repeat


def make_tables(
    program: str,
    rows: str,
    csv: str,
    parquet: str,
    xdf: str,
    database: str,
    reals: str,
    dense: str,
) -> None:
    """The airline table as XDF, Parquet and a DuckDB file, and random numbers as Parquet, XDF and in the DuckDB file."""
    import duckdb
    import numpy as np
    import polars as pl
    import pyarrow as pa
    import pyarrow.parquet

    if not Path(parquet).exists():
        if not Path(csv).exists():
            run([program, "generate", "airline", "--rows", rows, "-o", csv, "--quiet"])
        pl.scan_csv(csv).sink_parquet(parquet, compression="zstd")
    random = np.random.default_rng(1)
    if not Path(f"{reals}.parquet").exists():
        columns = {
            "a": random.standard_normal(int(rows)),
            "b": random.gamma(2.0, 3.0, int(rows)),
        }
        pyarrow.parquet.write_table(pa.table(columns), f"{reals}.parquet", compression="zstd")
    if not Path(dense).exists():
        x = random.standard_normal((DENSE_ROWS, DENSE_COLUMNS))
        table = pa.table({f"x{i}": x[:, i] for i in range(DENSE_COLUMNS)})
        pyarrow.parquet.write_table(table, dense, compression="none", use_dictionary=False)
    for source, target in ((parquet, xdf), (f"{reals}.parquet", f"{reals}.xdf")):
        if not Path(target).exists():
            run(
                [
                    program,
                    "import",
                    source,
                    "-o",
                    target,
                    "--strings-as-factors",
                    "--quiet",
                ]
            )
    if not Path(database).exists():
        connection = duckdb.connect(database)
        connection.execute(f"create table t as from read_parquet('{parquet}')")
        connection.execute(f"create table reals as from read_parquet('{reals}.parquet')")
        connection.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=int(os.environ.get("PEER_ROWS", "10000000")))
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--dir", type=Path, default=Path("target/peers"))
    parser.add_argument("--xdf", type=Path, default=Path("target/release/xdf"))
    arguments = parser.parse_args()
    arguments.dir.mkdir(parents=True, exist_ok=True)
    program, server = str(arguments.xdf), str(arguments.xdf.with_name("statistics"))
    stem, reals = (
        arguments.dir / f"airline-{arguments.rows}",
        str(arguments.dir / f"reals-{arguments.rows}"),
    )
    csv, parquet, xdf, database = (f"{stem}.{end}" for end in ("csv", "parquet", "xdf", "duckdb"))
    dense = str(arguments.dir / "dense.parquet")
    # a child starts as large as its parent, which therefore loads no library
    tables = [program, str(arguments.rows), csv, parquet, xdf, database, reals, dense]
    subprocess.run([sys.executable, __file__, "--tables", *tables], check=True)
    contest = Contest(arguments.repetitions)

    summary = "~ " + " + ".join([*NUMBERS, *FACTORS, "ArrDelay:DayOfWeek"])
    contest.run(
        "summary of 6 numbers, 5 factors, one by groups; without what the file knows",
        served([server, "summary", xdf, summary, "ArrDelay"]),
        lambda answer: answer["check"],
        ["polars-summary", parquet],
        ["duckdb-summary", database],
    )

    probabilities = ",".join(map(str, PROBABILITIES))
    for title, file, table, columns in (
        (
            "exact quantiles of 4 columns of whole numbers, which the file knows",
            xdf,
            "t",
            WHOLE,
        ),
        ("the same from Parquet, which does not", parquet, "t", WHOLE),
        (
            "exact quantiles of 2 columns of real numbers",
            f"{reals}.xdf",
            "reals",
            ["a", "b"],
        ),
    ):
        command = [
            program,
            "quantile",
            file,
            *columns,
            "--probs",
            probabilities,
            "--exact",
            "--json",
            "--quiet",
        ]
        contest.run(
            title,
            lambda command=command: run(command),
            lambda output, columns=columns: float(json.loads(output)[columns[0]]["values"][8]),
            [
                "polars-quantiles",
                f"{reals}.parquet" if table == "reals" else parquet,
                *columns,
            ],
            ["duckdb-quantiles", database, table, *columns],
        )

    formula = "ArrDelay ~ " + ":".join(CELLS)
    contest.run(
        "counts and sums by three factors",
        lambda: run(
            [
                program,
                "crosstabs",
                formula,
                xdf,
                "--cube",
                "--statistic",
                "sums",
                "--json",
                "--quiet",
            ]
        ),
        lambda output: sum(cell["sums"][0] for cell in json.loads(output)["cells"]),
        ["polars-crosstab", parquet],
        ["duckdb-crosstab", database],
    )

    contest.run(
        "covariances of 5 columns, from the file",
        lambda: run(
            [
                program,
                "cor",
                "~ " + " + ".join(FIVE),
                xdf,
                "--matrix",
                "cov",
                "--json",
                "--quiet",
            ]
        ),
        lambda output: json.loads(output)["covCor"][2][3],
        ["polars-covariance", parquet],
    )

    contest.run(
        f"covariances of {DENSE_COLUMNS} columns, {DENSE_ROWS} rows in memory",
        served([server, "covariance", dense]),
        lambda answer: answer["check"],
        ["dsyrk", dense],
    )

    for title, kind, formula in (
        (
            "linear predictions, file to file",
            "linmod",
            "ArrDelay ~ DayOfWeek + CRSDepTime",
        ),
        (
            "logistic predictions, file to file",
            "logit",
            "Late ~ DayOfWeek + CRSDepTime + UniqueCarrier",
        ),
    ):
        model, out = (
            str(arguments.dir / f"{kind}.model"),
            str(arguments.dir / f"{kind}.predicted"),
        )
        fitted = run(
            [
                program,
                "fit",
                kind,
                formula,
                xdf,
                "-o",
                model,
                "--overwrite",
                "--json",
                "--quiet",
            ]
        )
        coefficients = json.dumps(json.loads(fitted[2])["coefficients"])
        contest.run(
            title,
            lambda model=model, out=out: run(
                [
                    program,
                    "predict",
                    model,
                    xdf,
                    "-o",
                    f"{out}.xdf",
                    "--overwrite",
                    "--quiet",
                ]
            ),
            lambda _, out=out: mean(program, f"{out}.xdf") - mean(program, f"{out}.parquet"),
            [
                "polars-predict",
                parquet,
                f"{out}.parquet",
                coefficients,
                "yes" if kind == "logit" else "no",
            ],
        )


def mean(program: str, file: str) -> float:
    """The mean of a file of predictions."""
    output = subprocess.run(
        [program, "summary", "~ .", file, "--json", "--quiet"],
        check=True,
        capture_output=True,
    )
    return float(json.loads(output.stdout)["sDataFrame"][0]["Mean"])


if __name__ == "__main__":
    if sys.argv[1:2] == ["--peer"]:
        peer(sys.argv[2], sys.argv[3:])
    elif sys.argv[1:2] == ["--tables"]:
        make_tables(*sys.argv[2:])
    else:
        main()
