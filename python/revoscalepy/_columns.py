"""Columns chosen, described and converted; rows without missing values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from revoscalepy import _native
from revoscalepy._arguments import kept
from revoscalepy._text import checked_types, notes

#: names in one selection of complete rows, so that the expression stays within the depth that is allowed
_GROUP = 50


def chosen(
    source: _native.Source,
    available: Sequence[str],
    vars_to_keep: str | Sequence[str] | None,
    vars_to_drop: str | Sequence[str] | None,
) -> _native.Source:
    """The source without the columns of ``available`` that are not wanted; those computed on the way stay in."""
    keep = kept(available, vars_to_keep, vars_to_drop)
    if keep is None:
        return source
    computed = [name for name in source.names() if name not in set(available)]
    return source.project(list(dict.fromkeys([*keep, *computed])))


def complete_rows(source: _native.Source) -> _native.Source:
    """The rows without a missing value."""
    names = source.names()
    for first in range(0, len(names), _GROUP):
        present = (f"is.na({quoted(name)})" for name in names[first : first + _GROUP])
        source = source.select(" and ".join(f"not {test}" for test in present))
    return source


def quoted(name: str) -> str:
    """A column's name as expressions and formulas take it, whatever is in it."""
    return "`" + name.replace("`", "``") + "`"


def with_types(
    source: _native.Source,
    column_classes: Mapping[str, str] | None,
    column_info: Mapping[str, Mapping[str, Any]] | None,
    strings_as_factors: bool | None,
) -> _native.Source:
    """The columns of data that are no text in other types, under other names, and described."""
    types, factors = checked_types(column_classes, column_info)
    wanted: list[tuple[str, str, list[str] | None]] = [
        (name, "factor", levels) for name, levels in factors.items()
    ]
    wanted.extend((name, kind, None) for name, kind in types.items() if name not in factors)
    if strings_as_factors:
        named = {name for name, _, _ in wanted}
        texts = (v["name"] for v in source.variables() if v["varType"] == "character")
        wanted.extend((name, "factor", None) for name in texts if name not in named)
    if wanted:
        source = source.retype(wanted)
    described = notes(column_info)
    return source.annotate(described) if described else source
