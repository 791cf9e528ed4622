"""A checkpoint's card in words, as a person reads it."""

from __future__ import annotations

from typing import Any

from synth.checkpoint import Card
from synth.training.tables import by_category, headline, linearity, memorisation, resynthesis, table

FEW_CLIPS = 40
SNAPSHOT = {"fad": "FAD", "kad": "KAD", "hit_rate": "class hit rate", "sounds": "sounds drawn"}
PROJECTORS = {"yamnet": "YAMNet", "alexnet": "AlexNet"}


def readme(card: Card, curve: bool) -> str:
    """Markdown; `curve` says whether there is a picture of FAD over images seen, fad.png. That of sounds always is."""
    told = [*_figures(card), *_curve(card, curve), *_sliders(card)]
    parts = [_what(card), *told, _data(card), _limits(card), _credits()]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _what(card: Card) -> str:
    kinds = f"{len(card.categories)} categories" if card.categories else "no categories to ask for"
    return f"""# {card.title}

A {card.family} generator of {card.duration:.3g} s sounds at {card.sample_rate} Hz, {kinds}.
Trained on {card.data["train_clips"]} recordings, {card.training["images_seen"]:,} images seen in \
{card.minutes:g} minutes of training ({card.training["device"]}).

![Spectrograms of generated sounds](samples.png)"""


def _figures(card: Card) -> list[str]:
    report = card.metrics.get("evaluation")
    if report is None:
        return [_snapshot(card.metrics.get("snapshot", {}))]
    spaces = report["spaces"]
    best = list(spaces)[-1]
    parts = [_how_close(report), *(_text(headline(space, figures)) for space, figures in spaces.items()), _KIND]
    parts += _through(card)
    parts += [_category_words(best), _text(by_category(best, spaces[best]))]
    parts += [_COPIES, _text(memorisation(spaces))]
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


def _through(card: Card) -> list[str]:
    """Says so where a figure is in the space that the model was taught in."""
    name = PROJECTORS.get(card.training["settings"].get("projector", "none"))
    if name is None:
        return []
    words = f"The discriminator looked through {name} while training: figures in the space of {name} flatter it."
    return [f"{words} Other spaces are new to it."]


def _how_close(report: dict[str, Any]) -> str:
    return f"""## How close it comes

{report["sounds"]} sounds against {report["valid_clips"]} valid clips, from which no weight was learnt. FAD and KAD are
Frechet and Kernel Audio Distance between embeddings of a frozen network; figures of two networks do not compare.
Precision and density say how many sounds lie among real ones, recall and coverage how much of the real ones the sounds
reach. The hit rate is the share of sounds whose nearest training clip is of the category asked for. FAD falls with N,
so the floor is of as many training clips as there are sounds, if there are so many."""


def _category_words(space: str) -> str:
    return f"""### By category

In the space of {space}. KAD has no bias at small N, but much spread: it may fall below 0."""


_COPIES = """### Copies

How far sounds are from the nearest training clip (medians), beside valid clips, and training clips from each other. A
copy lies no farther than the nearest 1 % of valid clips do; `copies` is the share of sounds that are: .01 where they
are as new as valid clips."""

_AGAIN = """### Valid clips made again

Through the encoder and back, beside a random latent of the same category. Spectrum: root mean square over bins,
without texture. Envelope: the same over frames' energies."""


def _curve(card: Card, curve: bool) -> list[str]:
    return ["### While training\n\n![FAD over images seen](fad.png)"] if curve else []


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
    space, figures = list(report["spaces"].items())[-1]
    wrong = 1.0 - figures["sets"]["ceiling"]["hit_rate"]
    return f"{words}: of real valid clips, {wrong:.0%} lie nearest to a training clip of another category ({space})."


def _credits() -> str:
    return "Credits, where a licence asks for them, are in `ATTRIBUTION.md`. `card.json` has all figures and settings."


def _text(lines: list[str]) -> str:
    return "\n".join(lines)
