"""Results as notebooks show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any


def page(call: str | None, tables: Iterable[tuple[str, Any]], facts: Mapping[str, Any] | None = None) -> str:
    """The call, tables (DataFrames or Series) with their captions, and a line of facts."""
    parts = [f"<p><code>{escape(call)}</code></p>"] if call else []
    for caption, table in tables:
        frame = table.to_frame() if hasattr(table, "to_frame") else table
        if caption:
            parts.append(f"<p><b>{escape(caption)}</b></p>")
        parts.append(frame.to_html(max_rows=60, na_rep="", border=0))
    shown = [
        f"{escape(name)}: {escape(_fact(value))}"
        for name, value in (facts or {}).items()
        if value is not None
    ]
    if shown:
        parts.append(f"<p>{', '.join(shown)}</p>")
    return f"<div>{''.join(parts)}</div>"


def printed(text: str) -> str:
    """A result that is text."""
    return f"<pre>{escape(text)}</pre>"


def _fact(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_fact(each) for each in value)
    return f"{value:.6g}" if isinstance(value, float) else str(value)
