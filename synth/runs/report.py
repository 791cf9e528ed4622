"""The report of a run: one HTML file that needs nothing but itself, RUN/report.html.

It is made of config.json, start.json, metrics.jsonl and samples/ alone, so it works for every family. Figures that a
run does not have are left out.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.figure import Figure
from PIL import Image

from synth.checkpoint.families import FAMILIES
from synth.errors import RunError
from synth.runs.figures import Snapshot, losses, numbers, row_names, scores, settings, snapshots
from synth.storage import read_lines, write_text

FILE = "report.html"
COLOURS = ("#e8743b", "#8f63d6", "#27a08f", "#c9a227", "#d24d78")
POINTS = 500  # of a curve: more than it is wide
STRIP_WIDTH, STEP_WIDTH = 560, 300
STEPS, STEP_ROWS = 5, 4  # earlier snapshots, and rows of each
# What the axes are drawn with; in the page it becomes the colour of the text around, which may be light or dark.
INK = "#010203"
PLAYERS = ("generator", "discriminator")
NAMES = {
    "fad": "FAD",
    "kad": "KAD",
    "hit_rate": "class hit rate",
    "images_per_second": "images per second",
    "augment": "augmentation strength",
    "l1": "error of re-made recordings (L1)",
    "nll": "negative log likelihood",
    "frechet": "Frechet distance of drawn sounds, by the frozen network",
    "category": "pull of the categories' means",
    "features": "distance of features",
    "encoder": "error of the encoder's codes",
    "penalty": "gradient penalty",
    "real": "logit of real sounds",
    "fake": "logit of generated sounds",
}

Lines = Sequence[Mapping[str, Any]]
Figures = Callable[[Mapping[str, Any]], Mapping[str, float]]


def write_report(run_folder: Path) -> Path:
    """Writes RUN/report.html anew, whole or not at all; raises RunError where the folder holds no run."""
    folder = Path(run_folder)
    found = settings(folder)
    if not found:
        raise RunError(f"{folder} holds no run: name the folder of one, such as runs/mine")
    path = folder / FILE
    write_text(path, _page(folder.absolute().name, found, read_lines(folder / "metrics.jsonl"), folder))
    return path


def _page(name: str, found: dict[str, Any], lines: Lines, folder: Path) -> str:
    shown = snapshots(folder)
    while shown and not (rows := _rows(shown[-1], STRIP_WIDTH)):
        shown.pop()
    parts = [
        _head(name, found),
        _course(found, lines, folder),
        _scores(lines),
        _newest(shown[-1], rows, row_names(found, len(rows))) if shown else "",
        _curves(lines),
        _earlier(shown[:-1]),
        _settings(found.get("config", {})),
    ]
    body = "\n".join(filter(None, parts))
    return PAGE.format(title=escape(name), style=STYLE, body=body)


# -- words and figures -------------------------------------------------------------------------------------------------


def _head(name: str, found: Mapping[str, Any]) -> str:
    config = found.get("config", {})
    family = FAMILIES.get(config.get("family", "stylegan2"))
    kind = f"{family.title if family else config['family']}, preset {config.get('preset', 'unknown')}"
    return f"<header><h1>{escape(name)}</h1><p>{escape(kind)}</p></header>"


def _course(found: Mapping[str, Any], lines: Lines, folder: Path) -> str:
    """What was trained on what, how long and where."""
    last: dict[str, Any] = {}
    for line in lines:
        last |= line
    config, names = found.get("config", {}), [str(c).replace("_", " ") for c in found.get("categories", [])]
    clips = config.get("clips") or config.get("generator", {}).get("clips")
    facts = {
        "Recordings": Path(found.get("data", "")).name,
        "Training clips": clips and f"{clips:,}",
        "Categories": names and f"{len(names)}: {', '.join(names)}",
        "Began with": _beginning(folder),
        "Images seen": f"{last['seen']:,}" if "seen" in last else "none yet",
        "Time": f"{last['wall_minutes']:.1f} min" if "wall_minutes" in last else None,
        "Speed": _speed(lines),
        "On": last.get("device"),
    }
    rows = "".join(f"<dt>{key}</dt><dd>{escape(str(value))}</dd>" for key, value in facts.items() if value)
    return f"<dl>{rows}</dl>"


def _beginning(folder: Path) -> str | None:
    path = folder / "start.json"
    if not path.is_file():
        return None
    start = json.loads(path.read_text(encoding="utf-8"))
    seen = start.get("images_seen")
    return f"the model {start['id']}" + (f", which had seen {seen:,} images" if seen else "")


def _speed(lines: Lines) -> str | None:
    rates = sorted(line["images_per_second"] for line in lines if "images_per_second" in line)
    return f"{rates[len(rates) // 2]:.3g} images per second (median)" if rates else None


def _scores(lines: Lines) -> str:
    """The best snapshot by FAD and the newest, in the space that was scored in last."""
    scored = [line for line in lines if "fad" in line]
    if not scored:
        return ""
    space = scored[-1].get("space", "")
    scored = [line for line in scored if line.get("space", "") == space]  # those of two spaces do not compare
    heads = list(scores(scored[-1]))
    best, newest = min(scored, key=lambda line: line["fad"]), scored[-1]
    rows = {f"best of {len(scored)} by FAD": best, "newest": newest}
    cells = [[words, f"{line['seen']:,}", *(_number(line.get(head)) for head in heads)] for words, line in rows.items()]
    table = _table(["snapshot", "images seen", *(NAMES.get(head, head) for head in heads)], cells)
    note = f"In the space of {escape(space)}, against the clips held out, {newest.get('sounds', 0):.0f} sounds each."
    return f"<section><h2>Scores</h2>{table}<p class=note>{note}</p></section>"


def _settings(config: Mapping[str, Any]) -> str:
    cells = [[key, value] for key, value in _flat(config)]
    return f"<section><h2>Settings</h2><div class=settings>{_table(['setting', 'value'], cells)}</div></section>"


def _flat(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """Names with dots and values in words."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{key}.")
        elif isinstance(value, (list, tuple)):
            yield f"{above}{key}", ", ".join(map(_number, value))
        else:
            yield f"{above}{key}", _number(value)


