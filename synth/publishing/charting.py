"""The map of a model: its training clips and drawn sounds of all its categories, laid out in the plane and measured."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from synth.audio.descriptors import DESCRIPTORS
from synth.chart.chart import Chart, Credit
from synth.chart.chart_file import FILE, write
from synth.checkpoint.card import GENERATOR
from synth.checkpoint.families import CATEGORY, SPACE, can
from synth.checkpoint.store import CARD, Card, find, load_card, rewriting, sha256
from synth.directions.direction import draw_z
from synth.directions.listening import Listener
from synth.errors import CheckpointError, DataError
from synth.instruments.style import StyleInstrument
from synth.models.mapping import Mapping
from synth.publishing.layouts import CHOSEN, LAYOUTS
from synth.recordings.listing import Entry, listing

POINTS = 5000


def chart(model: str, data: Path, points: int = POINTS, *, update: bool = False) -> Chart:
    """A chart of about so many points; update: it becomes a file of the checkpoint, with its sha256 in the card.

    Raises CheckpointError for a model without a latent space W or categories, DataError where `data` is not what the
    model was trained on.
    """
    folder = find(model)
    card = load_card(folder)
    if not (can(card.family, SPACE) and can(card.family, CATEGORY) and card.categories):
        raise CheckpointError(f"{card.id} has no categories with a latent space W: maps are for models that have")
    instrument = StyleInstrument.load(folder, "cpu", card)
    made = _laid_out(instrument, taught(card, data, instrument.generator.mapping), points)
    if update:
        _install(folder, made)
    return made


def taught(card: Card, data: Path, mapping: Mapping) -> list[Entry]:
    """The recordings of a network's codes, in their order; raises DataError where these are others."""
    train = [entry for entry in listing(data).entries if entry.split == "train"]
    wide = [entry for entry in train if entry.row.get("rate") == str(card.sample_rate)]
    for entries in (train, wide):
        labels = [
            card.categories.index(entry.category) if entry.category in card.categories else -1 for entry in entries
        ]
        if labels == mapping.labels.tolist():
            return entries
    raise DataError(f"{data} is not what {card.id} was trained on ({len(mapping.labels)} clips): name that folder")


def credited(entries: Sequence[Entry]) -> tuple[tuple[Credit, ...], np.ndarray]:
    """The credits there are, and which of them each recording has."""
    each = [Credit(*(entry.row.get(name, "") for name in ("author", "licence", "url"))) for entry in entries]
    known = {credit: i for i, credit in enumerate(dict.fromkeys(each))}
    return tuple(known), np.array([known[credit] for credit in each], np.int32)


def _laid_out(instrument: StyleInstrument, entries: Sequence[Entry], points: int) -> Chart:
    """Clips that the prior chooses from, and of each category as many seeds."""
    mapping, count = instrument.generator.mapping, len(instrument.card.categories)
    clips = mapping.chosen_from.nonzero().squeeze(1)
    each = max(points - len(clips), count) // count
    seeds = np.tile(np.arange(each), count)
    labels = np.concatenate([mapping.labels[clips].numpy(), np.repeat(np.arange(count), each)])
    with torch.inference_mode():
        z = torch.cat([draw_z(int(seed), instrument.z_dim) for seed in seeds])
        w = torch.cat([mapping.codes[clips], mapping(z, torch.from_numpy(labels[len(clips) :]))])
    credits, of = credited(entries)
    return Chart(
        points=LAYOUTS[CHOSEN](w.numpy(), labels),
        categories=labels,
        clips=clips.numpy(),
        seeds=seeds,
        credits=credits,
        credited=of[clips.numpy()],
        descriptors=tuple(DESCRIPTORS),
        measured=_heard(instrument, w, np.concatenate([np.zeros(len(clips), int), seeds])),
        method=CHOSEN,
    )


def _heard(instrument: StyleInstrument, w: torch.Tensor, seeds: np.ndarray) -> np.ndarray:
    """Descriptors (n, D) of the sounds at w (n, w_dim)."""
    listener = Listener(instrument.generator, instrument.codec)
    return listener.hear(instrument.generator.broadcast(w), seeds.tolist())


def _install(folder: Path, made: Chart) -> None:
    with rewriting(folder) as part:
        card = load_card(part)
        write(part / FILE, made, card.files[GENERATOR])
        files = card.files | {FILE: sha256(part / FILE)}
        card = replace(card, files=files)
        (part / CARD).write_text(json.dumps(card.to_dict(), indent=1) + "\n", encoding="utf-8")
