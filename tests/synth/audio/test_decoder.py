"""The decoder against closed forms: levels of noise, a tone where it belongs, the same bytes from the same seed."""

import numpy as np
import pytest
import torch

from synth.audio.attacks import attack_frames
from synth.audio.codecs import GaussianLogSTFT
from synth.audio.decoder import Grid, decode, warm_up
from synth.audio.maps import Maps
from synth.choices import PHASES

RATE, HOP, FRAMES, BINS = 16000, 128, 128, 256
CODEC = GaussianLogSTFT(RATE, 512, HOP, FRAMES)


def flat(level: float, gate: float, frames: int = FRAMES) -> Maps:
    full = np.full((frames, BINS), 1.0, np.float32)
    return Maps(level * full, gate * full, HOP, RATE)


def spectrum(samples: np.ndarray) -> np.ndarray:
    return np.abs(np.fft.rfft(samples * np.hanning(samples.size)))


def tone(hertz: float) -> Maps:
    """The maps of a steady sine, as the codec sees it, with nothing of noise."""
    wave = torch.sin(2 * torch.pi * hertz * torch.arange(CODEC.samples) / RATE)
    levels = CODEC.encode(wave[None])[0]
    return Maps.of(CODEC, levels, torch.zeros_like(levels))


def test_noise_of_a_flat_map_is_white_at_the_level_of_the_map():
    samples = decode(flat(-20.0, 1.0), seed=1)
    assert samples.shape == (FRAMES * HOP,) and samples.dtype == np.float32
    found = CODEC.stft.forward(torch.from_numpy(samples))[5:-5, 3:-3].abs().square()
    # The power of noise lies 2.51 dB above the mean of its levels.
    assert 10 * np.log10(found.mean().item()) == pytest.approx(-20.0 + 2.51, abs=0.6)
    bands = 10 * torch.log10(found.mean(1).unfold(0, 32, 32).mean(1))
    assert bands.max() - bands.min() < 1.0


@pytest.mark.parametrize("hertz", [440.0, 1234.5, 5000.0])
def test_a_tone_is_decoded_where_it_is(hertz):
    samples = decode(tone(hertz), seed=0)
    found = np.argmax(spectrum(samples)) * RATE / samples.size
    assert found == pytest.approx(hertz, abs=0.25 * RATE / 512)


@pytest.mark.parametrize("phase", PHASES)
def test_every_way_gives_the_same_bytes_again_and_keeps_silence(phase):
    threads = torch.get_num_threads()
    maps = flat(-30.0, 0.7, 64)
    first = decode(maps, 5, phase)
    try:
        torch.set_num_threads(threads + 1)
        again = decode(maps, 5, phase)
    finally:
        torch.set_num_threads(threads)
    assert first.tobytes() == again.tobytes() != decode(maps, 6, phase).tobytes()
    assert not decode(flat(-100.0, 1.0), 5, phase).any()


def test_a_sound_is_decoded_to_its_own_end():
    maps = flat(-20.0, 1.0)
    maps.mean[40:] = -130.0
    samples = decode(maps, 0)
    assert samples.size == FRAMES * HOP and samples[: 40 * HOP].std() > 0.01
    assert not samples[44 * HOP :].any()


def test_an_attack_jumps_and_what_was_before_it_stays():
    maps = flat(-70.0, 1.0)
    maps.mean[64:] = -20.0
    assert list(attack_frames(10.0 ** (maps.mean / 20.0))) == [64]
    samples = decode(maps, 0)
    level = np.sqrt(np.convolve(samples**2, np.ones(16) / 16, "same"))
    db = 20 * np.log10(level + 1e-9)
    at = int(np.argmax(db > db.max() - 10.0))
    assert abs(at - 64 * HOP) < 2 * HOP
    assert db[at + 32] - db[at - 48] > 30.0
    early = samples[10 * HOP : 50 * HOP]
    assert 20 * np.log10(early.std()) == pytest.approx(20 * np.log10(decode(flat(-70.0, 1.0), 0).std()), abs=1.0)


def test_a_circle_has_no_seam():
    grid = Grid.of(flat(0.0, 1.0), 64 * HOP, circular=True)
    samples = decode(flat(-20.0, 1.0, 64), 3, grid=grid)
    jumps = np.abs(np.diff(np.r_[samples, samples[0]]))
    assert jumps[-1] < jumps.max()
    turned = np.roll(samples, samples.size // 2)
    edge, middle = turned[samples.size // 2 - 512 : samples.size // 2 + 512], turned[1024:2048]
    assert 20 * np.log10(edge.std() / middle.std()) == pytest.approx(0.0, abs=1.5)


def test_maps_between_frames_go_evenly_and_no_event_is_stepped_over():
    maps = flat(-40.0, 1.0, 9)
    maps.mean[4] = 0.0
    assert maps.at(np.array([3.5])).mean[0, 0] == pytest.approx(-20.0)
    assert maps.at(np.array([0.0, 4.0, 8.0])).mean[1, 0] > -25.0
    assert maps.at(np.array([0.0, 3.0, 6.0])).mean.max() > -25.0


def test_what_the_first_sound_needs_is_compiled_by_warming_up():
    from synth.audio import attacks, decoder, griffin_lim, maps, pghi

    warm_up()
    kernels = (decoder._dress, decoder._tonal, attacks._quieten, pghi._spread, maps._sample, maps._loudest)
    kernels += (griffin_lim._overlap, griffin_lim._reframe, griffin_lim._settle)
    before = [len(kernel.signatures) for kernel in kernels]
    maps_of_all = flat(-60.0, 0.3, 64)
    maps_of_all.mean[32:] = -10.0
    decode(maps_of_all, 0)
    assert min(before) == 1 and [len(kernel.signatures) for kernel in kernels] == before
