"""What listeners said, in figures with confidence intervals of 95 %, and as CSV.

A or B: how often a set was preferred to another, with Wilson's interval and the two-sided binomial test against chance.
ABX: how often X was told right, with the exact interval (Clopper & Pearson 1934) and the one-sided test. Ratings: means
with Student's t over listeners' means, which their ratings are not independent of; a listener who rates the hidden
reference below 90 in more than 15 % of trials is left out (ITU-R BS.1534-3, 4.1.2).
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations

import numpy as np
from scipy import stats

from synth.judging.answering import BEST, Answer, has_reference
from synth.judging.listening_test import AB, ABX, REFERENCE, ListeningTest

CONFIDENCE = 0.95
EXPERT, MISSED = 90.0, 0.15

Answers = Mapping[str, Sequence[Answer]]


@dataclass(frozen=True)
class Verdict:
    """what: a set, or two; figure: a share, or a mean rating, between low and high; n: answers, or listeners with
    ratings; p: of the test against chance, where there is one."""

    what: str
    figure: float
    low: float
    high: float
    n: int
    p: float | None = None


def verdicts(test: ListeningTest, answers: Answers) -> list[Verdict]:
    """One for each pair of sets, or each set that was rated; none where nobody answered."""
    if test.kind == AB:
        pairs = combinations(test.sets, 2)
        return [found for pair in pairs if (found := _preferred(*pair, answers))]
    if test.kind == ABX:
        given = [one.chosen == one.x for of in answers.values() for one in of]
        return [_told_apart(" / ".join(test.sets), sum(given), len(given))] if given else []
    return _rated(test, answers)


def _preferred(first: str, second: str, answers: Answers) -> Verdict | None:
    given = [one.chosen == first for of in answers.values() for one in of if set(one.shown) == {first, second}]
    if not given:
        return None
    tested = stats.binomtest(sum(given), len(given))
    low, high = tested.proportion_ci(CONFIDENCE, "wilson")
    return Verdict(f"{first} > {second}", sum(given) / len(given), float(low), float(high), len(given), tested.pvalue)


def _told_apart(what: str, right: int, n: int) -> Verdict:
    low, high = stats.binomtest(right, n).proportion_ci(CONFIDENCE, "exact")
    chance = stats.binomtest(right, n, alternative="greater").pvalue
    return Verdict(what, right / n, float(low), float(high), n, float(chance))


def _rated(test: ListeningTest, answers: Answers) -> list[Verdict]:
    heard = {name: of for name, of in answers.items() if name not in left_out(test, answers)}
    found = []
    for name in test.sets:
        means = [float(np.mean([one.ratings[name] for one in of])) for of in heard.values() if of]
        if means:
            found.append(Verdict(name, float(np.mean(means)), *_interval(means), len(means)))
    return found


def _interval(means: Sequence[float]) -> tuple[float, float]:
    """Of a mean of some listeners' means; the whole scale for one listener, who tells nothing of others."""
    n, mean = len(means), float(np.mean(means))
    if n < 2:
        return 0.0, BEST
    reach = float(stats.t.ppf(0.5 + CONFIDENCE / 2.0, n - 1) * np.std(means, ddof=1) / math.sqrt(n))
    return max(mean - reach, 0.0), min(mean + reach, BEST)


def left_out(test: ListeningTest, answers: Answers) -> tuple[str, ...]:
    """Listeners who do not hear the hidden reference."""
    if not has_reference(test):
        return ()
    missed = {name: [one.ratings[REFERENCE] < EXPERT for one in of] for name, of in answers.items() if of}
    return tuple(name for name, of in missed.items() if sum(of) > MISSED * len(of))


# -- files ---------------------------------------------------------------------------------------------------------


def results_csv(test: ListeningTest, answers: Answers) -> str:
    """The verdicts, one a row."""
    rows = [asdict(verdict) for verdict in verdicts(test, answers)]
    return _csv(["what", "figure", "low", "high", "n", "p"], [list(row.values()) for row in rows])


def answers_csv(test: ListeningTest, answers: Answers) -> str:
    """All that was said, one answer, or one rating, a row, in the order in which it was asked."""
    head = ["listener", "trial", "item", "order", "x", "set", "answer", "at"]
    rows: list[list[object]] = []
    for listener, of in answers.items():
        for one in of:
            said: Mapping[str, object] = one.ratings or {str(one.chosen): "chosen"}
            for name, value in said.items():
                item = test.trials[one.trial].item
                rows.append([listener, one.trial, item, " ".join(one.shown), one.x or "", name, value, one.at])
    return _csv(head, rows)


def _csv(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([["" if cell is None else _plain(cell) for cell in row] for row in rows])
    return written.getvalue()


def _plain(cell: object) -> object:
    """Numbers in six digits; text that no table calculates with."""
    if isinstance(cell, float):
        return f"{cell:.6g}"
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@") else cell
