"""The Morph page in a real Chromium: heard while the point moves, used, and saved with its patch."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest

from synth.instruments.style import StyleInstrument
from synth.patch.morph import Morph
from synth.sound.sound import Sound
from tests.e2e.browsing import at_rest, follow, settled
from tests.harness.serving import find_chromium

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium is installed: apt-get install chromium"),
]


def test_a_point_between_four_sounds_is_heard_used_and_saved(page, address, published):
    page.goto(f"{address}/?m=tiny&c=hit&s=3")
    page.locator(".instrument .stage").wait_for()
    follow(page, "Morph")
    pad = page.locator(".pad .area")
    pad.wait_for()
    settled(page)
    box = at_rest(pad)
    page.mouse.move(box["x"] + 2, box["y"] + box["height"] - 2)
    page.mouse.down()
    drafts = set()
    for share in (0.3, 0.5, 0.7):
        with page.expect_response(f"{address}/morph") as draft:
            page.mouse.move(box["x"] + share * box["width"], box["y"] + (1.0 - share) * box["height"])
        drafts.add(draft.value.body()[32:])
    assert len(drafts) == 3
    page.mouse.up()
    page.wait_for_url(re.compile(r"x%3D0\.7.*y%3D0\.7"))
    settled(page)

    page.get_by_role("button", name="Use this sound").click()
    page.get_by_role("button", name="In use").wait_for()
    with page.expect_download() as saved:
        page.get_by_role("button", name="WAV", exact=True).click()
    sound = Sound.load(Path(saved.value.path()))
    with page.expect_download() as exported:
        page.get_by_role("button", name="Export all").click()
    with zipfile.ZipFile(io.BytesIO(Path(exported.value.path()).read_bytes())) as archive:
        assert len([name for name in archive.namelist() if name.endswith(".wav")]) == 9
        morph = Morph.from_dict(json.loads(archive.read("morph.json")))

    instrument = StyleInstrument.load(published / "tiny", "cpu")
    patch = instrument.morphed(Morph(morph.corners, 0.7, 0.7))
    assert sound.patch == patch and patch.seed == 3
    assert np.abs(sound.samples - instrument.render(patch).samples).max() < 1e-4
    follow(page, "Shape")
    page.wait_for_url(re.compile("z="))
