"""Pictures of sounds in matplotlib, for notebooks and files: waveforms and spectrograms with their axes.

All return a `matplotlib.figure.Figure`, which `savefig` writes and a notebook with `%matplotlib inline` shows. None
touches pyplot, so nothing has to be closed and threads do not meet. Colours are those of magma (van der Walt & Smith):
even steps of lightness, legible to the colour-blind and in grey.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from synth.errors import AudioError
from synth.sound.envelope import envelope
from synth.sound.sound import Sound

COLOURS, LINE = "magma", "#7b3ff2"
RANGE_DB = 80.0
POINTS = 1200  # of a waveform's outline: more than the figure is wide in pixels
BINS, FRAMES = 256, 512
DPI = 110


def waveform(sound: Sound, title: str | None = None) -> Figure:
    """Amplitude over seconds. Of a long sound the outline is drawn, so that no peak is lost."""
    figure = Figure(figsize=(7.0, 2.2), dpi=DPI, layout="constrained")
    axes = figure.add_subplot()
    _draw_waveform(axes, sound)
    axes.set(xlabel="seconds", title=title)
    return figure


def spectrogram(sound: Sound, title: str | None = None, floor_db: float = -RANGE_DB) -> Figure:
    """Level in dB over seconds and frequency. 0 dB is the sound's loudest bin, black is `floor_db` or less."""
    figure = Figure(figsize=(7.0, 3.2), dpi=DPI, layout="constrained")
    axes = figure.add_subplot()
    _add_scale(figure, _draw_spectrogram(axes, sound, floor_db), axes)
    axes.set(xlabel="seconds", ylabel=_unit(sound), title=title)
    return figure


def overview(sound: Sound, title: str | None = None, floor_db: float = -RANGE_DB) -> Figure:
    """Waveform and spectrogram over one time axis."""
    figure = Figure(figsize=(7.0, 4.4), dpi=DPI, layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(1, 2))
    _draw_waveform(above, sound)
    _add_scale(figure, _draw_spectrogram(below, sound, floor_db), below)
    below.set(xlabel="seconds", ylabel=_unit(sound))
    above.set_title(title or "")
    return figure


def gallery(
    sounds: Sequence[Sound], titles: Sequence[str] | None = None, columns: int = 5, floor_db: float = -RANGE_DB
) -> Figure:
    """Spectrograms side by side, each relative to its own loudest bin, on axes that all share.

    Raises AudioError where there is no sound, where titles are more or fewer, or where sample rates differ.
    """
    _check_gallery(sounds, titles)
    columns = max(1, min(columns, len(sounds)))
    rows = -(-len(sounds) // columns)
    figure = Figure(figsize=(1.2 + 1.9 * columns, 0.6 + 1.9 * rows), dpi=DPI, layout="constrained")
    panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    for i, axes in enumerate(panels.flat):
        if i >= len(sounds):
            axes.remove()
            continue
        image = _draw_spectrogram(axes, sounds[i], floor_db)
        axes.set_title(titles[i] if titles else "", fontsize="medium")
        axes.tick_params(labelbottom=i + columns >= len(sounds))
    panels[0, 0].set_xlim(0.0, max(each.seconds for each in sounds))
    figure.supxlabel("seconds", fontsize="medium")
    figure.supylabel(_unit(sounds[0]), fontsize="medium")
    _add_scale(figure, image, panels.ravel()[: len(sounds)].tolist())
    return figure


def _check_gallery(sounds: Sequence[Sound], titles: Sequence[str] | None) -> None:
    if not sounds:
        raise AudioError("There is no sound to draw; give one or more.")
    if titles is not None and len(titles) != len(sounds):
        raise AudioError(f"There are {len(titles)} titles for {len(sounds)} sounds; give as many.")
    rates = sorted({each.sample_rate for each in sounds})
    if len(rates) > 1:
        raise AudioError(f"The sounds have rates of {' and '.join(map(str, rates))} Hz; bring them to one (resampled).")


def _draw_waveform(axes: Axes, sound: Sound) -> None:
    n = sound.samples.shape[1]
    if n <= POINTS:
        axes.plot(np.arange(n) / sound.sample_rate, sound.samples.T, color=LINE, linewidth=0.9)
    else:
        low, high = envelope(sound.samples, POINTS)
        middles = (np.arange(POINTS) + 0.5) / POINTS * sound.seconds
        # The edge is drawn too: where the outline is flat the area between would be nothing.
        axes.fill_between(middles, low, high, color=LINE, linewidth=0.6)
    top = 1.05 * max(1.0, float(np.abs(sound.samples).max()))
    axes.set(xlim=(0.0, sound.seconds), ylim=(-top, top), ylabel="amplitude")
    axes.grid(alpha=0.3)


def _draw_spectrogram(axes: Axes, sound: Sound, floor_db: float) -> AxesImage:
    if not floor_db < 0.0:
        raise AudioError(f"The floor is {floor_db:g} dB; choose one below 0.")
    levels = sound.spectrogram(BINS, FRAMES, floor_db)
    decibels = floor_db * (1.0 - levels / 255.0)
    extent = (0.0, sound.seconds, 0.0, sound.sample_rate / 2.0 / _hertz(sound))
    axes.set_facecolor("black")  # beside a shorter sound of a gallery
    return axes.imshow(decibels, COLOURS, vmin=floor_db, vmax=0.0, extent=extent, origin="lower", aspect="auto")


def _hertz(sound: Sound) -> float:
    """Hz in one unit of the frequency axis."""
    return 1000.0 if sound.sample_rate >= 8000 else 1.0


def _unit(sound: Sound) -> str:
    return "kHz" if _hertz(sound) == 1000.0 else "Hz"


def _add_scale(figure: Figure, image: AxesImage, axes: Axes | list[Axes]) -> None:
    figure.colorbar(image, ax=axes, label="dB from the loudest", pad=0.02)
