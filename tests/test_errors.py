"""What popular slips are told, each made by real code; and how places in cells are named."""

import asyncio
import gc
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from pickle import PicklingError

import aiohttp
import asyncpg
import pytest
import requests
from ipykernel.compiler import get_file_name
from ipykernel.kernelbase import Kernel
from IPython.core.interactiveshell import InteractiveShell
from sqlalchemy.exc import MissingGreenlet

from kettle.checking.runner.errors import frames, told, unheard
from kettle.checking.runner.judge import TAKES_LOCK
from kettle.probes.engines.where import place


def get(address="http://127.0.0.1:9/"):
    return requests.Response()


async def later():
    return 1


async def await_a_plain_call():
    await get()


async def await_as_of_3_14():
    raise TypeError("'Response' object can't be awaited")


async def call_before_the_thread():
    await asyncio.to_thread(get())


async def executor_of_asyncio():
    await asyncio.run_in_executor(None, get)


async def gather_a_list():
    call = later()
    try:
        await asyncio.gather([call])
    finally:
        call.close()


async def gather_results():
    await asyncio.gather(await later())


async def run_inside():
    call = later()
    try:
        asyncio.run(call)
    finally:
        call.close()


async def client_in_a_thread():
    await asyncio.to_thread(aiohttp.ClientSession)


async def async_with_a_coroutine():
    call = later()
    try:
        async with call:
            pass
    finally:
        call.close()


async def async_with_a_generator():
    async def service():
        yield

    async with service():
        pass


async def lambda_for_a_worker():
    with ProcessPoolExecutor(1) as pool:
        await asyncio.get_running_loop().run_in_executor(pool, lambda: 1)


async def closed_pool():
    with ProcessPoolExecutor(1) as pool:
        pass
    await asyncio.get_running_loop().run_in_executor(pool, len, "")


async def closed_pool_of_multiprocessing():
    with multiprocessing.Pool(1) as pool:
        pass
    pool.apply(len, ("",))


async def task_of_a_future():
    await asyncio.create_task(asyncio.get_running_loop().create_future())


@pytest.mark.parametrize(
    ("slip", "piece"),
    [
        (await_a_plain_call, "A plain function was awaited: its work was done, on the loop's thread"),
        (await_as_of_3_14, "A plain function was awaited: its work was done, on the loop's thread"),
        (call_before_the_thread, "In `to_thread(f(x))` the call is made first, on the loop's thread"),
        (executor_of_asyncio, "It is a method of the loop"),
        (gather_a_list, "calls go into `gather` one by one"),
        (gather_results, "or a call was awaited inside the brackets"),
        (run_inside, "A loop runs already"),
        (client_in_a_thread, "This line ran in a thread that has no event loop"),
        (async_with_a_coroutine, "A coroutine is no context manager"),
        (async_with_a_generator, "`@asynccontextmanager` makes a context manager"),
        (lambda_for_a_worker, "A worker finds its function by module and name"),
        (closed_pool, "The pool was closed before the work came"),
        (closed_pool_of_multiprocessing, "The pool was closed before the work came"),
        (task_of_a_future, "`create_task` wants a coroutine and got Future:"),
    ],
)
def test_a_popular_slip_gets_a_sentence(slip, piece):
    with pytest.raises((TypeError, AttributeError, RuntimeError, ValueError, PicklingError)) as raised:
        asyncio.run(slip())
    assert piece in told(raised.value)


def test_an_address_that_would_be_cut_off_is_left_out():
    error = MissingGreenlet("greenlet_spawn has not been called", code="xd2s")
    assert "sqlalche.me" in str(error)
    assert told(error).startswith("MissingGreenlet: greenlet_spawn has not been called.")


def test_a_client_of_another_loop_gets_a_sentence():
    async def make():
        return aiohttp.ClientSession()

    async def use(client):
        async with client.get("http://127.0.0.1:9/"):
            pass

    client = asyncio.run(make())
    with pytest.raises(RuntimeError) as raised:
        asyncio.run(use(client))
    assert "A client belongs to the event loop that it was made in" in told(raised.value)
    client._connector._close()  # its own loop is closed: it cannot be awaited any more


@pytest.mark.parametrize("line", ["with lock:", "with locks[larder]:", "lock.acquire()", "    x.acquire()"])
def test_a_line_that_takes_a_lock_is_known(line):
    assert TAKES_LOCK.match(line.strip())


@pytest.mark.parametrize(
    "line",
    [
        "async with lock:",
        "await lock.acquire()",
        "with open(path) as file:",
        "with ThreadPoolExecutor() as p:",
    ],
)
def test_other_lines_are_no_deadlock(line):
    assert not TAKES_LOCK.match(line)


def test_the_kernels_own_code_is_no_cell():
    code, names = "def asks():\n    return raw_input(None)", {"raw_input": Kernel.raw_input}
    exec(compile(code, get_file_name(code), "exec"), names)
    with pytest.raises(AttributeError) as caught:
        names["asks"]()
    assert caught.traceback[-1].path.name == "kernelbase.py", "else this test tests nothing"
    assert [frame.name for frame in frames(caught.value)] == ["asks"]


def test_a_place_in_a_cell_has_the_number_beside_the_cell(monkeypatch):
    monkeypatch.delenv("KETTLE_CERTIFYING", raising=False)
    shell = InteractiveShell.instance()
    try:
        shell.run_cell("1 + 1", store_history=True)
        shell.run_cell("def f():\n    return 2", store_history=True)
        code = shell.user_ns["f"].__code__
        assert place(code, 2) == f"cell [{shell.execution_count - 1}]:2"
        monkeypatch.setenv("KETTLE_CERTIFYING", "1")
        assert place(code, 2) == "cell:2"
    finally:
        InteractiveShell.clear_instance()


def test_a_driver_that_is_cancelled_while_it_connects_is_no_fault_of_the_learners():
    heard = asyncio.run(connections_cancelled())
    assert any("unexpected connection_lost" in line for line in heard), "else this test tests nothing"
    assert not unheard(heard)


async def connections_cancelled():
    """Return what the loop hears while connecting is cancelled, after one more step each time."""
    heard = []
    asyncio.get_running_loop().set_exception_handler(
        lambda _, told: heard.append(f"{told['message']}: {told.get('exception')!r}")
    )
    async with await asyncio.start_server(lambda *_: asyncio.sleep(1), "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        for steps in range(12):
            asked = asyncio.create_task(asyncpg.connect(host="127.0.0.1", port=port, user="u", password="p"))
            for _ in range(steps):
                await asyncio.sleep(0)
            asked.cancel()
            await asyncio.wait([asked])
            del asked
            gc.collect()
    return heard
