"""The HTTP routes, with every way of asking wrongly."""

from __future__ import annotations

import asyncio
import errno
import io
import json
import os
import shutil
from pathlib import Path
from urllib.parse import parse_qsl, unquote

import httpx
import numpy as np
import pytest
import soundfile
from starlette.applications import Starlette
from starlette.testclient import TestClient
from streamlit import config

from app.server import bodies, routes
from app.server.fields import MAX_STEPS
from app.server.frames import HEADER, MAGIC, MEDIA_TYPE
from synth.patch.patch import Patch
from synth.sound.sound import Sound

PATCH = {"model": "tiny", "category": "scrape", "seed": 3}
LATENT = [0.25] * 65536


@pytest.fixture
def outputs(tmp_path, monkeypatch):
    folder = tmp_path / "outputs"
    monkeypatch.setenv("SONOFORM_OUTPUTS", str(folder))
    return folder


@pytest.fixture
def client(tiny_checkpoint, outputs):
    return TestClient(Starlette(routes=routes.routes()), base_url="http://127.0.0.1:8501")


def refused(answer, status: int, field: str | None) -> str:
    assert answer.status_code == status
    assert "\n" not in answer.text
    body = answer.json()
    assert set(body) == {"error", "field"} and body["field"] == field
    assert "Traceback" not in body["error"]
    return body["error"]


def test_health_and_models(client):
    assert client.get("/healthz").json() == {"status": "ok", "models": 1}
    (card,) = client.get("/models").json()["models"]
    assert card["id"] == "tiny" and card["categories"] == ["hit", "scrape"]


def test_health_without_models(client, tmp_path, monkeypatch):
    monkeypatch.setenv("SONOFORM_CHECKPOINTS", str(tmp_path))
    assert client.get("/healthz").json() == {"status": "ok", "models": 0}
    refused(client.post("/infer", json=PATCH), 404, "model")


@pytest.mark.parametrize("format", ["wav", "flac", "ogg"])
def test_infer_answers_audio_with_its_patch(client, format):
    answer = client.post("/infer", json=PATCH | {"format": format})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == f"audio/{format}"
    sound = Sound.load(answer.content)
    assert np.abs(sound.samples).max() > 0.01
    assert sound.patch.to_dict() | PATCH == sound.patch.to_dict()


def test_the_address_of_a_patch_is_its_file(client):
    patch = Patch(**PATCH, sliders={"Dim 1": 1.5}, pitch=3.0)
    answer = client.get(f"/infer?{patch.to_query()}")
    assert answer.content == client.post("/infer", json=patch.to_dict()).content
    named = answer.headers["content-disposition"]
    assert named.startswith('attachment; filename="tiny_scrape_dim_1+1.5_s3') and named.endswith('.wav"')
    flac = client.get(f"/infer?{patch.to_query()}&format=flac&rate=44100")
    assert flac.headers["content-type"] == "audio/flac"
    sound = Sound.load(flac.content)
    assert sound.sample_rate == 44100 and sound.patch == patch


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ("m=tiny&format=frame", 400, "format"),
        ("m=tiny&format=wav&format=wav", 400, "format"),
        ("m=tiny&rate=1", 400, "rate"),
        ("m=tiny&format=mp3&rate=96000", 400, "rate"),
        ("m=tiny&p=9", 400, "psi"),
        ("m=nothing", 404, "model"),
    ],
)
def test_an_address_that_asks_wrongly_is_one_sentence(client, query, status, field):
    refused(client.get(f"/infer?{query}"), status, field)


def test_pages_of_other_sites_may_not_ask_by_address(client):
    refused(client.get("/infer?m=tiny", headers={"Sec-Fetch-Site": "cross-site"}), 403, "Origin")


def test_infer_answers_a_wav_unless_told(client):
    assert client.post("/infer", json=PATCH).headers["content-type"] == "audio/wav"


def test_infer_answers_a_frame(client):
    answer = client.post("/infer", json=PATCH | {"format": "frame", "sequence": 41})
    assert answer.headers["content-type"] == MEDIA_TYPE
    magic, _, _, sequence, rate, samples, *_ = HEADER.unpack_from(answer.content)
    assert (magic, sequence, rate, samples) == (MAGIC, 41, 16000, 1024)


