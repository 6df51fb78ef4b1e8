"""Virtual time: exact virtual seconds in real milliseconds, and a sentence for what it cannot do."""

# ruff: noqa: ASYNC110, ASYNC251 (blocking and endless code is what is tested)

import asyncio
import contextlib
import subprocess
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from time import sleep as imported_sleep

import aiohttp
import pytest
from aiohttp import web

from kettle.probes.virtual_time import NotSupported, VirtualShop, network, run_virtual


def test_three_hundred_seconds_pass_at_once():
    async def waits():
        await asyncio.sleep(300)
        return "done"

    before = time.perf_counter()
    run = run_virtual(waits)
    assert (run.value, run.elapsed, run.hung, run.error) == ("done", 300, "", None)
    assert time.perf_counter() - before < 30


def test_makespan_is_exact():
    async def page():
        await asyncio.gather(asyncio.sleep(0.08), asyncio.sleep(0.12), asyncio.sleep(0.06))

    assert run_virtual(page).elapsed == pytest.approx(0.12, abs=1e-6)


def test_deadline():
    async def waits():
        try:
            async with asyncio.timeout(2):
                await asyncio.sleep(300)
        except TimeoutError:
            return "late"

    run = run_virtual(waits)
    assert run.value == "late"
    assert run.elapsed == pytest.approx(2, abs=1e-6)


def test_no_timer_comes_early_where_the_clock_of_the_system_is_coarse(monkeypatch):
    coarse = time.get_clock_info("monotonic")
    coarse.resolution = 1 / 64  # as on Windows
    monkeypatch.setattr(time, "get_clock_info", lambda name: coarse)

    async def just_in_time():
        async with asyncio.timeout(0.05):
            for _ in range(3):
                await asyncio.sleep(0.0165)
        return "in time"

    assert run_virtual(just_in_time).value == "in time"


def test_sleep_on_the_loop_is_blocking_and_takes_its_time():
    async def blocks():
        async def sleeps():
            time.sleep(5)

        await asyncio.gather(sleeps(), sleeps(), sleeps())

    run = run_virtual(blocks)
    assert run.elapsed == pytest.approx(15)
    assert [call.call for call in run.blocked] == ["time.sleep"] * 3, run.blocked
    assert run.blocked[0].where.startswith("test_virtual_time:")


def test_a_sleep_on_the_loop_does_not_shorten_that_of_a_worker():
    async def both():
        worker = asyncio.get_running_loop().run_in_executor(None, time.sleep, 10)
        await asyncio.sleep(1)
        time.sleep(5)
        await worker

    assert run_virtual(both).elapsed == pytest.approx(10)


def test_imported_sleep_is_found():
    async def blocks():
        imported_sleep(7)

    run = run_virtual(blocks)
    assert run.elapsed == pytest.approx(7)
    assert run.blocked[0].seconds == 7


@pytest.mark.parametrize("repeat", range(5))
def test_workers_sleep_beside_each_other_and_beside_the_loop(repeat):
    async def works():
        loop = asyncio.get_running_loop()
        timer = asyncio.create_task(asyncio.sleep(4))
        await asyncio.gather(*(asyncio.to_thread(time.sleep, seconds) for seconds in (3, 5, 2)))
        assert timer.done()
        between = loop.time()
        await asyncio.to_thread(sum, range(100_000))
        assert loop.time() == between  # real work takes no virtual time
        return between

    run = run_virtual(works)
    assert run.error is None
    assert run.value == pytest.approx(5)
    assert run.blocked == ()


@pytest.mark.parametrize("repeat", range(5))
def test_a_timeout_is_not_early_while_a_worker_works(repeat):
    async def works():
        async with asyncio.timeout(60):
            return await asyncio.to_thread(sum, range(300_000))

    assert run_virtual(works).value == sum(range(300_000))


def test_a_worker_that_is_waited_for_on_the_loop():
    async def waits():
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(lambda: (time.sleep(9), "slept")[1]).result()

    run = run_virtual(waits)
    assert run.value == "slept"
    assert run.elapsed == pytest.approx(9)


def test_a_thread_that_is_joined_on_the_loop():
    async def joins():
        thread = threading.Thread(target=time.sleep, args=(8,))
        thread.start()
        thread.join()

    run = run_virtual(joins)
    assert run.error is None
    assert run.elapsed == pytest.approx(8)


def test_endless_waits_are_noticed():
    async def waits():
        await asyncio.Event().wait()

    run = run_virtual(waits)
    assert "Nothing is scheduled" in run.hung
    assert run.error is None

    async def retries():
        while True:
            await asyncio.sleep(30)

    assert "900 virtual seconds" in run_virtual(retries).hung
    assert "60 virtual seconds" in run_virtual(retries, horizon=60).hung


def test_a_wait_that_swallows_cancellation_is_noticed():
    async def stubborn():
        while True:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.Event().wait()

    assert run_virtual(stubborn).hung


