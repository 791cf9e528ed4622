"""Progress on a terminal: how much of something is done; the trainer's images/s and time left, as plain lines where
there is no terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

SHOWN = ("reconstruction", "generator", "discriminator", "l1", "fad", "hit_rate")


@contextmanager
def part_done(title: str) -> Iterator[Callable[[float, str], None]]:
    """A progress bar on stderr, where that is a terminal; it is told the part done, 0..1, and what is at hand."""
    console = Console(stderr=True)
    columns = (TextColumn(title), BarColumn(), TimeRemainingColumn(), TextColumn("{task.fields[at]}", markup=False))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(title, total=1.0, at="")
        yield lambda part, at: progress.update(task, completed=part, at=at)


class Bar:
    """Callable with each report of the trainer; a context manager that keeps the bar alive."""

    def __init__(self) -> None:
        self.console = Console()
        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[text]}"))
        self.progress = Progress(*columns, console=self.console, disable=not self.console.is_terminal)
        self.task = self.progress.add_task("training", total=1.0, text="")

    def __enter__(self) -> Bar:
        self.progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.progress.stop()

    def __call__(self, report: dict[str, Any]) -> None:
        text = describe(report)
        if self.console.is_terminal and "part" in report:
            self.progress.update(self.task, completed=report["part"], text=text, description=report["phase"])
        else:
            self.console.print(text, highlight=False, soft_wrap=True)


def describe(report: dict[str, Any]) -> str:
    """One line: images seen, speed, time left, losses or scores."""
    parts = [f"{report['seen'] / 1000:.1f} kimg"]
    if "event" in report:
        parts.append(_event(report))
    if "images_per_second" in report:
        parts.append(f"{report['images_per_second']:.1f} images/s")
    if report.get("seconds_left") is not None:
        parts.append(f"{report['seconds_left'] / 60:.0f} min left")
    parts += [f"{name} {report[name]:.3f}" for name in SHOWN if name in report]
    return "  ".join(parts)


def _event(report: dict[str, Any]) -> str:
    """What happened beside the training, in words."""
    if report["event"] == "rollback":
        return f"rollback {report['count']}: a loss was not a number, back to the last good state"
    if report["event"] == "unmonitored":
        return f"not all that is there to be looked at could be written ({report['error']}): the training goes on"
    return str(report["event"])