def test_a_draft_is_the_sound_by_the_quick_phase_method(client):
    def samples(**more) -> bytes:
        return client.post("/infer", json=PATCH | {"format": "frame"} | more).content[HEADER.size :]

    assert samples(draft=True, phase="griffin-lim") == samples(phase="texture") == samples()
    assert samples(phase="griffin-lim") != samples()


def test_the_same_patch_is_the_same_bytes(client):
    assert client.post("/infer", json=PATCH).content == client.post("/infer", json=PATCH).content


def test_routes_answer_under_the_base_path_too(tiny_checkpoint):
    before = config.get_option("server.baseUrlPath")
    config.set_option("server.baseUrlPath", "/sound_design/")
    try:
        client = TestClient(Starlette(routes=routes.routes()))
    finally:
        config.set_option("server.baseUrlPath", before)
    for prefix in ("", "/sound_design"):
        assert client.get(f"{prefix}/healthz").status_code == 200
        assert client.post(f"{prefix}/infer", json=PATCH).status_code == 200


# -- files ---------------------------------------------------------------------------------------------------------


def test_a_named_output_is_written_and_confirmed(client, outputs):
    answer = client.post("/infer", json=PATCH | {"output_file": "my scrape.flac"})
    body = answer.json()
    assert answer.status_code == 200
    assert body["output_file"] == "my scrape.flac" and body["replaced"] is False and body["patch"]["seed"] == 3
    assert body["bytes"] == (outputs / "my scrape.flac").stat().st_size
    assert Sound.load(outputs / "my scrape.flac").patch.seed == 3
    assert [path.name for path in outputs.iterdir()] == ["my scrape.flac"]


def test_a_replaced_output_is_not_silent(client, outputs):
    client.post("/infer", json=PATCH | {"output_file": "a.wav"})
    body = client.post("/infer", json=PATCH | {"seed": 4, "output_file": "a.wav"}).json()
    assert body["replaced"] is True
    assert Sound.load(outputs / "a.wav").patch.seed == 4


def test_nothing_is_replaced_where_that_is_asked_for(client, outputs):
    asked = PATCH | {"output_file": "a.wav", "replace": False}
    assert client.post("/infer", json=asked).json()["replaced"] is False
    before = (outputs / "a.wav").read_bytes()
    told = refused(client.post("/infer", json=asked | {"seed": 4}), 409, "output_file")
    assert "a.wav" in told and (outputs / "a.wav").read_bytes() == before
    refused(client.post("/infer", json=asked | {"replace": 1}), 400, "replace")
    (outputs / "b.png").write_bytes(b"a picture of somebody else's")
    told = refused(client.post("/infer", json=asked | {"output_file": "b.wav", "preview": True}), 409, "output_file")
    assert "b.png" in told and not (outputs / "b.wav").exists()


def test_of_many_that_replace_nothing_one_is_written(client, outputs):
    asked = [PATCH | {"seed": seed, "output_file": "a.wav", "replace": False} for seed in range(8)]

    async def at_once() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app=client.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8501") as many:
            return await asyncio.gather(*(many.post("/infer", json=body) for body in asked))

    answers = asyncio.run(at_once())
    assert sorted(answer.status_code for answer in answers) == [200] + 7 * [409]
    (made,) = (answer.json() for answer in answers if answer.status_code == 200)
    assert Sound.load(outputs / "a.wav").patch.seed == made["seed"]


def test_a_folder_of_that_name_is_told(client, outputs):
    (outputs / "a.wav").mkdir(parents=True)
    refused(client.post("/infer", json=PATCH | {"output_file": "a.wav"}), 409, "output_file")


def test_a_full_disk_is_one_sentence_and_leaves_nothing(client, outputs, monkeypatch):
    def full(_handle):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    told = refused(client.post("/infer", json=PATCH | {"output_file": "a.wav"}), 500, "output_file")
    assert "no space left" in told and str(outputs) not in told and "/" not in told
    assert list(outputs.iterdir()) == []


