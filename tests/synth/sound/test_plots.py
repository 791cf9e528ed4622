"""Pictures by matplotlib: what is on their axes, and that they hold it."""

import subprocess
import sys

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure

from synth.errors import AudioError
from synth.sound import plots
from synth.sound.sound import Sound


def tone(hertz: float = 1000.0, seconds: float = 0.5, rate: int = 16000) -> Sound:
    return Sound(0.5 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)[None], rate)


def picture(figure: Figure) -> np.ndarray:
    """dB (bins, frames) of the first spectrogram of a figure, row 0 the lowest."""
    return next(axes.images[0] for axes in figure.axes if axes.images).get_array()


def test_the_waveform_of_a_long_sound_keeps_its_peaks() -> None:
    samples = np.zeros((1, 500_000), np.float32)
    samples[0, 123_456], samples[0, 400_000] = 0.8, -0.9
    (axes,) = plots.waveform(Sound(samples, 16000)).axes
    drawn = axes.collections[0].get_paths()[0].vertices
    assert drawn[:, 1].max() == pytest.approx(0.8) and drawn[:, 1].min() == pytest.approx(-0.9)
    assert drawn[drawn[:, 1].argmax(), 0] == pytest.approx(123_456 / 16000, abs=0.03)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("seconds", "amplitude")
    assert axes.get_xlim() == (0.0, 31.25)


def test_the_waveform_of_a_short_stereo_sound_is_its_samples() -> None:
    sound = Sound(np.array([[0.1, -0.5, 2.0], [0.0, 0.3, 0.2]]), 8000)
    (axes,) = plots.waveform(sound).axes
    np.testing.assert_array_equal([line.get_ydata() for line in axes.lines], sound.samples)
    np.testing.assert_allclose(axes.lines[0].get_xdata(), [0, 1 / 8000, 2 / 8000])
    assert axes.get_ylim()[1] > 2.0


@pytest.mark.parametrize(("rate", "hertz", "unit", "scale"), [(16000, 3000.0, "kHz", 1000.0), (4000, 500.0, "Hz", 1.0)])
def test_a_tone_stands_at_its_frequency_and_time(rate: int, hertz: float, unit: str, scale: float) -> None:
    figure = plots.spectrogram(tone(hertz, 0.5, rate), floor_db=-60.0)
    axes, scale_axes = figure.axes
    left, right, bottom, top = axes.images[0].get_extent()
    assert (left, right, bottom, top) == (0.0, 0.5, 0.0, rate / 2 / scale)
    levels = picture(figure)
    assert levels.max() == 0.0 and levels.min() == -60.0
    loudest = (levels.mean(axis=1).argmax() + 0.5) / len(levels) * top
    assert loudest * scale == pytest.approx(hertz, rel=0.02)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("seconds", unit)
    assert scale_axes.get_ylabel().startswith("dB") and scale_axes.get_ylim() == (-60.0, 0.0)


def test_overview_has_one_time_axis() -> None:
    above, below, _ = plots.overview(tone(seconds=0.25), "A tone").axes
    assert above.get_shared_x_axes().joined(above, below)
    assert below.get_xlim() == (0.0, 0.25) and above.get_title() == "A tone"


def test_a_gallery_shows_every_sound_on_the_axes_of_the_longest() -> None:
    sounds = [tone(seconds=0.1 * (i + 1)) for i in range(4)]
    figure = plots.gallery(sounds, ["a", "b", "c", "d"], columns=3)
    panels = [axes for axes in figure.axes if axes.images]
    assert [axes.get_title() for axes in panels] == ["a", "b", "c", "d"]
    assert {axes.get_xlim() for axes in panels} == {(0.0, 0.4)}
    assert [axes.images[0].get_extent()[1] for axes in panels] == pytest.approx([0.1, 0.2, 0.3, 0.4])
    assert len(figure.axes) == 5  # and one colour bar


def test_silence_is_drawn() -> None:
    silence = Sound(np.zeros((1, 4000)), 16000)
    assert (picture(plots.overview(silence)) == -80.0).all()


@pytest.mark.parametrize(
    ("sounds", "titles", "words"),
    [
        ([], None, "no sound"),
        ([tone()], ["a", "b"], "2 titles for 1"),
        ([tone(), tone(rate=8000)], None, "8000 and 16000"),
    ],
)
def test_a_gallery_that_cannot_be(sounds: list[Sound], titles: list[str] | None, words: str) -> None:
    with pytest.raises(AudioError, match=words):
        plots.gallery(sounds, titles)


def test_a_floor_above_the_loudest_is_refused() -> None:
    with pytest.raises(AudioError, match="below 0"):
        plots.spectrogram(tone(), floor_db=20.0)


def test_figures_are_files_and_leave_pyplot_alone(tmp_path) -> None:
    code = (
        "import sys, numpy as np; from synth.sound import plots; from synth.sound.sound import Sound\n"
        f"plots.overview(Sound(np.ones((1, 5000)), 16000)).savefig({str(tmp_path / 'sound.png')!r})\n"
        "assert 'matplotlib.pyplot' not in sys.modules and 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert (tmp_path / "sound.png").read_bytes().startswith(b"\x89PNG")


def test_the_colours_grow_evenly_lighter() -> None:
    colours = matplotlib.colormaps[plots.COLOURS](np.linspace(0, 1, 64))[:, :3]
    lightness = colours @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(lightness) > 0).all()
