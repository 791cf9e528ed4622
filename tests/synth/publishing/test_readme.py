import json
from dataclasses import replace
from pathlib import Path

from PIL import Image

from synth.checkpoint.store import load_card
from synth.publishing.pictures import course
from synth.publishing.readme import readme
from synth.publishing.tables import table


def test_tables_are_aligned() -> None:
    assert table(["a", "value"], [["long name", 0.123456], ["b", None], ["c", 7]]) == [
        "| a         | value |",
        "|-----------|------:|",
        "| long name | 0.123 |",
        "| b         |     - |",
        "| c         |     7 |",
    ]


def test_a_model_that_was_never_scored_says_so(published: Path) -> None:
    text = readme(replace(load_card(published / "tiny"), metrics={}), curve=False)
    assert "Not scored" in text and "curves.png" not in text and "](samples.png)" in text
    assert "| hit      | " in text and "| unstated | " in text


def test_a_published_model_has_its_words_and_pictures(published: Path) -> None:
    card = load_card(published / "tiny")
    text = (published / "tiny" / "README.md").read_text()
    assert text == readme(card, curve=True) and "AlexNet" in text
    assert all((published / "tiny" / name).is_file() for name in ("samples.png", "curves.png"))


def test_limits_are_told_from_the_card(published: Path) -> None:
    card = load_card(published / "tiny")
    text = readme(card, curve=True)
    assert "Fewer than 40 training clips" in text and "hit (9), scrape (9)" in text
    assert "nothing above 8000 Hz" in text and "](curves.png)" in text
    many = {"hit": 100, "scrape": 40}
    assert "Fewer than" not in readme(replace(card, data=card.data | {"clips_per_category": many}), curve=False)


def test_it_begins_with_what_model_hubs_read(published: Path) -> None:
    card = replace(load_card(published / "tiny"), title='Drums: "mine"')
    _, head, rest = readme(card, curve=False).split("---\n", 2)
    told = dict(line.split(": ", 1) for line in head.splitlines())
    assert json.loads(told["pretty_name"]) == card.title and card.family in told["tags"]
    assert (told["library_name"], told["license_link"]) == ("sonoform", "ATTRIBUTION.md")
    assert rest.lstrip().startswith(f"# {card.title}")


def test_a_card_of_before_has_its_course_over_images(published: Path, tmp_path: Path) -> None:
    card = load_card(published / "tiny")
    training = {k: v for k, v in card.training.items() if k != "course"} | {"fad_over_images": [[100, 9.0], [200, 7.0]]}
    old = replace(card, training=training)
    assert old.course == [{"images_seen": 100, "fad": 9.0}, {"images_seen": 200, "fad": 7.0}]
    for name, of in (("old.png", old), ("new.png", card)):
        course(of.course, "AlexNet", tmp_path / name)
    widths = [Image.open(tmp_path / name).width for name in ("old.png", "new.png")]
    assert widths[0] < widths[1], "a panel a figure"
