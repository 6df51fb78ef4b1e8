"""What can be found out about this machine, one look each, and what each finding means for the course."""

import importlib
import importlib.util
import os
import platform
import shutil
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kettle.files.progress import Progress
from kettle.lessons.limits import clock_noise, cores, may_attach, memory, memory_limit, processor_limit

LEVELS = ("ok", "limited", "missing")
_MB, _GB = 2**20, 2**30


@dataclass(frozen=True)
class Observation:
    """One thing that was looked at: its value, what that means, and its level (one of LEVELS)."""

    name: str
    value: str
    meaning: str
    level: str = "ok"

    def __repr__(self) -> str:
        return f"{self.level:<8} {self.name}: {self.value}\n         {self.meaning}"


def look_at_place() -> Observation:
    """Find out whether this is Binder, a hub, or the learner's own machine."""
    name, system = "Where this runs", f"{platform.system()} {platform.machine()}"
    if any(
        variable in os.environ
        for variable in ("BINDER_SERVICE_HOST", "BINDER_REPO_URL", "BINDER_LAUNCH_HOST")
    ):
        kept = "Binder deletes your work after about ten idle minutes: save your progress before you leave."
        return Observation(name, f"Binder, {system}", kept, "limited")
    if "JUPYTERHUB_SERVICE_PREFIX" in os.environ or "JUPYTERHUB_API_URL" in os.environ:
        return Observation(name, f"JupyterHub, {system}", "Your files stay as long as this hub keeps them.")
    return Observation(name, f"this machine, {system}", "Your files and your progress stay here.")


def look_at_cores() -> Observation:
    """Count the processors that may be used, and the share of them that is granted."""
    count, limit = cores(), processor_limit()
    usable = min(count, limit or count)
    value = f"{count}" if usable == count else f"{count}, of which {usable:.2g} may be used"
    if usable >= 2:
        return Observation("Processors", value, "Enough to see the difference between threads and processes.")
    few = "Lessons on processes and threads will show smaller gains here than their text says."
    return Observation("Processors", value, few, "limited")


def look_at_python() -> Observation:
    """Tell the version, and whether this build has a global interpreter lock."""
    locked = getattr(sys, "_is_gil_enabled", lambda: True)()
    build = f"{platform.python_implementation()} {platform.python_version()}"
    value = f"{build}, {'with' if locked else 'without'} a GIL"
    if not locked:
        other = (
            "Threads run Python code in parallel here, so what the course says about the GIL does not apply."
        )
        return Observation("Python", value, other, "limited")
    return Observation("Python", value, "The usual build: the lessons describe this one.")


def look_at_memory() -> Observation:
    """Tell how much memory is free, within the limit that somebody may have set."""
    total, available = memory()
    limit = memory_limit()
    usable = min(total, limit or total)
    free = min(available, usable)
    value = f"{free / _GB:.1f} GB free of {usable / _GB:.1f} GB" + (
        " (a limit is set)" if usable < total else ""
    )
    if free > 1.5 * _GB:
        return Observation("Memory", value, "Enough for every lesson, even with several open.")
    tight = "Keep one lesson open at a time, and shut down the kernels of those you have finished."
    return Observation("Memory", value, tight, "limited")


def look_at_disk() -> Observation:
    """Tell how much room is left, for notebooks and for the practice database."""
    free = min(shutil.disk_usage(folder).free for folder in (Path.cwd(), Path(tempfile.gettempdir())))
    if free > 500 * _MB:
        return Observation(
            "Disk", f"{free / _GB:.1f} GB free", "Enough for your work and the practice database."
        )
    little = "Free some space: saving a notebook may fail, and the practice database needs about 100 MB."
    return Observation("Disk", f"{free / _MB:.0f} MB free", little, "limited")


def look_at_clock() -> Observation:
    """Measure how evenly time passes just now."""
    noise = clock_noise()
    value = (
        f"{'quiet' if noise.quiet else 'noisy'}: the same work takes {noise.work * 1e3:.2f} ms, and at most "
        f"{noise.spread:.1f} times that in nine of ten tries; a short sleep ends "
        f"{noise.overshoot * 1e3:.2f} ms late, and at most {noise.latest * 1e3:.1f} ms in nine of ten"
    )
    if noise.quiet:
        return Observation("Clock", value, "Timings will vary little. Verdicts do not depend on them.")
    busy = "Timings will vary from run to run. Verdicts count causes, so they do not depend on timings."
    return Observation("Clock", value, busy, "limited")


