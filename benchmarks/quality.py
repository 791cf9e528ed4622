"""Quality of every model that has data: `python -m benchmarks.quality MODEL=DATA ... [--yamnet FILE] [--count 512]`.

Prints one Markdown table for each frozen network, a row a model, each figure beside what training clips score (the
floor; for the hit rate, what real valid clips score) as `model / reference`; then each model's own tables. See
`synth/scoring/metrics.py` for what the figures mean.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from synth.publishing.evaluate import evaluate
from synth.publishing.tables import FIGURES, cell, plain, table


def pair(text: str) -> tuple[str, Path]:
    model, equals, folder = text.partition("=")
    if not (model and equals and folder):
        raise argparse.ArgumentTypeError(f"must be MODEL=DATA, not {text}")
    return model, Path(folder)


def row(report: dict[str, Any], space: str) -> list[str]:
    sets = report["spaces"][space]["sets"]
    references = sets["floor"] | {"hit_rate": sets["ceiling"]["hit_rate"]}
    figures = [f"{cell(sets['model'][k])} / {cell(references[k])}" for k in FIGURES]
    return [report["model"], *figures]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", type=pair, nargs="+", metavar="MODEL=DATA", help="a model and what it learnt from")
    parser.add_argument("--yamnet", type=Path, help="YAMNet weights (safetensors)")
    parser.add_argument("--count", type=int, default=512, help="sounds of each model")
    options = parser.parse_args()
    reports = [evaluate(model, data, options.count, options.yamnet) for model, data in options.pairs]
    heads = ["model / reference", "FAD", "KAD", *FIGURES[2:6], "hit rate", "N"]
    for space in reports[0]["spaces"]:
        print(f"\n### {space}\n")
        print("\n".join(table(heads, [row(report, space) for report in reports])))
    for report in reports:
        print("\n" + "\n".join(plain(report)))


if __name__ == "__main__":
    main()
