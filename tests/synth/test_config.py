"""The configuration: where its values come from, and every way of getting one wrong."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth.config import KEYS, Config, read, save, serving
from synth.errors import ConfigError, SonoformError
from synth.paths import PLACES


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory without a configuration file."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_key_has_a_check_and_a_default_that_passes_it():
    assert list(KEYS) == list(Config().to_dict())
    assert Config().changed(Config().to_dict(), "default") == Config()


def test_defaults_are_those_of_the_service():
    config = read(environment={}).config
    assert (config.model, config.host, config.port) == ("soundgan", "127.0.0.1", 5050)
    assert config.patch() == {"model": "soundgan", "phase": "texture", "lufs": None}
    assert Config(normalise="loudness").patch()["lufs"] == -18.0


def test_flags_go_before_the_environment_and_that_before_the_file(here):
    (here / "sonoform.toml").write_text('model = "a"\nport = 1\nminutes = 5\npreview = true\n')
    environment = {"SONOFORM_PORT": "2", "SONOFORM_MINUTES": "2.5", "PATH": "/bin", "SONOFORM_PHASE": ""}
    found = read(flags={"minutes": "7"}, environment=environment)
    config = found.config
    assert (config.model, config.port, config.minutes, config.preview) == ("a", 2, 7.0, True)
    sources = found.to_dict()["sources"]
    named = [sources[key] for key in ("model", "port", "minutes", "phase")]
    assert named == ["sonoform.toml", "SONOFORM_PORT", "--minutes", "default"]


def test_a_file_is_named_by_flag_or_environment_and_its_folders_lie_beside_it(here):
    (here / "sonoform.toml").write_text("port = 1\n")
    (here / "sub").mkdir()
    other = here / "sub" / "other.toml"
    other.write_text('port = 2\ndata = "drums"\n')
    for found in (read(other, environment={}), read(environment={"SONOFORM_CONFIG": "sub/other.toml"})):
        assert found.config.port == 2 and found.config.data == here / "sub" / "drums"
    assert read(environment={"SONOFORM_DATA": "drums"}).config.data == here / "drums"


def test_texts_of_the_environment_take_the_types_of_their_keys():
    texts = {"preview": "1", "threads": "3", "minutes": "0.5", "settings": "batch=8 tick_kimg=0.1", "runs": "~/runs"}
    config = read(environment={f"SONOFORM_{key.upper()}": text for key, text in texts.items()}).config
    assert (config.preview, config.threads, config.minutes) == (True, 3, 0.5)
    assert config.settings == ("batch=8", "tick_kimg=0.1") and config.runs == Path.home() / "runs"
    assert config.environment() == {"SONOFORM_RUNS": str(config.runs), "SONOFORM_DEVICE": "auto"}


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ('colour = "red"', "colour"),
        ("[training]\nminutes = 3", "training"),
        ("model = 3", "model"),
        ('model = "../a"', "model"),
        ('phase = "guess"', "phase"),
        ('preview = "yes"', "preview"),
        ("port = 0", "port"),
        ("port = 70000", "port"),
        ("port = true", "port"),
        ("port = 80.5", "port"),
        ("minutes = nan", "minutes"),
        ("minutes = inf", "minutes"),
        ("minutes = 0", "minutes"),
        ("minutes = true", "minutes"),
        ("threads = 0", "threads"),
        ('preset = "nothing"', "preset"),
        ('data = ""', "data"),
        ("data = 3", "data"),
        ('host = "a b"', "host"),
        ('settings = "batch=8"', "settings"),
        ('settings = ["batch"]', "settings"),
        ("settings = [3]", "settings"),
        ('device = "abacus"', "device"),
    ],
)
def test_a_wrong_value_names_key_and_source(here, line, key):
    (here / "sonoform.toml").write_text(line)
    with pytest.raises(ConfigError) as caught:
        read(environment={})
    assert caught.value.key == key
    assert str(caught.value).startswith(f"sonoform.toml: {key} ") and "\n" not in str(caught.value)


@pytest.mark.parametrize("key", ["SONOFORM_PORT", "SONOFORM_PREVIEW", "SONOFORM_MINUTES", "SONOFORM_COLOUR"])
def test_a_wrong_variable_is_named(key):
    with pytest.raises(ConfigError, match=f"^{key}: "):
        read(environment={key: "x"})


def test_variables_that_name_places_of_others_are_no_fault(tmp_path):
    named = {name: str(tmp_path) for name in PLACES if name != "SONOFORM_CONFIG"}
    assert str(read(environment=named).config.outputs) == str(tmp_path)


def test_a_wrong_flag_is_named():
    with pytest.raises(ConfigError, match=r"^--port: port must be a whole number, 1\.\.65535, not 'x'$"):
        read(flags={"port": "x"}, environment={})


@pytest.mark.parametrize("content", [b"port = ", b"port: 3", b"\xff", b"port = 1\nport = 2"])
def test_what_is_no_toml_is_one_sentence(here, content):
    (here / "sonoform.toml").write_bytes(content)
    with pytest.raises(SonoformError, match=r"sonoform\.toml is not TOML"):
        read(environment={})


def test_a_file_that_is_not_there_is_one_sentence():
    with pytest.raises(SonoformError, match=r"nowhere\.toml cannot be read"):
        read(Path("nowhere.toml"), environment={})


def test_saving_keeps_the_other_lines_and_reads_back(here):
    file = here / "sonoform.toml"
    file.write_text('# mine\nport = 1  # usual\nmodel = "a"\nthreads = 2')
    save(file, {"port": 9, "threads": None, "settings": ["batch=8"], "data": '/a "b"/ü'})
    text = file.read_text()
    assert text.startswith('# mine\nport = 9\nmodel = "a"\n') and "threads" not in text
    config = read(environment={}).config
    assert (config.port, config.threads, config.settings) == (9, None, ("batch=8",))
    assert str(config.data) == '/a "b"/ü'
    assert [path.name for path in here.iterdir()] == ["sonoform.toml"]


@pytest.mark.parametrize("text", ["settings = [\n  'a=1',\n]\n", '"settings" = ["a=1"]\n'])
def test_saving_replaces_what_is_spelled_in_other_ways(here, text):
    file = here / "sonoform.toml"
    file.write_text(text + "port = 3\n")
    save(file, {"settings": ["b=2"]})
    assert tomllib.loads(file.read_text()) == {"settings": ["b=2"], "port": 3}


def test_saving_where_nobody_may_write_is_one_sentence(here):
    with pytest.raises(SonoformError, match="cannot be written"):
        save(here / "missing" / "sonoform.toml", {"port": 3})


@settings(deadline=None)  # it writes files, and waits for the disk of a busy machine
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "port": st.integers(1, 65535),
            "minutes": st.floats(0.001, 10000),
            "preview": st.booleans(),
            "host": st.from_regex(r"[A-Za-z0-9_.:-]{1,20}", fullmatch=True),
            "settings": st.lists(st.from_regex(r"[a-z]{1,5}=[!-~]{1,9}", fullmatch=True)),
        },
    )
)
def test_any_configuration_is_saved_and_read(tmp_path_factory, values):
    file = tmp_path_factory.mktemp("config") / "any.toml"
    save(file, values)
    assert read(file, environment={}).config == Config().changed(values, "test")


def test_it_is_read_without_torch():
    code = "import sys, synth.config, synth.runs.figures; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_web_app_reads_what_concerns_servers_alone():
    named = {"SONOFORM_HOSTS": "a.example *.b.example", "SONOFORM_PROXIES": "10.1.2.3/8", "SONOFORM_LISTENERS": "3"}
    config = serving(named | {"SONOFORM_STREAM_MINUTES": "0.5", "SONOFORM_PORT": "no number", "SONOFORM_OTHER": "x"})
    assert config.hosts == ("a.example", "*.b.example") and config.proxies == ("10.0.0.0/8",)
    assert (config.listeners, config.stream_minutes, config.port) == (3, 0.5, 5050)
    assert serving({}) == Config()


@pytest.mark.parametrize("name", ["HOSTS=a b/c", "PROXIES=studio", "LISTENERS=-1", "STREAM_MINUTES=0"])
def test_wrong_settings_of_servers_are_named(name):
    key, _, text = name.partition("=")
    with pytest.raises(ConfigError, match=f"SONOFORM_{key}: {key.lower()} must be"):
        serving({f"SONOFORM_{key}": text})
