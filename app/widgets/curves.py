"""The curves of a training run as Altair charts, over minutes of training. No Streamlit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import altair as alt
import pandas as pd

from synth.runs.figures import timed

POINTS = 400
HEIGHT = 150
COLOURS = ("#fc8961", "#9f7bd8", "#4cc3b0")

Lines = Sequence[Mapping[str, Any]]


def charts(lines: Lines) -> dict[str, alt.LayerChart]:
    """Charts by title, those alone that the run has figures for; empty before its second tick."""
    lines = timed(lines)
    found = {
        "Error of re-made recordings": _curves(lines, {"l1": "error"}),
        "Distance of statistics": _curves(lines, {"frechet": "distance"}),
        "Losses of inventing": _curves(lines, {"generator": "generator", "discriminator": "discriminator"}),
        "Images per second": _curves(lines, {"images_per_second": "images/s"}, log=True),
        "Augmentation strength": _curves(lines, {"augment": "p"}),
        "Distance from real sounds (FAD)": _curves(lines, {"fad": "FAD"}, points=True),
    }
    return {title: chart for title, chart in found.items() if chart is not None}


def _curves(
    lines: Lines, names: Mapping[str, str], *, log: bool = False, points: bool = False
) -> alt.LayerChart | None:
    """One chart with a curve for each figure, and a mark where a phase ends. names: key of the figure -> its name."""
    rows = [
        {"minutes": line["wall_minutes"], "value": line[key], "name": name}
        for key, name in names.items()
        for line in _thinned([line for line in lines if key in line])
    ]
    if len({row["minutes"] for row in rows}) < 2:
        return None
    scale = alt.Scale(type="log") if log else alt.Scale(zero=False, nice=True)
    colour = alt.Color(
        "name:N",
        scale=alt.Scale(domain=list(names.values()), range=list(COLOURS[: len(names)])),
        legend=alt.Legend(orient="top", title=None) if len(names) > 1 else None,
    )
    curve = (
        alt.Chart(pd.DataFrame(rows))
        .mark_line(strokeWidth=1.6, point=points)
        .encode(
            x=alt.X("minutes:Q", title=None, scale=alt.Scale(nice=False), axis=alt.Axis(grid=False)),
            y=alt.Y("value:Q", title=None, scale=scale, axis=alt.Axis(tickCount=3, grid=not log)),
            color=colour,
            tooltip=[
                alt.Tooltip("name:N"),
                alt.Tooltip("minutes:Q", format=".1f"),
                alt.Tooltip("value:Q", format=".4g"),
            ],
        )
    )
    marks = alt.Chart(pd.DataFrame({"minutes": _turns(lines, rows[0]["minutes"])})).mark_rule(
        color="#5b5270", strokeDash=[3, 3]
    )
    return alt.LayerChart(layer=[marks.encode(x="minutes:Q"), curve], height=HEIGHT)


def _turns(lines: Lines, first: float) -> list[float]:
    """Minutes at which a phase ended, not before the first that is drawn."""
    pairs = pairwise(lines)
    turns = [after["wall_minutes"] for before, after in pairs if before.get("phase") != after.get("phase")]
    return [minute for minute in turns if minute > first]


def _thinned(lines: Lines) -> Lines:
    """As many lines as a chart can show, the last one among them."""
    step = -(-len(lines) // POINTS) if lines else 1
    return list(reversed(lines[::-1][::step]))
