import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from synth.cli.command import main
from synth.patch.patch import Patch
from synth.sound.sound import Sound


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = main([str(a) for a in arguments])
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.usefixtures("tiny_checkpoint")
def test_render_takes_the_controls_of_the_decoder(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    asked = ["--pitch", 5, "--stretch", 2, "--attacks", "--length", 0.75, "--no-start", "--width", 0.5]
    assert run(capsys, "render", "--model", "tiny", *asked, "--out", tmp_path)[0] == 0
    sound = Sound.load(next(tmp_path.glob("*.wav")))
    assert sound.samples.shape == (2, 12000) and sound.patch is not None
    kept = sound.patch
    assert (kept.pitch, kept.stretch, kept.attacks, kept.length) == (5.0, 2.0, True, 0.75)
    assert (kept.start, kept.end, kept.width, kept.loop) == (False, False, 0.5, False)
    for bad, told in ((["--pitch", 25], "pitch"), (["--length", "nan"], "length"), (["--loop"], "loop: needs 0.5 s")):
        code, _, err = run(capsys, "render", "--model", "tiny", *bad, "--out", tmp_path / "bad")
        assert code == 2 and told in err and not list((tmp_path / "bad").glob("*"))
    code, _, err = run(capsys, "render", "--model", "tiny", "--seconds", 5, "--out", tmp_path / "bad")
    assert code == 2 and "makes sounds that end" in err and not list((tmp_path / "bad").glob("*"))


@pytest.mark.usefixtures("tiny_checkpoint")
def test_models_lists_checkpoints(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "models")
    assert code == 0 and out.startswith("tiny\t0.06 s, 16000 Hz\thit, scrape")
    assert json.loads(run(capsys, "models", "--json")[1])[0]["id"] == "tiny"


@pytest.mark.usefixtures("tiny_checkpoint")
def test_render_is_repeatable_and_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    options = ["render", "--model", "tiny", "--category", "scrape", "--seed", 1, "--count", 3, "--set", "Dim 1=1.5"]
    assert run(capsys, *options, "--out", tmp_path / "a")[0] == 0
    assert run(capsys, *options, "--out", tmp_path / "b")[0] == 0
    names = sorted(p.name for p in (tmp_path / "a").iterdir())
    assert names == [f"tiny-scrape-{i}.wav" for i in (1, 2, 3)]
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    sounds = [soundfile.read(tmp_path / "a" / n)[0] for n in names]
    assert not np.allclose(sounds[0], sounds[1]) and all(np.abs(s).max() > 0.001 for s in sounds)


@pytest.mark.usefixtures("tiny_checkpoint")
@pytest.mark.parametrize("suffix", ["wav", "flac"])
def test_an_exported_file_is_a_patch(capsys: pytest.CaptureFixture[str], tmp_path: Path, suffix: str) -> None:
    run(capsys, "render", "--model", "tiny", "--seed", 9, "--psi", 0.5, "--format", suffix, "--out", tmp_path / "a")
    file = tmp_path / "a" / f"tiny-hit-9.{suffix}"
    run(capsys, "render", "--patch", file, "--format", suffix, "--out", tmp_path / "b")
    assert np.array_equal(Sound.load(file).samples, Sound.load(tmp_path / "b" / file.name).samples)


@pytest.mark.usefixtures("tiny_checkpoint")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "nothing"], "choose one of: tiny"),
        (["--model", "tiny", "--category", "piano"], "use hit, scrape"),
        (["--model", "tiny", "--psi", "nan"], "psi"),
        (["--model", "tiny", "--seed", "-1"], "seed"),
        (["--model", "tiny", "--set", "Dim 1"], "NAME=NUMBER"),
        (["--model", "tiny", "--set", "Dim 1=9"], "-5..5"),
        (["--model", "tiny", "--count", "0"], "--count"),
        (["--model", "tiny", "--seed", "one"], "--seed"),
        (["--model", "tiny", "--device", "abacus"], "use auto or cpu"),
        (["--patch", "/nowhere/patch.json"], "cannot be read as a patch"),
    ],
)
def test_bad_input_is_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: list[str], message: str
) -> None:
    code, out, err = run(capsys, "render", *arguments, "--out", tmp_path / "out")
    assert code == 2 and not out
    assert message in err and len(err.splitlines()) == 1
    assert not list((tmp_path / "out").glob("*")) if (tmp_path / "out").exists() else True


