from itertools import count, islice

import pytest

from synth.latents.budget import Budget, spend


@pytest.mark.parametrize(
    ("budget", "steps", "seconds", "share"),
    [
        (Budget(), 0, 0.0, 1.0),
        (Budget(steps=4), 1, 99.0, 0.25),
        (Budget(seconds=8.0), 99, 2.0, 0.25),
        (Budget(steps=10, seconds=8.0), 1, 4.0, 0.5),
        (Budget(steps=4), 9, 0.0, 1.0),
    ],
)
def test_a_budget_is_spent_by_what_runs_out_first(budget, steps, seconds, share) -> None:
    assert budget.share(steps, seconds) == share


def test_so_many_steps_are_taken_after_the_start() -> None:
    shares: list[float] = []
    assert spend(Budget(steps=4), count(), shares.append) == 4
    assert shares == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert spend(Budget(), count()) == 0


def test_seconds_end_it_too_and_begin_after_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("synth.latents.budget.time.monotonic", lambda: now[0])

    def slow():
        for i in count():
            now[0] += 0.03 if i else 0.2
            yield i

    assert spend(Budget(seconds=0.1), slow()) == 4


def test_a_turn_is_taken_for_each_step_and_given_back_between() -> None:
    held, inside = [], []

    class Turn:
        def __enter__(self) -> None:
            held.append(True)

        def __exit__(self, *_) -> None:
            held.pop()

    def steps():
        for i in count():
            inside.append(bool(held))
            yield i

    spend(Budget(steps=3), steps(), lambda _: inside.append(bool(held)), Turn())
    assert inside == [True, False] * 4


def test_a_report_that_raises_ends_it() -> None:
    taken: list[int] = []

    def report(share: float) -> None:
        if share > 0.4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        spend(Budget(steps=10), (taken.append(i) or i for i in islice(count(), 99)), report)
    assert taken == [0, 1, 2, 3, 4, 5]
