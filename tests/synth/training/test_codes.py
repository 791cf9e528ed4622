import torch

from synth.training.codes import LENGTH, first_codes


def test_codes_tell_apart_what_differs_and_put_alike_what_is_alike() -> None:
    rng = torch.Generator().manual_seed(0)
    kinds = torch.rand(3, 1, 32, 48, generator=rng)
    tensors = torch.cat([kinds + 0.01 * torch.rand(3, 1, 32, 48, generator=rng) for _ in range(4)])
    codes = first_codes(iter(tensors.split(5)), 16)
    apart = torch.cdist(codes, codes)
    same = torch.arange(12) % 3 == (torch.arange(12) % 3)[:, None]
    assert apart[same].max() < 0.3 * apart[~same].min()


def test_codes_are_centred_and_as_long_as_descent_expects() -> None:
    tensors = torch.randn(20, 1, 64, 64, generator=torch.Generator().manual_seed(1))
    codes = first_codes(iter([tensors]), 8)
    assert codes.shape == (20, 8)
    torch.testing.assert_close(codes.mean(0), torch.zeros(8), atol=1e-4, rtol=0)
    torch.testing.assert_close(codes.norm(dim=1).mean(), torch.tensor(LENGTH * 8**0.5))


def test_directions_beyond_the_number_of_recordings_are_zero() -> None:
    codes = first_codes(iter([torch.randn(4, 1, 8, 8)]), 16)
    assert codes.shape == (4, 16) and torch.isfinite(codes).all()
    for half in codes.chunk(2, 1):
        assert half[:, :3].any() and not half[:, 4:].any()


def test_halves_tell_spectra_and_envelopes_apart() -> None:
    """Recordings of two spectra and two envelopes: each half knows one of both, and nothing of the other."""
    rng = torch.Generator().manual_seed(0)
    spectra, envelopes = torch.rand(2, 32, 1, generator=rng), torch.rand(2, 1, 48, generator=rng)
    spectra, envelopes = spectra - spectra.mean(1, True), envelopes - envelopes.mean(2, True)
    tensors = torch.stack([spectra[i] + envelopes[j] for i in range(2) for j in range(2)]).unsqueeze(1)
    first, second = first_codes(iter([tensors]), 8).chunk(2, 1)
    assert (first[0] - first[1]).norm() < 0.1
    assert (second[0] - second[2]).norm() < 0.1
    assert (first[0] - first[2]).norm() > 1 and (second[0] - second[1]).norm() > 1
