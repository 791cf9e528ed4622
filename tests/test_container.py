"""The image has all that the app needs, and runs it as a user who may not change it. No engine is asked."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LINES = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ").splitlines()


def stages() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in LINES:
        if begun := re.fullmatch(r"FROM \S+ AS (\w+)", line):
            found[begun[1]] = []
        elif found and line and not line.startswith("#"):
            found[[*found][-1]].append(line)
    return found


def test_what_the_app_needs_is_copied():
    copied = {
        source
        for line in LINES
        if line.startswith("COPY ") and "--from" not in line
        for source in line.split()[1:-1]
        if not source.startswith("--")
    }
    assert all((ROOT / source).exists() for source in copied)
    needed = {"streamlit_app.py", "app", "pages", "synth", "checkpoints", ".streamlit", "requirements.txt"}
    assert needed <= copied


def test_both_targets_run_as_an_ordinary_user():
    for target in ("cpu", "cuda"):
        lines = stages()[target]
        assert lines[-1] == "USER sonoform"
        assert "COPY --chown=sonoform:sonoform checkpoints checkpoints" in lines  # named directions are kept there
        assert "COPY --from=sources /home/sonoform/app ./" in lines


def test_the_cpu_is_what_is_built_unasked():
    assert [*stages()][-1] == "cpu"


def test_its_health_is_asked():
    assert any(line.startswith("HEALTHCHECK") and "app.server.health" in line for line in stages()["base"])
