"""`voice`: a recording drives a sound, or plays hits.

Heavy modules are imported by the verb that needs them.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from synth.choices import INSTRUMENT, SUBTYPES
from synth.cli.options import share, show, tell, verb


def add_voice(verbs: Any) -> None:
    text = "Make a sound that does over time what a recording does, or a take with a hit at each of its onsets."
    p = verb(verbs, "voice", run_voice, text, report=True)
    p.add_argument("input", type=Path, metavar="IN", help="a hum, a rhythm or a scrape: WAV, FLAC, OGG or MP3, 60 s")
    p.add_argument("--model", default=INSTRUMENT.model)
    p.add_argument("--category", help="category (default: the model's first)")
    p.add_argument("--seed", type=int, default=INSTRUMENT.seed or 0)
    p.add_argument("--hits", action="store_true", help="a hit at each onset, as hard as it is there")
    for name, usual in (("loudness", 1.0), ("brightness", 1.0), ("pitch", 0.0), ("noisiness", 0.0)):
        p.add_argument(f"--{name}", type=share, default=usual, help=f"how much it follows, 0..1 (default {usual:g})")
    p.add_argument("--format", choices=SUBTYPES, default="wav")
    p.add_argument("--device", default="auto", help="auto, cpu or cuda")
    p.add_argument("--out", type=Path, required=True, help="folder to write into")


def run_voice(options: argparse.Namespace) -> None:
    from synth.instruments.style import StyleInstrument
    from synth.patch.naming import file_stem
    from synth.patch.patch import Patch
    from synth.sound.pieces import read_recording
    from synth.voice.driving import DRIVEN, driven
    from synth.voice.rhythm import take
    from synth.voice.track import track

    recording = read_recording(str(options.input), options.input)
    tell(recording)
    instrument = StyleInstrument.load(options.model, options.device)
    patch = Patch(options.model, options.category or instrument.card.categories[0], options.seed)
    amounts = {name: getattr(options, name) for name in DRIVEN}
    voice = track(recording.samples.mean(axis=0), recording.sample_rate, pitched=amounts["pitch"] > 0.0)
    if options.hits:
        sound, stem = take(instrument, patch, voice), f"{file_stem(patch)}_take"
    else:
        patch = driven(instrument, patch, voice, amounts)
        sound, stem = instrument.render(patch), f"{file_stem(patch)}_voice"
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / f"{stem}.{options.format}"
    sound.save(path)
    show(options, {"path": str(path), "onsets": len(voice.onsets)}, [str(path)])