@pytest.mark.parametrize("rate", [16000, 22050, 32000, 44100, 48000, 96000])
def test_a_sound_comes_at_the_rate_that_is_asked_for(client, outputs, rate):
    sound = Sound.load(client.post("/infer", json=PATCH | {"rate": rate}).content)
    assert sound.sample_rate == rate and sound.seconds == pytest.approx(0.064, abs=0.0005)
    assert sound.patch.to_dict() | PATCH == sound.patch.to_dict()
    told = client.post("/infer", json=PATCH | {"rate": rate, "output_file": "a.flac"}).json()
    assert told["sample_rate"] == rate and Sound.load(outputs / "a.flac").sample_rate == rate
    frame = client.post("/infer", json=PATCH | {"rate": rate, "format": "frame"}).content
    assert HEADER.unpack_from(frame)[4] == rate


BAD_NAMES: list[object] = ["../a.wav", "/tmp/a.wav", "b/a.wav", "..\\a.wav", "C:a.wav", ".wav", "..", "", "a", "a.txt"]
BAD_NAMES += ["CON.wav", "nul.flac", "PRN.x.wav", "com1.ogg", "Lpt9 .wav", "aux.wav", "a .wav", "a..wav", "a.b .wav"]
BAD_NAMES += ["a.wav\n", "a\0.wav", "x" * 200 + ".wav", 7, ["a.wav"], "-rf.wav", ".hidden.wav"]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_outputs_stay_in_their_folder(client, outputs, name):
    refused(client.post("/infer", json=PATCH | {"output_file": name}), 400, "output_file")
    assert not outputs.exists()


def test_the_suffix_must_agree_with_the_format(client):
    refused(client.post("/infer", json=PATCH | {"output_file": "a.wav", "format": "ogg"}), 400, "format")
    refused(client.post("/infer", json=PATCH | {"output_file": "a.wav", "format": "frame"}), 400, "format")


def test_an_outputs_folder_that_cannot_be_made_is_one_sentence(client, outputs):
    outputs.write_text("in the way")
    refused(client.post("/infer", json=PATCH | {"output_file": "a.wav"}), 500, "output_file")


# -- wrong requests ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"seed": -1}, "seed"),
        ({"seed": 1.5}, "seed"),
        ({"seed": True}, "seed"),
        ({"psi": 9}, "psi"),
        ({"psi": float("nan")}, "psi"),
        ({"category": "violin"}, "category"),
        ({"sliders": {"Dim 1": 6}}, "sliders.Dim 1"),
        ({"sliders": {"Nonsense": 1}}, "sliders"),
        ({"latent": [1, 2, 3]}, "latent"),
        ({"latent": "AAAA"}, "latent"),
        ({"phase": "guess"}, "phase"),
        ({"lufs": 3}, "lufs"),
        ({"colour": "red"}, "colour"),
        ({"format": "aiff"}, "format"),
        ({"rate": 44000}, "rate"),
        ({"rate": "44100"}, "rate"),
        ({"rate": 44100.5}, "rate"),
        ({"rate": True}, "rate"),
        ({"replace": 0}, "replace"),
        ({"format": "frame", "draft": 1}, "draft"),
        ({"draft": True}, "draft"),
        ({"sequence": -1}, "sequence"),
        ({"sequence": 2**32}, "sequence"),
    ],
)
def test_a_bad_field_is_named(client, change, field):
    body = json.dumps(PATCH | change)  # writes NaN as it is
    refused(client.post("/infer", content=body, headers={"Content-Type": "application/json"}), 400, field)