def _number(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(text)}</th>" for text in heads)
    body = "".join("<tr>" + "".join(f"<td>{escape(text)}</td>" for text in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


# -- sounds ------------------------------------------------------------------------------------------------------------


def _rows(snapshot: Snapshot, width: int) -> list[Image.Image]:
    """Rows of a grid; none of one that is half written."""
    try:
        return snapshot.rows(width)
    except ValueError:
        return []


def _newest(snapshot: Snapshot, rows: Sequence[Image.Image], names: Sequence[str]) -> str:
    """Each row of the newest grid, with the sound of its first cell."""
    figures = "".join(
        f"<figure><figcaption>{escape(name)}</figcaption>"
        f"<audio controls preload=metadata src='{_data('audio/wav', path.read_bytes())}'></audio>"
        f"<img alt='spectrograms of {escape(name)}' src='{_jpeg(row)}'></figure>"
        for name, row, path in zip(names, rows, snapshot.sounds, strict=True)
    )
    note = f"At {snapshot.kimg:,} thousand images. Each player is the first of the four spectrograms below it."
    return f"<section><h2>Newest sounds</h2><p class=note>{note}</p><div class=sounds>{figures}</div></section>"


def _earlier(earlier: Sequence[Snapshot]) -> str:
    """The same rows of a few snapshots, from the first on."""
    if not earlier:
        return ""
    count = min(STEPS, len(earlier))
    chosen = [earlier[i * (len(earlier) - 1) // max(count - 1, 1)] for i in range(count)]
    steps = "".join(
        f"<figure><img alt='spectrograms' src='{_jpeg(_stacked(rows[:STEP_ROWS]))}'>"
        f"<figcaption>{snapshot.kimg:,} thousand images</figcaption></figure>"
        for snapshot in chosen
        if (rows := _rows(snapshot, STEP_WIDTH))
    )
    return f"<section><h2>On the way there</h2><div class=steps>{steps}</div></section>"


def _stacked(rows: Sequence[Image.Image]) -> Image.Image:
    sheet = Image.new("RGB", (rows[0].width, sum(row.height for row in rows)))
    top = 0
    for row in rows:
        sheet.paste(row, (0, top))
        top += row.height
    return sheet


def _jpeg(image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=82)
    return _data("image/jpeg", buffer.getvalue())


def _data(kind: str, data: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


# -- curves ------------------------------------------------------------------------------------------------------------


def _curves(lines: Lines) -> str:
    """Losses of both players first, then scores, then all else that was measured."""
    charts = [_chart("Losses of both players", _series(lines, losses, PLAYERS))]
    charts += [
        _chart(f"{NAMES.get(key, key)}, {space}" if space else NAMES.get(key, key), {key: points}, dots=True)
        for key, space, points in _scored(lines)
    ]
    others = dict.fromkeys(key for line in lines for key in losses(line) if key not in PLAYERS)
    pairs = [("real", "fake")] if {"real", "fake"} <= others.keys() else []
    singles = [(key,) for key in others if not any(key in pair for pair in pairs)]
    for keys in (*pairs, *singles):
        title = "Logits of the discriminator" if len(keys) > 1 else NAMES.get(keys[0], keys[0])
        charts.append(_chart(title, _series(lines, losses, keys)))
    for key in ("images_per_second", "augment"):
        charts.append(_chart(NAMES[key], _series(lines, numbers, (key,))))
    if not (drawn := "".join(charts)):
        return ""
    note = "<p class=note>Over thousands of images seen.</p>"
    return f"<section><h2>Curves</h2>{note}<div class=curves>{drawn}</div></section>"


def _series(lines: Lines, figures: Figures, keys: Sequence[str]) -> dict[str, list[tuple[float, float]]]:
    """Points (thousands of images, value) by key, those keys alone that change at all."""
    found = {}
    for key in keys:
        points = [(line["seen"] / 1000.0, value) for line in lines if (value := figures(line).get(key)) is not None]
        if len({value for _, value in points}) > 1:
            found[key] = _thinned(points)
    return found


def _scored(lines: Lines) -> Iterator[tuple[str, str, list[tuple[float, float]]]]:
    """Points of every score, by key and by the network in whose space it was taken."""
    kinds = dict.fromkeys((key, line["space"]) for line in lines for key in scores(line))
    for key, space in kinds:
        of_space = [line for line in lines if line.get("space") == space]
        yield from ((key, space, points) for points in _series(of_space, scores, (key,)).values())


def _thinned(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """As many points as a curve can show, the last one among them."""
    step = -(-len(points) // POINTS)
    return points[::-1][::step][::-1]


def _chart(title: str, series: Mapping[str, Sequence[tuple[float, float]]], *, dots: bool = False) -> str:
    """Curves on one pair of axes as SVG; nothing without a curve."""
    if not series:
        return ""
    with matplotlib.rc_context(DRAWING | {"svg.hashsalt": title}):
        figure = Figure(figsize=(4.4, 2.3))
        top = 0.88 if len(series) > 1 else 0.96  # below the legend
        axes = figure.add_axes((0.11, 0.1, 0.87, top - 0.1))  # an automatic layout would take as long as the drawing
        for colour, (key, points) in zip(COLOURS, series.items(), strict=False):
            mark: dict[str, Any] = {"marker": "o", "markersize": 3} if dots else {}
            axes.plot(*zip(*points, strict=True), color=colour, linewidth=1.4, label=NAMES.get(key, key), **mark)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.15)
        axes.margins(x=0.01)
        axes.locator_params(nbins=5)
        if len(series) > 1:
            axes.legend(frameon=False, ncols=2, loc="lower right", bbox_to_anchor=(1.0, 0.99), borderpad=0.0)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    svg = buffer.getvalue()
    drawing = svg[svg.index("<svg") :].replace(INK, "currentColor")
    return f"<figure><figcaption>{escape(title[:1].upper() + title[1:])}</figcaption>{drawing}</figure>"


DRAWING: Any = {
    "svg.fonttype": "none",  # the page's own font
    "font.family": "sans-serif",
    "font.size": 9,
    **dict.fromkeys(
        ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color", "grid.color"), INK
    ),
}

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}: training report</title><style>{style}</style></head><body>
{body}
</body></html>
"""

STYLE = """
:root { color-scheme: light dark; --ink: light-dark(#241c38, #ece7f2); --quiet: light-dark(#625a75, #a79fb8);
  --paper: light-dark(#fbfafd, #0d0b14); --line: light-dark(#e0daea, #2e2840); --card: light-dark(#ffffff, #161221); }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 84rem; padding: 2.4rem 2rem 4rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; font-variant-numeric: tabular-nums; }
header p, .note { color: var(--quiet); margin: 0.2rem 0 0; }
h1 { font-size: 1.9rem; margin: 0; line-height: 1.2; }
h2 { font-size: 1.15rem; margin: 2.6rem 0 0.5rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.25rem 1.4rem; margin: 1.6rem 0 0; }
dt { color: var(--quiet); }
dd { margin: 0; overflow-wrap: anywhere; }
table { border-collapse: collapse; }
th, td { text-align: right; padding: 0.3rem 0 0.3rem 1.6rem; border-bottom: 1px solid var(--line); font-weight: 400; }
th { color: var(--quiet); }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
figure { margin: 0; min-width: 0; }
figcaption { font-weight: 600; font-size: 0.9rem; }
.sounds, .curves { display: grid; gap: 1.2rem; margin-top: 0.9rem;
  grid-template-columns: repeat(auto-fill, minmax(min(24rem, 100%), 1fr)); }
.sounds figure { display: grid; grid-template-columns: 1fr auto; align-items: center; gap: 0.5rem; }
.sounds figure, .curves figure { padding: 0.8rem; background: var(--card); border: 1px solid var(--line);
  border-radius: 8px; }
.sounds audio { height: 2rem; width: 13rem; }
.sounds img { grid-column: 1 / -1; width: 100%; display: block; border-radius: 4px; }
.curves svg { width: 100%; height: auto; display: block; color: var(--quiet); margin-top: 0.4rem; }
.curves text { font-family: system-ui, sans-serif !important; fill: currentColor; }
.steps { display: flex; flex-wrap: wrap; gap: 1rem; }
.steps figure { flex: 1 1 12rem; max-width: 19rem; }
.steps img { width: 100%; display: block; border-radius: 4px; }
.steps figcaption { color: var(--quiet); font-weight: 400; margin-top: 0.3rem; }
.settings { columns: 3 20rem; column-gap: 3rem; font-size: 0.85rem; }
.settings table { width: 100%; }
@media print { .sounds audio { display: none; } }
"""
