"""Settings of the service: what it makes sounds with, where it listens, how it trains. No torch.

A setting comes from the first of these that names it: a flag (`--port 8080`), the environment (`SONOFORM_PORT=8080`),
the configuration file (`port = 8080`), the default. The file is TOML, flat, and named by --config or SONOFORM_CONFIG;
else it is sonoform.toml in the working directory, where there is one.

Reading is strict. An unknown key, a wrong type or a value out of range is a `ConfigError` that names key and source.
"""

from __future__ import annotations

import ipaddress
import json
import math
import os
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from synth.checks import Check, Schema, described, one_of, or_null, takes
from synth.choices import PHASES, SERVICE
from synth.errors import ConfigError, SonoformError
from synth.patch.patch import Patch
from synth.patch.ranges import MODEL_ID
from synth.paths import PLACES
from synth.recipes.recipe import RECIPES
from synth.storage import alone, write_text

FILE = "sonoform.toml"
PREFIX, FILE_VARIABLE = "SONOFORM_", "SONOFORM_CONFIG"
DEFAULT = "default"
NORMALISE = ("peak", "loudness")
LONGEST = 7 * 24 * 60  # minutes
# Folders that other parts of the house read from the environment, under the same names.
EXPORTED = ("checkpoints", "outputs", "runs", "device")
# What the web app reads too: of the environment alone.
SERVING = ("hosts", "proxies", "stream_minutes", "listeners")


@dataclass(frozen=True)
class Config:
    """model: id of a checkpoint. phase: one of `synth.choices.PHASES`. normalise: "peak", the true peak at -1 dBTP,
    or "loudness", -18 LUFS. preview: a picture beside each file that is written. device: auto, cpu or cuda.
    checkpoints, outputs, runs: folders, None for those of the project. host, port: where the web API listens.
    hosts, proxies: names that a server answers to and proxies that it believes, see app/server/door.py. stream_minutes,
    listeners: how long an endless sound may last, and for how many at once.
    preset, data, minutes, threads, settings: of a training run; threads None: all cores but one; settings:
    "NAME=VALUE" pairs that change the preset.
    """

    model: str = SERVICE.model
    phase: str = Patch.phase
    normalise: str = "peak" if SERVICE.lufs is None else "loudness"
    preview: bool = False
    device: str = "auto"
    checkpoints: Path | None = None
    outputs: Path | None = None
    runs: Path | None = None
    host: str = "127.0.0.1"
    port: int = 5050
    hosts: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()
    stream_minutes: float = 10.0
    listeners: int = 8
    preset: str = "soundgan"
    data: Path | None = None
    minutes: float = 30.0
    threads: int | None = None
    settings: tuple[str, ...] = ()

    def changed(self, values: Mapping[str, object], source: str) -> Config:
        """A copy with some keys changed; raises ConfigError, with `source` as the place that they were read from."""
        return replace(self, **{key: _checked(source, key, value) for key, value in values.items()})

    def to_dict(self) -> dict[str, Any]:
        """Every key in plain JSON types."""
        return {item.name: _plain(getattr(self, item.name)) for item in fields(self)}

    def patch(self) -> dict[str, Any]:
        """The fields of a patch that the configuration sets."""
        return {"model": self.model, "phase": self.phase, "lufs": None if self.normalise == "peak" else Patch.lufs}

    def environment(self) -> dict[str, str]:
        """Variables that tell the rest of the house, and the processes that it starts, of folders and device."""
        named = {key: getattr(self, key) for key in EXPORTED}
        return {f"{PREFIX}{key.upper()}": str(value) for key, value in named.items() if value is not None}


@dataclass(frozen=True)
class Configured:
    """A configuration, where each key that is not a default came from, and the file that changes are saved to."""

    config: Config = field(default_factory=Config)
    sources: Mapping[str, str] = field(default_factory=dict)
    file: Path = Path(FILE)

    def changed(self, values: Mapping[str, object], source: str) -> Configured:
        """Raises ConfigError."""
        sources = {**self.sources, **dict.fromkeys(values, source)}
        return replace(self, config=self.config.changed(values, source), sources=sources)

    def to_dict(self) -> dict[str, Any]:
        """Every key, and where it came from."""
        config = self.config.to_dict()
        return {"config": config, "sources": {key: self.sources.get(key, DEFAULT) for key in config}}


