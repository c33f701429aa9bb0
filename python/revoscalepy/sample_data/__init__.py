"""The files of RevoScaleR's sample folder, simulated.

``RxOptions.get_option("sampleDataDir")`` makes the small ones, and opening a large one makes it; all are made once, in
the user's cache folder, without a network. :func:`make_all` makes all of them. A folder of one's own, such as that of
an installed RevoScaleR, is left as it is.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

#: the file by which a folder is known as one of ours; it is written last
README = "README.md"

#: files that take more than a moment or more than a megabyte; they are made when they are opened
LARGE = (
    "AirlineDemoSmall.xdf",
    "AirlineDemoSmall.csv",
    "AirlineDemo1kNoMissing.csv",
    "CensusWorkers.xdf",
    "mortDefaultSmall.xdf",
    *(f"mortDefaultSmall{year}.csv" for year in range(2000, 2010)),
)
SMALL = (
    "claims.txt",
    "claims.xdf",
    "claims.dat",
    "claims.sts",
    "claims.sqlite",
    "claimsExtra.txt",
    "claimsQuote.txt",
    "claimsTab.txt",
    "CustomerSurvey.xdf",
    "DJIAdaily.xdf",
    "fourthgraders.xdf",
    "Kyphosis.xdf",
)
#: files of formats that cannot be written here
LEFT_OUT = ("claims.sas7bdat", "claims.sav", "claims.sd7")

_ABOUT = """# Sample data

These files have the names, columns, types, sizes and ranges of those that came with RevoScaleR. **Their rows are
simulated**: they are not the data of the originals, and results differ from printed ones, except for these:

- AirlineDemoSmall: counts, means, standard deviations, extremes and missing values of the columns, and the mean delay
  of each day of the week, are those that Microsoft's documentation prints.
- Kyphosis: how many children there are by `Number` and `Kyphosis`.
- CensusWorkers, mortDefaultSmall, claims, DJIAdaily, fourthgraders, CustomerSurvey: rows, columns, levels and ranges.

claimsExtra.txt has two lines before its header (`rows_to_skip=2`); claims.dat has columns of fixed width, described in
claims.sts; claims.sqlite has a table `claims`.

Large files are made when they are first opened by this package, or all at once by
`python -c "import revoscalepy.sample_data as s; s.make_all()"`: {large}.

Not here, because these formats cannot be written: {left_out}.

