"""The practice shop: what it answers, what can be set, and that it ends with the process that opened it."""

import asyncio
import http.client
import json
import os
import pickle
import signal
import socket
import subprocess
import sys
import textwrap
import time
import urllib.error
import urllib.request

import httpx
import pytest
import requests

from kettle.processes import child, start
from kettle.shop import ROUTES, Shop, ShopClosed, start_ahead
from kettle.shop.client import ShopProcess
from kettle.shop.routes import PIECES

posix = pytest.mark.skipif(os.name != "posix", reason="Windows has neither fork nor these signals.")


@pytest.fixture
def shop():
    with Shop() as shop:
        shop.set(latency=0.0)
        yield shop


async def answer(session, path, **options):
    async with session.get(path, **options) as response:
        return response.status, await response.json()


async def seen_by(traffic, count):
    """Wait until so many requests have arrived at the server."""
    async with asyncio.timeout(20):
        while len(traffic.requests) < count:  # noqa: ASYNC110 - it comes to pass in another process
            await asyncio.sleep(0.01)


def in_session(shop, work, **options):
    """Run the coroutine function `work` with a session of the shop."""

    async def run():
        async with asyncio.timeout(30), shop.session(**options) as session:
            return await work(session)

    return asyncio.run(run())


def status_of(shop, path="/health"):
    try:
        with urllib.request.urlopen(shop.url + path, timeout=10) as response:
            return response.status
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


# --- what it answers ---------------------------------------------------------------------------------------


def test_every_route_answers_what_the_data_say(shop):
    data, customer, sku = shop.data, shop.any_customer(), shop.data.products[7]
    address = data.profile(customer)["address"]
    expected = {
        f"/customers/{customer}": data.profile(customer),
        f"/customers/{customer}/orders": data.orders(customer),
        f"/customers/{customer}/alerts": data.alerts(customer),
        f"/addresses/{address}": data.address(address),
        f"/products/{sku}": data.product(sku),
        f"/products/{sku}/reviews": data.reviews(sku),
        f"/products/{sku}/related": data.related(sku),
        "/suppliers/12/stock": data.stock(12),
        "/suppliers/12/items/9999": data.catalogue(12, 9999),
        "/couriers/3/quote?postcode=AB1%202C": data.quote(3, "AB1 2C"),
        "/tax/DE": data.tax("DE"),
        "/health": data.health(),
    }

    async def work(session):
        for path, content in expected.items():
            assert content
            assert await answer(session, path) == (200, content)
        async with session.post("/rates", json={"postcode": "AB1 2C", "grams": 700}) as response:
            assert await response.json() == data.rates({"postcode": "AB1 2C", "grams": 700})

    with shop.traffic() as traffic:
        in_session(shop, work)
    assert set(traffic.by_route) == set(ROUTES)
    assert traffic.statuses == {200: len(ROUTES)}


@pytest.mark.parametrize(
    "path",
    ["/customers/1", "/addresses/a000000000", "/couriers/3/quote", "/nothing", "/tax/XX", "/customers/x"],
)
def test_what_is_not_there_is_404(shop, path):
    assert status_of(shop, path) == 404


def test_synchronous_clients_get_answers_too(shop):
    url = f"{shop.url}/tax/FR"
    assert requests.get(url, timeout=10).json() == shop.data.tax("FR")
    assert httpx.get(url).json() == shop.data.tax("FR")


def test_a_session_works_in_any_thread_with_a_loop(shop):
    async def ask():
        return await asyncio.to_thread(in_session, shop, lambda session: answer(session, "/tax/IT"))

    assert asyncio.run(ask()) == (200, shop.data.tax("IT"))


def test_the_seed_decides_the_data_in_every_process():
    with Shop(7) as one, Shop(7) as same, Shop(8) as other:
        assert one.url != same.url
        assert one.any_customer() == same.any_customer()
        assert one.data.orders(1001) == same.data.orders(1001) != other.data.orders(1001)
        assert one.data.profile(1001)["address"] != other.data.profile(1001)["address"]
        code = "from kettle.shop.data import Data; import json; print(json.dumps(Data(7).orders(1001)))"
        told = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, check=True, timeout=60
        ).stdout
        assert json.loads(told) == one.data.orders(1001)


