"""The preflight: a look at this machine in seconds, and what each finding means for the course."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from kettle.lessons.observations import LEVELS, LOOKS, Observation, short


@dataclass(frozen=True, repr=False)
class Preflight:
    """All findings, and the seconds that looking took."""

    findings: tuple[Observation, ...]
    seconds: float

    @property
    def summary(self) -> str:
        """Return one sentence for the whole."""
        known = {level: [f.name for f in self.findings if f.level == level] for level in LEVELS}
        if not known["missing"] and not known["limited"]:
            return "Everything that the course uses is here."
        limited = f" Limited: {', '.join(known['limited'])}." if known["limited"] else ""
        missing = f" Missing: {', '.join(known['missing'])}." if known["missing"] else ""
        good = f"{len(known['ok'])} of {len(self.findings)} checks are fine."
        return f"You can start: {good}{limited}{missing}"

    def __repr__(self) -> str:
        lines = [self.summary, *map(repr, self.findings), f"This took {self.seconds:.1f} seconds."]
        return "\n".join(lines)


def look(patience: float = 5.0) -> Preflight:
    """Look at this machine; never raises.

    Args:
        patience: Seconds after which whatever has not answered is reported as such.
    """
    began = time.monotonic()
    found = {"Clock": looked("Clock", LOOKS["Clock"])}  # alone, before the others make a noise of their own
    threads = []
    for name, glance in LOOKS.items():
        if name != "Clock":
            work = threading.Thread(
                target=_put, args=(found, name, glance), name=f"look: {name}", daemon=True
            )
            work.start()
            threads.append(work)
    for work in threads:
        work.join(max(began + patience - time.monotonic(), 0))
    findings = (found.get(name) or _no_answer(name, patience) for name in LOOKS)
    return Preflight(tuple(findings), time.monotonic() - began)


def _put(found: dict[str, Observation], name: str, glance: Callable[[], Observation]) -> None:
    found[name] = looked(name, glance)


def looked(name: str, glance: Callable[[], Observation]) -> Observation:
    """Return what a look finds; one that breaks is a finding, too."""
    try:
        return glance()
    except Exception as error:  # noqa: BLE001 a preflight that fails would be worse than none
        return Observation(
            name,
            f"could not be checked ({short(error)})",
            "The course runs without knowing.",
            "limited",
        )


def _no_answer(name: str, patience: float) -> Observation:
    meaning = "This machine may be busy: try again. Lessons wait longer than the preflight does."
    return Observation(name, f"no answer in {patience:.0f} s", meaning, "limited")