To use files of your own, put them into a folder, and name it in the environment variable `RXDF_SAMPLE_DATA` or by
`RxOptions.set_option("sampleDataDir", ...)`. Files here may be replaced, and deleted at any time.
"""


def prepare(folder: str) -> None:
    """Make the small files in a folder that is new or ours."""
    if os.path.exists(os.path.join(folder, README)) or not _ours(folder):
        return
    try:
        os.makedirs(folder, exist_ok=True)
        for name in SMALL:
            make(folder, name)
        about = _ABOUT.format(large=", ".join(LARGE), left_out=", ".join(LEFT_OUT))
        _written(os.path.join(folder, README), lambda path: _text(path, about))
    except OSError:
        # the name of the folder is what was asked for; what is missing is told when it is opened
        return


def ensure(path: str) -> None:
    """Make the file that ``path`` names, where it is one of the sample folder and is not there."""
    from revoscalepy.utils.RxOptions import RxOptions

    folder, name = os.path.split(path)
    if name not in SMALL + LARGE or os.path.exists(path):
        return
    sample = RxOptions._options["sampleDataDir"]
    if sample and os.path.abspath(folder) == os.path.abspath(str(sample)) and _ours(folder):
        os.makedirs(folder, exist_ok=True)
        make(folder, name)


def make_all(folder: str | None = None) -> str:
    """Make all files and return the folder.

    :param folder: where; ``None`` for the option ``sampleDataDir``.
    """
    from revoscalepy.utils.RxOptions import RxOptions

    folder = folder or str(RxOptions.get_option("sampleDataDir"))
    os.makedirs(folder, exist_ok=True)
    for name in SMALL + LARGE:
        make(folder, name)
    return folder


def _ours(folder: str) -> bool:
    """Whether files may be put there: the folder does not exist, or is empty, or has what was put there before."""
    if not os.path.isdir(folder):
        return True
    there = set(os.listdir(folder))
    return README in there or not {name for name in there if not name.startswith(".")} - {*SMALL, *LARGE}


def make(folder: str, name: str) -> None:
    """Make one file, at once or not at all; one that is there stays."""
    path = os.path.join(folder, name)
    if os.path.exists(path):
        return
    stem, ending = os.path.splitext(name)
    if ending == ".xdf":
        _written(path, lambda temporary: _xdf(temporary, stem))
    elif name == "claims.sqlite":
        _written(path, _sqlite)
    elif name in ("claims.dat", "claims.sts"):
        _written(path, lambda temporary: _text(temporary, _fixed()[ending == ".sts"]))
    else:
        _written(path, lambda temporary: _text(temporary, _delimited(stem)))


def _written(path: str, write: Callable[[str], None]) -> None:
    """Write beside the target and rename."""
    handle, temporary = tempfile.mkstemp(prefix=".", suffix=os.path.basename(path), dir=os.path.dirname(path))
    os.close(handle)
    try:
        write(temporary)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise


def _table(stem: str) -> pd.DataFrame:
    from revoscalepy.sample_data import _tables

    tables: dict[str, Callable[[], pd.DataFrame]] = {
        "AirlineDemoSmall": _tables.airline,
        "AirlineDemo1kNoMissing": _tables.airline_complete,
        "CensusWorkers": _tables.census_workers,
        "CustomerSurvey": _tables.customer_survey,
        "DJIAdaily": _tables.stock_index,
        "fourthgraders": _tables.fourthgraders,
        "Kyphosis": _tables.kyphosis,
        "mortDefaultSmall": _tables.mortgages,
    }
    if stem in tables:
        return tables[stem]()
    if stem.startswith("mortDefaultSmall"):
        everything = _tables.mortgages()
        return everything[everything["year"] == int(stem[-4:])]
    return _tables.claims()


#: rows of a block, where a file has several
_BLOCKS = {"AirlineDemoSmall": 200000, "CensusWorkers": 60000, "mortDefaultSmall": 10000}
_DESCRIPTIONS = {
    "CensusWorkers": {
        "age": "Age",
        "incwage": "Wage and salary income",
        "sex": "Sex",
        "wkswork1": "Weeks worked last year",
    }
}


def _xdf(path: str, stem: str) -> None:
    from revoscalepy import _native
    from revoscalepy._frames import from_pandas
    from revoscalepy._source import one_pass, writing

    source = _native.Source.from_arrow(from_pandas(_table(stem)), one_pass())
    notes: list[dict[str, Any]] = [
        {"column": column, "name": column, "metadata": {"xdf.description": text}}
        for column, text in _DESCRIPTIONS.get(stem, {}).items()
    ]
    if notes:
        source = source.annotate(notes)
    source.write(path, writing(1, True, block_rows=_BLOCKS.get(stem)), one_pass())


def _delimited(stem: str) -> str:
    frame = _table(stem)
    if stem.startswith("Airline"):
        return str(frame.to_csv(index=False, na_rep="M", float_format="%.6f"))
    separator = "\t" if stem == "claimsTab" else ","
    text = str(frame.to_csv(index=False, sep=separator, na_rep="", quoting=2 if stem == "claimsQuote" else 0))
    if stem == "claimsExtra":
        return f"Simulated claims\ncosts in pounds\n{text}"
    return text


def _fixed() -> tuple[str, str]:
    """Claims in columns of fixed width, and the description of these."""
    widths = {"RowNum": 3, "age": 5, "car.age": 3, "type": 1, "cost": 5, "number": 5}
    rows = _table("claims").astype("object")
    lines = [
        "".join(
            ("" if value != value else f"{value:g}" if isinstance(value, float) else str(value)).rjust(width)
            for value, width in zip(row, widths.values(), strict=True)
        )
        for row in rows.itertuples(index=False)
    ]
    schema, start = ["FIRST LINE 1", "FILE claims.dat", "VARIABLES"], 1
    for name, width in widths.items():
        text = " (A)" if name in ("age", "car.age", "type") else ""
        schema.append(f"{name} {start}-{start + width - 1}{text}")
        start += width
    return "\n".join(lines) + "\n", "\n".join(schema) + "\n"


def _sqlite(path: str) -> None:
    import sqlite3
    from contextlib import closing

    frame = _table("claims")
    with closing(sqlite3.connect(path)) as database, database:
        columns = 'RowNum INTEGER, age TEXT, "car.age" TEXT, type TEXT, cost REAL, number REAL'
        database.execute(f"CREATE TABLE claims ({columns})")
        rows = [
            (int(row[0]), *(str(text) for text in row[1:4]), *(None if x != x else float(x) for x in row[4:]))
            for row in frame.itertuples(index=False)
        ]
        database.executemany("INSERT INTO claims VALUES (?, ?, ?, ?, ?, ?)", rows)


def _text(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(text)
