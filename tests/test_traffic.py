"""What the shop's server sees: requests, overlap, connections and cancellations."""

import asyncio
import contextlib
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from kettle.shop import Request, Shop, Traffic, TrafficWindow
from kettle.shop.tenant import Tenant
from kettle.shop.watch import Rendezvous, Window

PAGE = ("profile", "orders", "alerts")


@pytest.fixture
def shop():
    with Shop() as shop:
        shop.set(latency=0.0)
        yield shop


def wait_until(there):
    """Wait until `there()` is true, which comes to pass in another process."""
    deadline = time.monotonic() + 20
    while not there():
        assert time.monotonic() < deadline
        time.sleep(0.01)


async def get(session, path):
    async with session.get(path) as response:
        return await response.json()


def paths(customer):
    return [f"/customers/{customer}{rest}" for rest in ("", "/orders", "/alerts")]


async def together(shop, customer=1001):
    async with shop.session() as session:
        return await asyncio.gather(*(get(session, path) for path in paths(customer)))


async def in_turn(shop, customer=1001):
    async with shop.session() as session:
        return [await get(session, path) for path in paths(customer)]


async def created_then_awaited_at_once(shop, customer=1001):
    async with shop.session() as session:
        return [await asyncio.create_task(get(session, path)) for path in paths(customer)]


async def blocking_in_gather(shop, customer=1001):
    async def fetch(path):
        return requests.get(shop.url + path, timeout=10).json()  # noqa: ASYNC210 - the mistake in question

    return await asyncio.gather(*(fetch(path) for path in paths(customer)))


async def in_threads(shop, customer=1001):
    def fetch(path):
        return requests.get(shop.url + path, timeout=10).json()

    return await asyncio.gather(*(asyncio.to_thread(fetch, path) for path in paths(customer)))


# --- rendezvous --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", [together, in_threads])
@pytest.mark.parametrize("latency", [0.0, 0.02])
def test_calls_that_overlap_meet(shop, page, latency):
    shop.set(latency=latency)

    async def check():
        async with shop.traffic() as traffic, shop.rendezvous(routes=PAGE) as meeting:
            await page(shop)
        return traffic, meeting

    traffic, meeting = asyncio.run(check())
    assert meeting.met
    assert meeting.most_together == traffic.peak_in_flight == 3
    assert sorted(meeting.arrived) == sorted(PAGE)


@pytest.mark.parametrize("page", [in_turn, created_then_awaited_at_once, blocking_in_gather])
def test_calls_in_turn_do_not_meet_and_pay_patience_once(shop, page):
    async def check():
        with shop.traffic() as traffic, shop.rendezvous(routes=PAGE, patience=1.0) as meeting:
            assert await page(shop) == [
                shop.data.profile(1001),
                shop.data.orders(1001),
                shop.data.alerts(1001),
            ]
        return traffic, meeting

    traffic, meeting = asyncio.run(check())
    assert not meeting.met
    assert meeting.most_together == traffic.peak_in_flight == 1
    assert meeting.arrived == PAGE
    first, *others = traffic.requests
    assert first.seconds >= 0.95
    assert all(request.seconds < 0.9 for request in others)
    assert repr(meeting) == "not met: at most 1 of 3 calls in flight together"


def test_a_retrying_client_cannot_renew_patience_for_ever(shop):
    async def check():
        async with shop.session() as session, shop.rendezvous(2, patience=1.2) as meeting:
            started = time.monotonic()
            while time.monotonic() < started + 30:
                try:
                    async with asyncio.timeout(0.4):
                        return await get(session, "/tax/GB"), meeting
                except TimeoutError:
                    pass
        raise AssertionError("The rendezvous never gave up.")

    answer, meeting = asyncio.run(check())
    assert answer == shop.data.tax("GB")
    assert (meeting.met, meeting.most_together) == (False, 1)
    assert len(meeting.arrived) >= 2


@contextlib.asynccontextmanager
async def raw_clients(number):
    """Open a tenant in this loop, with connections that are used and closed while the loop stands still."""
    tenant = Tenant(seed=7, handshake=0.0)
    port = await tenant.open()
    clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(number)]
    await until(lambda: len(tenant._connections) == number)
    try:
        yield tenant, clients
    finally:
        for client in clients:
            client.close()
        await tenant.close()


async def until(true):
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110 (what is asked is no event)
            await asyncio.sleep(0.001)


ASK = b"GET /tax/GB HTTP/1.1\r\nHost: shop\r\n\r\n"


def test_a_call_that_its_client_has_given_up_is_not_in_flight_beside_its_retry():
    async def retry_once():
        async with raw_clients(2) as (tenant, (first, second)):
            window, meeting = Window(), Rendezvous((), 2, patience=60)
            tenant.watchers = {1: window, 2: meeting}
            first.sendall(ASK)
            await until(lambda: meeting.arrived)
            # All of it reaches the server before its loop looks; the second client is the first to be read.
            second.sendall(ASK[:9])
            first.close()
            second.sendall(ASK[9:])
            await until(lambda: len(meeting.arrived) == 2)
            await meeting.settle(0)
            await window.settle(0)
            return window.report(), meeting

    report, meeting = asyncio.run(retry_once())
    assert (meeting.met, meeting.most_together) == (False, 1)
    assert TrafficWindow.read(report).peak_in_flight == 1