def test_unknown_categories_and_models_list_the_valid_ones(client):
    assert "hit, scrape" in client.post("/infer", json=PATCH | {"category": "violin"}).json()["error"]
    assert "tiny" in refused(client.post("/infer", json=PATCH | {"model": "violin"}), 404, "model")


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe{", b"[1]", b'"text"', b"null", b"[" * 100_000])
def test_a_body_that_is_no_object(client, body):
    refused(client.post("/infer", content=body, headers={"Content-Type": "application/json"}), 400, "body")


@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_other_content_types_are_refused(client, kind):
    headers = {"Content-Type": kind} if kind else {}
    refused(client.post("/infer", content=json.dumps(PATCH), headers=headers), 415, "Content-Type")


def test_a_huge_body_is_refused(client):
    body = b" " * (bodies.MAX_BODY + 1)
    headers = {"Content-Type": "application/json"}
    refused(client.post("/infer", content=body, headers=headers), 413, "body")
    unannounced = (body[start : start + 65536] for start in range(0, len(body), 65536))
    refused(client.post("/infer", content=unannounced, headers=headers), 413, "body")


def test_the_greatest_latent_is_not_too_huge(client):
    refused(client.post("/infer", json=PATCH | {"latent": LATENT}), 400, "latent")


FOREIGN = ["http://evil.example", "null", "http://127.0.0.1:9999", "https://127.0.0.1", "http://[::1", "http://", ""]


@pytest.mark.parametrize("origin", FOREIGN)
def test_other_sites_are_refused(client, origin):
    refused(client.post("/infer", json=PATCH, headers={"Origin": origin}), 403, "Origin")


def test_the_same_host_and_listed_origins_are_served(client, monkeypatch):
    assert client.post("/infer", json=PATCH, headers={"Origin": "http://127.0.0.1:8501"}).status_code == 200
    monkeypatch.setattr(config, "get_option", lambda _: ["http://studio.example"])
    assert client.post("/infer", json=PATCH, headers={"Origin": "http://studio.example"}).status_code == 200


@pytest.mark.parametrize(
    ("host", "status"), [("127.0.0.1:8501", 403), ("studio.example", 200)], ids=["its own name", "the page's name"]
)
def test_behind_a_proxy_our_routes_take_the_name_that_the_socket_takes(client, monkeypatch, host, status):
    """Whatever name a proxy gives on, a page that is let in by its socket is answered, and the other way about."""
    from streamlit.web.server.starlette.starlette_websocket import _is_origin_allowed

    origin = "http://studio.example"
    answer = client.post("/infer", json=PATCH, headers={"Origin": origin, "Host": host})
    assert answer.status_code == status and _is_origin_allowed(origin, host) == (status == 200)


def test_pages_that_hide_their_origin_are_refused(client):
    """As a picture or a player of another site asks."""
    for site, status in (("cross-site", 403), ("same-site", 403), ("same-origin", 200), ("none", 200)):
        assert client.post("/infer", json=PATCH, headers={"Sec-Fetch-Site": site}).status_code == status


@pytest.mark.parametrize("route", ["/infer", "/morph"])
def test_a_key_that_is_no_text_is_told_in_one_line(client, route):
    for key in (r"\ud800", "x" * 1_000_000):
        answer = client.post(route, content=f'{{"{key}": 1}}', headers={"Content-Type": "application/json"})
        assert answer.status_code == 400 and len(answer.content) <= 2000
        assert answer.json()["field"].startswith(key[:40].replace("\\", "\\"))


@pytest.mark.parametrize(
    "request_line",
    ["BREW /infer", "TRACE /models", "GET /encode", "PUT /infer", "OPTIONS /infer", "POST /models", "POST /healthz"],
)
def test_other_methods_are_refused(client, request_line):
    answer = client.request(*request_line.split())
    refused(answer, 405, None)
    assert answer.headers["allow"]


def test_no_place_of_the_machine_is_told(client, tiny_checkpoint):
    told = client.post("/infer", json=PATCH | {"model": "other"})
    assert str(tiny_checkpoint) not in told.text


def test_a_second_sound_reads_no_card(client, monkeypatch):
    client.post("/infer", json=PATCH)
    read = Path.read_text
    cards = []
    monkeypatch.setattr(Path, "read_text", lambda path, *a, **k: cards.append(path.name) or read(path, *a, **k))
    monkeypatch.setattr(Path, "read_bytes", lambda path: cards.append(path.name) or path.open("rb").read())
    assert client.post("/infer", json=PATCH | {"seed": 99}).status_code == 200
    assert client.get("/healthz").json()["models"] == 1
    assert "card.json" not in cards


def test_a_damaged_checkpoint_is_one_sentence(tiny_checkpoint, tmp_path, monkeypatch, client):
    root = tmp_path / "damaged"
    shutil.copytree(tiny_checkpoint, root)
    weights = root / "tiny" / "generator.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    monkeypatch.setenv("SONOFORM_CHECKPOINTS", str(root))
    told = refused(client.post("/infer", json=PATCH), 500, "model")
    assert "tiny/generator.safetensors" in told and str(root) not in told


def test_what_nobody_foresaw_is_told_without_a_traceback(client, monkeypatch):
    monkeypatch.setattr(routes, "instrument", lambda _: 1 / 0)
    assert "log" in refused(client.post("/infer", json=PATCH), 500, None)


# -- encode ----------------------------------------------------------------------------------------------------------


def wav(seconds: float = 0.06, rate: int = 16000, level: float = 0.2, channels: int = 1) -> bytes:
    noise = level * np.random.default_rng(0).standard_normal((round(seconds * rate), channels))
    buffer = io.BytesIO()
    soundfile.write(buffer, noise, rate, format="WAV")
    return buffer.getvalue()


def encoded(client, data: bytes, query: str = "model=tiny&steps=0", kind: str = "audio/wav"):
    return client.post(f"/encode?{query}", content=data, headers={"Content-Type": kind})


def test_encode_answers_a_patch_that_infer_takes(client):
    answer = encoded(client, wav(), kind="application/octet-stream")
    assert answer.status_code == 200
    patch = answer.json()
    assert patch["model"] == "tiny" and patch["category"] in ("hit", "scrape") and len(patch["latent"]) > 16
    answer = client.post("/infer", json=patch)
    assert answer.headers["content-type"] == "audio/wav" and Sound.load(answer.content).patch == Patch.from_json(patch)
    assert encoded(client, wav()).json() == patch


def test_encode_answers_a_latent_as_links_have_it(client):
    patch = encoded(client, wav()).json()
    opened = Patch.from_json(patch)
    assert dict(parse_qsl(opened.to_query()))["z"] == patch["latent"] and opened == opened.linked()
    spelled = {**patch, "latent": list(opened.latent)}
    assert client.post("/infer", json=spelled).content == client.post("/infer", json=patch).content
    refused(client.post("/infer", json={**patch, "latent": patch["latent"][:-2]}), 400, "latent")


def test_encode_searches_for_so_many_steps(client):
    alone, searched = encoded(client, wav()), encoded(client, wav(), "model=tiny&steps=4&category=scrape")
    assert searched.json()["category"] == "scrape" and searched.json()["latent"] != alone.json()["latent"]
    assert encoded(client, wav(), "model=tiny").status_code == 200


def test_encode_keeps_what_the_model_cannot_make(client):
    bare, kept = (encoded(client, wav(), f"model=tiny&steps=0&keep={word}").json() for word in ("false", "true"))
    assert bare == encoded(client, wav()).json() and bare["residual"] is None and kept["residual"]
    assert client.post("/infer", json=kept).content != client.post("/infer", json=bare).content
    refused(encoded(client, wav(), "model=tiny&keep=yes"), 400, "keep")


def test_encode_tells_of_a_file_that_breaks_off(client):
    whole = encoded(client, wav())
    assert "Sonoform-Note" not in whole.headers
    cut = encoded(client, wav()[:-400])
    assert cut.status_code == 200 and "breaks off" in unquote(cut.headers["Sonoform-Note"])


def test_encode_takes_a_form_with_one_file(client):
    answer = client.post("/encode", files={"sound": ("a.wav", wav())}, data={"model": "tiny", "steps": "0"})
    assert answer.json() == encoded(client, wav()).json()
    refused(client.post("/encode", data={"model": "tiny"}, files={}), 415, "Content-Type")
    two = [("a", ("a.wav", wav())), ("b", ("b.wav", wav()))]
    refused(client.post("/encode", files=two), 400, "body")
    fields = {f"field{i}": "x" for i in range(9)}
    refused(client.post("/encode", files={"sound": ("a.wav", wav())}, data=fields), 400, "body")
    for body in (b"", b"--x\r\n", b"no form at all"):
        kind = {"Content-Type": "multipart/form-data; boundary=x"}
        refused(client.post("/encode", content=body, headers=kind), 400, "body")
    refused(client.post("/encode", content=b"a", headers={"Content-Type": "multipart/form-data"}), 400, "body")


def test_encode_cuts_a_long_sound_in_stereo_at_96_khz_to_a_part(client):
    long = wav(3.0, 96000, channels=2)
    first, later = (encoded(client, long, f"model=tiny&steps=0&start={at}") for at in ("0", "1.5"))
    assert first.status_code == later.status_code == 200 and first.json() != later.json()
    assert encoded(client, long).status_code == 200


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"these are no samples" * 50, "cannot be read as audio"),
        (wav()[:30], "cannot be read as audio"),
        (wav(level=0.0), "silent"),
    ],
)
def test_encode_refuses_what_is_no_sound(client, data, words):
    assert words in refused(encoded(client, data), 400, "body")


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ("model=violin", 404, "model"),
        ("model=tiny&category=violin", 400, "category"),
        ("model=tiny&steps=-1", 400, "steps"),
        ("model=tiny&steps=many", 400, "steps"),
        (f"model=tiny&steps={MAX_STEPS + 1}", 400, "steps"),
        ("model=tiny&start=nan", 400, "start"),
        ("model=tiny&start=9", 400, "body"),
        ("model=tiny&colour=red", 400, "colour"),
    ],
)
def test_encode_names_a_bad_field(client, query, status, field):
    refused(encoded(client, wav(), query), status, field)


