"""Where things are: in a clone beside the sources; where Sonoform is installed, in the user's folder for data.

`SONOFORM_CHECKPOINTS`, `SONOFORM_OUTPUTS`, `SONOFORM_RUNS`, `SONOFORM_LIBRARY`, `SONOFORM_LISTENING` and
`SONOFORM_CACHE` each name another place.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

_BESIDE = Path(__file__).resolve().parent.parent
IS_CLONE = (_BESIDE / "streamlit_app.py").is_file()


def shell() -> Path:
    """The folder of the web app: `streamlit_app.py`, `app/` and `pages/`. An installed one lies within `sonoform`, so
    that no package called app stands among everybody's."""
    return _BESIDE if IS_CLONE else _BESIDE / "sonoform" / "web"


def home() -> Path:
    """Where models, runs and outputs are kept, unless they are named."""
    if IS_CLONE:
        return _BESIDE
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "sonoform"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "sonoform"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "sonoform"


def models() -> Path:
    """$SONOFORM_CHECKPOINTS, or checkpoints/ at home."""
    return _named("CHECKPOINTS") or shipped()


def shipped() -> Path:
    """Where models are unless another folder is named; the frozen networks that come with the project lie there."""
    return home() / "checkpoints"


def outputs() -> Path:
    """$SONOFORM_OUTPUTS, or outputs/ at home: what routes write."""
    return _named("OUTPUTS") or home() / "outputs"


def runs() -> Path:
    """$SONOFORM_RUNS, or runs/ at home: what the page Train begins."""
    return (_named("RUNS") or home() / "runs").resolve()


def library() -> Path:
    """$SONOFORM_LIBRARY, or library/sounds.sqlite at home: sounds that were kept, and the last ones heard."""
    return _named("LIBRARY") or home() / "library" / "sounds.sqlite"


def listening() -> Path:
    """$SONOFORM_LISTENING, or listening/ at home: listening tests and what was answered."""
    return _named("LISTENING") or home() / "listening"


def cache() -> Path:
    """$SONOFORM_CACHE, or .cache/ at home: what can be made again."""
    return _named("CACHE") or home() / ".cache"


def environment() -> dict[str, str]:
    """Variables of a process that finds the web app's modules from any folder, and the same places as this one."""
    path = os.pathsep.join(filter(None, [str(shell()), os.environ.get("PYTHONPATH")]))
    named = {name: str(Path(text).absolute()) for name in PLACES if (text := os.environ.get(name))}
    return os.environ | named | {"PYTHONPATH": path}


PLACES = tuple(
    f"SONOFORM_{name}" for name in ("CHECKPOINTS", "OUTPUTS", "RUNS", "LIBRARY", "LISTENING", "CACHE", "CONFIG")
)


def _named(name: str) -> Path | None:
    text = os.environ.get(f"SONOFORM_{name}")
    return Path(text) if text else None
