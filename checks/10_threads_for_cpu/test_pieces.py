"""watch_pieces and watch_threads: where work ran, what overlapped, how often something was sent."""

import concurrent.futures
import hashlib
import multiprocessing
import os
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial

import pytest

from kettle.lessons.pieces import WatchedSet, watch_pieces
from kettle.lessons.thread_times import watch_threads

METHODS = [
    pytest.param(
        method, marks=[] if method in multiprocessing.get_all_start_methods() else [pytest.mark.skip]
    )
    for method in ("fork", "forkserver", "spawn")
]


def look_up(thing, things):
    return thing in things


@pytest.mark.parametrize("method", METHODS)
def test_pieces_tell_where_they_ran_and_how_often_the_set_was_sent(method):
    context = multiprocessing.get_context(method)
    with watch_pieces(together=2, patience=30) as pieces:
        things = WatchedSet(range(6), pieces.note)
        with ProcessPoolExecutor(2, mp_context=context) as pool:
            assert (
                list(pool.map(partial(look_up, things=things), range(8), chunksize=4))
                == [True] * 6 + [False] * 2
            )
    assert sorted(piece.what for piece in pieces.all) == [*"01234567"]
    assert len(pieces.processes) == 2
    assert not pieces.here
    assert pieces.met
    assert (pieces.arrived, pieces.most) == (2, 2)


@pytest.mark.skipif(not hasattr(concurrent.futures, "InterpreterPoolExecutor"), reason="from Python 3.14 on")
def test_interpreters_of_this_process_are_told_from_its_threads():
    with watch_pieces(together=2, patience=30) as pieces:
        with concurrent.futures.InterpreterPoolExecutor(2) as pool:
            list(pool.map(pieces.note, "abcd"))
        pieces.note("e")
    assert len(pieces.here) == 5
    assert [piece.what for piece in pieces.sharing] == ["e"]
    assert len(pieces.elsewhere) == 2
    assert not pieces.processes


def test_threads_of_this_process_are_seen_and_nothing_is_sent():
    with watch_pieces(together=3) as pieces, ThreadPoolExecutor(3) as pool:
        list(pool.map(partial(look_up, things=WatchedSet("abc", pieces.note)), "abcd"))
    assert len(pieces.here) == 4
    assert pieces.most == 3
    assert pieces.met
    assert pieces.arrived == 0


def test_one_too_many_is_seen():
    with watch_pieces(together=2) as pieces, ThreadPoolExecutor(5) as pool:
        list(pool.map(pieces.note, range(5)))
    assert pieces.met
    assert pieces.most > 2


def test_work_in_turn_does_not_meet_and_waits_only_once():
    began = time.perf_counter()
    with watch_pieces(together=2, patience=0.2) as pieces:
        for what in range(20):
            pieces.note(what)
    assert not pieces.met
    assert pieces.most == 1
    assert time.perf_counter() - began < 3


def test_no_work_has_not_met():
    with watch_pieces(together=2) as pieces:
        pass
    assert not pieces.met
    assert (pieces.all, pieces.most, pieces.processes) == ((), 0, frozenset())


def test_a_piece_that_outlives_the_watch_does_no_harm():
    with watch_pieces(together=2) as pieces:
        note = pieces.note
    note("late")
    assert pieces.all == ()


def test_a_thread_that_waits_has_nothing_of_a_core_and_one_that_hashes_has_some():
    with watch_threads() as threads, ThreadPoolExecutor(2) as pool:
        list(pool.map(threads.noted(time.sleep), [0.05] * 4))
        waited = threads.stretches
        pool.submit(threads.noted(hashlib.sha256), bytes(20_000_000)).result()
    assert len(waited) == 4
    assert {each.thread for each in waited} <= {0, 1}
    assert max(each.share for each in waited) < 0.2
    assert threads.stretches[-1].cpu > 10 * sum(each.cpu for each in waited)
    assert threads.cores <= (os.cpu_count() or 1)
    assert threads.seconds >= 0.1


def test_a_starved_machine_is_given_more_time(monkeypatch):
    sleep = time.sleep
    monkeypatch.setattr("kettle.lessons.pieces.time.sleep", lambda seconds: sleep(max(seconds, 0.05)))
    with watch_pieces(together=2, patience=0.2) as pieces, ThreadPoolExecutor(2) as pool:
        pool.submit(pieces.note, "early")
        sleep(0.5)  # more than the patience, and few looks had been possible
        pool.submit(pieces.note, "late")
    assert pieces.met
