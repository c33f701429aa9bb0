"""Drawing, where matplotlib is installed; the package works without it."""

from __future__ import annotations

from typing import Any


def new_axes(ax: Any = None) -> Any:
    """Axes to draw into: those given, else of a new figure; ``None`` without matplotlib."""
    if ax is not None:
        return ax
    try:
        from matplotlib import pyplot
    except ImportError:
        return None
    return pyplot.figure().add_subplot()


def label(ax: Any, title: str | None, subtitle: str | None, x_title: str, y_title: str) -> None:
    """Write the title, a smaller line below it, and what the axes are."""
    if title and subtitle:
        ax.figure.suptitle(title)
        ax.set_title(subtitle, fontsize="small")
    elif title or subtitle:
        ax.set_title(title or subtitle)
    ax.set_xlabel(x_title)
    ax.set_ylabel(y_title)
