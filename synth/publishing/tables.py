"""The figures of an evaluation as Markdown tables, which read as well on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Report = dict[str, Any]

FIGURES = ("fad", "kad", "precision", "recall", "density", "coverage", "hit_rate", "n")
SETS = {
    "floor": "training clips (floor)",
    "ceiling": "valid clips (ceiling)",
    "codec": "valid clips through the codec",
    "model": "**the model**",
    "between": "the model half way between clips",
    "at": "the model at clips",
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
    sets = figures["sets"]
    rows = [[words, *(sets[name].get(k) for k in FIGURES)] for name, words in SETS.items() if name in sets]
    return table(heads, rows)


def overview(report: Report) -> list[str]:
    """All spaces in one table: the model beside floor and ceiling, what it makes at clips and between them."""
    heads = [
        "space", "sounds", "FAD", "x floor", "KAD", "recall", "hit rate", "x real", "worst category", "its real clips",
        "copies", "N",
    ]  # fmt: skip
    rows = []
    for space, figures in report["spaces"].items():
        sets = figures["sets"]
        floor, real = sets["floor"]["fad"], sets["ceiling"]["hit_rate"]
        for name in [name for name in SETS if name in sets]:
            of = sets[name]
            lowest = figures["worst"] if name == "model" else None
            rows.append([
                f"{space}, new" if figures["new"] else space,
                SETS[name],
                of.get("fad"),
                ratio(of.get("fad"), floor),
                of.get("kad"),
                of.get("recall"),
                of.get("hit_rate"),
                ratio(of.get("hit_rate"), real),
                f"{lowest['hit_rate']:.2g} ({lowest['category']})" if lowest else None,
                lowest["hit_rate_valid"] if lowest else None,
                of.get("copies"),
                of["n"],
            ])  # fmt: skip
    copies = {"model": report["profiles"]["copies"], "between": report["profiles"].get("copies_between")}
    rows += [["profiles", SETS[name], *[None] * 8, of, None] for name, of in copies.items() if of is not None]
    return table(heads, rows)


def ratio(value: float | None, reference: float | None) -> float | None:
    """None where there is nothing to divide."""
    return value / reference if value is not None and reference else None


def by_category(space: str, figures: Report) -> list[str]:
    heads = [
        "category", "training clips", "valid clips", "sounds", "hit rate", "of valid clips", f"KAD-{space}",
        "of training clips",
    ]  # fmt: skip
    keys = ("train_clips", "valid_clips", "sounds", "hit_rate", "hit_rate_valid", "kad", "kad_train")
    return table(heads, [[name, *(row[k] for k in keys)] for name, row in figures["categories"].items()])


def memorisation(report: Report) -> list[str]:
    """Distances to the nearest training clip, in every space, and likeness of profiles."""
    heads = ["nearest training clip", "sounds", "valid clips", "training clips", "copy", "copies", "copies between"]
    keys = ("sounds", "valid", "train")
    rows = []
    for space, figures in report["spaces"].items():
        of = figures["memorisation"]
        between = figures["sets"].get("between", {}).get("copies")
        rows.append([f"cosine distance, {space}", *(of[k] for k in (*keys, "copy_distance", "copies")), between])
    if "profiles" in report:
        of = report["profiles"]
        figures = (of[k] for k in (*keys, "copy_correlation", "copies"))
        rows.append(["correlation of profiles", *figures, of.get("copies_between")])
    return table(heads, rows)


def top_of_spectrum(report: Report) -> list[str]:
    """Medians of sounds that reach far above 8 kHz, beside recordings."""
    heads = ["above 8 kHz", "dB per octave", "power, dB of all"]
    rows = [
        [words, report["top"][name]["slope_db_per_octave"], report["top"][name]["power_above_8_khz_db"]]
        for name, words in (("valid", "valid clips"), ("model", "the model"))
    ]
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


def plain(report: Report) -> list[str]:
    """The report as lines for a terminal: one table, and what the top of the spectrum has for a table of its own."""
    what = f"{report['sounds']} sounds against {report['valid_clips']} valid clips"
    lines = [f"{report['model']} on {report['data']}: {what}", "", *overview(report)]
    return [*lines, "", *top_of_spectrum(report)] if "top" in report else lines