def test_encode_guards_size_origin_type_and_method(client, monkeypatch):
    monkeypatch.setattr(bodies, "MAX_SOUND", 1000)
    assert "shorter" in refused(encoded(client, wav()), 413, "body")
    pieces = (b" " * 500 for _ in range(9))
    refused(client.post("/encode", content=pieces, headers={"Content-Type": "audio/wav"}), 413, "body")
    refused(encoded(client, wav(), kind="text/plain"), 415, "Content-Type")
    headers = {"Origin": "http://evil.example", "Content-Type": "audio/wav"}
    refused(client.post("/encode", content=wav(), headers=headers), 403, "Origin")
    refused(client.get("/encode"), 405, None)


@pytest.mark.parametrize("model", ["cgan", "wgan", "soundgan", "waveform"])
def test_infer_plays_every_family(client, families, monkeypatch, model):
    monkeypatch.setenv("SONOFORM_CHECKPOINTS", str(families))
    answer = client.post("/infer", json={"model": model, "seed": 3, "format": "wav"})
    assert answer.status_code == 200 and answer.headers["content-type"] == "audio/wav"
    sound = Sound.load(answer.content)
    assert sound.patch.model == model and sound.patch.seed == 3 and np.abs(sound.samples).max() > 0.01
    refused(client.post("/infer", json={"model": model, "sliders": {"Bright": 1.0}}), 400, "sliders")


