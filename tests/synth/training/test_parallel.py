"""Two processes that average their gradients against one with the doubled batch."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from synth.cli.command import main
from synth.runs.run import Run
from synth.runs.state import load_state
from synth.training.parallel import Team
from tests.harness.patience import PATIENCE

CPU = torch.device("cpu")
# Speeds, and figures of four sounds, which the last bit of a weight may turn.
VARYING = ("images_per_second", "wall_minutes", "fad", "kad", "hit_rate")


# Adam makes steps of the full rate of gradients that are rounding alone: at low rates those do not add up.
RATES = ["outline_rate=1e-3", "feature_rate=1e-4", "statistics_rate=1e-4"]


def arguments(folder: Path, batch: int) -> list[str]:
    batches = [f"batch={2 * batch}", f"anchors={batch}", f"feature_batch={batch}", f"outline_batch={2 * batch}"]
    return ["--out", str(folder), "--threads", "1", "--set", *batches, *RATES, "score_sounds=4"]


def two_processes(*words: str) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    launcher = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", "2", "--master_port", str(port)]
    done = subprocess.run([*launcher, "-m", "synth", "train", *words], capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr


def ticks(folder: Path) -> list[dict[str, float]]:
    return [{k: v for k, v in line.items() if k not in VARYING} for line in Run.open(folder).metrics()]


def test_two_processes_learn_what_one_does_with_the_doubled_batch(recordings: Path, tmp_path: Path) -> None:
    """Through every phase, and interrupted once by a stop and a resume."""
    begin = ["--preset", "tiny", "--data", str(recordings)]
    one, two = tmp_path / "one", tmp_path / "two"
    assert main(["train", *begin, *arguments(one, 4), "--kimg", "0.1"]) == 0
    two_processes(*begin, *arguments(two, 2), "--kimg", "0.06")
    two_processes("--out", str(two), "--resume", "--threads", "1", "--kimg", "0.1")
    assert {line["phase"] for line in ticks(one)} == {"outline", "features", "statistics"}
    assert len(ticks(one)) == len(ticks(two))
    for alone, together in zip(ticks(one), ticks(two), strict=True):
        assert alone.keys() == together.keys()
        for name, value in alone.items():
            expected = pytest.approx(value, rel=5e-3, abs=5e-3) if isinstance(value, float) else value
            assert together[name] == expected, (alone["seen"], name)
    states = [load_state(folder / "state", CPU) for folder in (one, two)]
    assert states[0] and states[1]
    networks = [state["learner"]["networks"] for state in states if state]
    apart = {n: _apart(networks[1][n], w) for n, w in networks[0].items() if w.is_floating_point()}
    assert max(apart.values()) < 0.02, {n: v for n, v in apart.items() if v >= 0.02}


def _apart(a: torch.Tensor, b: torch.Tensor) -> float:
    return float((a - b).norm() / (b.norm() + 1.0))


def test_parts_of_a_batch_make_the_whole() -> None:
    whole = torch.arange(12).view(6, 2)
    parts = [Team(rank, 3).part(whole) for rank in range(3)]
    assert torch.equal(torch.stack(parts, dim=1).flatten(0, 1), whole)
    # Of either half of the batch each has its share: one half reconstructs, the other is drawn.
    assert [set((p[:, 0] // 6).tolist()) for p in parts] == [{0, 1}] * 3
    assert Team().gather(whole) is whole and Team().any(True, CPU) and not Team().any(False, CPU)
