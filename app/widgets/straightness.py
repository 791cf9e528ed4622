"""How straight a model's semantic sliders are, as measured when they were found: charts and sentences. No Streamlit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import altair as alt
import pandas as pd

HEIGHT = 130
COLOUR = "#fc8961"


@dataclass(frozen=True)
class Measured:
    """A slider's figures: its r, what its descriptor does from end to end, and its leak, in one line; the curve."""

    name: str
    sentence: str
    chart: alt.LayerChart


def measured(report: Mapping[str, Any] | None) -> list[Measured]:
    """What `metrics.semantic` of a card holds (see docs/control.md); nothing for a model that has none."""
    if not report:
        return []
    positions = report["positions"]
    return [Measured(name, _sentence(of), _chart(positions, of)) for name, of in report["sliders"].items()]


def _sentence(of: Mapping[str, Any]) -> str:
    own = of["descriptor"]
    found = of["methods"][of["method"]]["r"]
    leak = max((name for name in found if name != own), key=lambda name: abs(found[name]), default=None)
    rest = f", leaks most onto {leak} (r {found[leak]:+.2f})" if leak else ""
    return f"r {found[own]:.2f} with {own} ({of['unit']}){rest}"


def _chart(positions: list[float], of: Mapping[str, Any]) -> alt.LayerChart:
    """Median over sounds, and where four sounds in five lie."""
    table = alt.Chart(pd.DataFrame({"position": positions, **of["curve"]}))
    x = alt.X("position:Q", title=None, axis=alt.Axis(grid=False, tickCount=5))
    y = alt.Y("middle:Q", title=None, scale=alt.Scale(zero=False), axis=alt.Axis(tickCount=4))
    band = table.mark_area(opacity=0.2, color=COLOUR).encode(x=x, y=alt.Y("low:Q", title=None), y2="high:Q")
    tips = [alt.Tooltip("position:Q"), *(alt.Tooltip(f"{key}:Q", format=".2f") for key in ("low", "middle", "high"))]
    dots = alt.OverlayMarkDef(color=COLOUR, size=20)
    line = table.mark_line(color=COLOUR, strokeWidth=1.8, point=dots).encode(x=x, y=y, tooltip=tips)
    return alt.LayerChart(layer=[band, line], height=HEIGHT)
