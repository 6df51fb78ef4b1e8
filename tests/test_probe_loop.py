"""watch_loop: what held the event loop, told apart from a machine that is merely busy."""

# ruff: noqa: ASYNC251 (blocking the loop is what is tested)

import asyncio
import re
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from time import sleep as imported_sleep

import pytest

from kettle.lessons.desk import open_desk
from kettle.probes.engines import blocking
from kettle.probes.loop import watch_loop
from kettle.shop import Shop


def burn(seconds):
    """Use that much CPU time in this thread, however long it takes."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        sum(range(100))


def watched(body, **options):
    """Run a coroutine function under watch_loop in a fresh loop; return the watch."""

    async def main():
        with watch_loop(**options) as loop:
            await body()
        return loop

    return asyncio.run(main())


both = pytest.mark.parametrize("explain", [False, True], ids=["patched", "profiled"])


LOOKS = """
import gc, sys, threading, time
from kettle.probes.engines import sampler

def deep(n):
    return deep(n - 1) if n else 0

def step(kept=[], running=(1, 0.0)):
    kept.append([])  # enough for a collection to begin at any time
    return running

sampler._LOOK_EVERY = 0
sys.setrecursionlimit(5000)
sys.setswitchinterval(1e-5)
gc.callbacks.append(lambda *_: time.sleep(0))
gc.set_threshold(1)
looks = sampler.Sampler(threading.get_ident(), step)
looks.start()
until = time.monotonic() + 1
while time.monotonic() < until:
    deep(400)
