"""Chunks handed to the caller's functions, and what comes back from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from revoscalepy._frames import from_pandas, is_pandas, to_arrays, to_arrow, to_pandas
from revoscalepy._usercode import RxTransformContext, located

if TYPE_CHECKING:
    import pyarrow as pa

#: name of a logical column of a result: the rows to keep
ROW_SELECTION = ".rxRowSelection"

#: what is said of a column and holds of its values whatever they are
_DESCRIBING = (b"xdf.description", b"xdf.units", b"xdf.value_labels")


@cache
def _classes() -> type[Any]:
    """Frames whose columns know ``rx_attributes``; pandas is imported with the first chunk."""
    import pandas as pd

    class Column(pd.Series):  # type: ignore[misc]
        """A column of a chunk; ``rx_attributes`` are kept for the column of its name."""

        _metadata = ("_rx_attributes",)

        @property
        def _constructor(self) -> Any:
            return Column

        @property
        def _constructor_expanddim(self) -> Any:
            return Chunk

        @property
        def rx_attributes(self) -> dict[str, Any] | None:
            kept: dict[Any, dict[str, Any]] = getattr(self, "_rx_attributes", {})
            return kept.get(self.name)

        @rx_attributes.setter
        def rx_attributes(self, attributes: dict[str, Any]) -> None:
            kept: dict[Any, dict[str, Any]] = getattr(self, "_rx_attributes", {})
            kept[self.name] = attributes

    class Chunk(pd.DataFrame):  # type: ignore[misc]
        """The rows of a chunk."""

        _metadata = ("_rx_attributes",)

        @property
        def _constructor(self) -> Any:
            return Chunk

        @property
        def _constructor_sliced(self) -> Any:
            return Column

    return Chunk


def chunk_frame(frame: Any, attributes: dict[Any, dict[str, Any]]) -> Any:
    """The frame, with ``rx_attributes`` that are set on its columns going to ``attributes``."""
    chunk = _classes()(frame)
    object.__setattr__(chunk, "_rx_attributes", attributes)
    return chunk


class ChunkStep:
    """What the engine calls for each chunk: ``compute`` with a frame (or a dictionary of arrays).

    The types of the first result hold for all.
    """

    def __init__(
        self,
        argument: str,
        compute: Callable[[Any], Any],
        context: RxTransformContext,
        as_frame: bool,
        low_high: dict[str, tuple[float, float]],
    ) -> None:
        self.argument = argument
        self.compute = compute
        self.context = context
        self.as_frame = as_frame
        #: what ``rx_attributes`` say of columns, over all chunks
        self.low_high = low_high
        self.schema: pa.Schema | None = None

    def __call__(self, stream: Any, chunk: int, start_row: int) -> pa.Table | None:
        """Compute a chunk: its number and its first row count from 0."""
        import pyarrow as pa

        table = pa.table(stream)
        context = self.context
        context.chunk_num, context.start_row, context.num_rows = chunk + 1, start_row + 1, table.num_rows
        attributes: dict[Any, dict[str, Any]] = {}
        with located(self.argument, context):
            dataset = chunk_frame(to_pandas(table), attributes) if self.as_frame else to_arrays(table)
            result = self.compute(dataset)
            if result is None:
                return None
            made = self._as_table(result, table.num_rows)
            self._state(attributes)
            return self._as_first(_described(made, table.schema))

    def _state(self, attributes: Mapping[Any, Mapping[str, Any]]) -> None:
        for name, attribute in attributes.items():
            if ".rxLowHigh" in attribute:
                low, high = attribute[".rxLowHigh"]
                least, greatest = self.low_high.get(str(name), (low, high))
                self.low_high[str(name)] = (min(low, least), max(high, greatest))

    def _as_table(self, result: Any, rows: int) -> pa.Table:
        import pandas as pd
        import pyarrow as pa

        try:
            if isinstance(result, Mapping):
                columns = {str(name): _plain(column) for name, column in result.items()}
                lengths = [
                    len(c) for c in columns.values() if hasattr(c, "__len__") and not isinstance(c, str)
                ]
                index = pd.RangeIndex(lengths[0] if lengths else rows)
                return pa.table(from_pandas(pd.DataFrame(columns, index=index)))
            if is_pandas(result):
                return pa.table(from_pandas(pd.DataFrame(result)))
            table = to_arrow(result)
        except pa.ArrowInvalid as error:
            raise ValueError(f"{self.argument} returned a column without one type: {error}") from error
        if table is None:
            raise TypeError(
                f"{self.argument} returned {type(result).__name__}; return a DataFrame, a dictionary of columns or an "
                "object with the Arrow PyCapsule interface"
            )
        return pa.table(table)

    def _as_first(self, made: pa.Table) -> pa.Table:
        """The columns in the types of the first result; others are left for the engine to refuse."""
        import pyarrow as pa

        if self.schema is None:
            self.schema = made.schema
            return made
        for field in self.schema:
            at = made.schema.get_field_index(field.name)
            if at < 0 or made.schema.field(at).type == field.type:
                continue
            # the engine brings the codes of factors together
            if pa.types.is_dictionary(field.type) and pa.types.is_dictionary(made.schema.field(at).type):
                continue
            try:
                made = made.set_column(at, field, made.column(at).cast(field.type))
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
                raise ValueError(
                    f"{self.argument} returned column '{field.name}' as {made.schema.field(at).type}, and as "
                    f"{field.type} for the first rows; give it one type in the function (with astype): {error}"
                ) from error
        return made


def _plain(column: Any) -> Any:
    """A column without its index, which does not say where its values belong."""
    return column.array if hasattr(column, "array") and hasattr(column, "index") else column


def _described(made: pa.Table, input_schema: pa.Schema) -> pa.Table:
    """The columns with what was said of them before."""
    for at, field in enumerate(made.schema):
        before = input_schema.get_field_index(field.name)
        metadata = (input_schema.field(before).metadata or {}) if before >= 0 else {}
        described = {key: metadata[key] for key in _DESCRIBING if key in metadata}
        if described:
            made = made.set_column(at, field.with_metadata(described), made.column(at))
    return made
