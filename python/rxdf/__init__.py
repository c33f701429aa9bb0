"""XDF files and statistics on data of any size, for new programs.

>>> import rxdf
>>> flights = rxdf.scan_xdf("flights.xdf")                                   # doctest: +SKIP
>>> late = flights.filter("ArrDelay > 15").with_columns(Hours="ArrDelay / 60")  # doctest: +SKIP
>>> late.summary("~ Hours + DayOfWeek")                                      # doctest: +SKIP
>>> late.write_parquet("late.parquet")                                       # doctest: +SKIP

A :class:`Scan` describes data and what is to be done with them; rows are read when a result is asked for, block by
block, on all cores. :func:`scan_xdf`, :func:`scan_csv`, :func:`scan_parquet`, :func:`scan_arrow` and :func:`scan` make
one; :func:`read_xdf`, :func:`read_csv` and :func:`read_parquet` return a DataFrame at once.

Expressions are texts, in the spelling of Python, R or SQL; functions of a chunk work in their place.

:mod:`rxdf.sklearn` has estimators with scikit-learn's interface.

``revoscalepy``, in the same wheel, has the same engine under Microsoft's names; its functions take a :class:`Scan` as
``data``, and its data sources can be scanned.
"""

from revoscalepy._version import __rxdf_version__ as __version__
from rxdf._scan import Scan
from rxdf._sources import (
    read_csv,
    read_parquet,
    read_xdf,
    scan,
    scan_arrow,
    scan_csv,
    scan_parquet,
    scan_xdf,
)

__all__ = [
    "Scan",
    "__version__",
    "read_csv",
    "read_parquet",
    "read_xdf",
    "scan",
    "scan_arrow",
    "scan_csv",
    "scan_parquet",
    "scan_xdf",
]
