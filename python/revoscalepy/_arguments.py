"""Checks of arguments that several functions share.

The documented signatures have arguments that are not built yet, and some that only steered Microsoft's memory use.
The first raise :class:`UnsupportedArgumentError` when they ask for something; the second are accepted and have no
effect.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any


class UnsupportedArgumentError(NotImplementedError, ValueError):
    """An argument of the documented signature asks for something that is not built."""


def not_built(function: str, instead: str = "", **arguments: Any) -> None:
    """Raise when one of ``arguments`` asks for something; ``None``, ``False`` and empty collections do not."""
    for name, value in arguments.items():
        if value is None or value is False or (isinstance(value, (list, tuple, dict)) and not value):
            continue
        remedy = f"; {instead}" if instead else ""
        raise UnsupportedArgumentError(f"{function}: the argument '{name}' is not supported yet{remedy}")


def append_kind(function: str, append: str | Sequence[str] | None) -> str:
    """What is added to an output that is there: ``"none"``, ``"rows"`` or ``"cols"``.

    :raises ValueError: for another word.
    """
    value = append[0] if isinstance(append, (list, tuple)) and append else append
    if value in (None, "none", []):
        return "none"
    if value in ("rows", "cols"):
        return str(value)
    raise ValueError(f"{function}: append must be 'none', 'rows' or 'cols', not {value!r}")


def check_append(function: str, append: str | Sequence[str] | None) -> None:
    """Accept only ``append`` values that create a new file."""
    kind = append_kind(function, append)
    if kind != "none":
        not_built(function, "write a new file instead", append=kind)


def appends_rows(function: str, append: str | Sequence[str] | None) -> bool:
    """Whether rows are added to a set that is there; sets take no columns."""
    if append_kind(function, append) == "rows":
        return True
    check_append(function, append)
    return False


def no_extra(function: str, extra: Mapping[str, Any]) -> None:
    """Refuse keyword arguments that nothing takes."""
    for name in extra:
        raise TypeError(f"{function}() got an unexpected keyword argument '{name}'")


def names(argument: str, value: str | Sequence[str] | None) -> list[str] | None:
    """Column names as a list, from one name or several."""
    if value is None:
        return None
    if isinstance(value, str):
        return [value]
    listed = list(value)
    for name in listed:
        if not isinstance(name, str):
            raise TypeError(f"{argument} must hold column names, not {type(name).__name__}")
    return listed


def kept(
    available: Sequence[str],
    vars_to_keep: str | Sequence[str] | None,
    vars_to_drop: str | Sequence[str] | None,
) -> list[str] | None:
    """The columns that are left by ``vars_to_keep`` or ``vars_to_drop``; ``None`` when all are.

    Names of ``vars_to_keep`` that do not exist stay in, so that the engine can name the nearest; those of
    ``vars_to_drop`` need not exist.
    """
    keep = names("vars_to_keep", vars_to_keep)
    drop = names("vars_to_drop", vars_to_drop)
    if keep and drop:
        raise ValueError("vars_to_keep and vars_to_drop exclude each other; give one of them")
    if keep:
        return list(dict.fromkeys(keep))
    if drop:
        return [name for name in available if name not in set(drop)]
    return None


def path_text(path: str | os.PathLike[str]) -> str:
    """A path as text, with ``~`` replaced by the home folder."""
    return os.path.expanduser(os.fspath(path))
