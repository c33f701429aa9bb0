"""Drawing, where matplotlib is installed; the package works without it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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


def panels(
    first: Any,
    groups: Sequence[tuple[Mapping[str, Any], Any]],
    draw: Callable[[Any, Any], None],
    titles: tuple[str | None, str | None, str, str],
) -> None:
    """Draw groups beside each other, in rows of up to four, all with the same axes, in the figure of ``first``.

    :param groups: the levels that make a group, by the names of factors, and what is drawn of it.
    :param titles: title, smaller title, and those of the axes.
    """
    title, subtitle, x_title, y_title = titles
    figure = first.figure
    across = min(len(groups), 4)
    down = -(-len(groups) // across)
    figure.clear()
    figure.set_size_inches(3.2 * across, 2.4 * down + 0.6)
    axes = figure.subplots(down, across, sharex=True, sharey=True, squeeze=False).ravel()
    for ax, (levels, group) in zip(axes, groups, strict=False):
        draw(ax, group)
        ax.set_title(", ".join(f"{name} = {level}" for name, level in levels.items()), fontsize="small")
    for ax in axes[len(groups) :]:
        ax.set_visible(False)
    figure.supxlabel(x_title)
    figure.supylabel(y_title)
    heading = ": ".join(text for text in (title, subtitle) if text)
    if heading:
        figure.suptitle(heading)
    figure.tight_layout()
