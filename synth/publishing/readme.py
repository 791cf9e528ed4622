"""A checkpoint's card in words, as a person reads it."""

from __future__ import annotations

import json
from typing import Any

from synth.checkpoint.store import Card
from synth.publishing.tables import by_category, headline, linearity, memorisation, resynthesis, table, top_of_spectrum
from synth.scoring.embedders import taught_through

FEW_CLIPS = 40
SNAPSHOT = {"fad": "FAD", "kad": "KAD", "hit_rate": "class hit rate", "sounds": "sounds drawn"}


def readme(card: Card, curve: bool) -> str:
    """Markdown; `curve` says whether there is a picture of scores in training, curves.png. That of sounds always is."""
    told = [*_figures(card), *_curve(card, curve), *_sliders(card)]
    parts = [_head(card), _what(card), *told, _data(card), _limits(card), _credits()]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _head(card: Card) -> str:
    """YAML that model hubs read; a string of JSON is one of YAML."""
    return f"""---
library_name: sonoform
license: other
license_name: those-of-its-recordings
license_link: ATTRIBUTION.md
pretty_name: {json.dumps(card.title, ensure_ascii=False)}
tags: [audio, sound-effects, gan, {card.family}]
---"""


def _what(card: Card) -> str:
    kinds = f"{len(card.categories)} categories" if card.categories else "no categories to ask for"
    return f"""# {card.title}

A {card.family} generator of {card.duration:.3g} s sounds at {card.sample_rate} Hz, {kinds}.
Trained on {card.data["train_clips"]} recordings, {card.training["images_seen"]:,} images seen in \
{card.minutes:g} minutes of training ({card.training["device"]}).{_left_out(card)}

![Spectrograms of generated sounds](samples.png)"""


def _left_out(card: Card) -> str:
    count = card.training.get("left_out", 0)
    clips = card.network.get("clips", 0)
    return (
        f"""
It draws from {clips - count} of {clips} clips: at the others it sounds like another category to the networks that it
was taught through."""
        if count
        else ""
    )


def _figures(card: Card) -> list[str]:
    report = card.metrics.get("evaluation")
    if report is None:
        return [_snapshot(card.metrics.get("snapshot", {}))]
    spaces = report["spaces"]
    best = _telling(report)
    parts = [_how_close(report), *_new(card), *(_text(headline(space, of)) for space, of in spaces.items()), _KIND]
    parts += [_category_words(best, spaces[best]), _text(by_category(best, spaces[best]))]
    parts += [_COPIES, _text(memorisation(report))]
    if "top" in report:
        parts += [_TOP, _text(top_of_spectrum(report))]
    if "resynthesis" in report:
        parts += [_AGAIN, _text(resynthesis(report))]
    return parts


def _snapshot(figures: dict[str, Any]) -> str:
    """What the run itself measured of the networks that were published."""
    if "fad" not in figures:
        return "## How close it comes\n\nNot scored: `sonoform evaluate --update-card` does it."
    rows = [[words, figures[k]] for k, words in SNAPSHOT.items() if k in figures]
    head = [f"figure, valid split, {figures['space']}", "value"]
    return f"## How close it comes\n\n{_text(table(head, rows))}\n\n{_KIND}"


_KIND = """Where snapshots of the run were scored, the one published was chosen by its figures on the same valid
split, which are slightly kind."""


def _telling(report: dict[str, Any]) -> str:
    """The space that tells most: one that is new to the model and knows sound."""
    return str(report.get("telling", list(report["spaces"])[-1]))


def _new(card: Card) -> list[str]:
    """Which spaces the model was taught in: their figures flatter it."""
    names = " and ".join(taught_through(card.training["settings"].get("projector", "none")))
    if not names:
        return []
    words = f"The model was taught through {names}: figures in the space of {names} flatter it."
    return [f"{words} Other spaces are new to it and stand first."]


