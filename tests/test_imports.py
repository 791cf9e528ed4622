"""Imports run one way: pages -> app -> synth, and inside synth as docs/design.md says. Read from the syntax alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("synth", "app", "pages")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))

# The values that every part speaks in, and may import.
LEAVES = {
    "synth.errors",
    "synth.factors",
    "synth.families",
    "synth.files",
    "synth.morph",
    "synth.patch",
    "synth.phases",
    "synth.runs",
    "synth.sound",
}
# Part of the house -> what else of it the part may import. A module belongs to the part with the longest name.
MAY_IMPORT = {
    "synth.errors": set(),
    "synth.factors": set(),
    "synth.families": set(),
    "synth.files": set(),
    "synth.morph": {"synth.errors", "synth.factors", "synth.patch"},
    "synth.own": set(),
    "synth.patch": {"synth.errors"},
    "synth.phases": set(),
    "synth.runs": {"synth.families"},
    "synth.config": set(),
    "synth.sound": {"synth.errors", "synth.patch", "synth.audio.containers"},
    "synth.audio": set(),
    "synth.checkpoint": {"synth.own"},
    "synth.models": {"synth.audio", "synth.checkpoint"},
    "synth.control": {"synth.audio", "synth.models"},
    "synth.instrument": {"synth.audio", "synth.checkpoint", "synth.control"},
    "synth.style": {
        "synth.audio",
        "synth.checkpoint",
        "synth.control",
        "synth.instrument",
        "synth.models",
        "synth.own",
    },
    "synth.plain": {"synth.audio", "synth.checkpoint", "synth.instrument", "synth.models"},
    "synth.loading": {"synth.checkpoint", "synth.instrument", "synth.plain", "synth.style"},
    "synth.training": {"synth.audio", "synth.checkpoint", "synth.control", "synth.models"},
    "synth.bench": {"synth.checkpoint", "synth.loading"},
    "synth": {"synth"},  # cli and __main__ stand on top of the library
    "app": {"synth"},
    "pages": {"app", "synth"},
}
NEVER = {
    "app": {"torch", "synth.training"},
    "pages": {"torch", "synth.training"},
    "synth": {"streamlit"},
    # What a page needs before the first sound must load without torch.
    "synth.errors": {"torch"},
    "synth.factors": {"torch"},
    "synth.families": {"torch"},
    "synth.files": {"torch"},
    "synth.morph": {"torch"},
    "synth.own": {"torch"},
    "synth.patch": {"torch"},
    "synth.phases": {"torch"},
    "synth.runs": {"torch"},
    "synth.config": {"torch"},
    "synth.sound": {"torch"},
    "synth.checkpoint": {"torch"},
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
            # `from synth import sound` imports synth.sound, `from synth.sound import Sound` imports synth.sound.
            yield from {f"{base}.{a.name}" if exists(f"{base}.{a.name}") else base for a in node.names}


def imports_of(path: Path) -> set[str]:
    package = ".".join(path.relative_to(ROOT).parent.parts)
    return set(imports(path.read_text(encoding="utf-8"), package))


def part(module: str) -> str:
    return max((name for name in MAY_IMPORT if within(module, name)), key=len)


def faults(module: str, imported: set[str]) -> list[str]:
    """What a module imports against the rules."""
    own = part(module)
    allowed = MAY_IMPORT[own] | {own} | (set() if own in LEAVES else LEAVES)
    banned = set().union(*(names for top, names in NEVER.items() if within(module, top)))
    ours = {name for name in imported if any(within(name, package) for package in PACKAGES)}
    wrong = {name for name in ours if not any(within(name, other) for other in allowed)}
    wrong |= {name for name in imported if any(within(name, other) for other in banned)}
    return [f"{module} must not import {name}" for name in sorted(wrong)]


@pytest.mark.parametrize("path", SOURCES, ids=module_name)
def test_imports_run_one_way(path: Path) -> None:
    assert faults(module_name(path), imports_of(path)) == []


def test_sources_are_found() -> None:
    assert {part(module_name(path)) for path in SOURCES} >= {"app", "pages", "synth.audio", "synth.training"}


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


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("synth.audio.stft", "from synth.models import layers"),
        ("synth.audio.stft", "from ..models.layers import Linear"),
        ("synth.models.layers", "def f():\n    import synth.control.sefa"),
        ("synth.control.sefa", "from synth.instrument import Instrument"),
        ("synth.instrument", "import synth.training.presets"),
        ("synth.plain", "from synth.style import StyleInstrument"),
        ("synth.training.run", "from synth import instrument"),
        ("synth.patch", "from synth.sound import Sound"),
        ("synth.sound", "from synth.audio import stft"),
        ("synth.checkpoint", "import torch"),
        ("synth.cli", "from app.api import routes"),
        ("synth.cli", "import streamlit as st"),
        ("app.resources", "from pages import shape"),
        ("app.frames", "import torch.nn"),
        ("pages.shape", "from torch import Tensor"),
        ("pages.shape", "from synth.training.run import Run"),
    ],
)
def test_the_rules_notice(module: str, source: str) -> None:
    assert len(faults(module, set(imports(source, module.rpartition(".")[0])))) == 1