def read(
    file: Path | None = None, flags: Mapping[str, str] | None = None, environment: Mapping[str, str] | None = None
) -> Configured:
    """The configuration of this process; `flags` as they were typed, by key. Raises ConfigError and SonoformError."""
    named = os.environ if environment is None else environment
    path = file or (Path(named[FILE_VARIABLE]) if named.get(FILE_VARIABLE) else None)
    configured = Configured(file=path or Path(FILE))
    if path or configured.file.is_file():
        values = _load(configured.file)
        configured = configured.changed(_placed(values, configured.file), str(configured.file))
    for name, text in sorted(named.items()):
        key = name.removeprefix(PREFIX).lower()
        of_others = name in PLACES and key not in KEYS  # it names a place that is no setting of these servers
        if name.startswith(PREFIX) and name != FILE_VARIABLE and not of_others and text:
            configured = _spelled(configured, name, key, text)
    for key, text in (flags or {}).items():
        configured = _spelled(configured, f"--{key}", key, text)
    return configured


def serving(environment: Mapping[str, str] | None = None) -> Config:
    """The variables of `SERVING`, and nothing else. Raises ConfigError."""
    named = os.environ if environment is None else environment
    configured = Configured()
    for key in SERVING:
        variable = f"{PREFIX}{key.upper()}"
        if named.get(variable):
            configured = _spelled(configured, variable, key, named[variable])
    return configured.config


def save(file: Path, values: Mapping[str, Any]) -> None:
    """Writes keys into a configuration file, made where there is none; its other lines stay as they are.

    values: as `Config.to_dict` has them; None takes a key out. Raises ConfigError and SonoformError.
    """
    try:
        with alone(file):
            write_text(file, _changed(file, values))
    except OSError as error:
        reason = error.strerror or error
        raise SonoformError(f"{file} cannot be written ({reason}): choose another with --config") from error


def _changed(file: Path, values: Mapping[str, Any]) -> str:
    """The text of a configuration file with these keys changed."""
    before = _load(file) if file.is_file() else {}
    after = {key: value for key, value in {**before, **values}.items() if value is not None}
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    for key, value in values.items():
        text = _with_line(text, key, value)
    if not _says(text, after):  # a value over several lines, say, which one line does not replace
        text = "".join(_line(key, value) for key, value in after.items())
    return text


# -- what a key may be -----------------------------------------------------------------------------------------------


def _checked(source: str, key: str, value: object) -> Any:
    """A value as the configuration keeps it. The checks of `KEYS` raise ValueError with what it must be."""
    if key not in KEYS:
        raise ConfigError(source, key[:40], f"is no key of the configuration; there are {', '.join(KEYS)}")
    if value is None and getattr(Config, key) is None:
        return None
    try:
        return KEYS[key](value)
    except ValueError as error:
        raise ConfigError(source, key, f"must be {error}, not {ascii(value)[:60]}") from error


def schema(names: Iterable[str]) -> Schema:
    """An object with some of the keys, as JSON Schema."""
    optional = {name: Check(KEYS[name], or_null(KEYS[name].schema)) for name in names if getattr(Config, name) is None}
    return described({name: optional.get(name, KEYS[name]) for name in names}, {})


def _one_of(*known: str) -> Check:
    @takes(**one_of(known))
    def check(value: object) -> str:
        if not isinstance(value, str) or value not in known:
            raise ValueError(f"one of {', '.join(known)}")
        return value

    return check


def _matching(pattern: str, words: str) -> Check:
    @takes(type="string", pattern=f"^({pattern})$")
    def check(value: object) -> str:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise ValueError(words)
        return value

    return check


