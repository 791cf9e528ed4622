import numpy as np
import pytest

from synth.scoring.certainty import margins

KNOWN = np.array([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0], [0.1, 0.9]])
LABELS = np.array([0, 0, 1, 1])


def test_a_sound_among_its_own_is_sure_and_one_among_others_is_not() -> None:
    made = np.array([[1.0, 0.05], [0.05, 1.0], [1.0, 1.0]])
    found = margins(made, KNOWN, LABELS, np.array([0, 0, 0]))
    assert found[0] > 1.0 and found[1] < -1.0 and found[2] == pytest.approx(0.0, abs=1e-9)


def test_margins_are_differences_of_mean_cosines_in_their_deviations() -> None:
    made = np.array([[1.0, 0.0]])
    alike = KNOWN @ made[0] / np.linalg.norm(KNOWN, axis=1)
    expected = (alike[:2].mean() - alike[2:].mean()) / alike.std()
    assert margins(made, KNOWN, LABELS, np.array([0]))[0] == pytest.approx(expected)


def test_the_clip_that_a_sound_was_made_after_has_no_say() -> None:
    """A sound like its own clip alone, which lies among those of the other category."""
    known = np.array([[1.0, 0.0], [0.0, 1.0], [0.98, 0.02], [0.97, 0.03]])
    made, asked = np.array([[1.0, 0.0]]), np.array([0])
    with_it = margins(made, known, np.array([0, 0, 1, 1]), asked)
    without = margins(made, known, np.array([0, 0, 1, 1]), asked, own=np.array([0]))
    assert without[0] < with_it[0] and without[0] < -1.0


def test_the_only_clip_of_a_category_leaves_a_number() -> None:
    found = margins(KNOWN[:1], KNOWN[1:], np.array([0, 1, 1]), np.array([0]), own=np.array([0]))
    assert np.isfinite(found).all()
