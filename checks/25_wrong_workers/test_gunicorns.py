"""Real servers start on loopback, answer, are measured, and end, also with a kernel that is killed."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from urllib.parse import urlsplit

import psutil
import pytest

from kettle.lessons import real_run
from kettle.lessons.gunicorns import AVAILABLE, MOST, ChildTrouble, serving, serving_as
from kettle.lessons.pods import Config
from kettle.lessons.real_run import REQUESTS, recorded

needs_gunicorn = pytest.mark.skipif(not AVAILABLE, reason="gunicorn does not run here")
KILLED = """
import asyncio, os, signal
from kettle.lessons.gunicorns import serving
from kettle.processes.owner import owner

async def main():
    owner().mark()
    async with serving("gunicorn", 3) as server:
        print(server.url, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


def listeners(port):
    return [
        each for each in psutil.net_connections("tcp") if each.status == "LISTEN" and each.laddr.port == port
    ]


@needs_gunicorn
def test_servers_answer_on_loopback_and_are_gone_afterwards():
    async def main():
        found = []
        for server, options in (("gunicorn", {}), ("gunicorn", {"worker_class": "asgi"}), ("uvicorn", {})):
            async with serving(server, 2, **options) as running:
                port = urlsplit(running.url).port
                assert {each.laddr.ip for each in listeners(port)} == {"127.0.0.1"}
                _, answers = await running.ask("/compute", 3)
                rss, pss = await running.memory()
                found.append((port, set(answers), rss > pss > 1e6))
        return found

    for port, answers, shares in asyncio.run(main()):
        assert len(answers) == 1
        assert shares
        assert listeners(port) == []


@needs_gunicorn
def test_threads_wait_at_once_and_a_sync_worker_does_not():
    async def main():
        found = []
        for options in ({}, {"threads": 6}):
            async with serving("gunicorn", 1, **options) as running:
                found.append((await running.ask("/wait", 6))[0])
        return found

    one_at_a_time, together = asyncio.run(main())
    assert one_at_a_time >= 6 * 0.06
    assert together < one_at_a_time


@needs_gunicorn
def test_preloaded_workers_share_the_connection_and_others_do_not():
    async def wrong(preload):
        async with serving("gunicorn", 4, preload_app=preload, echo=True) as running:
            most = 0
            for _ in range(5):  # by chance each may get its own answer
                _, answers = await running.ask("/ask/{}", 40)
                most = max(most, sum(answer != str(n) for n, answer in enumerate(answers)))
                if most:
                    break
        return most

    assert asyncio.run(wrong(preload=False)) == 0
    assert asyncio.run(wrong(preload=True)) > 0


@needs_gunicorn
def test_servers_end_with_a_kernel_that_is_killed():
    killed = subprocess.run(
        [sys.executable, "-c", KILLED],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        start_new_session=True,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    port, end = urlsplit(killed.stdout.strip()).port, time.monotonic() + 20
    while listeners(port) and time.monotonic() < end:
        time.sleep(0.1)
    assert listeners(port) == []


@needs_gunicorn
def test_a_configuration_of_a_large_machine_is_not_started_here():
    with pytest.raises(ChildTrouble, match=f"at most {MOST}"):
        serving_as(Config("sync", workers=33))


def test_what_was_recorded_is_a_whole_run():
    run = recorded()
    assert run.recorded
    assert [each.workers for each in run.gunicorn] == [1, 2, 5, 9]
    assert run.gained["waits"] > 5 > run.gained["computes"]
    assert run.uvicorn.waits > run.gunicorn[0].waits
    assert max(run.simulated["waits"].values()) <= REQUESTS / 0.06 + 1


def test_where_no_server_starts_the_recorded_run_is_shown(monkeypatch):
    def fails(*_, **__):
        raise ChildTrouble("gunicorn could not be started.")

    monkeypatch.setattr(real_run, "serving", fails)
    assert asyncio.run(real_run.count_answers()).recorded


def test_the_simulator_is_near_the_recorded_run():
    run = recorded()
    for name, rates in run.real.items():
        for workers, rate in rates.items():
            assert 0.6 < run.simulated[name][workers] / rate < 1.6, (name, workers)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="a process cannot be bound here")
def test_what_a_process_is_bound_to_counts():
    code = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); "
    code += "from kettle.lessons.cores import granted; print(granted())"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert float(told.stdout) <= 1
