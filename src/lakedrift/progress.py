"""How far a run has got, drawn on stderr: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

from lakedrift.observer import Observer, Silent
from lakedrift.text import count, visible

__all__ = ["Bar", "Lines", "progress"]

FIRST_SECONDS = 2.0
EVERY_SECONDS = 10.0


@contextlib.contextmanager
def progress(stream: TextIO | None) -> Iterator[Observer]:
    """Watch a run on `stream`, None where there is none, and leave no half-drawn bar there when it ends or fails."""
    observer = _observer(stream)
    try:
        yield observer
    finally:
        observer.done()


def _observer(stream: TextIO | None) -> Observer:
    if stream is None:
        return Silent()
    return Bar(stream) if is_live(stream) else Lines(stream)


def is_live(stream: TextIO) -> bool:
    """Whether a line on `stream` can be drawn over."""
    return stream.isatty() and os.environ.get("TERM", "") not in ("", "dumb")


class Bar:
    """A bar that moves, and is gone when the run is over."""

    def __init__(self, stream: TextIO) -> None:
        self._console = Console(file=stream, highlight=False)
        columns = (TextColumn("{task.description}", markup=False), BarColumn(), _Rows(), TimeRemainingColumn())
        self._progress = Progress(*columns, console=self._console, transient=True)
        self._task: TaskID | None = None

    def stage(self, name: str, rows: int | None) -> None:
        """Begin a bar for this stage in place of the last."""
        if self._task is not None:
            self._progress.remove_task(self._task)
        self._task = self._progress.add_task(visible(name), total=rows)
        self._progress.start()

    def advance(self, rows: int) -> None:
        """Move the bar."""
        if self._task is not None:
            self._progress.advance(self._task, rows)

    def note(self, text: str) -> None:
        """Print a line above the bar."""
        self._console.print(Text(visible(text), style="dim"))

    def done(self) -> None:
        """Take the bar away."""
        self._progress.stop()


class _Rows(ProgressColumn):
    """How many rows are done, and how many a second."""

    def render(self, task: Task) -> Text:
        done = count(task.completed) if task.total is None else f"{count(task.completed)} of {count(task.total)}"
        speed = f" · {count(task.speed)} rows/s" if task.speed else " rows"
        return Text(done + speed)


class Lines:
    """A line after the first seconds of a stage and then now and then; nothing at all for a short run.

    Parameters
    ----------
    stream
        Where to write; if nobody reads there any more, nothing is written and the run goes on.
    first, every
        Seconds before the first line of a run and between lines.
    """

    def __init__(self, stream: TextIO, *, first: float = FIRST_SECONDS, every: float = EVERY_SECONDS) -> None:
        self._stream = stream
        self._every = every
        self._due = time.monotonic() + first
        self._lock = threading.Lock()
        self._name = ""
        self._total: int | None = None
        self._rows = 0

    def stage(self, name: str, rows: int | None) -> None:
        """Begin to count anew."""
        with self._lock:
            self._name, self._total, self._rows = visible(name), rows, 0

    def advance(self, rows: int) -> None:
        """Count, and write a line if one is due."""
        with self._lock:
            self._rows += rows
            if time.monotonic() >= self._due and self._rows != self._total:
                self._due = time.monotonic() + self._every
                self._write(f"{self._name}: {self._told()}")

    def note(self, text: str) -> None:
        """Write the note as a line."""
        with self._lock:
            self._write(visible(text))

    def done(self) -> None:
        """Write nothing: what follows says that the run is over."""

    def _told(self) -> str:
        if not self._total:
            return f"{count(self._rows)} rows"
        return f"{count(self._rows)} of {count(self._total)} rows ({self._rows / self._total:.0%})"

    def _write(self, line: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(line + "\n")
            self._stream.flush()
