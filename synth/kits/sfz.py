"""A kit as SFZ, a text that samplers of many makers read (opcodes: https://sfzformat.com, versions 1 and 2).

Paths are written in full and with slashes, which all readers take; a loop's end is its last sample, counted in.
"""

from __future__ import annotations

from synth.kits.kit import Kit, Pad
from synth.kits.placing import RELEASE, Placed, by_pad, levelled


def text(kit: Kit, placed: list[Placed]) -> str:
    """The .sfz of a kit whose samples lie beside it."""
    track = 0 if levelled(kit) else 100
    lines = [f"// {kit.name}: made with Sonoform", "<global>", f"amp_veltrack={track}"]
    for pad, parts in by_pad(kit, placed):
        lines += ["", f"// {pad.name}", "<group>", *_group(pad)]
        for part in parts:
            lines += ["<region>", *_region(kit, part)]
    return "\n".join(lines) + "\n"


def _group(pad: Pad) -> list[str]:
    held = [f"ampeg_release={RELEASE:g}", "loop_mode=loop_continuous"] if pad.patch.loop else ["loop_mode=one_shot"]
    # Of a group of its own, so that a pad which is struck again silences itself too.
    choked = [f"group={pad.choke}", f"off_by={pad.choke}", "off_mode=fast"] if pad.choke else []
    return held + choked


def _region(kit: Kit, part: Placed) -> list[str]:
    zone = part.zone
    keys = [f"lokey={zone.low}", f"hikey={zone.high}", f"pitch_keycenter={zone.root}"]
    velocities = [f"lovel={zone.soft}", f"hivel={zone.loud}"]
    turns = [f"seq_length={kit.round_robins}", f"seq_position={zone.robin}"] if kit.round_robins > 1 else []
    loop = [f"loop_start={part.loop[0]}", f"loop_end={part.loop[1] - 1}"] if part.loop else []
    return [f"sample={part.file}", *keys, *velocities, *turns, *loop]
