"""What a teacher tries out before the day: loopback, memory, Redis, JupyterLab, a verdict, a browser; one look each."""

import queue
import re
import socket
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
import webbrowser
from collections.abc import Sequence
from pathlib import Path

import nbformat

from kettle.checking import Checker
from kettle.checking.runner.verdict import Verdict
from kettle.files import course
from kettle.files.notebook import starter
from kettle.lessons.limits import memory, memory_limit
from kettle.lessons.observations import Observation, short

ADDRESS = re.compile(r"(http://127\.0\.0\.1:\d+)/")
LAB_LIMIT = 90.0  # seconds until JupyterLab answers; on a cold disk it reads ten thousand files
A_LESSON = 600_000_000  # bytes: tests/test_footprint.py holds a lesson to 400 MB, and JupyterLab comes to it
TRIED = "14"  # the lesson whose starter and fix are judged: it starts the practice shop, and is quick
IN_A_TERMINAL = ("www-browser", "links", "elinks", "lynx", "w3m")


def look_at_loopback() -> Observation:
    """Open a port on loopback, and reach it."""
    try:
        with (
            socket.create_server(("127.0.0.1", 0)) as server,
            socket.create_connection(server.getsockname(), timeout=5) as asking,
            server.accept()[0] as answering,
        ):
            answering.sendall(b"here")
            answer = asking.recv(4)
    except OSError as error:
        blocked = "Neither JupyterLab nor a practice server can be reached."
        return Observation("Loopback", f"no port can be used ({short(error)})", blocked, "missing")
    value = "a port was opened and reached" if answer == b"here" else "a port answered something else"
    return Observation(
        "Loopback", value, "JupyterLab and the practice servers are reached on 127.0.0.1.",
        "ok" if answer == b"here" else "missing",
    )  # fmt: skip


def look_at_memory() -> Observation:
    """Compare the memory that is free with what one lesson takes."""
    total, available = memory()
    free = min(available, memory_limit() or total)
    name, value = "Memory for a lesson", f"{free / 1e9:.1f} GB free, {A_LESSON / 1e9:.1f} GB needed"
    if free < A_LESSON:
        return Observation(name, value, "Kernels may be killed in the middle of a lesson.", "missing")
    return Observation(name, value, "A lesson fits, with JupyterLab, its servers and its checker.")


def look_at_redis() -> Observation:
    """Start the practice server that speaks Redis' protocol, and ask it something."""
    import redis

    from kettle.redis_server import open_redis

    try:
        began = time.perf_counter()
        with open_redis() as server, redis.Redis.from_url(server.url, socket_timeout=10) as client:
            client.ping()
            kind, seconds = server.kind, time.perf_counter() - began
    except Exception as error:  # noqa: BLE001 whatever the reason, a teacher needs a sentence
        without = "Lesson 23 cannot be run."
        return Observation("Redis", f"did not start ({short(error)})", without, "missing")
    return Observation("Redis", f"{kind} answered after {seconds:.1f} s", "Lesson 23 has its server.")


def look_at_lab(command: Sequence[str], limit: float = LAB_LIMIT) -> Observation:
    """Start JupyterLab, without a browser, ask it something, and end it.

    Args:
        command: what starts it.
        limit: seconds that it may take until it answers.
    """
    name, without = "JupyterLab", "The course cannot be opened."
    began = time.perf_counter()
    try:
        lab = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="replace",
        )  # fmt: skip
    except OSError as error:
        return Observation(name, f"did not start ({short(error)})", without, "missing")
    try:
        address, said = _address_of(lab, limit)
        if not address:
            return Observation(
                name, f"did not start ({said[-120:] or 'it said nothing'})", without, "missing"
            )
        status = _status(lab, f"{address}/api", began + limit)
    except OSError as error:
        return Observation(name, f"started, and did not answer ({short(error)})", without, "missing")
    finally:
        _end(lab)
    value = f"answered ({status}) after {time.perf_counter() - began:.1f} s"
    return Observation(name, value, "The course opens.")