def test_without_a_seed_every_shop_differs():
    with Shop() as one, Shop() as other:
        assert one.seed != other.seed


# --- what can be set ---------------------------------------------------------------------------------------


def test_latency_is_charged_by_the_server(shop):
    shop.set("tax", latency=0.05)
    with shop.traffic() as traffic:
        assert status_of(shop, "/tax/GB") == status_of(shop) == 200
    slow, quick = traffic.requests
    assert slow.seconds >= 0.045
    assert (slow.latency, quick.latency) == (0.05, 0.0)


def drawn(seed, calls=12):
    with Shop(seed) as shop:
        shop.set("tax", latency=0.001, jitter=0.004, fail=0.5)
        with shop.traffic() as traffic:
            for _ in range(calls):
                status_of(shop, "/tax/GB")
        return [(request.latency, request.status) for request in traffic.requests]


def test_jitter_and_failures_come_from_the_seed():
    first, again, other = drawn(3), drawn(3), drawn(4)
    assert first == again != other
    assert {status for _, status in first} == {200, 503}
    latencies = {latency for latency, _ in first}
    assert len(latencies) == len(first)
    assert all(0.001 <= latency <= 0.005 for latency in latencies)


def test_what_is_not_given_stays_as_it_is(shop):
    shop.set("tax", fail=1)
    shop.set("tax", latency=0.002)
    assert status_of(shop, "/tax/GB") == 503
    assert shop.settings["tax"].fail == 1
    shop.set("tax", fail=0)
    assert status_of(shop, "/tax/GB") == 200


def test_a_rate_limit_says_when_to_come_back(shop):
    shop.set("tax", rate_limit=0.1)  # one in ten seconds: no machine is too slow for that
    assert requests.get(f"{shop.url}/tax/GB", timeout=10).status_code == 200
    refused = requests.get(f"{shop.url}/tax/GB", timeout=10)
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 10
    assert 0 < refused.json()["retry_after"] <= 10
    shop.set("tax", rate_limit=0.1)  # set anew, it counts anew
    assert [status_of(shop, "/tax/GB") for _ in range(2)] == [200, 429]
    shop.set("tax", rate_limit=None)
    assert status_of(shop, "/tax/GB") == 200


def test_a_rate_limit_opens_again(shop):
    shop.set("tax", rate_limit=20)
    with shop.traffic() as traffic:
        while status_of(shop, "/tax/GB") == 200 and len(traffic.requests) < 400:
            pass
        deadline = time.monotonic() + 10
        while status_of(shop, "/tax/GB") == 429 and time.monotonic() < deadline:
            time.sleep(0.05)
    assert traffic.requests[-1].status == 200


def test_only_so_many_in_flight(shop):
    shop.set("tax", hang="first byte", max_in_flight=2)

    async def work(session):
        within = [asyncio.create_task(answer(session, "/tax/GB")) for _ in range(2)]
        await seen_by(traffic, 2)
        assert (await answer(session, "/tax/GB"))[0] == 429
        await asyncio.to_thread(shop.set, "tax", hang=None)
        assert [status for status, _ in await asyncio.gather(*within)] == [200, 200]
        assert (await answer(session, "/tax/GB"))[0] == 200

    with shop.traffic() as traffic:
        in_session(shop, work)
    assert traffic.peak_in_flight == 3


@pytest.mark.parametrize("where", ["first byte", "mid body"])
def test_a_hang_lasts_until_it_is_set_anew(shop, where):
    shop.set("tax", hang=where)

    async def work(session):
        given_up = asyncio.create_task(answer(session, "/tax/GB"))
        await seen_by(seen, 1)
        given_up.cancel()
        async with session.get("/health") as response:  # other routes go on
            assert response.status == 200
        waiting = asyncio.create_task(answer(session, "/tax/GB"))
        await seen_by(seen, 3)
        await asyncio.to_thread(shop.set, "tax", hang=None)
        assert await waiting == (200, shop.data.tax("GB"))

    with shop.traffic() as seen:
        in_session(shop, work)
    assert seen.cancelled == 1
    assert seen.requests[0].cancelled