def _how_close(report: dict[str, Any]) -> str:
    return f"""## How close it comes

{report["sounds"]} sounds, as they are played, against {report["valid_clips"]} valid clips, from which no weight was
learnt. FAD and KAD are Frechet and Kernel Audio Distance between embeddings of a frozen network; figures of two
networks do not compare. Precision and density say how many sounds lie among real ones, recall and coverage how much of
the real ones the sounds reach. The hit rate is the share of sounds whose nearest training clip is of the category asked
for (at clips, their own clip left out). FAD falls with N, so the floor is of as many training clips as there are
sounds, if there are so many."""


def _category_words(space: str, figures: dict[str, Any]) -> str:
    words = f"""### By category

In the space of {space}. KAD has no bias at small N, but much spread: it may fall below 0."""
    lowest = figures.get("worst")
    if lowest is None:
        return words
    made, real = (f"{lowest[k]:.2g}" for k in ("hit_rate", "hit_rate_valid"))
    told = f"is {lowest['category']}: hit rate {made}, of its real clips {real}."
    return f"{words} The worst of those with sounds\nenough to tell {told}"


_COPIES = """### Copies

How near sounds are to the nearest training clip (medians), beside valid clips, and training clips to each other. A copy
lies no farther than the nearest 1 % of valid clips do; `copies` is the share of sounds that are: .01 where they are as
new as valid clips. Profiles are the mean spectrum and the envelope of the log spectrogram: whatever has those of a
training clip is found, whatever else differs."""

_TOP = """### Above 8 kHz

Medians over sounds: how the long-term spectrum falls from 8 to 20 kHz, and how much of the power lies there."""

_AGAIN = """### Valid clips made again

Through the encoder and back, beside a random latent of the same category. Spectrum: root mean square over bins,
without texture. Envelope: the same over frames' energies."""


def _curve(card: Card, curve: bool) -> list[str]:
    return ["### While training\n\n![Scores of snapshots over the course of training](curves.png)"] if curve else []


def _sliders(card: Card) -> list[str]:
    report = card.metrics.get("semantic")
    return [_straight(report), _text(linearity(report))] if report else []


def _straight(report: dict[str, Any]) -> str:
    return f"""## Sliders

What {report["seeds"]} sounds measure at positions -5 to 5 of each slider, phases included: Pearson's r, pooled over
all sounds after taking each one's mean away, so it is 1 only where every sound follows by the same amount. Slope: units
of the slider's own descriptor by one of the slider. The other columns are its leak. Bold is the method installed; the
seeds were new to both."""


def _data(card: Card) -> str:
    data = card.data
    sources = table(["source", "training clips"], list(data["sources"].items()))
    licences = table(["licence", "training clips"], list(data["licences"].items()))
    words = f"{data['train_clips']} training and {data['valid_clips']} valid clips."
    parts = ["## Data", words, _text(sources), _text(licences)]
    if "evaluation" not in card.metrics:  # else they stand beside the figures of each category
        parts.insert(2, _text(table(["category", "training clips"], list(data["clips_per_category"].items()))))
    return "\n\n".join(parts)


def _limits(card: Card) -> str:
    lines = [f"Sounds are {card.duration:.3g} s long, mono, and have nothing above {card.sample_rate / 2:g} Hz."]
    few = [f"{name} ({n})" for name, n in card.data["clips_per_category"].items() if n < FEW_CLIPS]
    if few:
        lines.append(f"Fewer than {FEW_CLIPS} training clips, so little variety and rough figures: {', '.join(few)}.")
    lines.append(_labels(card))
    return "## Limits\n\n" + "\n".join(f"- {line}" for line in lines)


def _labels(card: Card) -> str:
    """How far labels can be trusted, by what real clips score."""
    words = "Labels are those of the recordings' sources"
    report = card.metrics.get("evaluation")
    if report is None:
        return words + "."
    space = _telling(report)
    wrong = 1.0 - report["spaces"][space]["sets"]["ceiling"]["hit_rate"]
    return f"{words}: of real valid clips, {wrong:.0%} lie nearest to a training clip of another category ({space})."


def _credits() -> str:
    return "Credits, where a licence asks for them, are in `ATTRIBUTION.md`. `card.json` has all figures and settings."


def _text(lines: list[str]) -> str:
    return "\n".join(lines)
