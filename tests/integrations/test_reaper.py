"""The ReaScript, driven by a Lua interpreter against a real server; what is Reaper's own is a stand-in."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from lupa import lua54
from starlette.applications import Starlette

from app.server import routes
from synth.sound.sound import Sound
from tests.harness.listening import running
from tests.harness.serving import free_port

SCRIPT = Path(__file__).parents[2] / "integrations" / "reaper" / "sonoform.lua"
pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="the script asks by curl")


@pytest.fixture
def server(published: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("SONOFORM_CHECKPOINTS", str(published))
    port = free_port()
    for _ in running(uvicorn.Server(uvicorn.Config(Starlette(routes=routes.routes()), port=port, log_level="error"))):
        yield f"http://127.0.0.1:{port}"


class Reaper:
    """What the script asks of Reaper, and what it did to the project."""

    def __init__(
        self, folder: Path, server: str, entry: int = 1, answer: str | None = "3|", span: tuple[float, float] = (0, 0)
    ):
        self.folder, self.server, self.entry, self.answer, self.span = folder, server, entry, answer, span
        self.menu = ""
        self.box: str | None = None
        self.tracks: list[str] = []
        self.items: list[dict[str, Any]] = []
        self.undo: list[str] = []

    def run(self) -> Reaper:
        lua = lua54.LuaRuntime(unpack_returned_tuples=True)
        names = [name for name in dir(self) if name[0].isupper()]
        lua.globals().reaper = lua.table_from(
            {name: getattr(self, name) for name in names} | {"file_exists": self.there}
        )
        functions = {"init": lambda *_: None, "quit": lambda: None, "showmenu": self.show}
        lua.globals().gfx = lua.table_from(functions | {"mouse_x": 10, "mouse_y": 20})
        lua.execute(SCRIPT.read_text())
        return self

    def there(self, path: str) -> bool:
        return Path(path).exists()

    def show(self, menu: str) -> int:
        self.menu = menu
        return self.entry

    def GetExtState(self, _section: str, _key: str) -> str:
        return self.server

    def ExecProcess(self, command: str, _timeout: int) -> str:
        done = subprocess.run(shlex.split(command), capture_output=True, text=True)
        return f"{done.returncode}\n{done.stdout}"

    def GetUserInputs(self, _title: str, _count: int, _captions: str, _given: str) -> tuple[bool, str]:
        return self.answer is not None, self.answer or ""

    def GetSet_LoopTimeRange(self, *_: object) -> tuple[float, float]:
        return self.span

    def GetCursorPosition(self) -> float:
        return 12.5

    def GetProjectPath(self) -> str:
        return str(self.folder)

    def GetSelectedTrack(self, _project: int, at: int) -> str | None:
        return self.tracks[at] if at < len(self.tracks) else None

    def GetLastTouchedTrack(self) -> None:
        return None

    def CountTracks(self, _project: int) -> int:
        return len(self.tracks)

    def InsertTrackAtIndex(self, at: int, _wanted: bool) -> None:
        self.tracks.insert(at, f"track {at}")

    def GetTrack(self, _project: int, at: int) -> str:
        return self.tracks[at]

    def AddMediaItemToTrack(self, track: str) -> int:
        self.items.append({"track": track})
        return len(self.items) - 1

    def AddTakeToMediaItem(self, item: int) -> int:
        return item

    def PCM_Source_CreateFromFile(self, path: str) -> str:
        return path

    def GetMediaSourceLength(self, source: str) -> float:
        return Sound.load(source).seconds

    def SetMediaItemTake_Source(self, take: int, source: str) -> None:
        self.items[take]["file"] = Path(source)

    def SetMediaItemInfo_Value(self, item: int, name: str, value: float) -> None:
        self.items[item][name] = value

    def GetSetMediaItemInfo_String(self, item: int, name: str, value: str, _set: bool) -> None:
        self.items[item][name] = value

    GetSetMediaItemTakeInfo_String = GetSetMediaItemInfo_String

    def Undo_BeginBlock(self) -> None:
        self.undo.append("")

    def Undo_EndBlock(self, name: str, _flags: int) -> None:
        self.undo[-1] = name

    def UpdateArrange(self) -> None:
        pass

    def ShowMessageBox(self, text: str, _title: str, _kind: int) -> None:
        self.box = text


def test_a_sound_comes_to_the_cursor_with_what_makes_it_again(server: str, tmp_path: Path) -> None:
    reaper = Reaper(tmp_path, server, entry=2, answer="7|Dim 1=1.5; dim 2 = -1").run()
    assert reaper.box is None and reaper.menu == ">Tiny|hit|<scrape" and reaper.undo == ["Sonoform: scrape"]
    (item,) = reaper.items
    assert (item["track"], item["D_POSITION"], item["P_NAME"]) == ("track 0", 12.5, "tiny_scrape_s7")
    sound = Sound.load(item["file"])
    assert sound.patch is not None and (sound.patch.category, sound.patch.seed) == ("scrape", 7)
    assert sound.patch.sliders == {"Dim 1": 1.5, "Dim 2": -1.0} and item["D_LENGTH"] == pytest.approx(sound.seconds)
    assert '"seed":7' in item["P_NOTES"] and '"Dim 1":1.5' in item["P_NOTES"]
    assert [path.name for path in tmp_path.iterdir()] == ["tiny_scrape_s7.wav"]


def test_over_a_selection_it_is_as_long_as_that_and_no_file_is_replaced(server: str, tmp_path: Path) -> None:
    (tmp_path / "tiny_hit_s3.wav").write_bytes(b"of somebody else")
    reaper = Reaper(tmp_path, server, span=(2.0, 3.25))
    reaper.tracks = ["drums"]
    (item,) = reaper.run().items
    assert (
        item["file"].name == "tiny_hit_s3_1.wav" and (tmp_path / "tiny_hit_s3.wav").read_bytes() == b"of somebody else"
    )
    assert (item["track"], item["D_POSITION"], item["D_LENGTH"]) == ("drums", 2.0, pytest.approx(1.25))
    assert Sound.load(item["file"]).seconds == pytest.approx(1.25)


@pytest.mark.parametrize(("entry", "answer"), [(0, "3|"), (1, None)])
def test_who_chooses_nothing_gets_nothing(server: str, tmp_path: Path, entry: int, answer: str | None) -> None:
    reaper = Reaper(tmp_path, server, entry, answer).run()
    assert (reaper.box, reaper.items, reaper.undo, list(tmp_path.iterdir())) == (None, [], [], [])


@pytest.mark.parametrize(
    ("answer", "span", "told"),
    [
        ("x|", (0, 0), "The seed is a whole number"),
        ("1.5|", (0, 0), "The seed is a whole number"),
        ("-1|", (0, 0), "The seed is a whole number"),
        ("3|Dim 1", (0, 0), "Sliders are NAME=NUMBER"),
        ("3|Nothing=1", (0, 0), "Sonoform refuses: "),
        ("3|", (0, 61), "A sound lasts 60 s at most"),
    ],
)
def test_what_cannot_be_is_one_sentence(server: str, tmp_path: Path, answer: str, span: Any, told: str) -> None:
    reaper = Reaper(tmp_path, server, 1, answer, span).run()
    assert reaper.box is not None and reaper.box.startswith(told) and "\n" not in reaper.box
    assert "sonoform.lua" not in reaper.box and not reaper.items and not list(tmp_path.iterdir())


def test_a_server_that_does_not_run_is_told(tmp_path: Path) -> None:
    reaper = Reaper(tmp_path, f"http://127.0.0.1:{free_port()}").run()
    assert reaper.box is not None and reaper.box.startswith("Sonoform does not answer at http://127.0.0.1:")
    assert not reaper.items and not list(tmp_path.iterdir())