def test_mid_body_sends_a_part_first(shop):
    shop.set("tax", hang="mid body")

    async def work(session):
        async with session.get("/tax/GB") as response:
            assert response.status == 200
            assert await response.content.read(5) == json.dumps(shop.data.tax("GB")).encode()[:5]
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await response.read()

    in_session(shop, work)


def test_a_body_that_drips_comes_whole_in_the_end_and_bit_by_bit(shop):
    shop.set("tax", drip=0.01)

    async def work(session):
        async with session.get("/tax/GB") as response:
            return [piece async for piece in response.content.iter_any()]

    pieces = in_session(shop, work)
    assert json.loads(b"".join(pieces)) == shop.data.tax("GB")
    assert len(pieces) > PIECES / 3
    assert max(map(len, pieces)) < len(b"".join(pieces)) / 2


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda shop: shop.set("profil", latency=1), "no route 'profil'. Did you mean 'profile'?"),
        (lambda shop: shop.rendezvous(2, routes=("nowhere",)), "no route 'nowhere'"),
        (lambda shop: shop.rendezvous(), "needs a count of calls"),
        (lambda shop: shop.set("tax", latency=-1), "latency is in seconds"),
        (lambda shop: shop.set("tax", latency="fast"), "latency is in seconds"),
        (lambda shop: shop.set("tax", fail=2), "share of calls"),
        (lambda shop: shop.set("tax", hang="often"), '"first byte" or "mid body"'),
        (lambda shop: shop.set("tax", rate_limit=0), "more than 0"),
    ],
)
def test_a_mistake_gets_a_sentence_and_changes_nothing(shop, call, said):
    before = dict(shop.settings)
    with pytest.raises(ValueError) as caught:
        call(shop)
    assert said in str(caught.value)
    assert shop.settings == before
    assert status_of(shop, "/tax/GB") == 200


# --- tenants and closing -----------------------------------------------------------------------------------


def test_two_shops_of_a_process_share_nothing_but_the_process():
    with Shop(1) as one, Shop(1) as other, one.traffic() as of_one, other.traffic() as of_other:
        one.set("tax", fail=1, latency=0)
        assert (status_of(one, "/tax/GB"), status_of(other, "/tax/GB")) == (503, 200)
        status_of(other)
    assert (len(of_one.requests), len(of_other.requests)) == (1, 2)
    assert of_one.requests[0].connection == of_other.requests[0].connection == 1


def test_a_closed_shop_says_so_and_frees_its_port(shop):
    url = shop.url
    shop.close()
    shop.close()
    with pytest.raises(ShopClosed, match="closed"):
        shop.set("tax", latency=0)
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)
    assert "closed" in repr(shop)


def test_a_forgotten_shop_closes_itself():
    url = Shop().url
    deadline = time.monotonic() + 10
    while answers(url) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not answers(url)


def test_a_shop_does_not_travel(shop):
    with pytest.raises(TypeError, match=r"shop\.url"):
        pickle.dumps(shop)


def test_closing_lets_everything_go_that_waits():
    shop = Shop()
    shop.set("tax", hang="first byte")

    async def work(session):
        async with shop.traffic() as traffic, shop.rendezvous(5, routes=("health",), patience=60):
            hanging = asyncio.create_task(answer(session, "/tax/GB"))
            held = asyncio.create_task(answer(session, "/health"))
            await seen_by(traffic, 2)
            assert not hanging.done()
            assert not held.done()
            await asyncio.to_thread(shop.close)
            done, waiting = await asyncio.wait({hanging, held}, timeout=10)
            assert not waiting
            for task in done:
                task.exception()

    with pytest.raises(ShopClosed, match="closed"):
        in_session(shop, work)


# --- the process -------------------------------------------------------------------------------------------


def answers(url):
    host, port = url.removeprefix("http://").split(":")
    with socket.socket() as client:
        client.settimeout(2)
        return client.connect_ex((host, int(port))) == 0


