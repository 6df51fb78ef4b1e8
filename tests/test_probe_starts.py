"""What starts in a process is told to all that listen, wherever it is watched from."""

import subprocess
import sys
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import pytest

from kettle.probes.engines import starts
from kettle.probes.engines.starts import listening
from kettle.probes.workers import watch_workers


class Heard(list):
    """Notes what it hears, and by which function it was called."""

    def __init__(self):
        for event in starts._PLACES:
            setattr(self, event, self._hear(event))

    def _hear(self, event):
        def hear(real, caller, *args, **kwargs):
            self.append((event, caller.f_code.co_name))
            return real(*args, **kwargs)

        return hear


def a_pool_of_threads():
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(str, 7).result()


def a_thread():
    thread = threading.Thread(target=str)
    thread.start()
    thread.join()


def a_program():
    subprocess.run([sys.executable, "-c", ""], check=True)


def test_all_that_listen_hear_and_nothing_stays_replaced():
    before = ThreadPoolExecutor.submit, threading.Thread.start, subprocess.Popen.__init__
    one, other = Heard(), Heard()
    with listening(lambda: one):
        assert a_pool_of_threads() == "7"
        with listening(lambda: other):
            a_thread()
        a_program()
    assert other == [("thread", "a_thread")]
    assert one == [
        ("making", "a_pool_of_threads"),
        ("job", "a_pool_of_threads"),
        ("thread", "_adjust_thread_count"),
        ("ending", "__exit__"),
        ("thread", "a_thread"),
        ("popen", "run"),
    ]
    assert before == (ThreadPoolExecutor.submit, threading.Thread.start, subprocess.Popen.__init__)


def test_only_the_thread_that_is_asked_for_is_heard():
    heard, here = Heard(), threading.get_ident()
    with listening(lambda: heard if threading.get_ident() == here else None):
        thread = threading.Thread(target=a_pool_of_threads)
        thread.start()
        thread.join()
    assert heard == [("thread", "test_only_the_thread_that_is_asked_for_is_heard")]


def test_a_listener_may_refuse():
    class No:
        def sending(self, real, caller, *args, **kwargs):
            raise PermissionError

    with listening(No), ProcessPoolExecutor(1) as pool, pytest.raises(PermissionError):
        pool.submit(str, 7)


@pytest.mark.skipif(sys.version_info < (3, 14), reason="there are no pools of interpreters")
def test_a_job_of_an_interpreter_is_sent():
    from concurrent.futures import InterpreterPoolExecutor

    heard = Heard()
    with InterpreterPoolExecutor(1) as pool, listening(lambda: heard):
        assert pool.submit(str, 7).result() == "7"
    assert ("sending", "test_a_job_of_an_interpreter_is_sent") in heard


def test_a_thread_that_the_code_starts_counts_whoever_else_listens():
    with watch_workers() as workers, listening(Heard):
        a_thread()
        a_pool_of_threads()
    assert workers.threads_started == 1
