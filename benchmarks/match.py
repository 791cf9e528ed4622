"""How near a match comes to recordings that the model never learnt from, beside a start at random.

    python -m benchmarks.match MODEL=DATA ... --out DIR [--count 60] [--seconds 2 10 30] [--table]

Clips of the valid split, drawn evenly from the categories. Each is matched from where the encoder puts it and from a
random latent of a random category, by the same search; budgets are nested in one run, in seconds of one thread by the
process clock, so that a busy machine does not change the result. At each of them the sound is rendered as the page
renders it and compared with the clip: LPIPS of both codec tensors, the multi-resolution STFT error of both waveforms,
and whether its nearest training clip in the space of AlexNet is of the clip's category. For the last, the recordings
themselves are the ceiling.

Stopped at any moment it goes on when it is started again, also with a greater count; --table prints what is there.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, zip_longest
from pathlib import Path
from threading import Event
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # read when torch is loaded

import numpy as np
import torch

from benchmarks.multiresolution import multiresolution_error
from synth.errors import SonoformError
from synth.instruments.style import StyleInstrument
from synth.latents.match import perceptual
from synth.patch.patch import Patch
from synth.publishing.tables import table
from synth.recordings.dataset import Clips, Entry, as_clip, load_clips, read_start, scan
from synth.scoring.distances import nearest_categories
from synth.scoring.embedders import load_embedder
from synth.scoring.metrics import Yardstick
from synth.sound.sound import Sound
from synth.storage import read_lines
from synth.training.stop import stop_on_signal

STARTS = ("encoder", "random")
Figures = dict[str, float]


def drawn(folder: Path, count: int) -> list[Entry]:
    """Valid clips, category after category in turn; fewer are the first of more."""
    rng = np.random.default_rng(0)
    of: dict[str, list[Entry]] = defaultdict(list)
    for entry in scan(folder):
        if entry.split == "valid":
            of[entry.category].append(entry)
    shuffled = [[of[name][i] for i in rng.permutation(len(of[name]))] for name in sorted(of)]
    rounds = [[e for e in turn if e] for turn in zip_longest(*shuffled)]
    return list(chain.from_iterable([turn[i] for i in rng.permutation(len(turn))] for turn in rounds))[:count]


class Bench:
    """A model and the recordings that it is to make again."""

    def __init__(self, model: str, data: Path, count: int):
        self.model, self.data = model, data
        self.clips = drawn(data, count)
        self.instrument = StyleInstrument.load(model, "cpu")
        self.codec = self.instrument.codec

    def sound(self, entry: Entry) -> Sound:
        samples, rate, _ = read_start(self.data / entry.file, self.codec.sample_rate, self.codec.samples)
        return Sound(as_clip(samples, rate, self.codec.sample_rate, self.codec.samples), self.codec.sample_rate)

    def start(self, name: str, sound: Sound, number: int) -> Patch:
        if name == "encoder":
            return self.instrument.match(sound)
        categories = self.instrument.card.categories
        category = categories[int(np.random.default_rng(number).integers(len(categories)))]
        return Patch(self.model, category, seed=number)

    def searched(self, start: Patch, sound: Sound, budgets: Sequence[float]) -> Iterator[tuple[float, int, Patch]]:
        """Seconds, steps and the patch that is the nearest by then: at the start, and when each budget is spent."""
        steps = self.instrument.refine(start, sound)
        next(steps)
        yield 0.0, 0, start
        spent, taken = 0.0, 0
        for budget in sorted(budgets):
            while spent < budget:
                begun = time.process_time()
                step = next(steps)
                spent += time.process_time() - begun
                taken += 1
            latent = tuple(step.ws.flatten().tolist())
            yield budget, taken, Patch(self.model, start.category, start.seed, latent)

    @torch.inference_mode()
    def figures(self, patch: Patch, sound: Sound) -> Figures:
        recorded = torch.zeros(self.codec.samples)
        recorded[: sound.samples.shape[1]] = torch.from_numpy(sound.samples[0])
        made = torch.from_numpy(self.whole(patch))
        pictures = [self.codec.encode(x.unsqueeze(0)) for x in (made, recorded)]
        return {
            "lpips": float(perceptual().distance(*pictures)),
            "stft": multiresolution_error(made, recorded),
        }

    def whole(self, patch: Patch) -> np.ndarray:
        """Samples (n,) of a patch as long as a clip, what lies before the onset within."""
        samples: np.ndarray = self.instrument.render(replace(patch, start=False)).samples[0]
        return samples

    def lines(self, entry: Entry, number: int, name: str, budgets: Sequence[float]) -> list[dict[str, Any]]:
        """A clip's results from one start, a line each budget."""
        sound = self.sound(entry)
        base = {"model": self.model, "file": entry.file, "category": entry.category, "start": name}
        found = self.searched(self.start(name, sound, number), sound, budgets)
        return [
            {**base, "seconds": s, "steps": n, **self.figures(patch, sound), "patch": patch.to_query()}
            for s, n, patch in found
        ]

    def kept(self, lines: list[dict[str, Any]]) -> tuple[list[bool], list[bool]]:
        """Of each line, whether its sound's nearest training clip is of the category; and the same of the clips."""
        train: Clips = load_clips(self.data, "train", self.codec.sample_rate, self.codec.samples)
        n = self.codec.samples
        sounds = np.stack([np.pad(s, (0, n - len(s))) for s in (self.sound(e).samples[0] for e in self.clips)])
        labels = np.array([train.categories.index(e.category) for e in self.clips])
        yardstick = Yardstick(
            load_embedder(),
            train.waveforms().numpy(),
            train.labels.numpy(),
            sounds,
            labels,
            train.categories,
            self.codec.sample_rate,
        )
        made = np.stack([self.whole(Patch.from_query(line["patch"])) for line in lines])
        asked = np.array([train.categories.index(line["category"]) for line in lines])
        near = [
            nearest_categories(x.mean(1), yardstick.train.mean(1), yardstick.train_labels)
            for x in (yardstick.embed(made), yardstick.valid)
        ]
        return list(map(bool, near[0] == asked)), list(map(bool, near[1] == labels))