def wait_until_gone(url, seconds=10):
    deadline = time.monotonic() + seconds
    while answers(url) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not answers(url)


def start_owner(code, **options):
    """Start a process that opens a shop, tells its url, and goes on with `code`."""
    opening = (
        "import os, sys, time\nfrom kettle.shop import Shop\nshop = Shop()\nprint(shop.url, flush=True)\n"
    )
    owner = subprocess.Popen(
        [sys.executable, "-c", opening + textwrap.dedent(code)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        **options,
    )
    return owner, owner.stdout.readline().strip()


def end(owner):
    owner.kill()
    owner.stdout.close()
    owner.wait(timeout=10)


@pytest.mark.parametrize("ending", ["pass", "sys.exit(3)", "os._exit(1)", "1 / 0", "shop.close()"])
def test_the_server_ends_with_its_owner(ending):
    owner, url = start_owner(ending, stderr=subprocess.DEVNULL)
    try:
        owner.wait(timeout=30)
        assert wait_until_gone(url)
    finally:
        end(owner)


def test_the_server_ends_when_its_owner_is_killed():
    owner, url = start_owner("time.sleep(60)")
    try:
        assert answers(url)
        owner.kill()
        assert wait_until_gone(url)
    finally:
        end(owner)


@posix
@pytest.mark.parametrize(
    "heir",
    [
        "heir = os.fork()\nif heir == 0: time.sleep(60); os._exit(0)",
        """
        import subprocess
        pipe = shop._server.process.stdin.fileno()
        os.set_inheritable(pipe, True)
        command = [sys.executable, "-c", "import time; time.sleep(60)"]
        heir = subprocess.Popen(command, close_fds=False).pid
        """,
    ],
    ids=["forked", "with the pipe"],
)
def test_the_server_ends_with_its_killed_owner_though_a_child_lives_on(heir):
    owner, url = start_owner(textwrap.dedent(heir) + "\nprint(heir, flush=True)\ntime.sleep(60)")
    child = int(owner.stdout.readline())
    try:
        assert answers(url)
        owner.kill()
        assert wait_until_gone(url)
        os.kill(child, 0)  # it does live on, or this test shows nothing
    finally:
        os.kill(child, signal.SIGKILL)
        end(owner)


@posix
def test_an_interrupt_of_the_whole_group_leaves_the_server_alone():
    code = """
    import urllib.request
    try:
        print("ready", flush=True)
        time.sleep(60)
    except KeyboardInterrupt:
        shop.set("tax", latency=0)
        print(urllib.request.urlopen(shop.url + "/tax/GB", timeout=10).status, flush=True)
    """
    owner, _ = start_owner(code, start_new_session=True)
    try:
        assert owner.stdout.readline() == "ready\n"
        os.killpg(owner.pid, signal.SIGINT)
        assert owner.stdout.readline() == "200\n"
    finally:
        end(owner)


@posix
def test_a_forked_child_can_neither_disturb_nor_misread_its_parent():
    code = """
    import urllib.request
    from kettle.shop import ShopClosed
    if (child := os.fork()) == 0:
        try:
            shop.set("tax", fail=1)
        except ShopClosed as refusal:
            there = urllib.request.urlopen(shop.url + "/tax/GB", timeout=10).status
            with Shop() as own:
                own.set("tax", fail=1)
                another = own._server.process.pid != shop._server.process.pid
                print(there, another, "forked" in str(refusal), flush=True)
        del shop
        os._exit(0)
    os.waitpid(child, 0)
    with shop.traffic() as traffic:
        urllib.request.urlopen(shop.url + "/tax/GB", timeout=10)
    print(traffic.statuses, flush=True)
    """
    owner, _ = start_owner(code)
    try:
        assert owner.stdout.readline() == "200 True True\n"
        assert owner.stdout.readline() == "{200: 1}\n"
    finally:
        end(owner)


def test_two_processes_share_nothing(shop):
    code = """
    import urllib.request
    with shop.traffic() as traffic:
        shop.set("tax", latency=0)
        for _ in range(3):
            urllib.request.urlopen(shop.url + "/tax/GB", timeout=10)
    print(shop._server.process.pid, len(traffic.requests), flush=True)
    """
    with shop.traffic() as traffic:
        status_of(shop)
        owner, _ = start_owner(code)
        try:
            other_pid, other_count = map(int, owner.stdout.readline().split())
        finally:
            end(owner)
    assert len(traffic.requests) == 1
    assert other_count == 3
    assert other_pid != ShopProcess.running().process.pid


def kill_server():
    server = ShopProcess.running().process
    server.kill()
    server.wait()


def test_a_dead_server_is_told_in_a_sentence_and_replaced():
    shop = Shop()
    assert answers(shop.url)

    async def watch():
        async with shop.traffic():
            kill_server()

    with pytest.raises(ShopClosed, match="has ended"):
        asyncio.run(asyncio.wait_for(watch(), 30))
    for use in (lambda: shop.set("tax", latency=0), lambda: shop.traffic().__enter__()):
        with pytest.raises(ShopClosed, match="has ended"):
            use()
    with Shop() as another:
        assert status_of(another) == 200


def test_what_failed_in_the_block_is_told_rather_than_the_lost_server():
    shop = Shop()

    def fail_with_the_server():
        with shop.traffic():
            kill_server()
            raise KeyError

    with pytest.raises(KeyError):
        fail_with_the_server()


@posix
def test_a_server_that_does_not_answer_is_not_waited_for_for_ever(monkeypatch):
    shop = Shop()
    assert answers(shop.url)
    server = ShopProcess.running()
    os.kill(server.process.pid, signal.SIGSTOP)
    try:
        monkeypatch.setattr(ShopProcess, "patience", 0.3)
        with pytest.raises(ShopClosed, match="not answered"):
            shop.set("tax", latency=0)
        with pytest.raises(ShopClosed, match="not answered"):
            asyncio.run(shop.traffic().__aenter__())
    finally:
        monkeypatch.undo()
        os.kill(server.process.pid, signal.SIGCONT)
    shop.set("tax", latency=0)


def test_a_server_that_was_started_ahead_is_the_one_that_serves():
    start_ahead()
    server = ShopProcess.running()
    start_ahead()
    with Shop() as shop:
        assert status_of(shop) == 200
        assert ShopProcess.running() is server


def test_a_server_that_cannot_start_tells_why(monkeypatch):
    monkeypatch.setattr(child, "_children", {})
    monkeypatch.setattr(start.sys, "executable", "/nonexistent/python")
    with pytest.raises(ShopClosed, match="could not be started"):
        Shop()


def test_the_server_imports_little():
    code = "import kettle.shop.server, sys; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, timeout=60, text=True
    )
    heavy = {
        "IPython",
        "ipykernel",
        "ipywidgets",
        "numpy",
        "pandas",
        "requests",
        "httpx",
        "sqlalchemy",
        "django",
    }
    assert not heavy & set(told.stdout.split())
    assert "aiohttp" in told.stdout.split()


