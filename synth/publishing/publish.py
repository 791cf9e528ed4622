"""Turns a run into a checkpoint: half-precision weights, SeFa directions, a card and a README."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor, nn

from synth import paths
from synth.audio.codecs import settings
from synth.checkpoint.families import CATEGORY, can
from synth.checkpoint.store import CARD, ONE_SHOT_SECONDS, Card, install, load_card, sha256
from synth.directions.direction import Direction
from synth.directions.prototypes import Prototype, category_prototypes
from synth.directions.sefa import sefa_directions
from synth.errors import RunError
from synth.models.encoder import Inverter
from synth.patch.ranges import MODEL_ID
from synth.publishing.leaving_out import leave_out
from synth.publishing.lines import without_lines
from synth.publishing.pictures import CURVES, course, sample_sheet
from synth.publishing.readme import readme
from synth.recipes.gan_presets import GanConfig
from synth.recipes.presets import Config, TrainConfig, config_from
from synth.recordings.dataset import Entry, load_clips, scan
from synth.runs.figures import timed
from synth.runs.run import Run
from synth.runs.state import load_state
from synth.storage import alone, staged, write_text
from synth.training.encoder_trainer import trained_encoder
from synth.training.plain_learner import GanNetworks
from synth.training.style_learner import Networks

DIRECTIONS = 10
HEARD = 256  # recordings by which lines of the generator are told from theirs
SNAPSHOT = ("space", "fad", "kad", "hit_rate", "sounds")
COURSE = ("fad", "kad", "hit_rate")


def publish(
    run: Run,
    model: str,
    *,
    title: str | None = None,
    root: Path | None = None,
    newest: bool = False,
    yamnet: Path | None = None,
) -> Path:
    """Writes checkpoint `model` from the run's best networks by FAD, or from its newest state; returns its folder.

    yamnet: weights by which a run that was taught through them hears which clips its prior should leave out.

    Raises RunError when the run has no networks that can make sounds yet.
    """
    if not MODEL_ID.fullmatch(model):
        raise RunError(f"{model!r} cannot be a model id: use letters, digits, hyphens, dots and underscores")
    config, data, categories = run.found()
    weights, line = _weights(run, newest)
    parts = (
        _plain(config, weights)
        if isinstance(config, GanConfig)
        else _style(run, config, weights, categories, data, yamnet)
    )
    entries = scan(data, config.codec.sample_rate)
    folder = (root or paths.models()) / model
    try:
        with staged(folder) as part:
            parts.write(part)
            card = _card(run, model, title or _title(model), config, categories, line, describe_data(data, entries))
            card = replace(
                card,
                directions=tuple(d.describe() for d in parts.directions),
                prototypes=tuple(p.describe() for p in parts.prototypes),
                training=card.training | ({"left_out": parts.left_out} if parts.left_out else {}),
                files={p.name: sha256(p) for p in sorted(part.glob("*.safetensors"))},
            )
            (part / CARD).write_text(json.dumps(card.to_dict(), indent=1) + "\n", encoding="utf-8")
            _describe(part, card, parts.networks["generator"])
            _write_attribution(part, entries)
            install(part, folder)
    except (OSError, SafetensorError) as error:
        raise RunError(
            f"the checkpoint could not be written to {folder.parent} ({error}): free some disk space or name another "
            "folder; an older model of this name is kept"
        ) from error
    return folder


def _weights(run: Run, newest: bool) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Networks of the run and the line of metrics that belongs to them."""
    cpu = torch.device("cpu")
    best = None if newest else load_state(run.best, cpu)
    if best is not None:
        return best["networks"], best["line"]
    state = load_state(run.state, cpu)
    if state is None or not state["learner"]["progress"]["prior_fitted"]:
        raise RunError(f"{run.folder} cannot make sounds yet: train until the phase of statistics begins, then publish")
    seen = state["learner"]["progress"]["seen"]
    scored = (m for m in run.metrics() if "fad" in m and m["seen"] == seen)
    return state["learner"]["networks"], next(scored, {"seen": seen})


def _encoder(run: Run, networks: Networks) -> nn.Module:
    """The encoder to w+ where one was trained for this generator, else that of the run."""
    trained = trained_encoder(run, networks.average.state_dict())
    config = networks.average.config
    return Inverter.build(trained, (config.bins, config.frames), config.num_ws) if trained else networks.encoder


@dataclass(frozen=True)
class Parts:
    """What a checkpoint is made of: networks by name, and what lies in the latent space of those that have one."""

    networks: dict[str, nn.Module]
    directions: tuple[Direction, ...] = ()
    prototypes: tuple[Prototype, ...] = ()
    left_out: int = 0  # clips that the prior does not choose from

    def write(self, folder: Path) -> None:
        for name, module in self.networks.items():
            save_file(halved(module), folder / f"{name}.safetensors")
        for name, rows in (("directions", self.directions), ("prototypes", self.prototypes)):
            if rows:
                save_file({name: torch.stack([row.vector for row in rows])}, folder / f"{name}.safetensors")


