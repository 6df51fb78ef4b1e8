"""What is late stays late on a machine that stands still, and goes on where its client holds the loop."""

import asyncio
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from kettle.checking.equivalence.lateness import hold_late
from kettle.shop import Shop

STANDS_STILL = """
import asyncio, os, signal, sys
from kettle.checking.equivalence.lateness import hold_late
from kettle.shop import Shop

async def main():
    with Shop(seed=3) as shop:
        shop.set(latency=0.0)
        if sys.argv[1] == "by the clock":
            shop.set("orders", latency=0.05)
        else:
            hold_late(shop, ["orders"], 0.05)
        async with shop.session() as api:
            async def orders():
                async with api.get("/customers/1001/orders") as response:
                    return await response.json()
            answer = asyncio.create_task(orders())
            await asyncio.sleep(0.01)
            os.kill(os.getpid(), signal.SIGSTOP)
            done, _ = await asyncio.wait([answer], timeout=0.02)
            print("in time" if done else "late", len(await answer))

asyncio.run(main())
"""


def stand_still(how):
    """Return what a client says whose answer is held for a moment, and who is stopped meanwhile."""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    command = [sys.executable, "-c", STANDS_STILL, how]
    client = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    _, status = os.waitpid(client.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    time.sleep(0.5)
    os.kill(client.pid, signal.SIGCONT)
    said, _ = client.communicate(timeout=60)
    assert int(said.split()[-1]) > 0
    return said


@pytest.mark.skipif(sys.platform == "win32", reason="SIGSTOP is not on Windows")
def test_an_answer_is_late_although_its_client_stood_still():
    assert stand_still("by life").startswith("late")


@pytest.mark.skipif(sys.platform == "win32", reason="SIGSTOP is not on Windows")
def test_by_the_clock_it_would_come_in_time():
    # A busy machine may be slow to give the client its turn: one of some tries shows it.
    assert any(stand_still("by the clock").startswith("in time") for _ in range(6))


@pytest.mark.parametrize("point", ["first byte", "mid body"])
def test_who_holds_the_loop_gets_an_answer(point):
    async def ask(shop):
        hold_late(shop, ["orders"], 30.0, point=point)
        with urllib.request.urlopen(f"{shop.url}/customers/1001/orders", timeout=60) as answer:  # noqa: ASYNC210
            return answer.read()

    with Shop(seed=3) as shop:
        assert asyncio.run(ask(shop)).startswith(b"[{")


def test_each_of_several_routes_is_late_once():
    async def ask(shop):
        hold_late(shop, ["profile", "orders"], 0.02)
        async with shop.session() as api, shop.traffic() as traffic:
            for path in ("", "/orders", "/alerts", "/orders"):
                async with api.get(f"/customers/1001{path}") as response:
                    await response.read()
        return [call.seconds > 0.02 for call in traffic.requests]

    with Shop(seed=3) as shop:
        shop.set(latency=0.0)
        late = asyncio.run(ask(shop))
    assert late[:2] == [True, True]
