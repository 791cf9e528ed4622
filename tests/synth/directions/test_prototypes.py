import numpy as np
import pytest
import torch

from synth.audio.codecs import GaussianLogSTFT
from synth.directions.prototypes import (
    SLIDER_SPAN,
    Prototype,
    along,
    category_prototypes,
    centre_of_group,
    orthogonalised,
    place,
    pull,
)
from synth.models.encoder import Encoder, Inverter
from synth.models.stylegan2 import Generator, GeneratorConfig

SMALL = GeneratorConfig(categories=3, z_dim=8, w_dim=16, hidden=24, bins=32, frames=32, rank=4, gate_rank=2)


def test_the_centre_of_a_group_is_what_its_members_share():
    torch.manual_seed(0)
    origin, shared = torch.randn(16), 5.0 * torch.nn.functional.normalize(torch.randn(16), dim=0)
    noisy = origin + shared + torch.randn(12, 16)
    found, mean = centre_of_group(noisy, origin), noisy.mean(0)
    assert (found - origin - shared).norm() < 0.5 * shared.norm()
    assert (found - origin).norm() <= (mean - origin).norm() + 1e-5, "a projection adds nothing"
    exact = origin + torch.linspace(0.5, 1.5, 5)[:, None] * shared
    torch.testing.assert_close(centre_of_group(exact, origin), origin + shared)


def test_a_slider_from_end_to_end_goes_all_the_way():
    way = torch.randn(16)
    d = along("Rate", way, (2, 5), "test")
    assert d.vector.norm().item() == pytest.approx(1.0, abs=1e-5)
    torch.testing.assert_close(d.vector * d.scale * SLIDER_SPAN, way)
    assert d.layers == (2, 5)


def test_orthogonalised_directions_stay_near_what_they_were():
    vectors = torch.tensor([[3.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.2, 1.0]])
    found = orthogonalised(vectors)
    torch.testing.assert_close(found @ found.t(), torch.eye(3), atol=1e-5, rtol=0)
    assert (torch.nn.functional.cosine_similarity(found, vectors) > 0.85).all()
    with pytest.raises(ValueError, match="mixture"):
        orthogonalised(torch.stack([vectors[0], vectors[1], vectors[0] + vectors[1]]))


def test_pull_goes_from_the_latent_to_the_prototype():
    ws, prototype = torch.randn(1, 6, 16), Prototype("Rain", torch.randn(16), "test")
    assert torch.equal(pull(ws, prototype, 0.0), ws)
    torch.testing.assert_close(pull(ws, prototype, 1.0), prototype.vector.expand(1, 6, 16))
    torch.testing.assert_close(pull(ws, prototype, 0.25), 0.75 * ws + 0.25 * prototype.vector)


def test_categories_are_prototypes_at_their_centres():
    generator = Generator(SMALL)
    generator.w_avg.normal_()
    found = category_prototypes(generator, ("a", "b", "c"))
    assert [p.name for p in found] == ["a", "b", "c"]
    assert torch.equal(torch.stack([p.vector for p in found]), generator.w_avg)
    assert found[1].vector.data_ptr() != generator.w_avg[1].data_ptr()


def test_sounds_are_placed_by_the_models_own_encoder():
    torch.manual_seed(0)
    codec = GaussianLogSTFT(length=64, hop=16, frames=32)
    inverter = Inverter(Encoder((32, 32), 16, (12, 8, 8), fold=2, hidden=24), SMALL.num_ws)
    sounds = [np.random.default_rng(i).standard_normal(codec.samples).astype(np.float32) for i in range(20)]
    w = place(inverter, codec, sounds)
    assert w.shape == (20, 16) and not w.requires_grad
    torch.testing.assert_close(w[:1], inverter(codec.encode(torch.from_numpy(sounds[0])[None]))[0])