def _style(
    run: Run,
    config: TrainConfig,
    weights: dict[str, Tensor],
    categories: tuple[str, ...],
    data: Path,
    yamnet: Path | None,
) -> Parts:
    networks = Networks(config)
    networks.load_state_dict(weights)
    encoder = _encoder(run, networks)  # it knows the generator by its weights as they were trained
    clips, generator = load_clips(data, "train", config.codec.sample_rate, config.codec.samples), networks.average
    without_lines(generator, config.codec.encode(clips.waveforms()[:: -(-len(clips) // HEARD)]))
    left_out = leave_out(generator, config, clips, yamnet)
    return Parts(
        {"generator": generator, "encoder": encoder},
        tuple(sefa_directions(generator, DIRECTIONS)),
        tuple(category_prototypes(generator, categories)),
        left_out,
    )


def _plain(config: GanConfig, weights: dict[str, Tensor]) -> Parts:
    networks = GanNetworks(config)
    networks.load_state_dict(weights)
    return Parts({"generator": networks.average, "discriminator": networks.discriminator})


def halved(module: nn.Module) -> dict[str, Tensor]:
    """State in half precision, whose 11 bits of a weight are far below hearing."""
    state = {k: v.detach().cpu().contiguous() for k, v in module.state_dict().items()}
    return {k: v.half() if v.is_floating_point() else v for k, v in state.items()}


def _card(
    run: Run,
    model: str,
    title: str,
    config: Config,
    categories: tuple[str, ...],
    line: dict[str, Any],
    data: dict[str, Any],
) -> Card:
    whole = timed(run.metrics())
    lines = [m for m in whole if m["seen"] <= line["seen"]]
    # A newest state that nobody has scored yet comes with the curve of those before it.
    space = next((m["space"] for m in (line, *reversed(whole)) if "space" in m), None)
    scored = [m for m in whole if "fad" in m and m.get("space") == space]
    # A run that began with a model counts from a place in its own schedule, not from what that model had seen.
    begun = run.start or {}
    before = begun.get("images_seen", 0) - begun.get("count_begins", begun.get("images_seen", 0))
    return Card(
        id=model,
        title=title,
        family=config.family,
        categories=categories if can(config.family, CATEGORY) else (),
        sample_rate=config.codec.sample_rate,
        duration=config.codec.samples / config.codec.sample_rate,
        codec=settings(config.codec),
        network=config.network.to_dict(),
        data=data,
        training={
            "preset": config.preset,
            "settings": config.to_dict(),
            "images_seen": line["seen"] + before,
            "wall_minutes": round(max((m.get("wall_minutes", 0.0) for m in lines), default=0.0), 1),
            "began_with": run.start,
            "device": next((m["device"] for m in reversed(lines) if "device" in m), "cpu"),
            "course": [_scored(m, before, begun.get("wall_minutes", 0.0)) for m in scored],
        },
        metrics={"snapshot": {"space": space} | {k: line[k] for k in SNAPSHOT if k in line}} if space else {},
        one_shot=config.codec.samples <= ONE_SHOT_SECONDS * config.codec.sample_rate,
    )


def _scored(line: dict[str, Any], images: int, minutes: float) -> dict[str, float]:
    """What a snapshot scored and when, counted from what the run began with on: images, and minutes of training."""
    when = {"minutes": round(line["wall_minutes"] + minutes, 2), "images_seen": line["seen"] + images}
    return when | {name: round(line[name], 4) for name in COURSE if name in line}


def describe_data(data: Path, entries: list[Entry]) -> dict[str, Any]:
    """Clips per category and split, sources and licences of the recordings of a folder that a model learns from."""
    train = [e for e in entries if e.split == "train"]
    return {
        "name": data.name,
        "train_clips": len(train),
        "valid_clips": sum(e.split == "valid" for e in entries),
        "clips_per_category": dict(sorted(Counter(e.category for e in train).items())),
        "licences": dict(Counter(e.row.get("licence") or "unstated" for e in train).most_common()),
        "sources": dict(Counter(e.row.get("source") or "unstated" for e in train).most_common()),
    }


def _write_attribution(folder: Path, entries: list[Entry]) -> None:
    """Credits for every training clip whose licence asks for them: all but public-domain ones."""
    credited = sorted({_credit(e) for e in entries if e.split == "train" and _asks_for_credit(e)})
    if not credited:
        return
    head = ["# Credits", "", "This model was trained on excerpts of these recordings, resampled and cut to length.", ""]
    (folder / "ATTRIBUTION.md").write_text("\n".join(head + credited) + "\n", encoding="utf-8")


def _asks_for_credit(entry: Entry) -> bool:
    licence = entry.row.get("licence", "").lower()
    return bool(licence) and not licence.startswith(("cc0", "public domain"))


def _credit(entry: Entry) -> str:
    row = entry.row
    where = row.get("url") or row.get("source") or entry.file
    return f"- {row.get('author') or 'Unknown author'}, {where} ({row['licence']})"


def _title(model: str) -> str:
    return model.replace("_", " ").replace("-", " ").title()


def _describe(folder: Path, card: Card, generator: nn.Module) -> None:
    """Writes the README and its pictures."""
    config = config_from(card.training["settings"])
    sample_sheet(generator, config, card.categories, folder / "samples.png")
    if shown := len(card.course) > 1:
        course(card.course, card.metrics["snapshot"]["space"], folder / CURVES)
    write_text(folder / "README.md", readme(card, curve=shown))


def refresh_metrics(folder: Path, evaluation: dict[str, Any], generator: nn.Module) -> Card:
    """Writes the report of an evaluation into a published card, and its README and pictures anew."""
    with alone(folder):
        card = load_card(folder)
        card = replace(card, metrics=card.metrics | {"evaluation": evaluation})
        write_text(folder / CARD, json.dumps(card.to_dict(), indent=1) + "\n")
        _describe(folder, card, generator)
    return card