def test_calls_that_are_sent_together_meet_although_one_of_them_is_given_up_later():
    async def give_up_later():
        async with raw_clients(2) as (tenant, (first, second)):
            window, meeting = Window(), Rendezvous((), 2, patience=60)
            tenant.watchers = {1: window, 2: meeting}
            first.sendall(ASK)
            second.sendall(ASK)
            await until(lambda: meeting.met)
            first.close()
            await window.settle(5)
            return window.report(), meeting

    report, meeting = asyncio.run(give_up_later())
    assert (meeting.met, meeting.most_together) == (True, 2)
    assert TrafficWindow.read(report).peak_in_flight == 2


def test_a_rendezvous_of_routes_needs_one_call_of_each(shop):
    async def check():
        async with (
            shop.session() as session,
            shop.rendezvous(routes=("tax", "stock"), patience=0.3) as meeting,
        ):
            await asyncio.gather(*(get(session, f"/tax/{country}") for country in ("GB", "FR", "DE")))
        return meeting

    meeting = asyncio.run(check())
    assert not meeting.met
    assert meeting.most_together == 3


def test_a_rendezvous_by_count_takes_any_call_and_stays_open(shop):
    async def check():
        async with shop.session() as session, shop.rendezvous(4) as meeting:
            for _ in range(2):
                await asyncio.gather(*(get(session, f"/suppliers/{n}/stock") for n in range(1, 5)))
            await get(session, "/tax/GB")
        return meeting

    meeting = asyncio.run(check())
    assert meeting.met
    assert len(meeting.arrived) == 9
    assert repr(meeting) == "met: at most 4 of 9 calls in flight together"


def test_other_routes_pass_a_rendezvous(shop):
    with shop.rendezvous(2, routes="stock", patience=60) as meeting:
        assert requests.get(f"{shop.url}/tax/GB", timeout=10).status_code == 200
    assert meeting.arrived == ()


def test_the_end_of_a_rendezvous_lets_held_calls_go(shop):
    with ThreadPoolExecutor(1) as pool:
        with shop.rendezvous(2, patience=60) as meeting:
            held = pool.submit(requests.get, f"{shop.url}/tax/GB", timeout=20)
            wait_until(lambda: meeting.arrived)
        assert held.result(20).status_code == 200
    assert not meeting.met


# --- windows -----------------------------------------------------------------------------------------------


def test_the_text_tells_requests_connections_and_overlap(shop):
    async def check():
        async with shop.traffic() as traffic, shop.rendezvous(routes=PAGE):
            await together(shop)
        return traffic

    traffic = asyncio.run(check())
    assert repr(traffic) == "3 requests over 3 connections, at most 3 in flight"
    assert traffic.by_route == dict.fromkeys([request.route for request in traffic.requests], 1)
    assert traffic.statuses == {200: 3}
    assert traffic.peak(PAGE) == 3
    assert traffic.peak("orders") == traffic.peak(["orders", "tax"]) == 1
    assert traffic.peak("tax") == 0
    with pytest.raises(ValueError, match="no route 'order'"):
        traffic.peak("order")


def test_the_text_tells_what_went_wrong(shop):
    shop.set("tax", fail=1)
    shop.set("stock", hang="first byte")

    async def check():
        async with shop.session() as session, shop.traffic() as traffic:
            await get(session, "/tax/GB")
            for count in (2, 3):
                hanging = asyncio.create_task(get(session, "/suppliers/1/stock"))
                async with asyncio.timeout(20):
                    while len(traffic.requests) < count:  # noqa: ASYNC110 - in another process
                        await asyncio.sleep(0.01)
                if count == 2:
                    hanging.cancel()
        hanging.cancel()
        return traffic

    traffic = asyncio.run(check())
    told = repr(traffic)
    assert "1 answered 503, 1 cancelled, 1 still in flight at the end" in told
    last = traffic.requests[-1]
    assert not last.finished
    assert last.status is None
    assert last.ended == traffic.closed
    assert [request.cancelled for request in traffic.requests] == [False, True, False]


def test_a_window_sees_only_its_own_time_and_may_overlap_another(shop):
    with shop.traffic() as outer:
        requests.get(f"{shop.url}/tax/GB", timeout=10)
        with shop.traffic() as inner:
            requests.get(f"{shop.url}/tax/FR", timeout=10)
            assert len(inner.requests) == 1
        requests.get(f"{shop.url}/tax/DE", timeout=10)
        assert len(inner.requests) == 1
    requests.get(f"{shop.url}/tax/IT", timeout=10)
    assert [request.path for request in inner.requests] == ["/tax/FR"]
    assert [request.path for request in outer.requests] == ["/tax/GB", "/tax/FR", "/tax/DE"]
    assert isinstance(outer.result, Traffic)


