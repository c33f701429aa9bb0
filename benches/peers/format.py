"""The file format beside its peers in one run: size, writing, scans, opening.

    python benches/peers/format.py [--rows 10000000] [--parquet FILE] [--repetitions 7] [--dir target/peers]

The table is the simulated airline, or a Parquet file of yours; pyarrow writes it as Parquet (zstd, its default level),
Vortex and DuckDB as their own files. Every task runs all contestants in turn, each in a process of its own that has
its library loaded and runs on two threads; the fastest repetition counts. Sums must agree before a time counts. Every
contestant opens its file anew in each repetition and finds it in the page cache.
"""

import argparse
import json
import os
import resource
import sys
from pathlib import Path

THREADS = int(os.environ.get("PEER_THREADS", "2"))
os.environ.setdefault("RAYON_NUM_THREADS", str(THREADS))
os.environ.setdefault("POLARS_MAX_THREADS", str(THREADS))

from peers import Peer, alternate, run, serve  # noqa: E402

NUMBERS = ["Year", "DayofMonth", "CRSDepTime", "Distance", "DepDelay", "ArrDelay"]


def version_of(package: str) -> str:
    import importlib.metadata

    return f"{package} {importlib.metadata.version(package)}"


def polars_sum(parquet: str, *columns: str):
    import polars as pl

    sums = pl.col(columns).cast(pl.Float64).sum()
    return lambda: sum(pl.scan_parquet(parquet).select(sums).collect(engine="streaming").row(0))


def pyarrow_sum(parquet: str, *columns: str):
    import pyarrow.compute as compute
    import pyarrow.parquet as files

    def work() -> float:
        table = files.read_table(parquet, columns=list(columns))
        return float(sum(compute.sum(table[name]).as_py() for name in columns))

    return work


def vortex_sum(path: str, *columns: str):
    import pyarrow.compute as compute
    import vortex

    def work() -> float:
        sums = dict.fromkeys(columns, 0.0)
        for batch in vortex.open(path).to_arrow(list(columns)):
            for name in columns:
                sums[name] += compute.sum(batch.column(name)).as_py() or 0
        return sum(sums.values())

    return work


def duckdb_sum(path: str, *columns: str):
    import duckdb

    connection = duckdb.connect(path, read_only=True)
    connection.execute(f"set threads={THREADS}")
    query = f"select {','.join(f'sum({name})' for name in columns)} from airline"
    return lambda: float(sum(connection.execute(query).fetchone()))


def polars_scan(parquet: str):
    import polars as pl

    return lambda: pl.read_parquet(parquet).height


def pyarrow_scan(parquet: str):
    import pyarrow.parquet as files

    return lambda: files.read_table(parquet).num_rows


def pyarrow_batches(parquet: str):
    import pyarrow.dataset as dataset

    return lambda: sum(batch.num_rows for batch in dataset.dataset(parquet).to_batches())


def vortex_scan(path: str):
    import vortex

    return lambda: sum(batch.num_rows for batch in vortex.open(path).to_arrow())


def polars_write(parquet: str, out: str):
    import polars as pl

    frame = pl.read_parquet(parquet)
    return lambda: frame.write_parquet(out, compression="zstd")


def pyarrow_write(parquet: str, out: str):
    import pyarrow.parquet as files

    table = files.read_table(parquet)
    return lambda: files.write_table(table, out, compression="zstd")


def vortex_write(parquet: str, out: str):
    import pyarrow.parquet as files
    import vortex

    table = plain(files.read_table(parquet))
    return lambda: vortex.io.write(table.to_reader(), out)


def pyarrow_open(parquet: str):
    import pyarrow.parquet as files

    return lambda: files.ParquetFile(parquet).metadata.num_rows


WORK = {
    name: work
    for name, work in globals().items()
    if name.partition("_")[0] in ("polars", "pyarrow", "vortex", "duckdb") and callable(work)
}
PACKAGES = {"vortex": "vortex-data"}