looks.stop()
"""


def test_a_look_at_a_thread_that_goes_on_crashes_nothing():
    assert subprocess.run([sys.executable, "-c", LOOKS], timeout=60, check=False).returncode == 0


@both
def test_quiet_tasks_hold_nothing(explain):
    async def quiet():
        await asyncio.gather(*(asyncio.sleep(0.01 * k) for k in range(5)))

    loop = watched(quiet, explain=explain)
    assert loop.longest_hold == 0
    assert loop.held_by == ""
    assert loop.blocking == ()
    assert loop.steps >= 10


@both
def test_sleep_on_the_loop_is_named(explain):
    async def blocks():
        await asyncio.sleep(0)
        imported_sleep(0.06)

    loop = watched(blocks, explain=explain)
    assert loop.longest_hold >= 0.06
    assert "time.sleep in " in loop.held_by
    assert "test_probe_loop:" in loop.held_by
    assert loop.holds[0].source == "imported_sleep(0.06)"
    assert [call.call for call in loop.blocking] == ["time.sleep"]


@both
def test_cpu_on_the_loop_is_named(explain):
    async def works():
        await asyncio.sleep(0)
        burn(0.15)

    loop = watched(works, explain=explain)
    assert loop.longest_hold >= 0.14
    assert "CPU work" in loop.held_by
    assert loop.holds[0].function in ("burn", "<lambda>") or "burn" in loop.holds[0].function
    assert not loop.holds[0].calls


def test_a_socket_that_is_read_through_a_buffer_is_told_as_a_socket():
    async def reads():
        ours, theirs = _socket_pair_late(0.05)
        with ours, theirs, ours.makefile("rb") as buffered:
            await asyncio.sleep(0)
            buffered.read(1)

    loop = watched(reads, explain=True)
    assert [call.call for call in loop.blocking] == ["socket.read"]


def test_a_nested_function_is_told_by_its_own_name():
    async def outer():
        async def inner():
            imported_sleep(0.06)

        await asyncio.create_task(inner())

    loop = watched(outer)
    assert loop.holds[0].task == loop.holds[0].function == "inner"
    assert "inner" in [lane.name for lane in loop.timeline.lanes]


def test_the_task_of_a_notebooks_cell_is_called_the_cell():
    class InteractiveShell:
        async def run_cell_async(self):
            with watch_loop() as loop:
                await asyncio.sleep(0.01)
            return loop

    InteractiveShell.run_cell_async.__qualname__ = "InteractiveShell.run_cell_async"  # as IPython has it
    loop = asyncio.run(InteractiveShell().run_cell_async())
    assert [lane.name for lane in loop.timeline.lanes] == ["the cell"]


def test_waiting_for_the_machine_is_not_holding():
    """A step that takes long because its thread does not get to run is no hold."""
    release = threading.Event()

    def hog():
        while not release.is_set():
            sum(range(200_000))

    async def light():
        for _ in range(20):
            await asyncio.sleep(0)
            sum(range(1000))

    hogs = [threading.Thread(target=hog, daemon=True) for _ in range(3)]
    for thread in hogs:
        thread.start()
    try:
        loop = watched(light)
    finally:
        release.set()
    assert loop.longest_hold == 0, loop
    assert loop.steps > 20


def _socket_pair_late(seconds):
    ours, theirs = socket.socketpair()
    threading.Timer(seconds, theirs.sendall, (b"x",)).start()
    return ours, theirs


def recv_blocking():
    ours, theirs = _socket_pair_late(0.05)
    with ours, theirs:
        ours.recv(1)


def future_result():
    with ThreadPoolExecutor(1) as pool:
        pool.submit(imported_sleep, 0.05).result()


def thread_join():
    thread = threading.Thread(target=imported_sleep, args=(0.05,))
    thread.start()
    thread.join()


def event_wait():
    threading.Event().wait(0.05)


def child_process():
    import subprocess

    subprocess.run([sys.executable, "-c", ""], check=True)


@both
@pytest.mark.parametrize(
    ("call", "label"),
    [
        (recv_blocking, "socket.recv"),
        (future_result, "Future.result"),
        (thread_join, "Thread.join"),
        (event_wait, "Event.wait"),
        (child_process, "Popen."),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_blocking_calls_are_recognised(call, label, explain):
    async def blocks():
        await asyncio.sleep(0)
        call()

    loop = watched(blocks, explain=explain)
    assert any(hit.call.startswith(label) for hit in loop.blocking), loop.blocking
    assert all(hit.where.startswith("test_probe_loop:") for hit in loop.blocking)


@pytest.mark.parametrize("kind", [threading.Lock, threading.RLock])
def test_a_contended_lock_is_seen_when_explained(kind):
    lock, tried = kind(), threading.Event()

    def holds():
        with lock:
            held.set()
            tried.wait(10)

    async def takes_it_itself():
        await asyncio.sleep(0)
        lock.acquire(timeout=0.05)
        tried.set()

    held, holder = threading.Event(), threading.Thread(target=holds)
    holder.start()
    held.wait(10)
    assert [hit.call for hit in watched(takes_it_itself, explain=True).blocking] == ["Lock.acquire"]
    holder.join()


def test_a_lock_that_nobody_else_holds_is_not_waited_for():
    lock, seen = threading.RLock(), []
    recorder = blocking.Recorder(threading.get_ident())
    recorder.entered = seen.append
    with blocking.profiled(recorder):
        lock.acquire()
        lock.acquire()
        lock.release()
        lock.release()
    assert seen == []


@both
def test_work_in_threads_and_own_sockets_are_no_blocking_calls(explain):
    async def echo(reader, writer):
        writer.write(await reader.readline())
        await writer.drain()
        writer.close()

    async def fine():
        await asyncio.to_thread(imported_sleep, 0.05)
        server = await asyncio.start_server(echo, "127.0.0.1", 0)
        async with server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            writer.write(b"hello\n")
            assert await reader.readline() == b"hello\n"
            writer.close()

    loop = watched(fine, explain=explain)
    assert loop.blocking == ()


def test_what_was_replaced_is_put_back():
    def places():
        return (time.sleep, socket.socket.recv, imported_sleep, asyncio.events.Handle._run, sys.getprofile())

    before = places()

    async def nothing():
        pass

    watched(nothing)
    watched(nothing, explain=True)
    assert before == places()
    assert "recv" not in vars(socket.socket)


def test_timeline_of_tasks_that_wait_and_one_that_blocks():
    async def waits():
        await asyncio.sleep(0.05)
        await asyncio.sleep(0.06)

    async def blocks():
        imported_sleep(0.1)

    async def both():
        await asyncio.gather(asyncio.create_task(waits(), name="polite"), blocks())

    loop = watched(both)
    line = loop.timeline
    lanes = {lane.name.rpartition(".")[2]: lane for lane in line.lanes}
    assert {"polite", "blocks"} <= set(lanes)
    assert [s.state for s in lanes["blocks"].segments if s.state != "waiting"] == ["blocked"]
    assert lanes["blocks"].segments[-1].where.startswith("test_probe_loop:")
    polite = [s for s in lanes["polite"].segments if s.state == "waiting"]
    assert len({s.where for s in polite}) >= 2, polite  # each await is another line
    assert sum(s.seconds for s in line.loop if s.state == "blocked") == pytest.approx(
        loop.longest_hold, abs=0.05
    )
    for lane in line.lanes:
        assert line.started <= lane.started <= lane.ended <= line.ended
        for one, other in zip(lane.segments, lane.segments[1:], strict=False):
            assert one.ended == other.started


def test_waiting_to_run_for_the_first_time_is_in_the_lane():
    async def blocks():
        imported_sleep(0.04)

    async def three():
        await asyncio.gather(blocks(), blocks(), blocks())

    lanes = [lane for lane in watched(three).timeline.lanes if lane.name.endswith("blocks")]
    assert len(lanes) == 3
    waited = [sum(s.seconds for s in lane.segments if s.state == "waiting") for lane in lanes]
    assert waited[0] < 0.04 <= waited[1] < waited[2]


def test_a_block_within_one_step():
    async def main():
        with watch_loop() as loop:
            imported_sleep(0.05)
        return loop

    loop = asyncio.run(main())
    assert loop.longest_hold >= 0.05
    assert loop.timeline.loop[0].state == "blocked"


def test_two_watches_may_overlap():
    async def main():
        async with watch_loop() as outer:
            async with watch_loop(explain=True) as inner:
                await asyncio.sleep(0)
                imported_sleep(0.03)
            await asyncio.sleep(0)
        return outer, inner

    for watch in asyncio.run(main()):
        assert watch.longest_hold >= 0.03


def test_two_loops_in_two_threads_do_not_mix():
    async def quiet():
        with watch_loop() as loop:
            await asyncio.sleep(0.1)
        return loop

    async def noisy():
        with watch_loop() as loop:
            imported_sleep(0.05)
            await asyncio.sleep(0)
        return loop

    with ThreadPoolExecutor(2) as pool:
        one, other = pool.submit(asyncio.run, quiet()), pool.submit(asyncio.run, noisy())
        assert one.result().longest_hold == 0
        assert other.result().longest_hold >= 0.05


def test_three_hundred_tasks_make_a_timeline_quickly():
    async def one(k):
        for _ in range(5):
            await asyncio.sleep(0.001 * (k % 7))

    async def many():
        await asyncio.gather(*(one(k) for k in range(300)))

    loop = watched(many)
    before = time.thread_time()
    line = loop.timeline
    assert len(line.lanes) == 301
    assert time.thread_time() - before < 1.0


def test_outside_a_loop_it_says_so():
    with pytest.raises(RuntimeError, match="loop"), watch_loop():
        pass


def test_c_code_that_keeps_the_gil_is_named_though_nobody_can_look_meanwhile():
    hard = r"(\w+\s?)+", "Congratulations to all of you!"

    async def serve():
        re.fullmatch(*hard)
        imported_sleep(0.03)

    before = time.thread_time()
    re.fullmatch(*hard)
    if time.thread_time() - before < 0.04:
        pytest.skip("this machine is too fast for that pattern")
    loop = watched(serve)
    assert "re.fullmatch" in loop.holds[0].source
    assert loop.held_by.startswith("CPU work in ")


def test_a_stand_in_is_passed_over_for_the_line_that_called_it():
    async def serve():
        with Shop(seed=1) as shop:
            async with open_desk(shop) as desk:
                socket.gethostbyname(desk.courier)

    loop = watched(serve)
    call = next(call for call in loop.blocking if call.call == "socket.gethostbyname")
    assert call.source == "socket.gethostbyname(desk.courier)"