def _whole(low: int, high: int) -> Check:
    @takes(type="integer", minimum=low, maximum=high)
    def check(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ValueError(f"a whole number, {low}..{high}")
        return value

    return check


@takes(type="number", exclusiveMinimum=0.0, maximum=float(LONGEST))
def _minutes(value: object) -> float:
    number = value if isinstance(value, (int, float)) and not isinstance(value, bool) else math.nan
    if not 0.0 < number <= LONGEST:  # NaN is in no range
        raise ValueError(f"a number of minutes above 0, {LONGEST} at most")
    return float(number)


@takes(type="boolean")
def _truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


@takes(type="string", minLength=1)
def _folder(value: object) -> Path:
    text = str(value) if isinstance(value, (str, Path)) else ""
    if not text or not text.isprintable():
        raise ValueError("the path of a folder")
    return Path(text).expanduser().absolute()


def _list_of(check: Check, words: str) -> Check:
    @takes(type="array", items=check.schema)
    def checked(value: object) -> tuple[str, ...]:
        if not isinstance(value, (list, tuple)):
            raise ValueError(words)
        return tuple(map(check, value))

    return checked


@takes(type="string")
def _network(value: object) -> str:
    try:
        return str(ipaddress.ip_network(value if isinstance(value, str) else "", strict=False))
    except ValueError:
        raise ValueError("a list of addresses or networks, such as 10.0.0.0/8") from None


_HOSTS = "a list of names of hosts, *.NAME for all below one"

KEYS: dict[str, Check] = {
    "model": _matching(MODEL_ID.pattern, "the id of a model (letters, digits, _ . -)"),
    "phase": _one_of(*PHASES),
    "normalise": _one_of(*NORMALISE),
    "preview": _truth,
    "device": _matching(r"auto|cpu|cuda(:[0-9]{1,2})?", "auto, cpu or cuda"),
    "checkpoints": _folder,
    "outputs": _folder,
    "runs": _folder,
    "host": _matching(r"[A-Za-z0-9_.:-]{1,253}", "the name or address of this machine"),
    "port": _whole(1, 65535),
    "hosts": _list_of(_matching(r"(\*\.)?[A-Za-z0-9_.:-]{1,253}", _HOSTS), _HOSTS),
    "proxies": _list_of(_network, "a list of addresses or networks, such as 10.0.0.0/8"),
    "stream_minutes": _minutes,
    "listeners": _whole(0, 1024),
    "preset": _one_of(*RECIPES),
    "data": _folder,
    "minutes": _minutes,
    "threads": _whole(1, 1024),
    "settings": _list_of(_matching(r"\w+=[!-~]+", "a list of NAME=VALUE"), "a list of NAME=VALUE"),
}


# -- spellings: the text of a flag or a variable, and TOML -------------------------------------------------------------


def _whole_of(text: str) -> object:
    return int(text) if re.fullmatch("[0-9]{1,9}", text) else text


def _number_of(text: str) -> object:
    return float(text) if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text) else text


_TRUTHS = {"true": True, "1": True, "false": False, "0": False}
# A text that is no number stays a text, which the check then refuses by what it must be.
_FROM_TEXT: dict[str, Callable[[str], object]] = {
    "preview": lambda text: _TRUTHS.get(text.lower(), text),
    "port": _whole_of,
    "threads": _whole_of,
    "listeners": _whole_of,
    "minutes": _number_of,
    "stream_minutes": _number_of,
    "settings": str.split,
    "hosts": str.split,
    "proxies": str.split,
}


def _spelled(configured: Configured, source: str, key: str, text: str) -> Configured:
    return configured.changed({key: _FROM_TEXT.get(key, str)(text)}, source)


def _placed(values: Mapping[str, Any], file: Path) -> dict[str, Any]:
    """The values of a file, with its folders as seen from where it lies."""
    return {
        key: str(file.absolute().parent / Path(value).expanduser())
        if KEYS.get(key) is _folder and isinstance(value, str) and value
        else value
        for key, value in values.items()
    }


def _load(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SonoformError(f"{file} cannot be read ({error.strerror}): check the path of --config") from error
    except ValueError as error:  # of TOML, or of UTF-8
        raise SonoformError(f"{file} is not TOML: {str(error).rstrip('.')}; write lines such as port = 5050") from error


def _says(text: str, values: Mapping[str, Any]) -> bool:
    try:
        return tomllib.loads(text) == values
    except ValueError:
        return False


def _with_line(text: str, key: str, value: Any) -> str:
    """The text of a file with the line of one key replaced, added at the end, or taken out."""
    line = "" if value is None else _line(key, value)
    found = re.compile(rf"^[ \t]*{key}[ \t]*=.*(\n|\Z)", re.MULTILINE)
    if found.search(text):
        return found.sub(lambda _: line, text, count=1)
    return text + ("\n" if text and not text.endswith("\n") else "") + line


def _line(key: str, value: Any) -> str:
    if isinstance(value, list):
        return f"{key} = [{', '.join(map(_quoted, value))}]\n"
    return f"{key} = {_quoted(value)}\n"


def _quoted(value: Any) -> str:
    """A value in TOML, whose printable texts, numbers and truths are those of JSON."""
    return json.dumps(value, ensure_ascii=False)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else str(value) if isinstance(value, Path) else value