def test_code_that_never_waits_is_stopped():
    async def spins():
        while True:
            pass

    run = run_virtual(spins, limit=0.5)
    assert "real seconds" in run.hung
    assert "test_virtual_time:" in run.hung


def test_errors_and_leftovers_are_told():
    kept = []

    async def fails():
        kept.append(asyncio.create_task(asyncio.sleep(60), name="forgotten"))
        await asyncio.sleep(1)
        raise KeyError("why")

    run = run_virtual(fails)
    assert isinstance(run.error, KeyError)
    assert run.leftover == ("forgotten",)
    assert run.elapsed == pytest.approx(1)


def shop(cancelled, size=10):
    async def slow(request):
        try:
            await asyncio.sleep(float(request.query.get("seconds", 1)))
        except asyncio.CancelledError:
            cancelled.append(request.path)
            raise
        return web.json_response({"text": "x" * size})

    app = web.Application()
    app.router.add_get("/slow", slow)
    return app


@pytest.mark.parametrize("size", [10, 1_000_000])
def test_aiohttp_client_and_application_talk(size):
    async def calls():
        url = await network().serve(shop([], size), "courier.test", 8080)
        async with aiohttp.ClientSession(url) as session:

            async def call():
                async with session.get("/slow", params={"seconds": 20}) as response:
                    return len((await response.json())["text"])

            return await asyncio.gather(*(call() for _ in range(3)))

    run = run_virtual(calls)
    assert run.error is None, run
    assert run.value == [size] * 3
    assert run.elapsed == pytest.approx(20, abs=0.5)
    assert run.connections == 3
    assert run.blocked == ()


def test_addresses_come_from_the_loop_also_where_aiodns_is_installed(monkeypatch):
    class OfARealNameServer(aiohttp.abc.AbstractResolver):
        def __init__(self, **_): ...

        async def resolve(self, *_, **__):
            raise OSError("nobody asks here")

        async def close(self): ...

    monkeypatch.setattr("aiohttp.connector.DefaultResolver", OfARealNameServer)

    async def call():
        url = await network().serve(shop([]), "courier.test")
        async with (
            aiohttp.ClientSession(url) as session,
            session.get("/slow", params={"seconds": 1}) as response,
        ):
            return response.status

    run = run_virtual(call)
    assert (run.value, run.error) == (200, None)


def test_aiohttps_own_limit_and_the_request_that_ends_with_it():
    cancelled = []

    async def waits(**options):
        url = await network().serve(shop(cancelled), "courier.test")
        async with aiohttp.ClientSession(url, **options) as session:
            await session.get("/slow", params={"seconds": 800})

    run = run_virtual(waits)
    assert isinstance(run.error, TimeoutError)
    assert run.elapsed == pytest.approx(300, abs=2)
    run = run_virtual(waits, timeout=aiohttp.ClientTimeout(total=3))
    assert run.elapsed == pytest.approx(3, abs=0.5)
    assert cancelled == ["/slow", "/slow"]


async def a_process_pool():
    with ProcessPoolExecutor(1) as pool:
        await asyncio.get_running_loop().run_in_executor(pool, abs, -1)


async def a_subprocess():
    await asyncio.create_subprocess_exec("true", stdout=subprocess.PIPE)


async def a_real_connection():
    await asyncio.open_connection("127.0.0.1", 9)


async def a_real_server():
    await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)


async def an_unknown_host():
    async with aiohttp.ClientSession() as session:
        await session.get("http://nowhere.test/")


@pytest.mark.parametrize(
    "what", [a_process_pool, a_subprocess, a_real_connection, a_real_server, an_unknown_host]
)
def test_what_is_not_supported_is_refused_with_a_sentence(what):
    run = run_virtual(what)
    assert isinstance(run.error, NotSupported), run
    assert str(run.error).startswith("Virtual time does not support ")


def test_everything_is_put_back():
    def places():
        return (time.sleep, imported_sleep, threading.Thread.start, ThreadPoolExecutor.submit)

    async def stubborn():
        while True:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.Event().wait()

    before = places()
    run_virtual(asyncio.sleep, 1)
    run_virtual(stubborn, limit=2)
    assert places() == before


def test_network_outside_virtual_time_is_refused():
    async def main():
        network()

    with pytest.raises(NotSupported):
        asyncio.run(main())


def test_a_shop_that_takes_up_no_connection_is_waited_for_until_it_does():
    async def work():
        shop, clock = VirtualShop(1), asyncio.get_running_loop().time
        shop.take_up(False)
        async with shop.session() as api:
            with pytest.raises(aiohttp.ConnectionTimeoutError):
                await api.get("/tax/GB", timeout=aiohttp.ClientTimeout(sock_connect=3))
            waited, calls = clock(), len(shop.calls)
            shop.take_up(True)
            async with api.get("/tax/GB") as response:
                return waited, calls, await response.json() == shop.data.tax("GB")

    assert run_virtual(work).value == (pytest.approx(3), 0, True)
