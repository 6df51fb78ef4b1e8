"""What is replaced while somebody watches: layers that come and go in any order."""

import itertools
import os
import subprocess
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from multiprocessing.process import BaseProcess
from time import sleep
from types import SimpleNamespace
from unittest import mock

import pytest

from kettle.layers import Once, replace
from kettle.probes.calls import count_calls
from kettle.probes.engines import blocking
from kettle.probes.engines.counting import Counting
from kettle.probes.virtual_time.threads import Threads
from kettle.probes.workers import watch_workers

PLACES = [
    (ThreadPoolExecutor, "__init__"),
    (ThreadPoolExecutor, "submit"),
    (ProcessPoolExecutor, "submit"),
    (BaseProcess, "start"),
    (threading.Thread, "start"),
    (subprocess.Popen, "__init__"),
    (os, "fork"),
    (time, "sleep"),
]
INSTRUMENTS = {
    "watch_workers": watch_workers,
    "Counting": Counting,
    "patched": lambda: blocking.patched(blocking.Recorder(threading.get_ident())),
    "virtual time": lambda: Threads(None).replaced(),
    "count_calls": lambda: count_calls(time, "sleep"),
}


def what_is_there():
    """What stands in all places, and under this module's own name for one of them."""
    return [*(vars(owner).get(name) for owner, name in PLACES), globals()["sleep"]]


@pytest.mark.parametrize(("first", "second"), [*itertools.product(INSTRUMENTS, repeat=2)])
def test_instruments_that_are_closed_in_the_order_in_which_they_were_opened_leave_nothing(first, second):
    before = what_is_there()
    one, other = INSTRUMENTS[first](), INSTRUMENTS[second]()
    one.__enter__()
    assert what_is_there() != before, "else this instrument replaces nothing here"
    other.__enter__()
    one.__exit__(None, None, None)
    other.__exit__(None, None, None)
    assert what_is_there() == before


def test_an_instrument_goes_on_when_one_below_it_is_closed():
    with watch_workers() as below:
        counting = Counting()
        counting.__enter__()
    counting.here(a_pool_doubles)
    counting.__exit__(None, None, None)
    assert counting.threads == 1, "besides this one"
    assert below.ran == ()


def test_an_instrument_goes_on_when_one_above_it_is_closed():
    counting = Counting()
    counting.__enter__()
    with watch_workers() as above:
        counting.__exit__(None, None, None)
        a_pool_doubles()
    assert [each.name for each in above.ran] == ["double"]


def a_pool_doubles():
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(double, 2).result()


def double(number):
    return 2 * number


def test_each_layer_is_made_of_the_one_below_it():
    owner = SimpleNamespace(word="tea")
    undo = [replace(owner, "word", lambda below, sign=sign: below + sign) for sign in "!?."]
    assert owner.word == "tea!?."
    undo[1]()
    assert owner.word == "tea!."
    undo[0]()
    assert owner.word == "tea."
    undo[2]()
    assert owner.word == "tea"


def test_a_layer_may_lie_under_the_others():
    owner = SimpleNamespace(word="tea")
    undo = replace(owner, "word", str.upper)
    undo_under = replace(owner, "word", lambda below: f"more {below}", under=True)
    assert owner.word == "MORE TEA"
    undo()
    assert owner.word == "more tea"
    undo_under()
    assert owner.word == "tea"


def test_what_an_owner_inherits_is_inherited_again():
    class Pot:
        pours = "tea"

    class Teapot(Pot):
        pass

    undo = replace(Teapot, "pours", lambda below: f"more {below}")
    assert (Teapot.pours, Pot.pours) == ("more tea", "tea")
    undo()
    assert "pours" not in vars(Teapot)


def test_what_somebody_else_put_back_stays():
    owner = SimpleNamespace(word="tea")
    other = mock.patch.object(owner, "word", "coffee")
    other.start()
    undo = replace(owner, "word", str.upper)
    assert owner.word == "COFFEE"
    other.stop()
    undo()
    assert owner.word == "tea"


def test_a_module_and_its_names_are_one_place():
    undo_one = replace(os, "extsep", lambda below: f"1{below}")
    undo_other = replace(vars(os), "extsep", lambda below: f"2{below}")
    assert os.extsep == "21."
    undo_one()
    assert os.extsep == "2."
    undo_other()
    assert os.extsep == "."


def test_one_thing_under_two_names_becomes_one_thing():
    owner = SimpleNamespace(one=sleep, two=sleep)
    wrapped = Once(partial)
    undo = [replace(owner, name, wrapped) for name in ("one", "two")]
    assert owner.one is owner.two is not sleep
    for each in undo:
        each()
    assert owner.one is owner.two is sleep
