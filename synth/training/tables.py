"""The figures of an evaluation as Markdown tables, which read as well on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Report = dict[str, Any]

FIGURES = ("fad", "kad", "precision", "recall", "density", "coverage", "hit_rate", "n")
SETS = {
    "floor": "training clips (floor)",
    "ceiling": "valid clips (ceiling)",
    "codec": "valid clips through codec and phase",
    "model": "**the model**",
    "untrained": "the model, untrained",
}


def table(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[str]:
    """Lines of a Markdown table, its columns aligned: the first to the left, others to the right."""
    cells = [[cell(x) for x in row] for row in (heads, *rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(heads))]
    rule = ["-" * (widths[0] + 2), *("-" * (w + 1) + ":" for w in widths[1:])]
    lines = [
        "| " + " | ".join([row[0].ljust(widths[0]), *(x.rjust(w) for x, w in zip(row[1:], widths[1:], strict=True))])
        + " |"
        for row in cells
    ]  # fmt: skip
    return [lines[0], "|" + "|".join(rule) + "|", *lines[1:]]


def cell(value: Any) -> str:
    """A number in three figures, a dash where there is none."""
    if value is None:
        return "-"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def headline(space: str, figures: Report) -> list[str]:
    """The model and its references, all against the valid split."""
    heads = [f"{space}", f"FAD-{space}", f"KAD-{space}", *FIGURES[2:6], "hit rate", "N"]
    rows = [[words, *(figures["sets"][name].get(k) for k in FIGURES)] for name, words in SETS.items()]
    return table(heads, rows)


def by_category(space: str, figures: Report) -> list[str]:
    heads = [
        "category", "training clips", "valid clips", "sounds", "hit rate", "of valid clips", f"KAD-{space}",
        "of training clips",
    ]  # fmt: skip
    keys = ("train_clips", "valid_clips", "sounds", "hit_rate", "hit_rate_valid", "kad", "kad_train")
    return table(heads, [[name, *(row[k] for k in keys)] for name, row in figures["categories"].items()])


def memorisation(spaces: Report) -> list[str]:
    """Distances to the nearest training clip, in every space."""
    heads = ["distance to the nearest training clip", "sounds", "valid clips", "training clips", "copy", "copies"]
    keys = ("sounds", "valid", "train", "copy_distance", "copies")
    rows = [[f"cosine, {space}", *(figures["memorisation"][k] for k in keys)] for space, figures in spaces.items()]
    return table(heads, rows)


def resynthesis(report: Report) -> list[str]:
    """Valid clips from the encoder's latents, beside random latents of the same category."""
    spaces = report["spaces"]
    heads = ["valid clips made from", "spectrum, dB", "envelope, dB", "LPIPS", *(f"hit rate, {s}" for s in spaces)]
    rows = []
    for name, words in (("encoded", "the encoder's latent"), ("random", "a random latent of their category")):
        figures = report["resynthesis"][name]
        hits = [space["resynthesis_hit_rate"][name] for space in spaces.values()]
        rows.append([words, figures["spectrum_db"], figures["envelope_db"], figures["lpips"], *hits])
    return table(heads, rows)


def linearity(report: Report) -> list[str]:
    """How straight semantic sliders are, by both methods: Pearson's r of every descriptor, and the own one's slope."""
    names = list(next(iter(report["sliders"].values()))["methods"]["regression"]["r"])
    rows = []
    for name, slider in report["sliders"].items():
        for method, figures in slider["methods"].items():
            mark = "**" if method == slider["method"] else ""
            own = slider["descriptor"]
            row = [f"{mark}{name}{mark}", method, own, figures["r"][own], figures["slope"][own]]
            rows.append([*row, *(None if other == own else figures["r"][other] for other in names)])
    return table(["slider", "method", "its descriptor", "r", "slope", *(f"r, {n}" for n in names)], rows)


def sections(report: Report) -> list[list[str]]:
    """Every table of a report, the most telling first."""
    spaces = report["spaces"]
    found = [headline(space, figures) for space, figures in spaces.items()]
    found += [by_category(space, figures) for space, figures in spaces.items()]
    found.append(memorisation(spaces))
    return [*found, resynthesis(report)] if "resynthesis" in report else found


def plain(report: Report) -> list[str]:
    """The report as lines for a terminal."""
    lines = [
        f"{report['model']} on {report['data']}: {report['sounds']} sounds against {report['valid_clips']} valid clips"
    ]
    for section in sections(report):
        lines += ["", *section]
    return lines
