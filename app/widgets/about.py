"""What a model is, in one line: family, length, what it was trained on; and how close it comes. No Streamlit."""

from __future__ import annotations

from synth.checkpoint.families import FAMILIES
from synth.checkpoint.store import Card


def family(card: Card) -> str:
    """The name of its family; of one that this version does not know, its id."""
    return FAMILIES[card.family].title if card.family in FAMILIES else card.family


def named(card: Card) -> str:
    """Its title, and its family where that is not the same."""
    return card.title if card.title == family(card) else f"{card.title} · {family(card)}"


def line(card: Card) -> str:
    parts = [family(card), f"{card.duration:.3g} s at {card.sample_rate / 1000:g} kHz", _data(card)]
    return " · ".join(filter(None, parts))


def _data(card: Card) -> str:
    clips, counts = card.data.get("train_clips"), card.data.get("clips_per_category", {})
    if not clips:
        return ""
    word = "category" if len(counts) == 1 else "categories"
    return f"trained on {clips:,} recordings ({card.data.get('name')}, {len(counts)} {word})"


def figures(card: Card) -> str:
    """FAD and class hit rate, in the space that they were measured in; "" where nothing was measured.

    Those of an evaluation in the space that tells most, with what recordings come to; before one, those of the run.
    """
    report = card.metrics.get("evaluation", {})
    spaces = report.get("spaces", {})
    if spaces:
        space = report.get("telling", list(spaces)[-1])
        sets = spaces[space]["sets"]
        fad = _figure("FAD", sets["model"].get("fad"), sets.get("floor", {}).get("fad"), "{:.3g}")
        hits = _figure(
            "class hit rate", sets["model"].get("hit_rate"), sets.get("ceiling", {}).get("hit_rate"), "{:.2f}"
        )
    else:
        found = card.metrics.get("snapshot", {})
        space = found.get("space", "")
        fad = _figure("FAD", found.get("fad"), None, "{:.3g}")
        hits = _figure("class hit rate", found.get("hit_rate"), None, "{:.2f}")
    told = ", ".join(filter(None, (fad, hits)))
    return f"{told}, by {space}" if told else ""


def _figure(name: str, value: float | None, recordings: float | None, form: str) -> str:
    if value is None:
        return ""
    beside = "" if recordings is None else f" (recordings {form.format(recordings)})"
    return f"{name} {form.format(value)}{beside}"
