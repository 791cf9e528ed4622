"""Turns: mutual exclusion, and no one comes twice before another who waits."""

from __future__ import annotations

import threading

from app.server.fair_lock import Turns


def test_only_one_is_inside():
    turns, inside, seen = Turns(), [], []

    def work() -> None:
        for _ in range(200):
            with turns:
                inside.append(1)
                seen.append(len(inside))
                inside.pop()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(seen) == {1} and len(seen) == 800


def test_one_who_comes_back_at_once_waits_for_the_others():
    turns, order, others = Turns(), [], []

    def other(name: int) -> None:
        with turns:
            order.append(name)

    with turns:
        for name in range(3):
            thread = threading.Thread(target=other, args=(name,))
            thread.start()
            others.append(thread)
            while len(turns._queue) < name + 2:
                pass
    with turns:
        order.append(99)
    for thread in others:
        thread.join()
    assert order == [0, 1, 2, 99]


def test_an_error_inside_gives_the_turn_away():
    turns = Turns()
    try:
        with turns:
            raise ValueError
    except ValueError:
        pass
    with turns:
        pass
