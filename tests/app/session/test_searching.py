"""Searches: what they find, what ends them, and that a cancelled one leaves nothing."""

from __future__ import annotations

import threading

import pytest

from app.session.searching import Search
from synth.errors import AudioError
from tests.harness.patience import PATIENCE


def test_what_is_found_is_kept():
    search = Search(lambda report: report(0.5) or "found")
    search.wait(PATIENCE)
    assert (search.found, search.fault, search.share, search.running) == ("found", None, 1.0, False)


def test_a_cancelled_search_ends_at_its_next_report_with_nothing():
    begun, go_on, after = threading.Event(), threading.Event(), []

    def work(report):
        report(0.25)
        begun.set()
        go_on.wait(PATIENCE)
        report(0.5)
        after.append(True)

    search = Search(work)
    begun.wait(PATIENCE)
    assert search.running and search.share == 0.25
    search.cancel()
    go_on.set()
    search.wait(PATIENCE)
    assert not search.running and search.found is None and search.fault is None and not after


def test_a_search_that_is_cancelled_after_its_last_report_is_thrown_away_too():
    begun, go_on = threading.Event(), threading.Event()

    def work(report):
        begun.set()
        go_on.wait(PATIENCE)
        return "late"

    search = Search(work)
    begun.wait(PATIENCE)
    search.cancel()
    go_on.set()
    search.wait(PATIENCE)
    assert search.found is None


@pytest.mark.parametrize(("error", "words"), [(AudioError("The sound is silent."), "silent"), (ValueError(), "log")])
def test_faults_are_kept_as_sentences(error, words):
    def work(report):
        raise error

    search = Search(work)
    search.wait(PATIENCE)
    assert words in str(search.fault) and search.found is None