def look_at_shop() -> Observation:
    """Start the practice server and ask it something."""
    name = "Practice shop"
    try:
        shop_room = importlib.import_module("kettle.shop")
        began = time.perf_counter()
        with shop_room.Shop(seed=7) as shop:
            answer = _status(f"{shop.url}/tax/NL")
            seconds = time.perf_counter() - began
    except ImportError as error:
        return Observation(
            name, f"not installed ({error})", "Set the course up again: python3 start.py.", "missing"
        )
    except Exception as error:  # noqa: BLE001 whatever the reason, the learner needs a sentence
        advice = "Lessons that call the shop cannot run: something blocks servers on the loopback address."
        return Observation(name, f"did not start ({short(error)})", advice, "missing")
    value = f"answered ({answer}) after {seconds * 1e3:.0f} ms"
    return Observation(
        name, value, "Lessons have a practice server to call, and no call leaves this machine."
    )


def look_at_database() -> Observation:
    """Start the practice PostgreSQL and stop it again."""
    name, without = (
        "PostgreSQL",
        "Database lessons use SQLite here; the mistakes and the counts stay the same.",
    )
    try:
        server_room = importlib.import_module("kettle.database.server")
        began = time.perf_counter()
        server = server_room.Server()
        try:
            server.start()
            seconds = time.perf_counter() - began
        finally:
            server.stop()
    except ImportError:
        return Observation(name, "not installed", without, "limited")
    except Exception as error:  # noqa: BLE001 whatever the reason, the learner needs a sentence
        return Observation(name, f"did not start ({short(error)})", without, "limited")
    return Observation(name, f"started in {seconds:.1f} s", "Database lessons use a real PostgreSQL.")


def look_at_compiler() -> Observation:
    """Look for a C compiler."""
    found = next(filter(None, map(shutil.which, ("cc", "gcc", "clang", "cl"))), None)
    if found:
        return Observation(
            "C compiler", Path(found).name, "You can build native code; only optional demos need it."
        )
    return Observation("C compiler", "none", "Only optional demos of native code need one.", "limited")


def look_at_profiler() -> Observation:
    """Look for py-spy, and for the right to attach it to a process that runs."""
    beside = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    here = shutil.which("py-spy", path=beside)
    value, may = "installed" if here else "not installed", may_attach()
    if may == "yes":
        get_it = "" if here else " Install it with: pip install py-spy."
        return Observation("py-spy", f"{value}; may attach", f"It can profile your running kernel.{get_it}")
    if may == "children":
        parent = "It can profile only a program that it starts itself: py-spy record -- python …."
        return Observation("py-spy", f"{value}; may only profile what it starts", parent, "limited")
    other = "It may not profile other processes here; the lesson that uses it has a recording."
    return Observation("py-spy", f"{value}; may not attach", other, "limited")


def look_at_fork() -> Observation:
    """Look for fork, which gunicorn's workers are made by."""
    gunicorn = importlib.util.find_spec("gunicorn") is not None
    if not hasattr(os, "fork"):
        no_fork = "gunicorn does not run on this system; nothing in the course depends on it."
        return Observation("fork and gunicorn", "no fork", no_fork, "limited")
    if not gunicorn:
        get_it = "No lesson needs gunicorn. To try real workers: pip install gunicorn."
        return Observation("fork and gunicorn", "fork, no gunicorn", get_it)
    return Observation("fork and gunicorn", "both", "Lessons on workers can start real workers.")


def look_at_progress() -> Observation:
    """Find out whether progress can be kept."""
    folder = Progress().folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        lost = "Lessons work, but your progress is lost when the kernel stops."
        return Observation("Progress", f"cannot be saved ({short(error)})", lost, "limited")
    return Observation(
        "Progress", "can be saved", "What you predict, run and solve is kept here and sent nowhere."
    )


LOOKS: dict[str, Callable[[], Observation]] = {
    "Where this runs": look_at_place,
    "Python": look_at_python,
    "Processors": look_at_cores,
    "Memory": look_at_memory,
    "Disk": look_at_disk,
    "Clock": look_at_clock,
    "Progress": look_at_progress,
    "Practice shop": look_at_shop,
    "PostgreSQL": look_at_database,
    "C compiler": look_at_compiler,
    "py-spy": look_at_profiler,
    "fork and gunicorn": look_at_fork,
}


def _status(url: str) -> int:
    direct = urllib.request.build_opener(
        urllib.request.ProxyHandler({})
    )  # a proxy cannot reach this machine's own
    with direct.open(url, timeout=4) as answer:
        return answer.status


def short(error: BaseException) -> str:
    """Return an error in one short line."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:120]
