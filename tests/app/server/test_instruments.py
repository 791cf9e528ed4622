"""Shared instruments: one of a model, kept sounds, and a fresh one after its checkpoint changed."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import weakref
from pathlib import Path

import numpy as np
import pytest

from app.server import instruments
from synth.checkpoint.store import CARD
from synth.errors import CheckpointError, PatchError
from synth.latents.budget import Budget
from synth.patch.patch import Patch
from tests.harness.patience import PATIENCE


def test_the_same_instrument_is_shared(tiny_checkpoint):
    shared = instruments.instrument("tiny")
    assert instruments.instrument("tiny") is shared
    assert shared.card.id == "tiny"


def test_a_changed_checkpoint_is_loaded_again(tiny_checkpoint):
    shared = instruments.instrument("tiny")
    card = tiny_checkpoint / "tiny" / CARD
    os.utime(card, ns=(0, card.stat().st_mtime_ns + 10**9))
    assert instruments.instrument("tiny") is not shared


def test_an_instrument_that_is_let_go_of_leaves_the_memory(tiny_checkpoint, monkeypatch):
    monkeypatch.setattr(instruments, "SETTLES_AFTER", 0.05)
    settled = threading.Event()
    settle = instruments._settle
    instruments.instrument("tiny")
    gone = weakref.ref(instruments.instrument("tiny")._instrument)
    instruments._load.clear()
    monkeypatch.setattr(instruments, "_settle", lambda: (settle(), settled.set()))
    instruments._settle_soon()
    assert settled.wait(PATIENCE) and gone() is None


def test_a_sound_is_rendered_once(tiny_checkpoint):
    shared = instruments.instrument("tiny")
    patch = Patch("tiny", "scrape", 4)
    assert shared.render(patch) is shared.render(patch)
    assert not np.array_equal(shared.render(patch).samples, shared.render(Patch("tiny", "scrape", 5)).samples)


def test_threads_get_the_sounds_they_asked_for(tiny_checkpoint):
    shared = instruments.instrument("tiny")
    patches = [Patch("tiny", "hit", seed) for seed in range(100, 108)]
    sounds = {}
    threads = [threading.Thread(target=lambda p=patch: sounds.update({p: shared.render(p)})) for patch in patches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    again = instruments.SharedInstrument(tiny_checkpoint / "tiny", "cpu")
    for patch in patches:
        assert np.array_equal(sounds[patch].samples, again.render(patch).samples)


def test_errors_are_not_kept(tiny_checkpoint):
    shared = instruments.instrument("tiny")
    for _ in range(2):
        with pytest.raises(PatchError):
            shared.render(Patch("tiny", "violin"))


def test_a_missing_model_is_named(tiny_checkpoint):
    with pytest.raises(CheckpointError, match="violin"):
        instruments.instrument("violin")


def test_warming_up_without_models_is_quiet(tmp_path, monkeypatch):
    monkeypatch.setenv("SONOFORM_CHECKPOINTS", str(tmp_path))
    instruments.warm_up()


def test_threads_wait_asleep_because_that_is_set_before_torch_is_loaded():
    code = "import app.server.instruments, os, sys; print(os.environ['OMP_WAIT_POLICY'], 'torch' in sys.modules)"
    environment = {key: text for key, text in os.environ.items() if key != "OMP_WAIT_POLICY"}
    root = Path(__file__).resolve().parents[3]
    command = [sys.executable, "-c", code]
    told = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["PASSIVE", "False"]


def test_others_have_their_turns_between_the_steps_of_a_search(tiny_checkpoint):
    shared = instruments.instrument("tiny")
    sound = shared.render(Patch("tiny", "scrape", 7))
    begun, waited, taken = threading.Event(), [], []

    def listen() -> None:
        begun.wait(PATIENCE)
        for seed in range(200, 210):
            before = len(taken)
            shared.render(Patch("tiny", "hit", seed))
            waited.append(len(taken) - before)

    listener = threading.Thread(target=listen)
    listener.start()

    def report(share: float) -> None:
        taken.append(share)
        begun.set()

    start = shared.match(sound)
    found = shared.refine(start, sound, Budget(steps=60), report)
    listener.join(PATIENCE)
    assert taken == sorted(taken) and len(taken) == 61 and found.latent != start.latent
    assert len(waited) == 10 and max(waited) <= 3


def test_a_search_that_is_left_gives_the_instrument_back(tiny_checkpoint):
    shared = instruments.instrument("tiny")
    sound = shared.render(Patch("tiny", "scrape", 7))

    def leave(share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        shared.refine(shared.match(sound), sound, Budget(seconds=30.0), leave)
    assert shared.render(Patch("tiny", "hit", 300)).seconds > 0.0


def test_directions_that_come_at_once_are_all_kept(tiny_checkpoint):
    shared = instruments.instrument("tiny")
    shared.keep("Wobble", "Dim 1")
    packed = shared.pack("Wobble")
    threads = [threading.Thread(target=shared.unpack, args=(packed,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    names = sorted(direction.name for direction in shared.named())
    assert names == ["Wobble", *(f"Wobble {i}" for i in range(2, 10))]
    for name in names:
        shared.remove(name)