def test_resynth_reports_convergence(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    n = np.arange(16000)
    soundfile.write(tmp_path / "in.wav", 0.4 * np.sin(2 * np.pi * 440 * n / 16000) * np.exp(-n / 4000), 16000)
    code, out, _ = run(capsys, "resynth", tmp_path / "in.wav", tmp_path / "out.wav", "--json")
    assert code == 0 and json.loads(out)["spectral_convergence_db"] < -15
    assert soundfile.info(tmp_path / "out.wav").frames == 16000


def test_train_publish_render(
    capsys: pytest.CaptureFixture[str], recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SONOFORM_CHECKPOINTS", str(tmp_path / "checkpoints"))
    folder = tmp_path / "run"
    train = ["train", "--preset", "tiny", "--data", recordings, "--out", folder, "--threads", 1]
    code, out, _ = run(capsys, *train, "--kimg", 0.07)
    assert code == 0 and "images/s" in out
    assert run(capsys, "train", "--out", folder, "--resume", "--kimg", 0.08, "--threads", 1)[0] == 0
    assert run(capsys, "publish", folder, "--id", "mine")[0] == 0
    assert run(capsys, "render", "--model", "mine", "--out", tmp_path / "out")[0] == 0
    again = ["train", "--preset", "tiny", "--data", recordings, "--out", tmp_path / "more", "--threads", 1]
    assert run(capsys, *again, "--start", tmp_path / "checkpoints" / "mine", "--kimg", 0.09)[0] == 0
    for arguments, message in (
        ([*train, "--kimg", 1], "already holds a run"),
        (["train", "--out", folder, "--kimg", 1], "--data"),
        (["train", "--out", tmp_path / "no", "--resume", "--kimg", 1], "holds no run"),
        (["train", "--data", tmp_path / "empty", "--out", tmp_path / "x", "--kimg", 1], "not a folder"),
        (train, "--minutes"),
    ):
        code, _, err = run(capsys, *arguments)
        assert code == 2 and message in err, err


@pytest.mark.usefixtures("tiny_checkpoint")
def test_bench_prints_latencies(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "bench", "--model", "tiny", "--count", 2, "--json")
    assert code == 0 and json.loads(out)["render pghi+gl"] > 0 < json.loads(out)["render texture"]


def test_serve_says_when_the_port_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, _, err = run(capsys, "serve", "--port", taken.getsockname()[1])
    assert code == 2 and "cannot be used" in err


@pytest.mark.usefixtures("tiny_checkpoint")
def test_encode_prints_a_patch_that_render_takes(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    soundfile.write(tmp_path / "in.wav", 0.1 * rng.standard_normal((9600, 2)), 96000)
    patches = []
    for arguments in (["--steps", 0], ["--steps", 30], ["--steps", 0, "--start", 0.05, "--category", "scrape"], []):
        code, out, _ = run(capsys, "encode", tmp_path / "in.wav", "--model", "tiny", *arguments)
        assert code == 0 and len(out.splitlines()) == 1
        patches.append(json.loads(out))
    assert len({json.dumps(patch["latent"]) for patch in patches}) == 4
    assert all(patch["residual"] is None for patch in patches)
    code, out, _ = run(capsys, "encode", tmp_path / "in.wav", "--model", "tiny", "--steps", 0, "--keep")
    kept = json.loads(out)
    assert code == 0 and 0 < len(kept["residual"]) <= 16000 and Patch.from_json(kept).kept
    assert patches[2]["category"] == "scrape"
    (tmp_path / "patch.json").write_text(json.dumps(patches[1]))
    assert run(capsys, "render", "--patch", tmp_path / "patch.json", "--out", tmp_path / "out")[0] == 0
    (made,) = (tmp_path / "out").iterdir()
    assert Sound.load(made).patch.latent == Patch.from_json(patches[1]).latent


@pytest.mark.usefixtures("tiny_checkpoint")
def test_encode_refuses_in_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    soundfile.write(tmp_path / "silent.wav", np.zeros(4000), 16000)
    soundfile.write(tmp_path / "noise.wav", 0.1 * np.random.default_rng(0).standard_normal(4000), 16000)
    (tmp_path / "text.wav").write_text("no samples")
    for arguments, words in (
        (["silent.wav", "--model", "tiny"], "silent"),
        (["text.wav", "--model", "tiny"], "cannot be read as audio"),
        (["missing.wav", "--model", "tiny"], "check the path"),
        (["noise.wav", "--model", "violin"], "tiny"),
        (["noise.wav", "--model", "tiny", "--category", "violin"], "use hit, scrape"),
        (["noise.wav", "--model", "tiny", "--steps", "-1"], "--steps"),
        (["noise.wav", "--model", "tiny", "--start", "9"], "choose an earlier one"),
    ):
        code, out, err = run(capsys, "encode", tmp_path / arguments[0], *arguments[1:])
        assert code == 2 and not out and words in err and len(err.splitlines()) == 1, err