def test_times_are_on_the_clock_that_processes_share(shop):
    before = time.perf_counter()
    with shop.traffic() as traffic:
        requests.get(f"{shop.url}/tax/GB", timeout=10)
    (request,) = traffic.requests
    assert (
        before <= traffic.began <= request.started <= request.ended <= traffic.closed <= time.perf_counter()
    )


def test_a_connection_for_each_session_one_for_a_shared_one(shop):
    async def each():
        for _ in range(4):
            async with shop.session() as session:
                await get(session, "/tax/GB")

    async def shared():
        async with shop.session() as session:
            for _ in range(4):
                await get(session, "/tax/GB")

    with shop.traffic() as churn:
        asyncio.run(each())
    with shop.traffic() as reuse:
        asyncio.run(shared())
    assert (churn.connections, reuse.connections) == (4, 1)
    assert sorted(request.connection for request in churn.requests) == [1, 2, 3, 4]
    assert {request.connection for request in reuse.requests} == {5}
    assert repr(reuse) == "4 requests over 1 connection, at most 1 in flight"


def test_a_connection_counts_though_it_never_sends_a_request(shop):
    host, port = shop.url.removeprefix("http://").split(":")
    with shop.traffic() as traffic, socket.create_connection((host, int(port))):
        wait_until(lambda: traffic.opened)
    assert traffic.connections == traffic.connections_opened == 1
    assert traffic.requests == ()


@pytest.mark.parametrize("latency", [0.0, 0.05])
def test_a_window_waits_for_what_was_sent_before_its_end(shop, latency):
    shop.set("health", latency=latency)
    host, port = shop.url.removeprefix("http://").split(":")
    for _ in range(10):
        with socket.socket() as client:
            with shop.traffic() as traffic:
                client.connect((host, int(port)))
                client.sendall(b"GET /health HTTP/1.1\r\nHost: shop\r\n\r\n")
            assert [request.status for request in traffic.requests] == [200]


def test_each_new_connection_pays_a_handshake():
    async def work(shop):
        async with shop.session() as session:
            for _ in range(3):
                await get(session, "/health")

    with Shop(handshake=0.4) as shop, shop.traffic() as traffic:
        asyncio.run(work(shop))
    first, *others = traffic.requests
    assert 0 < first.handshake <= 0.4
    assert first.seconds >= first.handshake * 0.95
    assert [request.handshake for request in others] == [0, 0]


def test_a_thousand_at_once_are_all_counted(shop):
    import aiohttp

    async def flood():
        async with shop.session(connector=aiohttp.TCPConnector(limit=50)) as session:
            await asyncio.gather(*(get(session, f"/suppliers/1/items/{n}") for n in range(1000)))

    with shop.traffic() as traffic:
        asyncio.run(flood())
    assert len(traffic.requests) == len({request.path for request in traffic.requests}) == 1000
    assert traffic.peak_in_flight <= traffic.connections <= 50


def test_a_window_says_how_it_is_used(shop):
    traffic = shop.traffic()
    with pytest.raises(RuntimeError, match="`with`"):
        _ = traffic.requests
    assert "not opened" in repr(traffic)
    with traffic:
        pass
    with pytest.raises(RuntimeError, match="One block each"), traffic:
        pass


# --- readings, on traffic made up for the purpose ----------------------------------------------------------


def made_up(*rows):
    return Traffic(
        tuple(Request(route, "GET", f"/{route}", a, b, status, 1, False) for route, a, b, status in rows)
    )


def test_the_peak_does_not_count_what_only_touches():
    traffic = made_up(("tax", 0, 1, 200), ("tax", 1, 2, 200), ("stock", 1.5, 1.7, 200))
    assert traffic.peak_in_flight == 2
    assert traffic.peak("tax") == 1


def test_idle_connections_can_be_dropped_and_busy_ones_stay():
    async def main(shop):
        shop.set("stock", latency=0.3)
        async with shop.session() as api, shop.traffic() as traffic:
            async with api.get("/tax/GB") as response:
                await response.read()
            async with shop.rendezvous(1, ("stock",), patience=10):
                waiting = asyncio.create_task(api.get("/suppliers/1/stock"))
                waiting_too = asyncio.create_task(api.get("/tax/FR"))
                async with await waiting_too as response:
                    await response.read()
                shop.drop_idle()
                await asyncio.sleep(0.02)
                async with api.get("/tax/DE") as response:
                    await response.read()
                async with await waiting as response:
                    assert response.status == 200
        return traffic

    with Shop() as shop:
        traffic = asyncio.run(main(shop))
    assert traffic.statuses == {200: 4}
    assert sorted(request.connection for request in traffic.requests) == [1, 1, 2, 3]
