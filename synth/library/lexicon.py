"""Words that people have for what a patch says: "short", "dull", "wooden", "knock"."""

from __future__ import annotations

from collections.abc import Iterator

from synth.library import ucs
from synth.patch.patch import Patch

FROM = 0.5  # units of a slider that are heard as what its end is called
SHORT, LONG = 0.5, 4.0  # seconds
# Slider -> words of its low end and of its high one.
ENDS = {
    "Brightness": ("dull dark muffled warm mellow soft", "bright sharp crisp brilliant shrill"),
    "Rate": ("slow sparse few single sedate", "fast rapid dense many busy quick"),
    "Sustain": ("short dry damped dead tight brief", "long ringing sustained resonant open"),
    "Impact type": ("hit struck impact knock", "scratch scraped rubbed friction"),
    "Tonal-noisy": ("tonal pitched clear ringing", "noisy rough hissing airy"),
    "Near-far": ("near close dry intimate", "far distant away reverberant"),
}
CATEGORIES = {
    "body_percussion": "clap snap slap hand stomp body",
    "cymbal_bell": "cymbal bell crash gong chime metallic ring",
    "drum_skin": "drum skin tom kick conga thump",
    "footstep": "footstep step foot walk shoe boot",
    "glass_ceramic": "glass ceramic clink plate cup bottle porcelain",
    "key_click": "key click button switch tick keyboard",
    "metal_hit": "metal metallic clang clank bang iron steel",
    "scrape": "scrape scratch rub grind drag friction",
    "shaker_rattle": "shaker rattle shake maraca jingle",
    "stone_earth_hit": "stone rock earth gravel brick thud",
    "wood_hit": "wood wooden knock tap block stick plank",
    "airplane": "airplane plane aircraft jet",
    "applause_crowd": "applause crowd clapping audience people",
    "baby_cry": "baby cry infant child",
    "bells_alarm": "bell alarm ring clock phone",
    "birds": "bird birds chirp song tweet",
    "cat": "cat meow purr",
    "clock_tick": "clock tick tock watch",
    "dog": "dog bark",
    "drone": "drone hum pad",
    "engine_train": "engine train motor car vehicle",
    "farm_animals": "farm animal cow pig sheep hen rooster",
    "fire_crackle": "fire crackle flame burn",
    "fireworks": "fireworks firework bang explosion rocket",
    "footsteps": "footsteps steps walk walking",
    "glass_door": "glass door break knock creak",
    "helicopter": "helicopter chopper rotor",
    "household_motor": "vacuum washing machine motor household",
    "human_nonspeech": "human cough sneeze laugh breath snore",
    "insects_frogs": "insect frog cricket buzz croak",
    "keyboard_mouse": "keyboard mouse typing click computer",
    "power_saw": "saw chainsaw power tool",
    "rain": "rain drops drizzle shower",
    "sea_waves": "sea waves ocean surf beach",
    "siren_horn": "siren horn car alarm emergency",
    "thunderstorm": "thunder storm thunderstorm lightning",
    "water": "water pour drip splash stream",
    "wind": "wind breeze gust storm",
}


def words(patch: Patch) -> str:
    """All of them, between spaces, for the library to search in."""
    return " ".join(dict.fromkeys(" ".join(_found(patch)).split()))


def _found(patch: Patch) -> Iterator[str]:
    yield patch.model.replace("_", " ")
    yield CATEGORIES.get(patch.category or "", "")
    yield ucs.category(patch)[1]
    for name, amount in patch.sliders.items():
        if abs(amount) >= FROM:
            yield name
            yield ENDS.get(name, ("", ""))[amount > 0]
    yield from _of_decoder(patch)


def _of_decoder(patch: Patch) -> Iterator[str]:
    if patch.pitch:
        yield "high" if patch.pitch > 0 else "low deep"
    if patch.stretch != 1.0:
        yield "slow stretched long" if patch.stretch > 1.0 else "fast quick short"
    if patch.length is not None and not SHORT < patch.length < LONG:
        yield "short brief" if patch.length <= SHORT else "long"
    if patch.loop:
        yield "loop seamless"
    if patch.width:
        yield "wide stereo"
    if patch.latent is not None:
        yield "found matched"