def plain(table):
    """Vortex keeps texts, not Arrow dictionaries."""
    import pyarrow as pa

    fields = [f.with_type(pa.string()) if pa.types.is_dictionary(f.type) else f for f in table.schema]
    return table.cast(pa.schema(fields))


def prepare(arguments) -> dict[str, str]:
    """Writes the table in every format; the paths by format."""
    import pyarrow as pa
    import pyarrow.parquet as files
    import vortex

    arguments.dir.mkdir(parents=True, exist_ok=True)
    program = str(arguments.xdf)
    name = arguments.parquet.stem if arguments.parquet else f"airline-{arguments.rows}"
    stem = arguments.dir / f"format-{name}"
    formats = ("xdf", "0.xdf", "parquet", "arrow", "duckdb", "vortex", "wide.xdf", "wide.parquet")
    paths = {end: f"{stem}.{end}" for end in formats}
    if arguments.parquet:
        paths["parquet"] = str(arguments.parquet)
        run([program, "import", paths["parquet"], "-o", paths["xdf"], "--overwrite", "--quiet"])
    else:
        run(
            [
                program,
                "generate",
                "airline",
                "--rows",
                str(arguments.rows),
                "-o",
                paths["xdf"],
                "--overwrite",
                "--quiet",
            ]
        )
    run([program, "import", paths["xdf"], "-o", paths["0.xdf"], "--level", "0", "--overwrite", "--quiet"])
    if not Path(paths["parquet"]).exists():
        run([program, "export", paths["xdf"], "-o", paths["arrow"], "--overwrite", "--quiet"])
        with pa.memory_map(paths["arrow"]) as source:
            files.write_table(pa.ipc.open_file(source).read_all(), paths["parquet"], compression="zstd")
        os.remove(paths["arrow"])
    if not Path(paths["vortex"]).exists():
        vortex.io.write(plain(files.read_table(paths["parquet"])).to_reader(), paths["vortex"])
    if not Path(paths["duckdb"]).exists():
        import duckdb

        with duckdb.connect(paths["duckdb"]) as connection:
            connection.execute(f"create table airline as from read_parquet('{paths['parquet']}')")
    run([str(arguments.format), "wide", paths["wide.xdf"]])
    if not Path(paths["wide.parquet"]).exists():
        column = pa.array(range(1000), pa.int32())
        table = pa.table({f"x{c}": column for c in range(1000)})
        files.write_table(table, paths["wide.parquet"], row_group_size=10, compression="zstd")
    return paths


