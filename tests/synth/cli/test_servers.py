"""`python -m synth infer`: one sound into a file."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from synth.cli.command import main
from synth.cli.servers import check_port
from synth.errors import SonoformError
from synth.sound.sound import Sound


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = main(["infer", *map(str, arguments)])
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.usefixtures("tiny_checkpoint")
def test_one_sound_at_its_peak_in_16_bits(capsys, here):
    code, out, _ = run(capsys, "--model", "tiny", "--seed", 3)
    assert code == 0 and out == "output.wav: tiny, seed 3, 0.06 s at 16000 Hz\n"
    assert soundfile.info(here / "output.wav").subtype == "PCM_16"
    sound = Sound.load(here / "output.wav")
    assert 0.7 < np.abs(sound.samples).max() <= 10 ** (-1 / 20) + 1e-4
    assert sound.patch.seed == 3 and sound.patch.lufs is None
    assert [path.name for path in here.iterdir()] == ["output.wav"]


@pytest.mark.usefixtures("tiny_checkpoint")
def test_the_seed_is_another_one_each_time_and_is_told(capsys, here):
    told = [json.loads(run(capsys, "--model", "tiny", "--output-file", "a.flac", "--json")[1]) for _ in range(2)]
    assert told[0]["seed"] != told[1]["seed"] and told[0]["preview"] is None
    assert Sound.load(here / "a.flac").patch.seed == told[1]["seed"]


@pytest.mark.usefixtures("tiny_checkpoint")
def test_the_configuration_is_heard_and_flags_go_first(capsys, here):
    (here / "sonoform.toml").write_text('model = "tiny"\nphase = "pghi"\npreview = true\n')
    code, out, _ = run(capsys, "--output-file", "a.wav", "--category", "scrape")
    assert code == 0 and out.endswith("preview a.png\n")
    with Image.open(here / "a.png") as picture:
        assert picture.width > 400
    assert (Sound.load(here / "a.wav").patch.phase, Sound.load(here / "a.wav").patch.category) == ("pghi", "scrape")
    run(capsys, "--output-file", "b.wav", "--phase", "griffin-lim", "--no-preview", "--normalise", "loudness")
    assert Sound.load(here / "b.wav").patch.phase == "griffin-lim" and not (here / "b.png").exists()
    assert Sound.load(here / "b.wav").patch.lufs == -18.0


@pytest.mark.usefixtures("tiny_checkpoint")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "there is no model 'soundgan'"),
        ([], "choose one of: tiny"),
        (["--model", "../tiny"], "--model: model must be the id of a model"),
        (["--model", "tiny", "--seed", "-1"], "seed"),
        (["--model", "tiny", "--phase", "guess"], "--phase: phase must be one of texture, pghi"),
        (["--model", "tiny", "--category", "piano"], "use hit, scrape"),
        (["--model", "tiny", "--output-file", "a.xyz"], "Cannot write xyz"),
        (["--model", "tiny", "--output-file", "no/folder/a.wav"], "Cannot write no/folder/a.wav"),
        (["--config", "nowhere.toml"], "nowhere.toml cannot be read"),
    ],
)
def test_bad_input_is_one_line_and_no_file(capsys, here, arguments, message):
    code, out, err = run(capsys, *arguments)
    assert code == 2 and not out and message in err and len(err.splitlines()) == 1
    assert not list(here.iterdir())


@pytest.mark.parametrize(("family", "address"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_a_port_that_is_taken_is_told(family, address):
    with socket.socket(family) as server:
        try:
            server.bind((address, 0))
        except OSError:
            pytest.skip(f"this machine has no {address}")
        server.listen()
        port = server.getsockname()[1]
        with pytest.raises(SonoformError, match=f"port {port} on {address} cannot be used"):
            check_port(address, port)
    check_port(address, port)
