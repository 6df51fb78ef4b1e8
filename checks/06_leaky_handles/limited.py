"""Limited: a program in a process of its own, with few descriptors and in Python's development mode.

It is given the cells that define what it uses, so it runs the notebook's own code. Windows has no
such limit: there, an error of the same kind stops the program at the same number.

It shows where to look; no verdict rests on it.

    ran = run_limited([print_label], main, descriptors=512)
    ran.opened, ran.error, ran.lines
"""

import json
import linecache
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from kettle.processes import owned

WARNING = re.compile(
    r"^.*ResourceWarning: .*\n(?:  .*\n)?Object allocated at .*\n((?:  .*(?:\n|$))+)", re.MULTILINE
)
OURS = re.compile(r'  File "[^"]*program\.py", lineno \d+\n +(.+)')
HEAD = '''
import errno as _errno, json as _json, os as _os, sys as _sys

_steps = []

try:
    import resource as _resource
    _hard = _resource.getrlimit(_resource.RLIMIT_NOFILE)[1]
    _resource.setrlimit(_resource.RLIMIT_NOFILE, ({limit}, _hard))
except ImportError:
    _resource = None


def step():
    """Note how many descriptors are open."""
    for folder in ("/proc/self/fd", "/dev/fd"):
        if _os.path.isdir(folder):
            number = len(_os.listdir(folder)) - 1
            break
    else:
        import psutil
        me = psutil.Process()
        number = len(me.open_files()) + len(me.net_connections())
    _steps.append(number)
    if _resource is None and number > {limit} - 4:
        raise OSError(_errno.EMFILE, "Too many open files")
'''
TAIL = """

_error = ""
try:
    main()
except OSError as error:
    _error = f"{type(error).__name__}: {error}"
    error = None  # from here on nothing refers to what the program held
print(_json.dumps({"opened": _steps, "error": _error}))
"""


@dataclass(frozen=True)
class Limited:
    """How such a program went.

    Attributes:
        opened: descriptors that were open, noted at each `step()`.
        error: the OSError that stopped it, as a text; "" where it came to its end.
        told: what Python printed to stderr, such as ResourceWarnings with the line that made the object.
    """

    opened: tuple[int, ...]
    error: str
    told: str

    @property
    def lines(self) -> dict[str, int]:
        """Lines of the program whose objects were let go of unclosed, and how many of each."""
        made = (OURS.findall(stack) for stack in WARNING.findall(self.told))
        return dict(Counter(lines[-1] for lines in made if lines).most_common())

    @property
    def example(self) -> str:
        """The shortest warning that also tells what made its object; "" where there is none."""
        found = (each.group() for each in WARNING.finditer(self.told))
        return min(found, key=lambda each: each.count("\n"), default="").rstrip()

    def __repr__(self) -> str:
        ended = self.error or "it came to its end"
        most = max(self.opened, default=0)
        return f"{len(self.opened)} steps, at most {most} descriptors open; {ended}"


def run_limited(
    functions: Iterable[Callable], main: str, *, descriptors: int, timeout: float = 60
) -> Limited:
    """Run a program that may open few descriptors; return how it went.

    Args:
        functions: the cells, or modules, that define these become its beginning, in this order.
        main: source of its function `main()`, which calls `step()` whenever it is to be noted what is open.
        descriptors: how many it may have open.
        timeout: in seconds, after which it is ended.

    Raises:
        RuntimeError: it ended in another way than by an OSError.
    """
    sources = dict.fromkeys("".join(linecache.getlines(each.__code__.co_filename)) for each in functions)
    with tempfile.TemporaryDirectory(prefix=owned("kettle-limited-")) as folder:
        program = Path(folder) / "program.py"
        text = "\n\n".join((HEAD.format(limit=descriptors), *sources, main, TAIL))
        program.write_text(text, encoding="utf-8")
        command = [sys.executable, "-X", "dev", "-X", "tracemalloc=12", str(program)]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            encoding="utf-8",
            env={**os.environ, "PYTHONWARNINGS": "always::ResourceWarning", "PYTHONUTF8": "1"},
            timeout=timeout,
            check=False,
        )
    if done.returncode:
        raise RuntimeError(f"The program stopped: {done.stderr[-1500:]}")
    found = json.loads(done.stdout.splitlines()[-1])
    return Limited(tuple(found["opened"]), found["error"], done.stderr.replace(str(folder), "."))
