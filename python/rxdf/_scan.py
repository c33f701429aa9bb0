"""Data, and what is to be done with them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from revoscalepy import _native
from revoscalepy._columns import complete_rows
from revoscalepy._frames import to_arrays, to_pandas
from revoscalepy._rows import first_rows
from revoscalepy._source import one_pass, writing
from revoscalepy._steps import Steps

if TYPE_CHECKING:
    import pandas as pd

#: an expression as text, or a function of a chunk, which is a pandas DataFrame
Expression = str | Callable[[Any], Any]

#: rows that ``repr`` shows
_SHOWN = 5


class Scan:
    """A table that is read when a result is asked for; methods that change it return another scan.

    Made by :func:`rxdf.scan_xdf` and its kin. Scans can be read any number of times, and are tables for every library
    that understands the Arrow PyCapsule interface: ``polars.DataFrame(scan)``, ``pyarrow.table(scan)``.
    """

    __slots__ = ("_counted", "_source")

    def __init__(self, source: _native.Source, counted: bool = True) -> None:
        self._source = source
        #: whether the rows are those that the source counts: none was selected on the way
        self._counted = counted

    # what it is

    @property
    def columns(self) -> list[str]:
        """Names of the columns, in order."""
        return self._source.names()

    @property
    def schema(self) -> dict[str, str]:
        """Names of the columns to those of their types: integer, numeric, factor, character, logical, Date, POSIXct."""
        return {each["name"]: str(each["varType"]) for each in self._source.variables()}

    @property
    def num_rows(self) -> int | None:
        """How many rows there are, where that is known without reading."""
        rows: int | None = self._source.info()["rows"] if self._counted else None
        return rows

    def __repr__(self) -> str:
        rows = "?" if self.num_rows is None else f"{self.num_rows:,}"
        shown = ", ".join(f"{name}: {kind}" for name, kind in list(self.schema.items())[:12])
        more = ", ..." if len(self.columns) > 12 else ""
        return (
            f"Scan of {self._source.info()['name']}: {rows} rows, {len(self.columns)} columns ({shown}{more})"
        )

    def _repr_html_(self) -> str:
        from html import escape

        table: str = self.head(_SHOWN).to_pandas().to_html()
        return f"<p>{escape(repr(self))}</p>{table}"

    # what becomes of it

    def select(self, *columns: str) -> Scan:
        """Keep these columns, in this order.

        :raises ValueError: for an unknown column, with the nearest name.
        """
        return Scan(self._source.project(list(columns)), self._counted)

    def drop(self, *columns: str) -> Scan:
        """Leave these columns out.

        :raises ValueError: for an unknown column.
        """
        unknown = [name for name in columns if name not in self.columns]
        if unknown:
            raise ValueError(f"there is no column {unknown[0]!r}; the columns are: {', '.join(self.columns)}")
        return self.select(*(name for name in self.columns if name not in columns))

    def rename(self, names: Mapping[str, str]) -> Scan:
        """Give columns other names: old to new."""
        notes = [{"column": old, "name": new, "metadata": {}} for old, new in names.items()]
        return Scan(self._source.annotate(notes), self._counted)

    def cast(self, types: Mapping[str, str | Sequence[str]]) -> Scan:
        """Convert columns: name to type (as of :func:`rxdf.scan_csv`), or to the levels of a factor.

        :raises ValueError: for an unknown type, or, when it is read, for a value that the type does not have.
        """
        wanted = [
            (name, kind, None) if isinstance(kind, str) else (name, "factor", [str(level) for level in kind])
            for name, kind in types.items()
        ]
        return Scan(self._source.retype(wanted), self._counted)

    def filter(self, *conditions: Expression) -> Scan:
        """Keep the rows for which all conditions are true; missing is not true.

        :param conditions: expressions (``"ArrDelay > 15 and DayOfWeek == 'Monday'"``) or functions of a chunk that
            return logicals.
        :raises ValueError: for an expression that cannot be understood.
        """
        source = self._source
        for condition in conditions:
            source = Steps(row_selection=condition).applied(source)
        return Scan(source, self._counted and not conditions)

    def with_columns(self, columns: Mapping[str, Expression] | None = None, /, **more: Expression) -> Scan:
        """Add or replace columns, in order; a later one sees an earlier one.

        :param columns: name to expression, or to a function of a chunk that returns the values.
        :raises ValueError: for an expression that cannot be understood, an unknown column.
        """
        return Scan(Steps(transforms={**(columns or {}), **more}).applied(self._source), self._counted)

    def map_chunks(self, function: Callable[..., Any], *, columns: Sequence[str] | None = None) -> Scan:
        """Let a function compute each chunk, in order: ``f(chunk)`` or ``f(chunk, context)``.

        :param function: takes and returns a pandas DataFrame (or returns a dictionary of columns, or an Arrow table).
            Columns that it saw and does not return are left out; ``None`` leaves the chunk out.
        :param columns: the columns that it sees; the others stay as they are. ``None`` for all.
        """
        steps = Steps(transform_function=function, transform_variables=columns)
        return Scan(steps.applied(self._source), False)

    def drop_missing(self) -> Scan:
        """Leave rows with a missing value out."""
        return Scan(complete_rows(self._source), False)

    def slice(self, offset: int, length: int | None = None) -> Scan:
        """Keep ``length`` rows (all for ``None``) from the row ``offset``, counted from 0.

        After rows were selected, those wanted are read now.

        :raises ValueError: for a negative number.
        """
        if offset < 0 or (length is not None and length < 0):
            raise ValueError(f"offset and length must not be negative, but are {offset} and {length}")
        end = 2**62 if length is None else offset + length
        if self._counted:
            return Scan(self._source.rows(offset, end))
        return Scan(_native.Source.from_arrow(first_rows(self._source, offset, end, one_pass()), one_pass()))

    def head(self, rows: int = 5) -> Scan:
        """Keep the first rows."""
        return self.slice(0, rows)

    # what comes out

    def to_pandas(self, types: str = "numpy") -> pd.DataFrame:
        """Read everything into a pandas DataFrame.

        :param types: ``"numpy"`` (integers with missing values are nullable), ``"nullable"`` or ``"arrow"``.
        """
        return to_pandas(self._read(), types)

    def to_arrow(self) -> Any:
        """Read everything into a ``pyarrow.Table``."""
        import pyarrow as pa

        return pa.table(self._read())

    def to_polars(self) -> Any:
        """Read everything into a ``polars.DataFrame``."""
        import polars as pl

        return pl.DataFrame(self._read())

    def to_dict(self) -> dict[str, Any]:
        """Read everything into numpy arrays by name."""
        return to_arrays(self._read())

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._read().__arrow_c_stream__(requested_schema)

    def iter_chunks(self, rows: int = 131_072) -> Iterator[pd.DataFrame]:
        """Yield pandas DataFrames of up to ``rows`` rows."""
        reader = self._source.reader(one_pass(block_rows=rows))
        try:
            while (block := reader.next(one_pass())) is not None:
                yield to_pandas(block[0], "numpy")
        finally:
            reader.close()

    def _read(self) -> _native.Table:
        return self._source.read(one_pass())

    def __rxdf_source__(self) -> _native.Source:
        """The engine's source, for the functions of ``revoscalepy``."""
        return self._source

    # where it goes

    def write_xdf(
        self,
        path: str | os.PathLike[str],
        *,
        overwrite: bool = False,
        level: int = 1,
        rows_per_block: int = 131_072,
        microsoft: bool = False,
    ) -> Scan:
        """Write an XDF file, and return a scan of it.

        :param overwrite: whether an existing file is replaced; it appears when it is complete, and never in part.
        :param level: compression, 0 (none) to 9.
        :param rows_per_block: rows of a block, the unit in which files are read.
        :param microsoft: write Microsoft's container 4.2 instead of XDF 5.
        :raises FileExistsError: when the file exists and is not to be replaced.
        """
        how = writing(level, overwrite, block_rows=rows_per_block, microsoft=False if microsoft else None)
        return self._write(path, ".xdf", how)

    def write_parquet(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> Scan:
        """Write a Parquet file, and return a scan of it.

        :raises FileExistsError: when the file exists and is not to be replaced.
        """
        return self._write(path, ".parquet", writing(1, overwrite))

    def write_csv(
        self,
        path: str | os.PathLike[str],
        *,
        overwrite: bool = False,
        delimiter: str = ",",
        missing: str = "",
        header: bool = True,
        digits: int | None = None,
    ) -> None:
        """Write delimited text, compressed where the name ends in ``.gz`` or ``.zst``.

        :param missing: what stands for a missing value.
        :param digits: significant digits of decimal numbers; ``None`` for as many as give the same number again.
        :raises FileExistsError: when the file exists and is not to be replaced.
        """
        text = {"delimiter": delimiter, "missing": missing, "header": header, "digits": digits}
        self._source.write(os.path.expanduser(os.fspath(path)), writing(1, overwrite, text=text), one_pass())

    def _write(self, path: str | os.PathLike[str], ending: str, how: Mapping[str, Any]) -> Scan:
        target = os.path.expanduser(os.fspath(path))
        if not target.lower().endswith(ending):
            raise ValueError(f"the name must end in {ending}, and {target!r} does not")
        self._source.write(target, how, one_pass())
        return Scan(_native.Source.open([target], None, False, one_pass()))

    # what is computed of it

    def summary(self, formula: str | None = None, **options: Any) -> Any:
        """Summarize columns, by groups if the formula says so: :func:`revoscalepy.rx_summary`.

        :param formula: ``"~ a + b:g"``; ``None`` for all columns.
        """
        from revoscalepy import rx_summary

        return rx_summary("~ ." if formula is None else formula, self, **options)

    def quantile(self, column: str, probabilities: Sequence[float] = (0, 0.25, 0.5, 0.75, 1)) -> pd.Series:
        """Return exact quantiles of a column: :func:`revoscalepy.rx_quantile`."""
        from revoscalepy import rx_quantile

        return rx_quantile(column, self, probs=list(probabilities), numeric_bins=False)

    def cube(self, formula: str, **options: Any) -> Any:
        """Count, or average, in the cells of factors: :func:`revoscalepy.rx_cube`."""
        from revoscalepy import rx_cube

        return rx_cube(formula, self, **options)

    def cross_tabs(self, formula: str, **options: Any) -> Any:
        """Tabulate by factors: :func:`revoscalepy.rx_cross_tabs`."""
        from revoscalepy import rx_cross_tabs

        return rx_cross_tabs(formula, self, **options)

    def cor(self, *columns: str, **options: Any) -> pd.DataFrame:
        """Return the correlations of columns: :func:`revoscalepy.rx_cor`."""
        from revoscalepy import rx_cor
        from revoscalepy._columns import quoted

        return rx_cor("~ " + " + ".join(map(quoted, columns)), self, **options)

    def lin_mod(self, formula: str, **options: Any) -> Any:
        """Fit a linear model: :func:`revoscalepy.rx_lin_mod`."""
        from revoscalepy import rx_lin_mod

        return rx_lin_mod(formula, self, **options)

    def logit(self, formula: str, **options: Any) -> Any:
        """Fit a logistic regression: :func:`revoscalepy.rx_logit`."""
        from revoscalepy import rx_logit

        return rx_logit(formula, self, **options)

    def glm(self, formula: str, family: Any = "gaussian", **options: Any) -> Any:
        """Fit a generalized linear model: :func:`revoscalepy.rx_glm`."""
        from revoscalepy import rx_glm

        return rx_glm(formula, self, family, **options)

    def kmeans(self, formula: str, num_clusters: int, **options: Any) -> Any:
        """Find clusters: :func:`revoscalepy.rx_kmeans`."""
        from revoscalepy import rx_kmeans

        return rx_kmeans(formula, self, num_clusters=num_clusters, **options)

    def predict(self, model: Any, output: str | os.PathLike[str] | None = None, **options: Any) -> Any:
        """Predict with a fitted model: :func:`revoscalepy.rx_predict`; a DataFrame, or a scan of the file written."""
        from revoscalepy import rx_predict

        if output is None:
            return rx_predict(model, self, **options)
        rx_predict(model, self, os.fspath(output), **options)
        return Scan(_native.Source.open([os.path.expanduser(os.fspath(output))], None, False, one_pass()))
