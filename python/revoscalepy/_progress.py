"""Printed progress, in Microsoft's words.

``report_progress``: 0 nothing (the default here), 1 rows, 2 rows and the time in all, 3 rows and all times. With the
option ``progressBar`` passes that report have a bar of tqdm instead, where that is installed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from revoscalepy.utils.RxOptions import RxOptions


def seconds(elapsed: float) -> str:
    """A time as the old output gives it."""
    return f"{elapsed:.3f} seconds" if elapsed >= 0.001 else "less than .001 seconds"


class Progress:
    """Prints what has been read since the last call."""

    def __init__(self, level: int) -> None:
        self.level = level
        self.start = self.last = time.perf_counter()
        self.rows = 0

    def __call__(self, rows: int, total: int | None) -> None:
        """Take the rows read so far; ``total`` is ``None`` where the source does not know it."""
        if rows < self.rows:
            self.rows = 0
        new, self.rows = rows - self.rows, rows
        if new == 0:
            return
        now = time.perf_counter()
        elapsed, self.last = now - self.last, now
        print(f"Rows Read: {new}, Total Rows Processed: {rows}, Total Chunk Time: {seconds(elapsed)}")

    def finish(self) -> None:
        """Print the time in all, at level 2 and above."""
        if self.level >= 2:
            print(f"Computation time: {seconds(time.perf_counter() - self.start)}.")


class Bar(Progress):
    """A bar of tqdm; one for each pass, as the count begins anew."""

    def __init__(self, level: int, tqdm: Any) -> None:
        super().__init__(level)
        self._tqdm = tqdm
        self._bar: Any = None

    def __call__(self, rows: int, total: int | None) -> None:
        """Take the rows read so far; ``total`` is ``None`` where the source does not know it."""
        if self._bar is None or rows < self.rows:
            self.close()
            self._bar = self._tqdm(total=total, unit=" rows", unit_scale=True, leave=self.level > 1)
            self.rows = 0
        self._bar.update(rows - self.rows)
        self.rows = rows

    def close(self) -> None:
        """Leave the bar as it is."""
        if self._bar is not None:
            self._bar.close()

    def finish(self) -> None:
        """Close the bar, and print the time in all at level 2 and above."""
        self.close()
        super().finish()


def of_level(report_progress: int | None) -> Progress | None:
    """The progress printer of a level; ``None`` for the level of :class:`RxOptions`."""
    level = RxOptions.get_option("reportProgress") if report_progress is None else report_progress
    if not level:
        return None
    if RxOptions.get_option("progressBar"):
        try:
            from tqdm.auto import tqdm
        except ImportError:
            return Progress(int(level))
        return Bar(int(level), tqdm)
    return Progress(int(level))


def finished(progress: Callable[[int, int | None], None] | None) -> None:
    """Print the closing line, if there is a printer."""
    if isinstance(progress, Progress):
        progress.finish()
