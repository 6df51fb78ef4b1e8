"""Code that gets too little of the processor is given more time; code that hangs is not."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from kettle.checking.runner.patience import ENOUGH, MOST, Patience
from kettle.probes.engines.own_thread import run_in_own_thread

LIMIT = 0.8  # seconds


def crawl(end, share=0.2):
    """Use a share of a processor, as code on a busy machine does."""
    end += time.monotonic()
    while (now := time.monotonic()) < end:
        while time.monotonic() < now + 0.02:
            pass
        time.sleep(0.02 / share - 0.02)
    return "done"


def spin(end):
    while end.is_set() is False:
        pass


def judged(function, *args):
    patience = Patience(LIMIT)
    return run_in_own_thread(function, *args, limit=LIMIT, more=patience.more), patience


def test_what_gets_little_is_given_more_time():
    told, patience = judged(crawl, 1.5 * LIMIT)
    assert (told.value, patience.starved) == ("done", False)


def test_it_ends_some_time_and_then_says_so():
    told, patience = judged(crawl, 20 * LIMIT)
    assert (told.timed_out, patience.starved) == (True, True)
    assert told.seconds > MOST * LIMIT


def wait(end):
    end.wait(30)


@pytest.mark.parametrize("function", [wait, spin])
def test_what_hangs_is_given_no_more(function):
    for _ in range(5):  # on a busy machine other threads of this process may stand in line
        end = threading.Event()
        told, patience = judged(function, end)
        end.set()
        assert told.timed_out
        if not patience.starved:
            return
    assert function is spin
    assert patience.used < ENOUGH * LIMIT


BURN = "import os; os.sched_setaffinity(0, {}); all(n == 0 for n in iter(int, 1))"
STAND = """
import os, sys, threading
from test_patience import judged, spin
print("ready", flush=True)
sys.stdin.readline()
os.sched_setaffinity(0, {})
os.nice(19)
told, patience = judged(spin, threading.Event())
print(told.timed_out, patience.starved, flush=True)
os._exit(0)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone tells who stands in line for a processor")
def test_what_stands_in_line_is_not_taken_for_waiting():
    here, one = Path(__file__).parent, {min(os.sched_getaffinity(0))}
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(here), str(here.parent)])}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", STAND.format(one)], env=env, **pipes) as stands:
        assert stands.stdout.readline() == "ready\n"
        burner = subprocess.Popen([sys.executable, "-c", BURN.format(one)])
        try:
            told, _ = stands.communicate("go\n", timeout=60)
        finally:
            burner.kill()
            burner.wait()
    assert told.split() == ["True", "True"]
