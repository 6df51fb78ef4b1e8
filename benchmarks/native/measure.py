"""Builds the night of discounts for each native rung that this machine has the tools for, and measures it.

    python benchmarks/native/measure.py [folder | --threads]

What is built goes into the folder, or into a temporary one; `--threads` measures a free-threaded Python only,
against the one that runs this, and keeps the rest of what is recorded. Needs NumPy; a rung whose compiler or
package is not there is left out with a sentence. Writes kettle/files/recorded/native_rungs.json, which lesson
09 shows.
"""

import ctypes
import importlib
import json
import os
import platform
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from functools import partial
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
RECORD = HERE.parents[1] / "kettle" / "files" / "recorded" / "native_rungs.json"
LINES = 200_000
REPEAT = 7
FREE_THREADED = ("python3.14t", "python3.13t")


def built(folder: Path) -> dict:
    """Build what can be built; return, by rung, a function without arguments that does the night once."""
    chance = np.random.default_rng(9)
    tape = chance.integers(100, 600_000, LINES).astype("<u4").tobytes()
    bounds = np.sort(chance.integers(1_000, 500_000, 500))
    permille = np.linspace(0, 400, 501).astype(np.int64)
    given = tape, bounds, permille
    sys.path[:0] = [str(folder), str(HERE)]
    rungs = {}
    for make in (of_python, of_numpy, of_c, of_cython, of_rust, of_numba):
        try:
            rungs |= make(folder, *given)
        except (ImportError, OSError, subprocess.CalledProcessError, FileNotFoundError) as error:
            print(f"left out: {make.__name__[3:]}: {type(error).__name__}: {error}")
    return rungs


def of_python(folder, tape, bounds, permille):
    from plain import halving

    steps, parts = bounds.tolist(), permille.tolist()
    return {"Python": lambda: halving(tape, steps, parts)}


def of_numpy(folder, tape, bounds, permille):
    def night():
        amounts = np.frombuffer(tape, dtype="<u4").astype(np.int64)
        return amounts * permille[np.searchsorted(bounds, amounts, side="right")] // 1000

    return {"NumPy, a buffer": night}