def contest(title: str, repetitions: int, contestants: dict[str, list[str]], agree: float | None) -> None:
    """Runs the contestants in turn and prints one line for each, the fastest of all its repetitions."""
    peers = {name: Peer(command) for name, command in contestants.items()}
    results = alternate(repetitions, [peer.repeat for peer in peers.values()])
    print(title)
    ours = None
    for (name, peer), rows in zip(peers.items(), results, strict=True):
        peer.close()
        seconds = min(row["seconds"] for row in rows)
        ours = ours or (seconds, rows[0]["check"])
        check = rows[0]["check"]
        if agree is not None and abs(check - ours[1]) > agree * abs(ours[1]):
            raise SystemExit(f"{title}: {name} gives {check}, rxdf {ours[1]}: times do not count")
        rate = f"{rows[0]['decoded'] / seconds / 1e9:7.2f} GB/s" if rows[0].get("decoded") else " " * 12
        print(f"  {name:28s}{1000 * seconds:10.3f} ms {rate}  {seconds / ours[0]:7.2f} x   {peer.version}")
    print(flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=int(os.environ.get("PEER_ROWS", "10000000")))
    parser.add_argument("--parquet", type=Path, help="measure this table instead of the simulated airline")
    parser.add_argument("--columns", nargs="+", default=NUMBERS, help="numeric columns to add up")
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--dir", type=Path, default=Path("target/peers"))
    parser.add_argument("--xdf", type=Path, default=Path("target/release/xdf"))
    parser.add_argument("--format", type=Path, default=Path("target/release/format"))
    arguments = parser.parse_args()
    paths = prepare(arguments)

    sizes = {end: os.path.getsize(paths[end]) for end in ("xdf", "0.xdf", "parquet", "duckdb", "vortex")}
    names = dict(zip(sizes, ("XDF 5", "XDF 5, level 0", "Parquet, zstd", "DuckDB", "Vortex"), strict=True))
    print("size on disk")
    for end, size in sizes.items():
        print(f"  {names[end]:28s}{size / 1e6:10.2f} MB  {size / sizes['parquet']:6.3f} of Parquet")
    print(flush=True)

    def ours(*words: str) -> list[str]:
        return [str(arguments.format), *words]

    def peer(task: str, *words: str) -> list[str]:
        return [sys.executable, __file__, "--peer", task, *words]

    def race(title: str, contestants: dict[str, list[str]], agree: float | None = None) -> None:
        contest(title, arguments.repetitions, contestants, agree)

    parquet, columns = paths["parquet"], arguments.columns
    race(
        f"sums of {len(columns)} numeric columns",
        {
            "XDF 5, through Arrow": ours("sum", paths["xdf"], *columns),
            "XDF 5, on encoded data": ours("sum-encoded", paths["xdf"], *columns),
            "XDF 5, level 0": ours("sum", paths["0.xdf"], *columns),
            "polars, Parquet": peer("polars_sum", parquet, *columns),
            "pyarrow, Parquet": peer("pyarrow_sum", parquet, *columns),
            "DuckDB, its own file": peer("duckdb_sum", paths["duckdb"], *columns),
            "Vortex": peer("vortex_sum", paths["vortex"], *columns),
        },
        agree=1e-5,
    )
    race(
        "all columns into Arrow",
        {
            "XDF 5": ours("scan", paths["xdf"]),
            "XDF 5, kept in memory": ours("table", paths["xdf"]),
            "polars, Parquet": peer("polars_scan", parquet),
            "pyarrow, Parquet": peer("pyarrow_scan", parquet),
            "pyarrow, Parquet, batches": peer("pyarrow_batches", parquet),
            "Vortex": peer("vortex_scan", paths["vortex"]),
        },
        agree=0,
    )
    out = str(arguments.dir / "written")
    race(
        "write from memory",
        {
            "XDF 5": ours("write", paths["xdf"], f"{out}.xdf", "1"),
            "polars, Parquet zstd": peer("polars_write", parquet, f"{out}.polars.parquet"),
            "pyarrow, Parquet zstd": peer("pyarrow_write", parquet, f"{out}.pyarrow.parquet"),
            "Vortex": peer("vortex_write", parquet, f"{out}.vortex"),
        },
    )
    race(
        "open",
        {"XDF 5": ours("open", paths["xdf"]), "pyarrow, Parquet": peer("pyarrow_open", parquet)},
        agree=0,
    )
    race(
        "open a file of 100 000 segments",
        {
            "XDF 5": ours("open", paths["wide.xdf"]),
            "pyarrow, Parquet": peer("pyarrow_open", paths["wide.parquet"]),
        },
        agree=0,
    )
    for title, path in (("this table", paths["xdf"]), ("100 000 segments", paths["wide.xdf"])):
        command = [str(arguments.xdf), "summary", "~ .", path]
        seconds = min(run(command)[0] for _ in range(arguments.repetitions))
        print(
            f"summary of all columns from the directory, the whole process, {title}: {1000 * seconds:.1f} ms"
        )


def serve_peer(task: str, words: list[str]) -> None:
    package = task.partition("_")[0]
    version = version_of(PACKAGES.get(package, package))
    work = WORK[task](*words)
    if package == "pyarrow":
        import pyarrow

        pyarrow.set_cpu_count(THREADS)
    serve(version, work, lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--peer"]:
        serve_peer(sys.argv[2], sys.argv[3:])
    else:
        main()
