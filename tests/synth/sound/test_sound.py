"""Sounds in and out of files."""

import errno
import io
import os
import resource
import time

import numpy as np
import pytest
import soundfile

from synth.audio.loudness import normalise, true_peak
from synth.choices import EXPORT_RATES
from synth.errors import AudioError
from synth.patch.patch import Patch
from synth.sound.resynth import resynthesise
from synth.sound.sound import Sound

LONG = Patch(category="wood_hit", seed=9, sliders={"Helligkeit ☀": 2.0}, latent=tuple(np.linspace(-3, 3, 7168)))
PCM = ("PCM_16", "PCM_24")
LOSSY = [("ogg", None), ("mp3", None)]
FORMATS = [*(("wav", kind) for kind in (*PCM, "FLOAT")), *(("flac", kind) for kind in PCM), *LOSSY]
STEP = {"PCM_16": 2**-15, "PCM_24": 2**-23, "FLOAT": 0.0, None: 0.2}


def noise(channels: int = 2, n: int = 6001, rate: int = 16000, patch: Patch | None = LONG) -> Sound:
    samples = 0.2 * np.random.default_rng(2).standard_normal((channels, n))
    return Sound(np.clip(samples, -0.9, 0.9), rate, patch)


@pytest.mark.parametrize(("format", "subtype"), FORMATS)
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("patch", [None, Patch(), LONG])
def test_a_file_gives_back_samples_rate_and_patch(tmp_path, format, subtype, channels, patch):
    sound = noise(channels, patch=patch)
    sound.save(tmp_path / f"sound.{format}", subtype)
    for back in (Sound.load(tmp_path / f"sound.{format}"), Sound.load(sound.to_bytes(format, subtype))):
        assert back.patch == patch and back.sample_rate == 16000
        assert back.samples.shape == sound.samples.shape and back.samples.dtype == np.float32
        if subtype:
            assert np.abs(back.samples - sound.samples).max() <= STEP[subtype]
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"sound.{format}"]


@pytest.mark.parametrize(("format", "subtype"), FORMATS)
def test_the_same_sound_is_the_same_bytes(format, subtype):
    first = noise().to_bytes(format, subtype)
    time.sleep(1.1)  # libsndfile stamps whole seconds
    assert noise().to_bytes(format, subtype) == first


@pytest.mark.parametrize("format", ["wav", "flac", "ogg", "mp3"])
def test_other_readers_open_what_is_written(format):
    samples, rate = soundfile.read(io.BytesIO(noise().to_bytes(format)))
    assert rate == 16000 and samples.shape == (6001, 2)


FOREIGN = [("WAV", "PCM_U8"), ("AIFF", "PCM_16"), ("MP3", "MPEG_LAYER_III"), ("WAV", "DOUBLE")]


@pytest.mark.parametrize(("format", "subtype"), FOREIGN)
@pytest.mark.parametrize("rate", [8000, 44100, 48000])
def test_reads_foreign_files(tmp_path, format, subtype, rate):
    wave = 0.5 * np.sin(np.arange(rate) / 20)
    soundfile.write(tmp_path / "x", wave, rate, subtype, format=format)
    sound = Sound.load(tmp_path / "x")
    assert sound.sample_rate == rate and sound.patch is None
    assert sound.seconds == pytest.approx(1.0, abs=0.1)
    assert np.abs(sound.samples).max() == pytest.approx(0.5, abs=0.05)


def test_loud_samples_are_clipped_not_wrapped():
    loud = Sound(np.array([[1.5, -1.5, 0.0]]), 16000)
    np.testing.assert_allclose(Sound.load(loud.to_bytes()).samples, [[1.0, -1.0, 0.0]], atol=1e-4)
    np.testing.assert_array_equal(Sound.load(loud.to_bytes("wav", "FLOAT")).samples, loud.samples)


def written(samples, rate=16000, **options) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, **{"format": "WAV", "subtype": "FLOAT", **options})
    return buffer.getvalue()


