"""What start.py preflight runs: the whole course is tried out once, and the last line says `Ready.` or what to do.

    python -m kettle.lessons.before_the_day COMMAND OF JUPYTERLAB

Before a workshop, everything that a lesson needs is started, asked, and ended again. The preflight of the landing
page is part of it; what only a teacher has the time for is in rehearsal.py.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from kettle.lessons import rehearsal
from kettle.lessons.observations import LEVELS, Observation
from kettle.lessons.preflight import look, looked

AGAIN = "Delete the folder .venv, run start.py preflight again, and ask for help with the sentence above."
FIRST = {
    "Disk": "Free some space: the course needs 500 MB of its own for notebooks and the practice database.",
    "Memory for a lesson": "Close other programs, or use a machine with more memory.",
    "Progress": "Copy the course to a folder that you may write in, such as one in your home folder.",
    "Loopback": "Let Python open ports on 127.0.0.1, in your firewall or your security software.",
    "Practice shop": "Let Python open ports on 127.0.0.1, in your firewall or your security software.",
    "PostgreSQL": AGAIN,
    "Redis": AGAIN,
    "JupyterLab": AGAIN,
    "A verdict": AGAIN,
    "Browser": "Install a browser, or open the address that start.py prints in one.",
}
"""What to do where one of these is not as it should be; what is not named here may be as it is."""


def findings(lab: Sequence[str], patience: float = 20.0) -> Iterator[Observation]:
    """Yield what is found on this machine, as it is found; never raises.

    Args:
        lab: the command that starts JupyterLab, without a browser.
        patience: seconds that the looks of the landing page may take.
    """
    yield looked("Loopback", rehearsal.look_at_loopback)
    yield looked("Memory for a lesson", rehearsal.look_at_memory)
    yield from look(patience).findings
    later: dict[str, Callable[[], Observation]] = {
        "Redis": rehearsal.look_at_redis,
        "JupyterLab": partial(rehearsal.look_at_lab, lab),
        "A verdict": rehearsal.look_at_verdict,
        "Browser": rehearsal.look_at_browser,
    }
    for name, glance in later.items():
        yield looked(name, glance)


def stands_in_the_way(found: Observation) -> bool:
    """Return whether something has to be done about a finding before the day."""
    if found.level == "missing":
        return True
    return found.level == "limited" and found.name in FIRST


def conclusion(found: Sequence[Observation]) -> str:
    """Return the one line that says whether this machine is ready, and if not, what to do first."""
    rest = [each for each in found if stands_in_the_way(each)]
    if not rest:
        return "Ready."
    first = rest[0]
    others = f" Then: {', '.join(each.name for each in rest[1:])}." if rest[1:] else ""
    return f"Not ready. {first.name}: {first.value}. {FIRST.get(first.name, first.meaning)}{others}"


def main(lab: Sequence[str]) -> int:
    """Tell each finding, and at last whether this machine is ready; return 0 if it is."""
    width = max(map(len, LEVELS))
    found = []
    print("Trying everything out: half a minute, or more on a busy machine.", flush=True)  # noqa: T201
    for each in findings(lab):
        found.append(each)
        meaning = "" if each.level == "ok" else f"\n  {'':<{width}} {each.meaning}"
        print(f"  {each.level:<{width}} {each.name}: {each.value}{meaning}", flush=True)  # noqa: T201
    print(f"\n{conclusion(found)}")  # noqa: T201
    return 0 if conclusion(found) == "Ready." else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