def look_at_verdict() -> Observation:
    """Judge a starter and its fix: kernels start, cells run, and the verdicts are the known ones."""
    name, without = "A verdict", "No fix can be checked."
    files = next(each for each in course.lessons() if each.stem.startswith(TRIED))
    began = time.perf_counter()
    try:
        with tempfile.TemporaryDirectory(prefix="kettle-preflight-") as folder:
            copy = Path(folder, files.notebook.name)
            given = starter(files.stem, "lesson").decode()
            copy.write_text(given, encoding="utf-8")
            slow = _judged(copy)
            nbformat.write(_fixed(nbformat.reads(given, as_version=4), files.solution), copy)
            fixed = _judged(copy)
    except Exception as error:  # noqa: BLE001 whatever the reason, a teacher needs a sentence
        return Observation(name, f"could not be had ({short(error)})", without, "missing")
    seconds = time.perf_counter() - began
    wrong = "The check of a fix is not to be trusted here."
    for which, verdict, expected in (("slow code", slow, "not yet"), ("fix", fixed, "right")):
        if verdict.outcome != expected:
            value = f"the {which} of lesson {TRIED} is judged: {verdict.outcome} ({verdict.message[:120]})"
            return Observation(name, value, wrong, "missing")
    value = f"lesson {TRIED}: not yet for the slow code, right for its fix; both took {seconds:.0f} s"
    return Observation(name, value, "Kernels start, and fixes are judged.")


def look_at_browser() -> Observation:
    """Look for the browser that start.py will open."""
    try:
        found = webbrowser.get()
    except webbrowser.Error:
        return Observation("Browser", "none was found", "start.py prints the address to open.", "missing")
    name = str(getattr(found, "name", "") or type(found).__name__)
    if name in IN_A_TERMINAL:
        text = "JupyterLab needs a browser with windows; start.py prints the address to open."
        return Observation("Browser", f"only {name}, in the terminal", text, "missing")
    return Observation("Browser", name, "start.py opens the course in it.")


def _fixed(notebook: nbformat.NotebookNode, solution: Path) -> nbformat.NotebookNode:
    """Put the fix of the solutions into a starter."""
    (fix,) = (
        cell.source
        for cell in nbformat.read(solution, as_version=4).cells
        if "fix" in cell.metadata.get("tags", ()) and cell.metadata["kettle"]["of"] == "lesson"
    )
    (place,) = (cell for cell in notebook.cells if "fix" in cell.metadata.get("tags", ()))
    place.source = fix
    return notebook


def _judged(path: Path) -> Verdict:
    checker = Checker(path)
    try:
        return checker.check()
    finally:
        checker.close()


def _address_of(lab: subprocess.Popen[str], limit: float) -> tuple[str, str]:
    """Return the address that JupyterLab prints, or nothing, and what it has said so far."""
    lines: queue.Queue[str] = queue.Queue()
    threading.Thread(target=_read, args=(lab, lines), name="what JupyterLab says", daemon=True).start()
    said, end = "", time.monotonic() + limit
    while (rest := end - time.monotonic()) > 0:
        try:
            line = lines.get(timeout=rest)
        except queue.Empty:
            break
        if not line:
            return "", said.strip()
        said += line
        if found := ADDRESS.search(line):
            return found[1], said.strip()
    return "", f"no answer in {limit:.0f} s"


def _status(lab: subprocess.Popen[str], address: str, end: float) -> int:
    """Ask until JupyterLab answers, since it prints its address before it listens there; return the status.

    Raises:
        OSError: it ended, or nothing answered before `end`, a moment of `time.perf_counter`.
    """
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while True:
        try:
            with direct.open(address, timeout=30) as answer:
                return answer.status
        except urllib.error.URLError as error:
            refused = isinstance(error.reason, ConnectionRefusedError)
            if not refused or lab.poll() is not None or time.perf_counter() > end:
                raise
        time.sleep(0.1)


def _read(lab: subprocess.Popen[str], lines: queue.Queue[str]) -> None:
    for line in lab.stdout or ():
        lines.put(line)
    lines.put("")


def _end(lab: subprocess.Popen[str]) -> None:
    lab.terminate()
    try:
        lab.wait(20)
    except subprocess.TimeoutExpired:
        lab.kill()
        lab.wait()
    if lab.stdout:
        lab.stdout.close()
