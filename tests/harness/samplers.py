"""Samplers that play a kit's mapping offline, as others read it: SFZ by sfzlint, DecentSampler's XML as its File Format
Reference tells of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from sfzlint.parser import validate

# Of the File Format Reference of DecentSampler 1.11: what a group and a sample may have.
_BOTH = {"tags", "silencedByTags", "silencingMode", "seqMode", "seqLength", "seqPosition", "release", "ampEnvEnabled"}
GROUP = _BOTH | {"name", "ampVelTrack"}
SAMPLE = _BOTH | {"path", "rootNote", "loNote", "hiNote", "loVel", "hiVel", "loopEnabled", "loopStart", "loopEnd"}


@dataclass(frozen=True)
class Region:
    """What plays one file. loop: first and last sample, or None; held: whether it ends when its key is let go."""

    file: str
    root: int
    keys: range
    velocities: range
    turn: tuple[int, int]
    choke: str | None
    loop: tuple[int, int] | None
    held: bool
    follows: bool  # whether its gain goes with the velocity


@dataclass
class Sampler:
    """Regions of an instrument, each with a count of its own of how often its key and velocity were struck."""

    regions: list[Region]
    struck: Counter[int] = field(default_factory=Counter)

    def strike(self, key: int, velocity: int) -> list[Region]:
        """The regions that sound."""
        sounding = []
        for number, region in enumerate(self.regions):
            if key in region.keys and velocity in region.velocities:
                position, length = region.turn
                if self.struck[number] % length == position - 1:
                    sounding.append(region)
                self.struck[number] += 1
        return sounding


def read_sfz(path: Path) -> Sampler:
    """By sfzlint, which must find nothing: no unknown opcode, no wrong value, no missing sample."""
    told: list[str] = []
    read = validate(
        path, err_cb=lambda level, text, token, file: told.append(f"{level} {text}"), config={"file_path": path}
    )
    assert told == []
    above: dict[str, dict] = {"global": {}, "group": {}}
    regions = []
    for header in read.headers:
        opcodes = {str(name): token.value for name, token in header.items()}
        if header.token == "region":
            regions.append(_sfz_region({**above["global"], **above["group"], **opcodes}))
        else:
            above[str(header.token)] = opcodes
    return Sampler(regions)


def _sfz_region(opcodes: dict) -> Region:
    looped = opcodes["loop_mode"] == "loop_continuous"
    assert opcodes.get("group") == opcodes.get("off_by")
    return Region(
        str(opcodes["sample"]),
        opcodes["pitch_keycenter"],
        range(opcodes["lokey"], opcodes["hikey"] + 1),
        range(opcodes["lovel"], opcodes["hivel"] + 1),
        (opcodes.get("seq_position", 1), opcodes.get("seq_length", 1)),
        str(opcodes["off_by"]) if "off_by" in opcodes else None,
        (opcodes["loop_start"], opcodes["loop_end"]) if looped else None,
        opcodes["loop_mode"] != "one_shot",
        opcodes["amp_veltrack"] != 0,
    )


def read_dspreset(path: Path) -> Sampler:
    """By the elements and attributes that are documented, with those of a group where a sample has none."""
    root = ElementTree.parse(path).getroot()
    assert root.tag == "DecentSampler" and [child.tag for child in root] == ["groups"]
    regions = []
    for group in root[0]:
        assert group.tag == "group" and set(group.attrib) <= GROUP
        for sample in group:
            assert sample.tag == "sample" and set(sample.attrib) <= SAMPLE and not len(sample)
            regions.append(_ds_region({**group.attrib, **sample.attrib}))
    return Sampler(regions)


def _ds_region(told: dict[str, str]) -> Region:
    looped = told["loopEnabled"] == "true"
    assert told.get("seqMode", "always") == ("round_robin" if "seqLength" in told else "always")
    assert told.get("tags") == told.get("silencedByTags")
    return Region(
        told["path"],
        int(told["rootNote"]),
        range(int(told["loNote"]), int(told["hiNote"]) + 1),
        range(int(told["loVel"]), int(told["hiVel"]) + 1),
        (int(told["seqPosition"]), int(told.get("seqLength", "1"))),
        told["tags"].removeprefix("choke") if "tags" in told else None,
        (int(told["loopStart"]), int(told["loopEnd"])) if looped else None,
        told.get("ampEnvEnabled") != "false",
        told["ampVelTrack"] != "0",
    )