def compare(benches: list[Bench], options: argparse.Namespace, asked: Event, report: Callable[[str], None]) -> None:
    """Matches what is not matched yet, clip after clip and in each of all models."""
    results = options.out / "results.jsonl"
    done = {(line["model"], line["file"], line["start"], line["seconds"]) for line in read_lines(results)}
    for number in range(options.count):
        for bench in benches:
            for name in STARTS if number < len(bench.clips) else ():
                entry = bench.clips[number]
                if asked.is_set():
                    return
                if all((bench.model, entry.file, name, s) in done for s in (0.0, *options.seconds)):
                    continue
                lines = bench.lines(entry, number, name, options.seconds)
                append(results, lines)
                figures = " ".join(f"{line['lpips']:.3f}" for line in lines)
                report(f"{bench.model} {number + 1}: {name}, LPIPS {figures}")


def judge(benches: list[Bench], folder: Path) -> None:
    """Adds which matches kept their category."""
    for bench in benches:
        lines = [line for line in read_lines(folder / "results.jsonl") if line["model"] == bench.model]
        made, recorded = bench.kept(lines)
        judged = [{key(line): ok} for line, ok in zip(lines, made, strict=True)]
        report = {"model": bench.model, "recordings": float(np.mean(recorded)), "kept": judged}
        (folder / f"kept-{bench.model}.json").write_text(json.dumps(report), encoding="utf-8")


def key(line: dict[str, Any]) -> str:
    return f"{line['file']} {line['start']} {line['seconds']:g}"


def append(path: Path, lines: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as f:
        f.writelines(json.dumps(line) + "\n" for line in lines)


def markdown(folder: Path) -> str:
    """A row for each model, start and budget: means over clips."""
    groups: dict[tuple[str, str, float], dict[str, dict[str, Any]]] = defaultdict(dict)
    for line in read_lines(folder / "results.jsonl"):
        groups[line["model"], line["start"], line["seconds"]][line["file"]] = line
    heads = ["model", "start", "seconds", "steps", "LPIPS", "STFT error", "kept category", "clips"]
    rows = []
    for model in dict.fromkeys(model for model, *_ in groups):
        path = folder / f"kept-{model}.json"
        report = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"kept": []}
        kept = {name: ok for item in report["kept"] for name, ok in item.items()}
        for (_, start, seconds), of in sorted(item for item in groups.items() if item[0][0] == model):
            lines = list(of.values())
            hits = [kept[key(line)] for line in lines if key(line) in kept]
            means = [np.mean([line[name] for line in lines]) for name in ("steps", "lpips", "stft")]
            figures = [f"{means[0]:.0f}", f"{means[1]:.3f}", f"{means[2]:.2f}", share(hits), len(lines)]
            rows.append([model, start, f"{seconds:g}", *figures])
        if "recordings" in report:
            rows.append([model, "the recordings themselves", "", "", "", "", f"{report['recordings']:.2f}", ""])
    return "\n".join(table(heads, rows))


def share(hits: list[bool]) -> str:
    return f"{np.mean(hits):.2f}" if hits else ""


def pair(text: str) -> tuple[str, Path]:
    model, equals, folder = text.partition("=")
    if not (model and equals and folder):
        raise argparse.ArgumentTypeError(f"must be MODEL=DATA, not {text}")
    return model, Path(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", type=pair, nargs="+", metavar="MODEL=DATA", help="a model and what it learnt from")
    parser.add_argument("--out", type=Path, required=True, help="a folder for what is found")
    parser.add_argument("--count", type=int, default=60, help="clips of each model")
    parser.add_argument("--seconds", type=float, nargs="+", default=[2.0, 10.0, 30.0], help="budgets of one thread")
    parser.add_argument("--table", action="store_true", help="print what is there, and do no more")
    options = parser.parse_args()
    torch.set_num_threads(1)
    try:
        if not options.table:
            benches = [Bench(model, data, options.count) for model, data in options.pairs]
            with stop_on_signal() as asked:
                compare(benches, options, asked, lambda text: print(text, flush=True))
            if not asked.is_set():
                judge(benches, options.out)
    except SonoformError as error:
        parser.exit(2, f"{error}\n")
    print("\n" + markdown(options.out))


if __name__ == "__main__":
    main()
