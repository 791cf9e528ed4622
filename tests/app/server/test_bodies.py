"""What a request brings."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile

from app.server.bodies import brought
from synth.errors import AudioError


def test_a_fault_names_the_file_that_was_brought():
    silence = io.BytesIO()
    soundfile.write(silence, np.zeros(100), 16000, format="WAV")
    with pytest.raises(AudioError, match=r'^"my file\.wav" is silent'):
        brought(" my\nfile.wav ", silence.getvalue())