def test_opening_a_shop_does_not_import_a_client():
    code = "import sys; from kettle.shop import Shop; Shop().url; print('aiohttp' in sys.modules)"
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, timeout=60, text=True
    )
    assert told.stdout == "False\n"


def test_a_named_call_fails_and_no_other(shop):
    shop.break_calls("/suppliers/7/stock", calls=[2])
    paths = ["/suppliers/7/stock", "/suppliers/8/stock", "/suppliers/7/stock", "/suppliers/7/stock"]
    assert [status_of(shop, path) for path in paths] == [200, 200, 503, 200]


def test_all_calls_of_a_path_fail_with_the_status_that_was_named(shop):
    shop.break_calls("/tax/DE", status=418)
    assert [status_of(shop, path) for path in ("/tax/DE", "/tax/FR", "/tax/DE")] == [418, 200, 418]


def test_calls_of_a_named_path_are_slow_and_no_others(shop):
    shop.set("tax", latency=0.0)
    shop.slow_down("/tax/DE", seconds=0.3)
    with shop.traffic() as traffic:
        assert [status_of(shop, path) for path in ("/tax/DE", "/tax/FR")] == [200, 200]
    slow, quick = (call.ended - call.started for call in traffic.requests)
    assert slow >= 0.29
    assert quick < slow


