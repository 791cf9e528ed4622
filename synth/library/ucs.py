"""Names in the Universal Category System (universalcategorysystem.com, version 8), by which sound libraries file."""

from __future__ import annotations

import re
import unicodedata

from synth.patch.patch import Patch

CREATOR = "SONO"
OTHER = ("DSGNMisc", "designed misc")
LONGEST = 80  # characters of an FXName
# Categories of the shipped models: CatID, and its category and subcategory in words.
IDS = {
    "body_percussion": ("HMNMisc", "human misc"),
    "cymbal_bell": ("MUSCPerc", "musical percussion"),
    "drum_skin": ("MUSCPerc", "musical percussion"),
    "footstep": ("FEETMisc", "footsteps misc"),
    "glass_ceramic": ("GLASImpt", "glass impact"),
    "key_click": ("MECHClik", "mechanical click"),
    "metal_hit": ("METLImpt", "metal impact"),
    "scrape": ("OBJMisc", "objects misc"),
    "shaker_rattle": ("MUSCPerc", "musical percussion"),
    "stone_earth_hit": ("ROCKImpt", "rocks impact"),
    "wood_hit": ("WOODImpt", "wood impact"),
    "airplane": ("AEROMisc", "aircraft misc"),
    "applause_crowd": ("CRWDApls", "crowds applause"),
    "baby_cry": ("VOXBaby", "voices baby"),
    "bells_alarm": ("BELLMisc", "bells misc"),
    "birds": ("BIRDMisc", "birds misc"),
    "cat": ("ANMLCat", "animals cat domestic"),
    "clock_tick": ("CLOCKTick", "clocks tick"),
    "dog": ("ANMLDog", "animals dog"),
    "drone": ("DSGNDron", "designed drone"),
    "engine_train": ("TRNMisc", "trains misc"),
    "farm_animals": ("ANMLFarm", "animals farm"),
    "fire_crackle": ("FIRECrkl", "fire crackle"),
    "fireworks": ("FRWKMisc", "fireworks misc"),
    "footsteps": ("FEETMisc", "footsteps misc"),
    "glass_door": ("GLASMisc", "glass misc"),
    "helicopter": ("AEROHeli", "aircraft helicopter"),
    "household_motor": ("MACHAppl", "machines appliance"),
    "human_nonspeech": ("HMNMisc", "human misc"),
    "insects_frogs": ("ANMLInsc", "animals insect"),
    "keyboard_mouse": ("CMPTKey", "computers keyboard & mouse"),
    "power_saw": ("TOOLPowr", "tools power"),
    "rain": ("RAIN", "rain general"),
    "sea_waves": ("WATRWave", "water wave"),
    "siren_horn": ("ALRMSirn", "alarms siren"),
    "thunderstorm": ("THUN", "weather thunder"),
    "water": ("WATRMisc", "water misc"),
    "wind": ("WIND", "wind general"),
}


def category(patch: Patch) -> tuple[str, str]:
    """The CatID of a patch, and its words; of categories that the system cannot know, the one for what was designed."""
    return IDS.get(patch.category or "", OTHER)


def words(cat_id: str) -> tuple[str, str]:
    """Category and subcategory of a CatID, in capitals as the system has them; "" for one that is not ours."""
    told = next((text for known, text in (*IDS.values(), OTHER) if known == cat_id), "")
    first, _, rest = told.upper().partition(" ")
    return first, rest


def file_name(cat_id: str, name: str, model: str, number: str = "") -> str:
    """CatID_FXName_CreatorID_SourceID, without a suffix: WOODImpt_Dull knock_SONO_HITSSCRATCHES.

    Fields are divided by _, so there is none in them; nor is there anything that a system keeps out of names.
    """
    return "_".join((cat_id, fx_name(name) + number, CREATOR, source_id(model)))


def source_id(model: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", model.upper()) or "MODEL"


def fx_name(name: str) -> str:
    """A name as files can have it."""
    flat = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    words = re.sub(r"[^A-Za-z0-9 +.,'-]", " ", flat).split()
    return " ".join(words)[:LONGEST].strip(" .") or "Sound"