def of_c(folder, tape, bounds, permille):
    library = folder / "ladder.so"
    run(["cc", "-O2", "-shared", "-fPIC", str(HERE / "ladder.c"), "-o", str(library)])
    code = ctypes.CDLL(str(library))
    code.step_of.argtypes = [ctypes.c_int64, ctypes.c_void_p, ctypes.c_ssize_t]
    code.step_of.restype = ctypes.c_ssize_t
    code.discounts.argtypes = [
        *(ctypes.c_char_p, ctypes.c_ssize_t, ctypes.c_void_p),
        *(ctypes.c_ssize_t, ctypes.c_void_p, ctypes.c_void_p),
    ]
    at, steps, parts = bounds.ctypes.data, len(bounds), permille.tolist()

    def for_each_line():
        step_of = code.step_of
        return [p * parts[step_of(p, at, steps)] // 1000 for (p,) in struct.iter_unpack("<I", tape)]

    def at_once():
        given = np.empty(len(tape) // 4, dtype=np.int64)
        code.discounts(tape, len(given), at, steps, permille.ctypes.data, given.ctypes.data)
        return given

    return {"C, each line": for_each_line, "C, a buffer": at_once}


def of_cython(folder, tape, bounds, permille):
    shutil.copy(HERE / "plain.py", folder / "compiled.pyx")
    shutil.copy(HERE / "typed.pyx", folder / "typed.pyx")
    command = [sys.executable, "-m", "Cython.Build.Cythonize", "-i", "-3", "-q", "compiled.pyx", "typed.pyx"]
    importlib.import_module("Cython")
    run(command, cwd=folder)
    compiled, typed = importlib.import_module("compiled"), importlib.import_module("typed")
    steps, parts = bounds.tolist(), permille.tolist()
    return {
        "Cython, as it is": lambda: compiled.halving(tape, steps, parts),
        "Cython, with types": lambda: typed.halving(tape, bounds, permille),
    }


def of_rust(folder, tape, bounds, permille):
    project = folder / "rust"
    shutil.copytree(HERE / "rust", project, dirs_exist_ok=True)
    registry, cargo = Path("/usr/share/cargo/registry"), "cargo"
    if (registry / "pyo3-0.17.3").is_dir():  # Debian's librust-pyo3-dev: nothing is fetched
        settings = '[source.crates-io]\nreplace-with = "debian"\n[source.debian]\ndirectory = "{}"\n'
        (project / ".cargo").mkdir(exist_ok=True)
        (project / ".cargo" / "config.toml").write_text(settings.format(registry), encoding="utf-8")
        cargo = "/usr/bin/cargo"
    env = (
        os.environ | {"PYO3_PYTHON": sys.executable, "RUSTC": "/usr/bin/rustc"} if cargo != "cargo" else None
    )
    run([cargo, "build", "--release", "--quiet"], cwd=project, env=env)
    shutil.copy(project / "target" / "release" / "libladder.so", folder / "ladder.abi3.so")
    rust = importlib.import_module("ladder")
    contract = rust.Contract(bounds.tolist(), permille.tolist())

    def for_each_line():
        of_line = contract.of_line
        return [of_line(pence) for (pence,) in struct.iter_unpack("<I", tape)]

    return {
        "Rust, each line": for_each_line,
        "Rust, a list": lambda: contract.of_list(struct.unpack(f"<{len(tape) // 4}I", tape)),
        "Rust, a buffer": lambda: np.frombuffer(contract.of_buffer(tape), dtype=np.int64),
    }


def of_numba(folder, tape, bounds, permille):
    numba = importlib.import_module("numba")

    @numba.njit
    def search(amounts, bounds, permille):
        given = np.empty(len(amounts), dtype=np.int64)
        for line in range(len(amounts)):
            low, high = 0, len(bounds)
            while low < high:
                middle = (low + high) // 2
                if bounds[middle] <= amounts[line]:
                    low = middle + 1
                else:
                    high = middle
            given[line] = amounts[line] * permille[low] // 1000
        return given

    return {"Numba, a buffer": lambda: search(np.frombuffer(tape, dtype="<u4"), bounds, permille)}


def other_jobs() -> dict:
    """Return how many times as fast other jobs are than in plain Python, for the rungs that were built."""
    from plain import collatz

    text = " ".join(str(n % 5_000) for n in range(200_000))
    found = {"arithmetic": {}, "a call that does nothing": {}, "counting words": {}}

    def times(python, native) -> float:
        return round(nanoseconds(python) / nanoseconds(native), 2)

    for name, module in (
        ("Cython, as it is", "compiled"),
        ("Cython, with types", "typed"),
        ("Rust", "ladder"),
    ):
        with suppress(ImportError):
            native = importlib.import_module(module)
            assert native.collatz(1_000) == collatz(1_000)
            job = partial(native.collatz, 20_000)
            found["arithmetic"][name] = times(lambda: collatz(20_000), job)
    with suppress(ImportError):
        compiled = importlib.import_module("numba").njit(collatz)
        found["arithmetic"]["Numba"] = times(lambda: collatz(20_000), lambda: compiled(20_000))
    with suppress(ImportError):
        rust = importlib.import_module("ladder")
        native, python = rust.same, same
        found["a call that does nothing"]["Rust"] = times(
            lambda: [python(n) for n in range(LINES)], lambda: [native(n) for n in range(LINES)]
        )
        assert rust.words(text) == Counter(text.split())
        found["counting words"]["Rust"] = times(lambda: Counter(text.split()), lambda: rust.words(text))
    return found


def same(number):
    return number


def of_pypy() -> dict:
    """Return how many times as fast PyPy does jobs of plain Python; nothing where it is not installed."""
    if not shutil.which("pypy3"):
        print("left out: pypy3 is not installed")
        return {}
    took = {}
    for interpreter in (sys.executable, "pypy3"):
        done = subprocess.run([interpreter, "jobs.py"], cwd=HERE, check=True, capture_output=True, text=True)
        took[interpreter] = json.loads(done.stdout)
    before, after = took.values()
    return {name: round(before[name] / after[name], 2) for name in before}


def of_free_threads() -> dict:
    """Return how many times as fast as one thread of this Python threads of a build without a GIL are."""
    free = next(filter(None, map(shutil.which, FREE_THREADED)), None)
    if free is None:
        print(f"left out: no {' or '.join(FREE_THREADED)} is installed")
        return {}
    found = []
    for interpreter in (sys.executable, free):
        command = [interpreter, "threads.py"]
        done = subprocess.run(command, cwd=HERE, check=True, capture_output=True, text=True)
        found.append(json.loads(done.stdout))
    alone = found[0]["took"]["in one thread"]
    ratios = {
        f"{kind}, {how}": round(alone / seconds, 2)
        for kind, each in zip(("with a GIL", "free-threaded"), found, strict=True)
        for how, seconds in each["took"].items()
    }
    return {"python": [each["python"] for each in found], "times": ratios}


def run(command: list[str], **options) -> None:
    """Run a compiler; raise with what it said where it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    if done.returncode:
        raise OSError(f"{command[0]} failed: {(done.stderr or done.stdout)[-600:]}")


def nanoseconds(job) -> float:
    """Return the processor's time for one line, in the best of some runs."""
    job()
    taken = []
    for _ in range(REPEAT):
        start = time.process_time()
        job()
        taken.append(time.process_time() - start)
    return round(1e9 * min(taken) / LINES, 1)


def main(folder: Path) -> None:
    rungs = built(folder)
    expected = next(iter(rungs.values()))()
    measured = []
    for name, job in rungs.items():
        assert np.array_equal(expected, job()), f"{name} gives other discounts"
        measured.append({"name": name, "nanoseconds": nanoseconds(job)})
        print(f"{name:34} {measured[-1]['nanoseconds']:10,.1f} ns a line")
    others, pypy = other_jobs(), of_pypy()
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}"
    found = {"machine": machine, "rungs": measured, "others": others, "pypy": pypy}
    found["free-threaded"] = free = of_free_threads()
    keep(found)
    for job, ratios in (*others.items(), ("PyPy", pypy), ("threads", free.get("times", {}))):
        for name, ratio in ratios.items():
            print(f"{job}: {name:30} {ratio:6.2f} times as fast")


def keep(found: dict) -> None:
    RECORD.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:] == ["--threads"]:
        keep(json.loads(RECORD.read_text(encoding="utf-8")) | {"free-threaded": of_free_threads()})
    elif len(sys.argv) > 1:
        main(Path(sys.argv[1]).resolve())
    else:
        with tempfile.TemporaryDirectory() as made:
            main(Path(made))
