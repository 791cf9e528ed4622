"""A kit as a preset of DecentSampler, XML (elements and attributes: its File Format Reference,
https://decentsampler-developers-guide.readthedocs.io).

A `.dslibrary` is a zip of the preset and its samples.
"""

from __future__ import annotations

from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from synth.kits.kit import Kit, Pad
from synth.kits.placing import RELEASE, Placed, by_pad, levelled

OLDEST = "1.0.0"  # of DecentSampler, that a preset asks for


def text(kit: Kit, placed: list[Placed]) -> str:
    """The .dspreset of a kit whose samples lie beside it."""
    root = Element("DecentSampler", minVersion=OLDEST)
    groups = SubElement(root, "groups")
    for pad, parts in by_pad(kit, placed):
        group = SubElement(groups, "group", _group(kit, pad))
        for part in parts:
            SubElement(group, "sample", _sample(part))
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def _group(kit: Kit, pad: Pad) -> dict[str, str]:
    told = {"name": pad.name, "ampVelTrack": "0" if levelled(kit) else "1"}
    if kit.round_robins > 1:
        told |= {"seqMode": "round_robin", "seqLength": str(kit.round_robins)}
    if pad.choke:
        tag = f"choke{pad.choke}"
        told |= {"tags": tag, "silencedByTags": tag, "silencingMode": "fast"}
    return told


def _sample(part: Placed) -> dict[str, str]:
    zone = part.zone
    told: dict[str, object] = {"path": part.file, "rootNote": zone.root, "loNote": zone.low, "hiNote": zone.high}
    told |= {"loVel": zone.soft, "hiVel": zone.loud, "seqPosition": zone.robin}
    if part.loop:
        loop = {"loopEnabled": "true", "loopStart": part.loop[0], "loopEnd": part.loop[1] - 1}
        told |= {**loop, "release": RELEASE}
    else:  # without an envelope a sound is heard to its end, however soon its key is let go
        told |= {"loopEnabled": "false", "ampEnvEnabled": "false"}
    return {name: str(value) for name, value in told.items()}
