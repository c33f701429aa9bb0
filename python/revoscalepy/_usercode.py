"""Functions of the caller: which arguments they get, where in the data they are, and what is said when they fail."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

#: RevoScaleR's names of the attributes
_R_NAMES = {
    "rxStartRow": "start_row",
    "rxChunkNum": "chunk_num",
    "rxNumRows": "num_rows",
    "rxReadFileName": "read_file_name",
    "rxIsTestChunk": "is_test_chunk",
    "rxIsPrediction": "is_prediction",
    "rxTransformEnvir": "transform_objects",
}


class RxTransformContext:
    """Where a transform function is in the data; its second argument.

    - ``start_row``: first row of the chunk in the data set, from 1.
    - ``chunk_num``: number of the chunk in this pass, from 1.
    - ``num_rows``: rows of the chunk, as they are handed over.
    - ``read_file_name``: path of the data; ``None`` for data in memory.
    - ``transform_objects``: the dictionary of the call; what is put there is there for the next chunk.
    - ``is_test_chunk``: always ``False``: the function only ever sees chunks that count.
    - ``is_prediction``: whether the data are read for predictions.

    The names of R (``context[".rxStartRow"]``, ``context.rxStartRow``) are understood.
    """

    def __init__(self, read_file_name: str | None, transform_objects: dict[str, Any]) -> None:
        self.start_row = 1
        self.chunk_num = 0
        self.num_rows = 0
        self.read_file_name = read_file_name
        self.transform_objects = transform_objects
        self.is_test_chunk = False
        self.is_prediction = False

    def __getattr__(self, name: str) -> Any:
        if name in _R_NAMES:
            return getattr(self, _R_NAMES[name])
        raise AttributeError(f"the context has no '{name}'; it has: {', '.join(_R_NAMES.values())}")

    def __getitem__(self, name: str) -> Any:
        plain = name.removeprefix(".")
        if plain not in _R_NAMES and plain not in _R_NAMES.values():
            raise KeyError(name)
        return getattr(self, plain)

    def __repr__(self) -> str:
        return f"RxTransformContext(chunk_num={self.chunk_num}, start_row={self.start_row}, num_rows={self.num_rows})"


def resolved(argument: str, function: Any) -> Callable[..., Any]:
    """The function, also of its dotted name.

    :raises TypeError: when it is none.
    """
    if isinstance(function, str):
        module, _, name = function.rpartition(".")
        if not module:
            raise TypeError(
                f"{argument}: {function!r} must be a function, or its name with that of its module"
            )
        function = getattr(importlib.import_module(module), name)
    if not callable(function):
        raise TypeError(f"{argument} must be a function, not {type(function).__name__}")
    found: Callable[..., Any] = function
    return found


def bound(argument: str, function: Callable[..., Any], context: RxTransformContext) -> Callable[[Any], Any]:
    """The function of a chunk alone; the rest of its arguments are the context and objects of the call.

    The first argument, or one that is called ``dataset``, is the chunk; a second one that is no name of
    ``transform_objects``, or one called ``context``, is the context; others are taken from ``transform_objects`` by
    name, all of them where it takes ``**kwargs``.

    :raises TypeError: when an argument is left that nothing is known of.
    """
    objects = context.transform_objects
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # builtins say nothing of themselves
        return function
    plain = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    names = [p.name for p in plain]
    if not plain:
        if any(p.kind is p.VAR_POSITIONAL for p in parameters):
            return lambda dataset: function(dataset, context)
        raise TypeError(f"{argument}: the function takes no argument, but should take the chunk")
    at = names.index("dataset") if "dataset" in names else 0
    others = [p for index, p in enumerate(plain) if index != at]
    takes = next((p for p in others if p.name == "context"), None)
    if (
        takes is None
        and others
        and others[0].name not in objects
        and others[0].default is inspect.Parameter.empty
    ):
        takes = others[0]
    taken: list[str] = []
    takes_all = False
    for parameter in parameters:
        if parameter is plain[at] or parameter is takes or parameter.kind is parameter.VAR_POSITIONAL:
            continue
        if parameter.kind is parameter.VAR_KEYWORD:
            takes_all = True
        elif parameter.name in objects:
            taken.append(parameter.name)
        elif parameter.default is parameter.empty:
            raise TypeError(
                f"{argument}: the function has an argument '{parameter.name}', which transform_objects does not have"
            )
    before = [p.name for p in plain if p.kind is p.POSITIONAL_ONLY]

    def call(dataset: Any) -> Any:
        # the objects may have changed since the last chunk
        keywords = {name: objects[name] for name in (objects if takes_all else taken) if name in objects}
        keywords[names[at]] = dataset
        if takes is not None:
            keywords[takes.name] = context
        positional = [keywords.pop(name) for name in before if name in keywords]
        return function(*positional, **keywords)

    return call


@contextmanager
def located(argument: str, context: RxTransformContext) -> Iterator[None]:
    """Add to an exception of the caller's code which rows it was called for."""
    try:
        yield
    except Exception as error:
        last = context.start_row + context.num_rows - 1
        if hasattr(error, "add_note"):  # from Python 3.11 on
            error.add_note(f"in {argument}, chunk {context.chunk_num}: rows {context.start_row} to {last}")
        raise


def import_packages(packages: str | Sequence[str] | Mapping[str, Any] | None) -> None:
    """Import the modules that transforms are said to need, so that a missing one is told before the first row.

    :raises ImportError: when one is missing.
    """
    for package in [packages] if isinstance(packages, str) else packages or ():
        importlib.import_module(package)
