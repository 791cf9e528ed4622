"""The reference of the page Query, as a link has it and as a sound."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.session import reference
from app.session.reference import EXAMPLES
from synth.errors import AudioError


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_sound_and_survive_a_link(name):
    example = EXAMPLES[name]
    assert reference.from_text(reference.to_text(example)) == example
    made = reference.sound(example, 2.0, 16000)
    assert np.abs(made.samples).max() == 1.0 and made.samples.shape == (1, 32000)


@pytest.mark.parametrize(
    "text", ["", "1_2_3", "nan_7_0_0_700_5_0_0_1", "0.05_8_0_0_700_5_0_0_1", "0.05_7_0_800_700_5_0_0_1"]
)
def test_what_no_control_can_stand_at_is_refused(text):
    assert reference.from_text(text) is None


def test_a_silent_one_is_said():
    with pytest.raises(AudioError, match="widen"):
        reference.sound(replace(EXAMPLES["Ticks"], width=0.0), 1.0, 16000)