BAD = {
    "empty file": b"",
    "text": b"not a sound at all" * 20,
    "no samples": written(np.zeros((0, 1))),
    "nan": written(np.array([0.0, np.nan])),
    "infinite": written(np.array([0.0, np.inf])),
    "six channels": written(np.zeros((9, 6))),
    "long": written(np.zeros(17000)),
    "slow": written(np.zeros(100), rate=100),
    "cut header": written(np.zeros(100))[:30],
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD.keys())
def test_bad_audio_is_one_sentence(data):
    with pytest.raises(AudioError) as caught:
        Sound.load(data, max_seconds=1.0)
    assert "\n" not in str(caught.value) and str(caught.value).endswith(".")


def test_missing_files_and_folders(tmp_path):
    for path in (tmp_path / "none.wav", tmp_path):
        with pytest.raises(AudioError, match="Cannot open"):
            Sound.load(path)
    with pytest.raises(AudioError, match="Cannot write"):
        noise().save(tmp_path / "none" / "x.wav")


@pytest.mark.parametrize(("name", "subtype"), [("x.aac", None), ("x", None), ("x.flac", "FLOAT"), ("x.wav", "ULAW")])
def test_formats_that_are_not_written_are_refused(tmp_path, name, subtype):
    with pytest.raises(AudioError):
        noise().save(tmp_path / name, subtype)
    assert not list(tmp_path.iterdir())


