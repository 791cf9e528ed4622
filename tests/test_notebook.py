"""The quickstart notebook runs from its first cell to its last, with the model that is shipped."""

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from synth.sound.sound import Sound

NOTEBOOK = Path(__file__).resolve().parent.parent / "notebooks" / "quickstart.ipynb"


@pytest.fixture(scope="module")
def notebook() -> Any:
    return nbformat.read(NOTEBOOK, as_version=4)


def shown(cell: Any, kind: str) -> bool:
    return any(kind in output.get("data", {}) for output in cell.outputs)


def test_it_is_kept_without_its_outputs(notebook: Any) -> None:
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert not any(cell.outputs or cell.execution_count for cell in code)


def test_it_runs(notebook: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR"):
        monkeypatch.setenv(name, str(tmp_path / "jupyter"))
    monkeypatch.delenv("SONOFORM_CHECKPOINTS", raising=False)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    cells = {cell.source: cell for cell in notebook.cells if cell.cell_type == "code"}
    assert not any(output.output_type in ("stream", "error") for cell in cells.values() for output in cell.outputs)
    for source, cell in cells.items():
        *_, last = source.splitlines()
        assert shown(cell, "image/png") == last.startswith("plots.")
        assert shown(cell, "text/html") == last.startswith("play(")
    saved = Sound.load(tmp_path / "outputs" / "metal.wav")
    assert saved.patch is not None and saved.patch.category == "metal_hit"
    assert Sound.load(tmp_path / "outputs" / "rattle.wav").seconds == 6.0