def test_calls_of_a_named_path_are_answered_with_something_else(shop):
    shop.answer_with("/products/KC-0007/reviews", answer=[{"by": "Ada"}])
    answers = [requests.get(f"{shop.url}/products/KC-000{n}/reviews", timeout=10).json() for n in (7, 8)]
    assert answers == [[{"by": "Ada"}], shop.data.reviews("KC-0008")]
    shop.answer_with("/tax/DE", answer="Back soon.", content_type="text/html")
    assert requests.get(f"{shop.url}/tax/DE", timeout=10).headers["Content-Type"].startswith("text/html")
    shop.answer_with("/products/KC-0007", answer=None)
    assert status_of(shop, "/products/KC-0007") == 404


def test_a_connection_breaks(shop):
    shop.break_calls("/tax/DE", status=None)
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{shop.url}/tax/DE", timeout=10)
    assert status_of(shop, "/tax/FR") == 200


def test_calls_are_late_by_their_path_and_number_and_not_by_their_order():
    def latencies(paths):
        with Shop(seed=5) as shop:
            shop.set(latency=0.0, shuffle=0.02)
            with shop.traffic() as traffic:
                for path in paths:
                    status_of(shop, path)
            return [call.latency for call in traffic.requests]

    once = latencies(["/tax/DE", "/tax/DE", "/tax/FR"])
    assert len(set(once)) == 3
    assert latencies(["/tax/FR", "/tax/DE", "/tax/DE"]) == [once[2], once[0], once[1]]


def test_a_revised_shop_answers_otherwise(shop):
    customer = shop.any_customer()
    before = requests.get(f"{shop.url}/customers/{customer}/orders", timeout=10).json()
    address = shop.data.profile(customer)["address"]
    assert all(shop.data.stock(supplier)["levels"] for supplier in shop.data.suppliers)
    shop.revise()
    after = requests.get(f"{shop.url}/customers/{customer}/orders", timeout=10).json()
    assert after != before
    assert after == shop.data.orders(customer)
    moved = requests.get(f"{shop.url}/customers/{customer}", timeout=10).json()["address"]
    assert moved == shop.data.profile(customer)["address"] != address
    for where in (
        address,
        moved,
    ):  # whoever asks for the former one is told of a place, not that there is none
        assert requests.get(f"{shop.url}/addresses/{where}", timeout=10).json()["customer"] == customer
    assert {number for number in shop.data.suppliers if not shop.data.stock(number)["levels"]} == {
        *range(4, 61, 4)
    }


def test_a_connection_that_only_waits_for_a_next_request_does_not_hold_up_the_end():
    took = []
    for _ in range(5):
        shop = Shop(seed=5)
        shop.set(latency=0.0)
        client = http.client.HTTPConnection(shop.url.removeprefix("http://"))
        client.request("GET", "/suppliers/3/stock")
        client.getresponse().read()
        began = time.perf_counter()
        shop.close()
        took.append(time.perf_counter() - began)
        client.close()
    assert min(took) < 0.045, "calls that are let go get 0.05 s for their answers; here there were none"


def test_an_answer_is_filled_up_to_a_size_and_keeps_its_version(shop):
    url = f"{shop.url}/suppliers/7/stock"
    small = requests.get(url, timeout=10)
    shop.set("stock", size=10_000)
    large = requests.get(url, timeout=10)
    assert len(small.content) < len(large.content) == 10_000
    assert small.json() == large.json()
    assert small.headers["ETag"] == large.headers["ETag"]
    shop.revise()
    assert requests.get(url, timeout=10).headers["ETag"] != small.headers["ETag"]
    with pytest.raises(ValueError, match="bytes"):
        shop.set("stock", size=-1)


def test_an_answer_breaks_off_in_the_midst_of_its_body(shop):
    shop.set("stock", cut_body=True)
    with requests.get(f"{shop.url}/suppliers/7/stock", timeout=10, stream=True) as response:
        assert response.status_code == 200
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            response.content  # noqa: B018 - it is read by being asked for