def test_a_full_disk_leaves_the_old_file_whole(tmp_path):
    """A real limit of the system on file sizes stands in for the full disk."""
    path = tmp_path / "x.wav"
    noise(n=100, patch=None).save(path)
    before = path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(AudioError, match="free some space"):
            noise().save(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == before and [kept.name for kept in tmp_path.iterdir()] == ["x.wav"]


def test_an_interrupted_rename_leaves_nothing(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(AudioError, match="input/output error"):
        noise().save(tmp_path / "x.wav")
    assert not list(tmp_path.iterdir())


def test_a_damaged_patch_does_not_spoil_the_sound():
    data = noise(patch=Patch()).to_bytes().replace(b'"psi":1.0', b'"psi":9.0')
    assert Sound.load(data).patch is None


def test_resampled_and_mono():
    tone = Sound(np.stack([np.sin(np.arange(16000) * 0.3), np.zeros(16000)]), 16000, Patch())
    half = tone.resampled(8000)
    assert half.samples.shape == (2, 8000) and half.sample_rate == 8000 and half.patch == Patch()
    middle = np.sin(np.arange(8000) * 0.6)
    assert np.abs(half.samples[0] - middle)[500:-500].max() < 1e-3
    np.testing.assert_allclose(tone.mono().samples[0], tone.samples[0] / 2, atol=1e-7)
    assert tone.resampled(16000) is tone


@pytest.mark.parametrize("n", [1, 300, 4000, 100_000])
def test_spectrogram_shows_a_tone_in_its_row(n):
    tone = Sound(np.sin(2 * np.pi * 2000 / 16000 * np.arange(n) + 1.0), 16000)
    image = tone.spectrogram()
    assert image.shape == (256, 256) and image.dtype == np.uint8 and image.max() == 255
    if n >= 4000:
        assert abs(int(image[:, 128].argmax()) - 64) <= 1
        assert image[200, 128] < 60


def test_spectrogram_misses_no_onset_and_shows_silence_as_black():
    click = np.zeros(500_000)
    click[123_456] = 1.0
    image = Sound(click, 16000).spectrogram(64, 100)
    assert image.shape == (64, 100) and abs(int(image.max(axis=0).argmax()) - 24) <= 1 and image.max() == 255
    assert not Sound(np.zeros(1000), 16000).spectrogram().any()


@pytest.mark.parametrize("codec", ["GaussianLogSTFT", "LogMel", "Waveform"])
def test_resynthesis_keeps_length_and_level(codec):
    t = np.arange(30000)
    wave = np.stack([np.sin(0.2 * t) * np.exp(-t / 8000), 0.1 * np.sin(0.1 * t)])
    result, convergence = resynthesise(Sound(wave, 22050), codec, "pghi+gl")
    original = Sound(wave, 22050).resampled(result.sample_rate)
    assert convergence < -15.0 and result.samples.shape == original.samples.shape
    energy, before = (np.linalg.norm(s.samples, axis=1) for s in (result, original))
    np.testing.assert_allclose(energy, before, rtol=0.01)


def test_resynthesis_refuses_unknown_names():
    with pytest.raises(AudioError, match="LogMel"):
        resynthesise(noise(), "Opus")
    with pytest.raises(AudioError, match="griffin-lim"):
        resynthesise(noise(), "LogMel", "guess")


def test_a_loop_lies_within_the_sound_and_follows_it_to_another_rate():
    wave = np.sin(np.arange(16000) / 9.0).astype(np.float32)
    looped = Sound(wave, 16000, loop=(1600, 16000))
    assert looped.resampled(44100).loop == (4410, 44100) and looped.mono().loop == looped.loop
    for loop in ((0, 16001), (5, 5), (-1, 9)):
        with pytest.raises(AudioError, match="loop"):
            Sound(wave, 16000, loop=loop)


# -- export ----------------------------------------------------------------------------------------------------------


def chirp(loop: tuple[int, int] | None = None) -> Sound:
    """Up to 7 kHz, its true peak at -1 dBTP, as a rendered sound has it."""
    t = np.arange(32768) / 16000
    sweep = np.sin(2 * np.pi * (200 * t + 0.5 * 3300 * t * t)) * np.hanning(t.size) ** 0.1
    return Sound(normalise(sweep[None], 16000, None), 16000, LONG, loop)


@pytest.mark.parametrize("rate", EXPORT_RATES)
@pytest.mark.parametrize("format", ["wav", "flac", "ogg", "mp3"])
def test_a_file_at_another_rate(rate, format):
    if (format, rate) == ("mp3", 96000):
        with pytest.raises(
            AudioError, match=r"mp3 cannot hold 96000 Hz; choose 16000, .*48000 Hz, or another format\."
        ):
            chirp().to_bytes(format, rate=rate)
        return
    back = Sound.load(chirp((800, 32000)).to_bytes(format, rate=rate))
    assert back.sample_rate == rate and back.samples.shape == (1, round(32768 * rate / 16000))
    assert back.patch == LONG
    if format in ("wav", "flac"):
        assert true_peak(back.samples) <= -1.0 + 0.005
        power = np.abs(np.fft.rfft(back.samples[0] * np.hanning(back.samples.shape[1]))) ** 2
        above = np.fft.rfftfreq(back.samples.shape[1], 1 / rate) > 8200
        assert power[above].max(initial=0.0) < 1e-8 * power.max()
    expected = (round(800 * rate / 16000), round(32000 * rate / 16000))
    assert back.loop == (None if format == "mp3" else expected)


def test_the_rate_of_a_file_is_the_sounds_own_by_default(tmp_path):
    sound = chirp()
    assert sound.to_bytes("wav", rate=16000) == sound.to_bytes() == sound.to_bytes("wav", rate=None)
    sound.save(tmp_path / "a.flac", rate=44100)
    assert Sound.load(tmp_path / "a.flac").samples.shape == (1, 90317)
    for rate in (0, 8000, 11025, -1, 10**9):
        with pytest.raises(AudioError, match=r"choose 16000, 22050, 32000, 44100, 48000, 96000 Hz"):
            sound.to_bytes(rate=rate)


def test_what_is_louder_than_the_ceiling_is_not_made_quieter_than_it_was():
    loud = Sound(np.clip(3.0 * chirp().samples, -1, 1), 16000)
    assert true_peak(loud.exported(48000).samples) == pytest.approx(true_peak(loud.samples), abs=0.01)


@pytest.mark.parametrize("rate", [22050, 44100, 48000])
def test_a_loop_stays_seamless_at_another_rate(rate):
    n = 16000
    loop = Sound(0.5 * np.sin(2 * np.pi * 440 * np.arange(n) / 16000 + 1.0), 16000, None, (0, n)).resampled(rate)
    assert loop.loop == (0, loop.samples.shape[1]) == (0, rate)
    expected = 0.5 * np.sin(2 * np.pi * 440 * np.arange(rate) / rate + 1.0)
    np.testing.assert_allclose(loop.samples[0], expected, atol=1e-4)


def test_the_note_of_a_cut_file_is_kept(tmp_path):
    data = noise(patch=None).to_bytes()
    (tmp_path / "cut.wav").write_bytes(data[: len(data) // 2])
    assert Sound.load(tmp_path / "cut.wav").resampled(8000).note.startswith(f"{tmp_path / 'cut.wav'} breaks off after")
    assert Sound.load(data).note == ""
