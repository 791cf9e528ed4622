import threading
from itertools import count, islice

import pytest

from synth.pool import AHEAD, cores, in_order
from tests.harness.patience import PATIENCE


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_results_come_in_order(threads: int) -> None:
    first = threading.Event()

    def work(item: int) -> int:
        if threads > 1 and item == 0:
            assert first.wait(PATIENCE), "the second runs beside the first"
        if item == 1:
            first.set()
        return item * item

    assert list(in_order(work, range(20), threads)) == [i * i for i in range(20)]


def test_only_a_few_are_asked_for_before_their_turn() -> None:
    asked: list[int] = []

    def items() -> "count[int]":
        for i in count():
            asked.append(i)
            yield i

    made = in_order(lambda i: i, items(), 2)
    assert list(islice(made, 3)) == [0, 1, 2]
    made.close()
    assert len(asked) <= 3 + 2 * AHEAD


def test_what_raises_does_so_in_its_turn_and_nothing_follows() -> None:
    begun: list[int] = []

    def work(item: int) -> int:
        begun.append(item)
        if item == 3:
            raise ValueError("no")
        return item

    made = in_order(work, range(1000), 2)
    assert [next(made) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match="no"):
        next(made)
    assert max(begun) <= 3 + 2 * AHEAD + 1


def test_there_is_a_core() -> None:
    assert cores() >= 1
