"""Imports run one way, from room to room, as docs/design.md says, and its list of rooms is the tree's.

Read from the syntax alone.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("synth", "app", "pages")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
ROW = re.compile(r"^\| `(?P<room>[a-z/]+)/` \| (?P<modules>[^|]*) \|", re.MULTILINE)

# What stands beside the rooms, and which every room may import.
LEAVES = {"synth.checks", "synth.choices", "synth.errors", "synth.paths", "synth.pool", "synth.storage", "synth.zips"}
# Room -> the rooms that it may import. A module belongs to the room with the longest name.
MAY_IMPORT: dict[str, set[str]] = {
    "synth.checks": set(),
    "synth.errors": set(),
    "synth.storage": {"synth.errors"},
    "synth.config": {"synth.patch", "synth.recipes"},
    "synth.patch": set(),
    "synth.checkpoint": {"synth.patch"},
    "synth.chart": {"synth.checkpoint"},
    "synth.audio": {"synth.patch"},
    "synth.sound": {"synth.patch", "synth.audio"},
    "synth.models": {"synth.patch", "synth.checkpoint", "synth.audio"},
    "synth.latents": {"synth.patch", "synth.audio", "synth.models"},
    "synth.directions": {"synth.patch", "synth.audio", "synth.sound", "synth.models"},
    "synth.instruments": {
        "synth.patch",
        "synth.checkpoint",
        "synth.chart",
        "synth.audio",
        "synth.sound",
        "synth.models",
        "synth.latents",
        "synth.directions",
    },
    "synth.voice": {"synth.patch", "synth.audio", "synth.sound", "synth.instruments"},
    "synth.kits": {"synth.patch", "synth.checkpoint", "synth.audio", "synth.sound"},
    "synth.judging": {"synth.patch", "synth.checkpoint", "synth.audio", "synth.sound"},
    "synth.library": {"synth.patch", "synth.audio", "synth.sound", "synth.models"},
    "synth.recordings": {"synth.audio", "synth.sound"},
    "synth.recipes": {"synth.checkpoint", "synth.audio", "synth.models"},
    "synth.scoring": {"synth.audio", "synth.models", "synth.recordings", "synth.recipes"},
    "synth.runs": {"synth.checkpoint", "synth.recordings", "synth.recipes"},
    "synth.training": {
        "synth.checkpoint",
        "synth.audio",
        "synth.sound",
        "synth.models",
        "synth.latents",
        "synth.recordings",
        "synth.recipes",
        "synth.scoring",
        "synth.runs",
    },
    "synth.publishing": {
        "synth.patch",
        "synth.checkpoint",
        "synth.chart",
        "synth.audio",
        "synth.models",
        "synth.latents",
        "synth.directions",
        "synth.instruments",
        "synth.recordings",
        "synth.recipes",
        "synth.scoring",
        "synth.runs",
        "synth.training",
    },
    "synth.cli": {"synth"},
    "synth": {"synth.cli"},
    "app.server": {"synth", "app.jobs"},
    "app.session": {"synth", "app.server"},
    "app.jobs": {"synth"},
    "app.widgets": {"synth", "app.server", "app.session"},
    "app": {"synth", "app.server", "app.session", "app.widgets"},
    "pages": {"synth", "app"},
}
# What a page needs before the first sound must load without torch; what trains and publishes runs in other processes.
TRAINS = {f"synth.{room}" for room in ("recordings", "scoring", "training", "publishing", "cli")}
NEVER = {
    "app": {"torch", *TRAINS},
    "pages": {"torch", *TRAINS},
    "synth": {"streamlit"},
    **{
        room: {"torch"}
        for room in (*LEAVES, "synth.config", "synth.patch", "synth.checkpoint", "synth.chart", "synth.kits")
    },
    "synth.recipes.recipe": {"torch"},
    "synth.runs.figures": {"torch"},
    "synth.sound.sound": {"torch"},
}


def within(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def exists(module: str) -> bool:
    path = ROOT.joinpath(*module.split("."))
    return path.is_dir() or path.with_suffix(".py").is_file()


def imports(source: str, package: str) -> Iterator[str]:
    """Full names of the modules that a source imports anywhere, also inside functions. `package`: where it lies."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *filter(None, [node.module])])
            # `from synth.sound import sound` imports synth.sound.sound, as `from synth.sound.sound import Sound` does.
            yield from {f"{base}.{a.name}" if exists(f"{base}.{a.name}") else base for a in node.names}