# -- strokes and fills ---------------------------------------------------------------------------------------------

BOX = {"points": [[0.2, 0.2], [0.8, 0.2], [0.8, 0.8], [0.2, 0.8]]}


def test_an_area_is_filled_anew_and_its_strokes_are_heard(client):
    found = client.post("/fill", json={"model": "tiny", "seed": 1, "area": BOX})
    assert found.status_code == 200 and 1 <= len(found.json()["strokes"]) <= 4
    plain, filled = (
        client.post("/infer", json={"model": "tiny", "seed": 1, "strokes": strokes})
        for strokes in (None, found.json()["strokes"][0])
    )
    assert filled.status_code == 200 and filled.content != plain.content


@pytest.mark.parametrize(
    ("body", "field", "told"),
    [
        ({}, "area", "must be an object with points"),
        ({"area": {"points": [[0.1, 0.1]]}}, "area", "a fill takes 3 to 64"),
        ({"area": {"points": [[0.1, 7], [0.2, 0.2], [0.3, 0.1]]}}, "area", "lies outside the picture"),
        ({"area": BOX | {"tool": "brush"}}, "area", "send a stroke with the tool fill"),
        ({"area": BOX, "seed": -1}, "seed", "must lie in"),
        ({"area": BOX, "strokes": [{"tool": "brush"}]}, "strokes", "needs a tool and points"),
    ],
)
def test_what_cannot_be_filled_is_one_sentence(client, body, field, told):
    answer = client.post("/fill", json={"model": "tiny", **body})
    assert answer.status_code == 400
    assert answer.json()["field"] == field and told in answer.json()["error"]
