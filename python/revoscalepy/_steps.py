"""Steps between the data and a function: transforms by the caller's code and by expressions, and row selections.

The order is RevoScaleR's: ``transform_function``, then ``transforms``, then ``row_selection``. A mask, which is
about the rows of the data, comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from itertools import groupby
from typing import Any

from revoscalepy import _native
from revoscalepy._arguments import names
from revoscalepy._chunks import ROW_SELECTION, ChunkStep
from revoscalepy._paths import output_path
from revoscalepy._source import data_name, one_pass, open_source
from revoscalepy._usercode import RxTransformContext, bound, import_packages, resolved
from revoscalepy.datasource.RxXdfData import RxXdfData


@dataclass
class Steps:
    """The arguments that most functions have.

    - ``row_selection``: an expression; a function of a chunk that returns logicals; or logicals for all rows.
    - ``transforms``: name to expression, or to a function of a chunk that returns the column or a single value.
    - ``transform_objects``: what functions take by the names of their arguments.
    - ``transform_function``: a function of a chunk and the context that returns the columns of the chunk.
    - ``transform_variables``: the columns that functions see.
    - ``transform_packages``: modules that are imported first.
    """

    row_selection: Any = None
    transforms: Mapping[str, Any] | None = None
    transform_objects: dict[str, Any] = field(default_factory=dict)
    transform_function: Any = None
    transform_variables: Any = None
    transform_packages: str | Sequence[str] | Mapping[str, Any] | None = None
    #: whether a function that returns nothing leaves its chunk as it is, instead of out
    none_keeps: bool = False
    #: the low and high of columns that functions stated, after the pass
    low_high: dict[str, tuple[float, float]] = field(default_factory=dict)

    @classmethod
    def of(cls, arguments: Mapping[str, Any], none_keeps: bool = False) -> Steps:
        """The steps that a function was called with: its arguments of these names."""
        given = {each.name: arguments[each.name] for each in fields(cls) if each.name in arguments}
        objects = given.get("transform_objects")
        if objects is not None and not isinstance(objects, Mapping):
            raise TypeError(f"transform_objects must be a dictionary, not {type(objects).__name__}")
        # the caller's dictionary stays as it is
        given["transform_objects"] = dict(objects or {})
        return cls(**given, none_keeps=none_keeps)

    def source(
        self,
        function: str,
        data: Any,
        *,
        rows: tuple[int, int] | None = None,
        chunk_rows: int | None = None,
    ) -> _native.Source:
        """The source of ``data`` with these steps, for ``function``."""
        return self.applied(open_source(data, function), data, rows=rows, chunk_rows=chunk_rows)

    def state_low_high(self, output: Any) -> None:
        """Write what functions stated into an XDF 5 file; others state what they hold."""
        path = getattr(output, "file", None)
        if not self.low_high or not isinstance(output, RxXdfData) or not isinstance(path, str):
            return
        source = output._open()
        if not str(source.info().get("format")).startswith("XDF 5"):
            return
        there = set(source.names())
        changes = [
            {
                "column": name,
                "name": None,
                "levels": None,
                "metadata": {"xdf.low": str(low), "xdf.high": str(high)},
            }
            for name, (low, high) in self.low_high.items()
            if name in there
        ]
        _native.describe_columns(output_path("rx_data_step", output), changes, one_pass())

    def applied(
        self,
        source: _native.Source,
        data: Any = None,
        *,
        rows: tuple[int, int] | None = None,
        chunk_rows: int | None = None,
    ) -> _native.Source:
        """The source with these steps; ``rows`` are those that the pass will read, ``chunk_rows`` those of a call."""
        import_packages(self.transform_packages)
        stage = _Stage(
            source,
            RxTransformContext(data_name(data), self.transform_objects),
            names("transform_variables", self.transform_variables),
            bool(getattr(data, "return_data_frame", True)),
            one_pass(rows=rows, block_rows=chunk_rows or getattr(data, "rows_per_read", None)),
            self.low_high,
        )
        selection = self.row_selection
        if selection is not None and not isinstance(selection, str) and not callable(selection):
            stage.mask(selection)
        if self.transform_function is not None:
            stage.function(self.transform_function, self.none_keeps)
        if self.transforms:
            stage.transforms(self.transforms)
        if isinstance(selection, str):
            stage.source = stage.source.select(selection)
        elif callable(selection):
            stage.selection(selection)
        return stage.source


class _Stage:
    """A source on its way through the steps."""

    def __init__(
        self,
        source: _native.Source,
        context: RxTransformContext,
        variables: list[str] | None,
        as_frame: bool,
        options: dict[str, Any],
        low_high: dict[str, tuple[float, float]],
    ) -> None:
        self.low_high = low_high
        self.source = source
        self.context = context
        self.variables = variables
        self.as_frame = as_frame
        self.options = options
        self.computed: list[str] = []

    def _call(
        self, argument: str, compute: Callable[[Any], Any], sees: list[str] | None, replaces: bool
    ) -> None:
        step = ChunkStep(argument, compute, self.context, self.as_frame, self.low_high)
        before = set(self.source.names())
        self.source = self.source.call(step, sees, replaces, self.options)
        self.computed.extend(name for name in self.source.names() if name not in before)

    def _seen(self) -> list[str] | None:
        """The columns that a function sees: those it asks for, and those made on the way."""
        if self.variables is None:
            return None
        return list(dict.fromkeys([*self.variables, *self.computed]))

    def function(self, function: Any, none_keeps: bool) -> None:
        """Take the columns that the transform function returns."""
        argument = "transform_function"
        call = bound(argument, resolved(argument, function), self.context)

        def compute(dataset: Any) -> Any:
            result = call(dataset)
            return dataset if result is None and none_keeps else result

        self._call(argument, compute, self.variables, True)

    def transforms(self, transforms: Mapping[str, Any]) -> None:
        """Add or replace columns, in order."""
        if not isinstance(transforms, Mapping):
            raise TypeError("transforms must be a dictionary from column names to expressions or functions")
        for is_text, group in groupby(transforms.items(), key=lambda item: isinstance(item[1], str)):
            columns = [(str(name), how) for name, how in group]
            if is_text:
                self.source = self.source.compute(columns)
                self.computed.extend(name for name, _ in columns)
                continue
            calls = []
            for name, how in columns:
                argument = f"transforms['{name}']"
                if not callable(how):
                    raise TypeError(
                        f"{argument} must be an expression as text or a function, not {type(how).__name__}"
                    )
                calls.append((name, bound(argument, how, self.context)))

            def compute(
                dataset: Any, calls: list[tuple[str, Callable[[Any], Any]]] = calls
            ) -> dict[str, Any]:
                for name, call in calls:
                    dataset[name] = call(dataset)
                return {name: dataset[name] for name, _ in calls}

            self._call("transforms", compute, self._seen(), False)

    def selection(self, function: Callable[..., Any]) -> None:
        """Keep the rows for which a function is true."""
        call = bound("row_selection", function, self.context)
        self._call("row_selection", lambda dataset: _selected(call(dataset)), self._seen(), False)

    def mask(self, mask: Any) -> None:
        """Keep the rows for which logicals are true; there is one for each row of the data."""
        import numpy as np

        kept = np.asarray(mask)
        if kept.dtype == object:  # logicals with missing values
            kept = np.asarray(
                [value is not None and value == value and bool(value) for value in kept.tolist()]
            )
        if kept.dtype != np.bool_ or kept.ndim != 1:
            raise TypeError(
                "row_selection must be an expression as text, a function, or a logical for each row, not "
                f"{type(mask).__name__}"
            )
        total = self.source.info()["rows"]
        if total is not None and total != len(kept):
            raise ValueError(f"row_selection has {len(kept)} logicals, but the data have {total} rows")
        context = self.context

        def compute(_dataset: Any) -> dict[str, Any]:
            first = context.start_row - 1
            chosen = kept[first : first + context.num_rows]
            if len(chosen) != context.num_rows:
                raise ValueError(f"row_selection has {len(kept)} logicals, but the data have more rows")
            return {ROW_SELECTION: chosen}

        self._call("row_selection", compute, self.source.names()[:1], False)


def _selected(result: Any) -> dict[str, Any]:
    """The result of a row selection as the column that the engine knows."""
    import pandas as pd

    column = pd.Series(result)
    if not pd.api.types.is_bool_dtype(column.dtype) and not column.isna().all():
        raise TypeError(f"row_selection must return a logical for each row of the chunk, not {column.dtype}")
    return {ROW_SELECTION: column.astype("boolean")}
