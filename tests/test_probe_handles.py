"""kettle.probes.handles tells what a block left open, also when it raises, and what was told in warnings."""

import asyncio
import gc
import os
import socket
import sys
import threading
import warnings

import pytest

from kettle.probes.handles import Handle, _by_psutil, handles, open_handles

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows tells fewer handles")


def opened(path):
    return path.open("w")


@pytest.fixture
def server():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


@pytest.fixture
def kept():
    things = []
    yield things
    for thing in things:
        thing.close()


def test_nothing_left(tmp_path):
    with handles() as found:
        with opened(tmp_path / "label") as label:
            label.write("fragile")
        os.close(os.dup(0))
    assert found.opened_left == found.warnings == ()
    assert repr(found) == "left open: nothing"


def test_a_file_that_is_still_referenced(tmp_path, kept):
    with handles() as found:
        kept.append(opened(tmp_path / "label"))
        gc.collect()
    assert [(handle.kind, handle.what) for handle in found.opened_left] == [("file", str(tmp_path / "label"))]
    assert found.files == found.opened_left
    assert found.warnings == ()
    assert repr(found) == f"left open: file {tmp_path / 'label'}"


def test_also_when_the_body_raises(tmp_path, kept):
    found = handles()
    with pytest.raises(ZeroDivisionError), found:
        kept.append(opened(tmp_path / "label"))
        print(1 // 0, file=kept[0])
    assert len(found.opened_left) == 1


def test_a_number_used_again_is_noticed(tmp_path, kept):
    first = opened(tmp_path / "first")
    number = first.fileno()
    with handles() as found:
        first.close()
        kept.append(opened(tmp_path / "second"))
        assert kept[0].fileno() == number
    assert [handle.what for handle in found.opened_left] == [str(tmp_path / "second")]


def test_sockets_and_connections(server, kept):
    with handles() as found:
        kept += [socket.socket(), socket.create_connection(server.getsockname())]
        kept += socket.socketpair()
    assert sorted(handle.kind for handle in found.opened_left) == ["connection", "pipe", "pipe", "socket"]
    (connection,) = found.connections
    here, there = (":".join(map(str, end())) for end in (kept[1].getsockname, kept[1].getpeername))
    assert connection.what == f"{here} → {there}"


def test_pipes_and_others(kept):
    with handles() as found:
        numbers = os.pipe()
    for number in numbers:
        os.close(number)
    assert [handle.kind for handle in found.opened_left] == ["pipe", "pipe"]


def test_dropped_without_closing_is_a_warning_and_not_left(tmp_path):
    with handles() as found:
        opened(tmp_path / "label")
        cycle = [socket.socket()]
        cycle.append(cycle)
        del cycle
    assert found.opened_left == ()
    assert sorted(message[:16] for message in found.warnings) == ["unclosed <socket", "unclosed file <_"]


def test_other_warnings_pass():
    with pytest.warns(DeprecationWarning, match="kettle"), handles() as found:
        warnings.warn("old kettle", DeprecationWarning, stacklevel=1)
    assert found.warnings == ()


def test_a_loop_gets_time_to_close_a_transport(server):
    async def main(close):
        async with handles() as found:
            _, writer = await asyncio.open_connection(*server.getsockname())
            if close:
                writer.close()
        writer.close()
        return found

    # what other tests have left behind in this process may open something else meanwhile
    assert asyncio.run(main(close=True)).connections == ()
    assert len(asyncio.run(main(close=False)).connections) == 1


@pytest.mark.parametrize("inside", [True, False], ids=["loop within", "loop around"])
def test_an_unclosed_client_session(inside):
    aiohttp = pytest.importorskip("aiohttp")

    async def page():
        aiohttp.ClientSession()
        gc.collect()

    async def around():
        async with handles() as found:
            await page()
        return found

    if inside:
        with handles() as found:
            asyncio.run(page())
    else:
        found = asyncio.run(around())
    assert "Unclosed client session" in found.warnings
    assert len(found.warnings) == len(set(found.warnings))


def test_other_complaints_of_a_loop_reach_its_handler():
    told = []

    async def main():
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda loop, context: told.append(context["message"]))
        with handles():
            loop.call_exception_handler({"message": "a task failed"})
            loop.call_exception_handler({"message": "Unclosed connection"})

    asyncio.run(main())
    assert told == ["a task failed"]


def test_blocks_overlap_in_any_order_and_everything_is_as_before(tmp_path):
    before = warnings.showwarning, list(warnings.filters), asyncio.BaseEventLoop.call_exception_handler
    one, two = handles(), handles()
    one.__enter__()
    two.__enter__()
    one.__exit__(None, None, None)
    opened(tmp_path / "label")
    two.__exit__(None, None, None)
    assert before == (
        warnings.showwarning,
        list(warnings.filters),
        asyncio.BaseEventLoop.call_exception_handler,
    )
    assert (len(one.warnings), len(two.warnings)) == (0, 1)


def test_in_threads_at_the_same_time(tmp_path):
    results, start = {}, threading.Barrier(4)

    def work(number):
        start.wait()
        for _ in range(20):
            with handles() as found:
                pass
        with handles() as found, opened(tmp_path / str(number)):
            pass
        results[number] = {handle.what for handle in found.opened_left}

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert all(str(tmp_path / str(number)) not in left for number, left in results.items())
    assert len(results) == 4


def test_the_same_by_psutil(tmp_path, server):
    pytest.importorskip("psutil")
    with opened(tmp_path / "label"):
        found = _by_psutil()
    assert any(handle.kind == "file" and handle.what == str(tmp_path / "label") for handle in found)
    assert any(handle.kind == "socket" and handle.number == server.fileno() for handle in found)


def test_open_handles_are_all_of_the_process():
    assert {0, 1, 2} <= {handle.number for handle in open_handles()}
    assert repr(Handle(3, "file", "label.txt")) == "file label.txt"
