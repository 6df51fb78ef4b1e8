"""The desk: what it is made of answers, takes its time, and waits for the loop in a check."""

# ruff: noqa: ASYNC221 (what holds the loop is what is tested)

import asyncio
import logging
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from kettle.checking.checks import load_module
from kettle.lessons.desk import ARCHIVE, LABEL, NAMES, open_desk, start_name_server, wholesale
from kettle.shop import Shop

world = load_module(Path(__file__).parent, "world")
QUICK = {NAMES: 0.0, LABEL: 0.0, ARCHIVE: 0.0}


@pytest.fixture(scope="module")
def shop():
    with Shop(seed=13) as shop:
        yield shop


def at_desk(shop, body, **options):
    async def main():
        async with open_desk(shop, **options) as desk:
            return await body(desk)

    return asyncio.run(main())


def record(text):
    return logging.LogRecord("audit", logging.INFO, "x.py", 1, text, (), None)


def test_the_courier_is_asked_by_name_and_by_address(shop):
    async def ask(desk):
        return [await desk.ask(desk.courier), await desk.ask(socket.gethostbyname(desk.courier))]

    first, second = at_desk(shop, ask, seconds=QUICK)
    assert first == second
    assert first["price"] > 0


def test_a_name_is_known_while_its_desk_is_open_and_other_names_as_ever(shop):
    async def names(desk):
        return desk.courier, socket.gethostbyname(desk.courier.encode())

    stop = start_name_server()
    try:
        courier, address = at_desk(shop, names, seconds=QUICK)
        assert address == "127.0.0.1"
        assert socket.gethostbyname("127.0.0.1") == "127.0.0.1"
        with pytest.raises(socket.gaierror):
            socket.getaddrinfo(courier, None)
    finally:
        stop()


LOOK_UPS = ("getaddrinfo", "gethostbyname", "gethostbyname_ex")


def test_to_import_the_desk_changes_nothing():
    code = f"""
import socket
before = [getattr(socket, name) for name in {LOOK_UPS}]
import kettle.lessons.desk
assert [getattr(socket, name) for name in {LOOK_UPS}] == before
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_look_ups_are_the_systems_again_when_the_last_desk_is_closed():
    code = f"""
import asyncio, socket
from kettle.shop import Shop
from kettle.lessons.desk import open_desk
def look_ups():
    return [getattr(socket, name) for name in {LOOK_UPS}]
before = look_ups()
async def main():
    with Shop(seed=13) as shop:
        async with open_desk(shop) as desk:
            async with open_desk(shop):
                pass
            assert not set(look_ups()) & set(before)
            assert socket.gethostbyname(desk.courier) == "127.0.0.1"
asyncio.run(main())
assert look_ups() == before
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_a_look_up_that_was_kept_knows_the_desks_that_are_opened_later(shop):
    stop = start_name_server()
    kept = socket.gethostbyname
    try:

        async def look_up(desk):
            return kept(desk.courier)

        assert at_desk(shop, look_up, seconds=QUICK) == "127.0.0.1"
    finally:
        stop()


def test_a_label_is_made_or_fails(shop):
    async def labels(desk):
        return [
            subprocess.run(desk.label(total), check=False, capture_output=True, text=True)
            for total in (1234, -1)
        ]

    made, failed = at_desk(shop, labels, seconds=QUICK)
    assert made.stdout == "KC-1234-0\n"
    assert failed.returncode == 1
    assert "0 or more" in failed.stderr


@pytest.mark.parametrize("total", [0, 7, 19, 99_999, 1_234_567, -10])
def test_both_programs_for_labels_say_the_same(shop, total):
    async def label(desk):
        return subprocess.run(desk.label(total), check=False, capture_output=True, text=True)

    slow, quick = (at_desk(shop, label, seconds=QUICK | {LABEL: seconds}) for seconds in (0.001, 0.0))
    assert (slow.returncode, slow.stdout, slow.stderr) == (quick.returncode, quick.stdout, quick.stderr)


def test_what_is_slow_takes_its_time(shop):
    async def waits(desk):
        start = time.perf_counter()
        socket.gethostbyname(desk.courier)
        middle = time.perf_counter()
        desk.archive.emit(record("a line"))
        return middle - start, time.perf_counter() - middle, desk.archive.lines

    names, archive, lines = at_desk(shop, waits, seconds={NAMES: 0.03, ARCHIVE: 0.02})
    assert names >= 0.03
    assert archive >= 0.02
    assert lines == ["a line"]


def test_a_large_cart_is_made_of_json_and_is_the_same_each_time():
    assert wholesale(5) == wholesale(5) != wholesale(5, seed=1)
    assert 300 < sum(map(len, wholesale(50))) / 50 < 500


def gated(shop, body):
    async def main():
        async with world.gated_desk(shop, 0.3) as (desk, gates):
            return await body(desk), gates.held()

    return asyncio.run(main())


def test_what_is_done_in_threads_meets_a_living_loop(shop):
    async def threads(desk):
        await asyncio.to_thread(socket.gethostbyname, desk.courier)
        await asyncio.to_thread(desk.archive.emit, record("a line"))
        return await asyncio.to_thread(subprocess.check_output, desk.label(1))

    label, held = gated(shop, threads)
    assert label.split() == [b"KC-1-1"]
    assert held == ("", False)


@pytest.mark.parametrize("kind", [NAMES, LABEL])
def test_what_holds_the_loop_is_named(shop, kind):
    async def holds(desk):
        do = {
            NAMES: lambda: socket.gethostbyname(desk.courier),
            LABEL: lambda: subprocess.check_output(desk.label(1)),
        }
        do[kind]()

    assert gated(shop, holds)[1] == (kind, False)


def test_a_loop_that_waits_for_a_thread_is_held_elsewhere(shop):
    async def waits(desk):
        thread = threading.Thread(target=socket.gethostbyname, args=[desk.courier])
        thread.start()
        thread.join()

    assert gated(shop, waits)[1] == (NAMES, True)


def test_a_quick_desk_waits_for_nothing(shop):
    async def main():
        async with world.quick_desk(shop) as desk:
            for _ in range(20):
                socket.gethostbyname(desk.courier)
                desk.archive.emit(record("a line"))
            return len(desk.archive.lines)

    assert asyncio.run(main()) == 20


def burn(seconds=0.03):
    ends = time.thread_time() + seconds
    while time.thread_time() < ends:
        sum(range(100))


def test_processor_time_is_that_of_the_call():
    assert 0.03 <= world.cpu(burn) < 3
    assert world.cpu(time.sleep, 0.05) < 0.03


def test_threads_that_share_the_gil_are_counted():
    async def main():
        return await world.costs(lambda: asyncio.to_thread(burn)), await world.costs(
            lambda: asyncio.sleep(0.01)
        )

    burnt, slept = asyncio.run(main())
    assert burnt >= 0.03 > slept


def test_a_step_counts_alone():
    async def in_two():
        burn()
        await asyncio.sleep(0)
        burn()

    async def in_one():
        burn()
        burn()

    async def main():
        return await world.longest_step(in_two), await world.longest_step(in_one)

    two, one = asyncio.run(main())
    assert 0.03 <= two < 0.06 <= one


def test_something_fits_if_it_does_once():
    measured = iter([5.0, 5.0, 1.0, 5.0])

    async def measure():
        return next(measured)

    async def never():
        tried.append(1)
        return 5.0

    tried: list[int] = []
    assert asyncio.run(world.fits(measure, 2.0))
    assert not asyncio.run(world.fits(never, 2.0))
    assert len(tried) == world.TRIES
