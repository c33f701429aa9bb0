"""The active compute context, and how calls choose another one.

A context is found in this order: the argument ``compute_context`` of a call, the innermost ``with`` of
:func:`rx_set_temp_compute_context`, what :func:`rx_set_compute_context` set, else :class:`RxLocalSeq`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ParamSpec, TypeVar

from revoscalepy._arguments import UnsupportedArgumentError

P = ParamSpec("P")
T = TypeVar("T")


class UnsupportedContextError(UnsupportedArgumentError):
    """Work is sent to a place that this package cannot reach yet."""


class RxComputeContext:
    """Where work is done; the base of all contexts.

    :param num_threads: threads of a pass over data; ``None`` for the option ``NumCoresToUse``.
    """

    #: what is missing to send work there; ``None`` where nothing is
    _missing: str | None = None
    #: whether rows of a database stay there where they can
    _in_database = False

    def __init__(self, num_threads: int | None = None) -> None:
        if num_threads is not None and num_threads < 1:
            raise ValueError(f"{type(self).__name__}: num_threads must be at least 1, not {num_threads}")
        self.num_threads = num_threads

    def __repr__(self) -> str:
        shown = ", ".join(
            f"{name}={value!r}" for name, value in vars(self).items() if not name.startswith("_")
        )
        return f"{type(self).__name__}({shown})"

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((type(self).__name__, self.num_threads))

    def _check(self, function: str) -> None:
        """Raise where work cannot be sent there."""
        if self._missing is not None:
            raise UnsupportedContextError(f"{function}: {self._missing}")


class RxRemoteComputeContext(RxComputeContext):
    """A context in another place than this process; the base of those that have jobs.

    :param description: a label.
    :param version: version of what runs there.
    :param id: name that tells contexts apart.
    :param wait: whether calls wait for their results; else they return an ``RxRemoteJob``.
    """

    def __init__(self, description: str, version: str, id: str | None = None, wait: bool = True) -> None:
        super().__init__()
        self.description = description
        self.version = version
        self.id = id
        self.wait = bool(wait)


_active: list[RxComputeContext] = []
_of_call: ContextVar[RxComputeContext | None] = ContextVar("compute_context", default=None)


def _default() -> RxComputeContext:
    from revoscalepy.computecontext.RxLocalSeq import RxLocalSeq

    return RxLocalSeq()


def rx_get_compute_context() -> RxComputeContext:
    """Return the active compute context."""
    return _of_call.get() or (_active[0] if _active else _default())


def rx_set_compute_context(compute_context: RxComputeContext | str | None) -> RxComputeContext:
    """Set the compute context of the session and return the one before.

    :param compute_context: a context; ``"local"`` for :class:`RxLocalSeq`, ``"localpar"`` for
        :class:`RxLocalParallel`; ``None`` leaves it as it is.
    """
    before = _active[0] if _active else _default()
    if compute_context is not None:
        _active[:] = [resolved("rx_set_compute_context", compute_context)]
    return before


#: the name before release 9.2
rx_set_computecontext = rx_set_compute_context


@contextmanager
def rx_set_temp_compute_context(compute_context: RxComputeContext | str) -> Iterator[RxComputeContext]:
    """Use a compute context within a ``with`` statement, in this thread.

    :param compute_context: as of :func:`rx_set_compute_context`.
    """
    context = resolved("rx_set_temp_compute_context", compute_context)
    token = _of_call.set(context)
    try:
        yield context
    finally:
        _of_call.reset(token)


def resolved(function: str, given: Any) -> RxComputeContext:
    """The context that an argument names; the active one for ``None``.

    :raises TypeError: when it is none.
    """
    from revoscalepy.computecontext.RxLocalParallel import RxLocalParallel

    if given is None:
        return rx_get_compute_context()
    if isinstance(given, RxComputeContext):
        return given
    if isinstance(given, str):
        name = given.lower()
        if name in ("local", "rxlocalseq"):
            return _default()
        if name in ("localpar", "rxlocalparallel"):
            return RxLocalParallel()
        raise ValueError(
            f"{function}: there is no compute context '{given}'; there are 'local' and 'localpar'"
        )
    raise TypeError(f"{function}: a compute context is needed, not {type(given).__name__}")


def in_compute_context(function: Callable[P, T]) -> Callable[P, T]:
    """Run an analysis in the context that its argument ``compute_context`` names, or the active one."""
    code = function.__code__
    position = code.co_varnames[: code.co_argcount].index("compute_context")

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        given = args[position] if len(args) > position else kwargs.get("compute_context")
        context = resolved(function.__name__, given)
        context._check(function.__name__)
        token = _of_call.set(context)
        try:
            return function(*args, **kwargs)
        finally:
            _of_call.reset(token)

    return run


def threads() -> int | None:
    """The threads of a pass in the active context; ``None`` for all."""
    from revoscalepy.utils.RxOptions import RxOptions

    chosen = rx_get_compute_context().num_threads
    number = int(RxOptions.get_option("NumCoresToUse")) if chosen is None else chosen
    return number if number > 0 else None