def imports_of(path: Path) -> set[str]:
    package = ".".join(path.relative_to(ROOT).parent.parts)
    return set(imports(path.read_text(encoding="utf-8"), package))


def room(module: str) -> str:
    return max((name for name in MAY_IMPORT if within(module, name)), key=len)


def faults(module: str, imported: set[str]) -> list[str]:
    """What a module imports against the rules."""
    own = room(module)
    allowed = MAY_IMPORT[own] | {own} | (set() if own in LEAVES else LEAVES)
    banned = set().union(*(names for top, names in NEVER.items() if within(module, top)))
    ours = {name for name in imported if any(within(name, package) for package in PACKAGES)}
    wrong = {name for name in ours if not any(within(name, other) for other in allowed)}
    wrong |= {name for name in imported if any(within(name, other) for other in banned)}
    return [f"{module} must not import {name}" for name in sorted(wrong)]


@pytest.mark.parametrize("path", SOURCES, ids=module_name)
def test_imports_run_one_way(path: Path) -> None:
    assert faults(module_name(path), imports_of(path)) == []


def test_no_rule_lets_two_rooms_import_each_other() -> None:
    def reached(name: str, seen: frozenset[str] = frozenset()) -> frozenset[str]:
        for other in MAY_IMPORT.get(name, set()) - {"synth", "app"} - seen:
            seen |= reached(other, seen | {other})
        return seen

    assert [name for name in MAY_IMPORT if name in reached(name)] == []


def test_no_import_is_circular() -> None:
    graph = {module_name(path): {name for name in imports_of(path) if exists(name)} for path in SOURCES}
    done: set[str] = set()

    def walk(module: str, trail: tuple[str, ...]) -> None:
        assert module not in trail, f"circular import: {' -> '.join([*trail, module])}"
        if module not in done:
            for name in sorted(graph.get(module, set()) - {module}):
                walk(name, (*trail, module))
            done.add(module)

    for module in graph:
        walk(module, ())


def test_the_design_lists_the_rooms_of_the_tree_and_their_modules() -> None:
    design = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
    told = {row["room"]: set(re.findall(r"[\w.]+", row["modules"])) for row in ROW.finditer(design)}
    there: dict[str, set[str]] = {}
    for path in SOURCES:
        if path.stem != "__init__":
            there.setdefault(path.relative_to(ROOT).parent.as_posix(), set()).add(path.stem)
    assert told == there


def test_a_name_of_a_module_stands_for_one_module() -> None:
    """A page is named after what it shows, so pages may share a name with the module that does it."""
    names = Counter(path.stem for path in SOURCES if path.stem != "__init__" and path.parts[-2] != "pages")
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("synth.audio.stft", "from synth.models import layers"),
        ("synth.audio.stft", "from ..models.layers import Linear"),
        ("synth.models.layers", "def f():\n    import synth.directions.sefa"),
        ("synth.directions.sefa", "from synth.instruments.instrument import Instrument"),
        ("synth.instruments.instrument", "import synth.recipes.presets"),
        ("synth.runs.run", "from synth.training import trainer"),
        ("synth.patch.patch", "from synth.sound.sound import Sound"),
        ("synth.sound.sound", "from synth.models import shipped"),
        ("synth.checkpoint.store", "import torch"),
        ("synth.cli.command", "from app.server.routes import routes"),
        ("synth.cli.command", "import streamlit as st"),
        ("app.server.instruments", "from pages import shape"),
        ("app.server.routes", "from app.widgets import desk"),
        ("app.server.frames", "import torch.nn"),
        ("pages.shape", "from torch import Tensor"),
        ("pages.shape", "from synth.training.trainer import Trainer"),
    ],
)
def test_the_rules_notice(module: str, source: str) -> None:
    assert len(faults(module, set(imports(source, module.rpartition(".")[0])))) == 1
