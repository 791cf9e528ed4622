"""The picture of a sound for the pages: waveform and spectrogram over one time axis, as HTML.

The levels become an 8-bit PNG whose palette is the colour map, so that colours cost nothing; the browser scales it.
Ticks and labels are text beside it, sharp at any size.
"""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Iterator

import numpy as np
from PIL import Image

from synth.sound.envelope import envelope
from synth.sound.sound import Sound

BINS, FRAMES, RANGE_DB = 256, 512, 80.0
ENVELOPE_POINTS = 512
MAX_TICKS = 9

# The colour map magma (van der Walt and Smith), every sixteenth of its way: even steps of lightness, legible to the
# colour-blind and in grey.
MAGMA = (
    "000004 0a0822 1d1147 36106b 51127c 6a1c81 832681 9c2e7f b73779 "
    "d0416f e75263 f56b5c fc8961 fea772 fec488 fde2a3 fcfdbf"
)


# From less to more over black: two hues and lightness tell the sign, also to the colour-blind.
APART = "9ad7ff 3d9be0 1b5d9c 0c2c4d 000004 5a2407 b0480f f08a3c ffd9b0"


def _palette(colours: str) -> bytes:
    """256 colours, RGB after RGB."""
    anchors = np.array([list(bytes.fromhex(colour)) for colour in colours.split()])
    at = np.linspace(0, len(anchors) - 1, 256)
    channels = [np.interp(at, np.arange(len(anchors)), anchors[:, i]) for i in range(3)]
    found: bytes = np.rint(np.stack(channels, axis=1)).astype(np.uint8).tobytes()
    return found


PALETTE, PALETTE_APART = _palette(MAGMA), _palette(APART)
WAVE = "#fc8961"


def heat_map(levels: np.ndarray, palette: bytes = PALETTE) -> bytes:
    """Levels (bins, frames) uint8, row 0 the lowest -> PNG with the lowest row at the bottom."""
    image = Image.fromarray(np.ascontiguousarray(levels[::-1]))
    image.putpalette(palette)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def waveform(samples: np.ndarray, points: int = ENVELOPE_POINTS) -> bytes:
    """Samples (n,) -> SVG that fills any box: there along the maxima, back along the minima."""
    lowest, highest = (1.0 - end.clip(-1.0, 1.0) for end in envelope(samples[None], points))
    there = [f"{x},{y:.3f}" for x, y in enumerate(highest)]
    back = [f"{x},{y:.3f}" for x, y in reversed(list(enumerate(lowest)))]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {points} 2" preserveAspectRatio="none">'
        f'<path fill="{WAVE}" stroke="{WAVE}" vector-effect="non-scaling-stroke" d="M{" ".join(there + back)}Z"/></svg>'
    ).encode()


def ticks(end: float) -> Iterator[tuple[float, str]]:
    """Round values from 0 to `end`, at most MAX_TICKS of them, with their labels."""
    step = next(s for s in _round_steps(end) if end / s < MAX_TICKS)
    digits = max(0, -math.floor(math.log10(step * 1.001))) if step < 1 else 0
    digits += round(step * 10**digits, 9) != round(step * 10**digits)  # 0.25 needs one more than 0.2
    for i in range(int(end / step * (1 + 1e-9)) + 1):
        yield i * step, f"{i * step:.{digits}f}"


def _round_steps(end: float) -> Iterator[float]:
    exponent = math.floor(math.log10(end)) - 1
    while True:
        for factor in (1.0, 2.0, 2.5, 5.0):
            yield factor * 10.0**exponent
        exponent += 1


def figure(sound: Sound, shrink: int = 1) -> str:
    """HTML of the picture; app/style.css gives it its looks. `shrink`: how much smaller than on a page of its own."""
    png = heat_map(sound.spectrogram(BINS // shrink, FRAMES // shrink, -RANGE_DB))
    svg = waveform(sound.mono().samples[0], ENVELOPE_POINTS // shrink)
    wave = f'<img class="wave" alt="" decoding="sync" src="{data_url("svg+xml", svg)}">'
    return _figure("Waveform and spectrogram", sound, png, wave)


def difference_figure(levels: np.ndarray, sound: Sound) -> str:
    """HTML of a difference in dB (bins, frames) over the axes of `sound`: blue where it has less, orange where more."""
    scaled = np.rint(127.5 * (1.0 + (levels / (0.5 * RANGE_DB)).clip(-1.0, 1.0))).astype(np.uint8)
    return _figure("Difference, blue: too quiet, orange: too loud", sound, heat_map(scaled, PALETTE_APART), "")


def _figure(title: str, sound: Sound, png: bytes, wave: str) -> str:
    seconds, top = sound.seconds, sound.sample_rate / 2000.0
    hertz = "".join(f'<span style="bottom:{100 * at / top:.3f}%">{label}</span>' for at, label in ticks(top))
    time = "".join(f'<span style="left:{100 * at / seconds:.3f}%">{label}</span>' for at, label in ticks(seconds))
    return (
        f'<div class="sound-picture{"" if wave else " bare"}" role="img" '
        f'aria-label="{title}, 0 to {top:g} kHz, {seconds:.2f} seconds">'
        f"{wave}"
        f'<div class="hertz"><b>kHz</b>{hertz}</div>'
        f'<img class="heat" alt="" decoding="sync" src="{data_url("png", png)}">'
        f'<div class="seconds">{time}<b>s</b></div>'
        f"</div>"
    )


def data_url(kind: str, data: bytes) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
