"""k-means beside scikit-learn in one run, from the same centers, for the same number of iterations.

    python benches/peers/kmeans.py [--repetitions 7] [--dir target/peers] [--bin target/release]

Two tables of 32-bit floats: five standardised columns of a million simulated flights with 8 clusters, and 100 000 rows
of 64 normal clouds in 32 dimensions with 64 clusters. rxdf and scikit-learn (Lloyd's and Elkan's algorithm) hold the
table in memory, in a process each, on two threads, and run 20 iterations in turn; the fastest repetition counts. In a
further line the program `xdf` starts, reads the table from its file, and does the same. Inertias, computed here from
everybody's centers, must agree before a time counts. The floor is one copy of the table as 64-bit floats by numpy, on
one thread: what reading the rows once and keeping them costs.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

THREADS = os.environ.setdefault("PEER_THREADS", "2")
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, THREADS)

import numpy as np  # noqa: E402
from peers import Peer, alternate, run, serve  # noqa: E402

ITERATIONS = 20
COLUMNS = ["CRSDepTime", "Distance", "DepDelay", "ArrDelay", "DayofMonth"]


def flights(directory: Path, program: str) -> tuple[np.ndarray, int]:
    """Five columns of a million flights, standardised."""
    import pyarrow.parquet as parquet

    path = directory / "airline-1000000.parquet"
    if not path.exists():
        run([program, "generate", "airline", "--rows", "1000000", "-o", str(path), "--quiet"])
    table = parquet.read_table(path, columns=COLUMNS)
    x = np.column_stack([table[name].to_numpy().astype("f8") for name in COLUMNS])
    x = x[~np.isnan(x).any(axis=1)]
    return ((x - x.mean(axis=0)) / x.std(axis=0)).astype("f4"), 8


def clouds() -> tuple[np.ndarray, int]:
    """Normal clouds about 64 centers in 32 dimensions."""
    random = np.random.default_rng(3)
    centers = random.normal(0, 2, (64, 32))
    return (centers[random.integers(0, 64, 100_000)] + random.standard_normal((100_000, 32))).astype("f4"), 64


def store(x: np.ndarray, clusters: int, stem: Path) -> tuple[str, str]:
    """Writes the table as Parquet, and rows drawn from it for the first centers."""
    import pyarrow as pa
    import pyarrow.parquet as parquet

    table = pa.table({f"x{column}": x[:, column] for column in range(x.shape[1])})
    parquet.write_table(table, f"{stem}.parquet")
    centers = x[np.random.default_rng(5).choice(len(x), clusters, replace=False)]
    Path(f"{stem}.json").write_text(json.dumps(centers.astype("f8").tolist()))
    return f"{stem}.parquet", f"{stem}.json"


def scikit_learn(table: str, centers: str, algorithm: str) -> None:
    """Serves scikit-learn."""
    import pyarrow.parquet as parquet
    import sklearn
    from sklearn.cluster import KMeans

    columns = parquet.read_table(table)
    x = np.ascontiguousarray(np.column_stack([columns[name].to_numpy() for name in columns.column_names]))
    start = np.array(json.loads(Path(centers).read_text()), dtype="f4")

    def work() -> list:
        fit = KMeans(len(start), init=start, n_init=1, max_iter=ITERATIONS, tol=0, algorithm=algorithm).fit(x)
        return fit.cluster_centers_.astype("f8").tolist()

    serve(f"scikit-learn {sklearn.__version__}, {algorithm}", work, lambda: 0)


def inertia(x: np.ndarray, centers: list) -> float:
    """The sum of squared distances from the nearest centers."""
    c = np.array(centers)
    total = 0.0
    for rows in np.array_split(x, 50):
        rows = rows.astype("f8")
        total += ((rows * rows).sum(1) + ((c * c).sum(1) - 2 * rows @ c.T).min(1)).sum()
    return total


def compare(title: str, x: np.ndarray, clusters: int, stem: Path, arguments) -> None:
    table, centers = store(x, clusters, stem)
    program = str(arguments.bin / "xdf")
    run([program, "import", table, "-o", f"{stem}.xdf", "--overwrite", "--quiet"])
    start = json.loads(Path(centers).read_text())
    points = [word for center in start for word in ("--center", ",".join(map(repr, center)))]
    formula = "~ " + " + ".join(f"x{column}" for column in range(x.shape[1]))
    command = [program, "fit", "kmeans", formula, f"{stem}.xdf", "--json", "--threads", THREADS]
    command += ["--max-iterations", str(ITERATIONS), *points]

    def from_file() -> dict:
        seconds, _, output = run(command)
        return {"seconds": seconds, "check": json.loads(output)["centers"]}

    ours = Peer([str(arguments.bin / "kmeans"), table, centers, str(ITERATIONS)])
    theirs = [Peer([sys.executable, __file__, "--peer", table, centers, name]) for name in ("lloyd", "elkan")]
    contestants = [ours.repeat, from_file, *(peer.repeat for peer in theirs)]
    results = alternate(arguments.repetitions, contestants)
    versions = [f"{ours.version}, in memory", "xdf fit kmeans, from the file", *(peer.version for peer in theirs)]
    for peer in (ours, *theirs):
        peer.close()
    inertias = [inertia(x, result[-1]["check"]) for result in results]
    for found, version in zip(inertias, versions, strict=True):
        if abs(found / inertias[0] - 1) > 1e-4:
            raise SystemExit(f"{title}: inertia {found} of {version}, but {inertias[0]} of rxdf: times do not count")
    times = [min(result["seconds"] for result in contestant) for contestant in results]
    floors = []
    for _ in range(5):
        begin = time.perf_counter()
        x.astype("f8")
        floors.append(time.perf_counter() - begin)
    print(f"{title}, {len(x):,} rows, {ITERATIONS} iterations")
    for seconds, found, version in zip(times, inertias, versions, strict=True):
        print(f"  {seconds * 1e3:8.1f} ms   {version}   (inertia {found:.6g}, {seconds / times[0]:.2f} times)")
    print(f"  {min(floors) * 1e3:8.1f} ms   floor: one copy of the rows as 64-bit floats")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--dir", type=Path, default=Path("target/peers"))
    parser.add_argument("--bin", type=Path, default=Path("target/release"))
    arguments = parser.parse_args()
    arguments.dir.mkdir(parents=True, exist_ok=True)
    tables = {
        "flights: 5 columns, 8 clusters": flights(arguments.dir, str(arguments.bin / "xdf")),
        "clouds: 32 columns, 64 clusters": clouds(),
    }
    for title, (x, clusters) in tables.items():
        compare(title, x, clusters, arguments.dir / f"kmeans-{clusters}", arguments)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--peer"]:
        scikit_learn(*sys.argv[2:])
    else:
        main()
