"""Objects as bytes: a line that says of which kind, then the object, then all of it compressed.

Models, bytes, texts, numbers and lists of them, DataFrames and arrays have formats that run no code when they are read;
all else is pickled, and read only where that is allowed by name.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import sys
import zlib
from collections.abc import Callable
from typing import Any

_HEAD = b"RXOBJECT1 "

_CODECS: dict[str, tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]]] = {
    "zip": (zlib.compress, zlib.decompress),
    "gzip": (gzip.compress, gzip.decompress),
    "bz2": (bz2.compress, bz2.decompress),
    "lzma": (lzma.compress, lzma.decompress),
    "none": (bytes, bytes),
}


def codec(argument: str, name: str | None) -> tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]]:
    """How to compress and to decompress by the name of a codec; ``None`` is ``"none"``."""
    if (name or "none") not in _CODECS:
        raise ValueError(f"{argument} must be one of {', '.join(map(repr, _CODECS))}, not {name!r}")
    return _CODECS[name or "none"]


def packed(value: Any) -> bytes:
    """An object with the line of its kind, not compressed."""
    kind, data = _encoded(value)
    return _HEAD + kind.encode() + b"\n" + data


def unpacked(data: bytes, allow_pickle: bool) -> Any:
    """The object of :func:`packed`.

    :raises ValueError: for other bytes, and for a pickle that is not allowed.
    """
    from revoscalepy.functions.RxSerializeModel import unpickled

    line, _, body = data.partition(b"\n")
    kind = line[len(_HEAD) :].decode("ascii", "replace") if line.startswith(_HEAD) else "unknown"
    if kind in _READERS:
        return _READERS[kind](body)
    if not allow_pickle:
        what = "the object is pickled" if kind == "pickle" else "the bytes are not of this package"
        raise ValueError(
            f"{what}; deserialize='pickle' reads a pickle, which runs any code that it holds: only with tables "
            "that you trust"
        )
    return unpickled(body if kind == "pickle" else data)


def _encoded(value: Any) -> tuple[str, bytes]:
    from revoscalepy._fitted import FittedModel
    from revoscalepy._frames import is_pandas

    if isinstance(value, FittedModel):
        return "model", bytes(value._model.to_bytes())
    if isinstance(value, (bytes, bytearray)):
        return "bytes", bytes(value)
    if _plain(value):
        return "json", json.dumps(value).encode()
    if is_pandas(value) and type(value).__name__ == "DataFrame" and (ipc := _frame(value)) is not None:
        return "frame", ipc
    numpy = sys.modules.get("numpy")
    if numpy is not None and type(value) is numpy.ndarray and not value.dtype.hasobject:
        stream = io.BytesIO()
        numpy.save(stream, value, allow_pickle=False)
        return "array", stream.getvalue()
    import cloudpickle

    return "pickle", cloudpickle.dumps(value)


def _plain(value: Any) -> bool:
    """Whether JSON gives back the same object: no tuples, no other classes, keys that are texts."""
    if value is None or type(value) in (str, bool, int, float):
        return True
    if type(value) is list:
        return all(_plain(each) for each in value)
    return type(value) is dict and all(type(key) is str and _plain(each) for key, each in value.items())


def _frame(frame: Any) -> bytes | None:
    """A DataFrame as an Arrow stream with pandas' own notes; ``None`` where Arrow does not know a type."""
    import pyarrow as pa

    try:
        table = pa.Table.from_pandas(frame)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        return None
    stream = io.BytesIO()
    with pa.ipc.new_stream(stream, table.schema) as writer:
        writer.write_table(table)
    return stream.getvalue()


def _read_frame(data: bytes) -> Any:
    import pyarrow as pa

    return pa.ipc.open_stream(data).read_all().to_pandas()


def _read_array(data: bytes) -> Any:
    import numpy as np

    return np.load(io.BytesIO(data), allow_pickle=False)


def _read_model(data: bytes) -> Any:
    from revoscalepy.functions.RxSerializeModel import rx_unserialize_model

    return rx_unserialize_model(data)


_READERS: dict[str, Callable[[bytes], Any]] = {
    "model": _read_model,
    "bytes": bytes,
    "json": json.loads,
    "frame": _read_frame,
    "array": _read_array,
}
