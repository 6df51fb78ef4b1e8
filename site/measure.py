"""Measure every claim of the ledger on this machine, once, for the site's page of the ledger.

    python site/measure.py             all claims, some minutes; do it while nothing else runs
    python site/measure.py 14 19       those of two lessons; the others stay as they are

Kept in site/measured.json are the sentences, the date, and what kind of machine it was.
"""

import argparse
import asyncio
import json
import os
import platform
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path

import psutil

from kettle.files.course import LessonFiles, lessons
from kettle.lessons.ledger_claims import every_claim_of
from kettle.lessons.measuring import measured

FILE = Path(__file__).with_name("measured.json")
ABOUT_YOU = {("01_guess_before_profile", "expected"): "it compares your own prediction with a profile"}
CPU_NAMES = Path("/proc/cpuinfo")  # Linux only; elsewhere the platform's own word has to do


def machine() -> dict[str, str]:
    """Tell what kind of machine this is, without anything that names this one."""
    return {
        "processor": processor(),
        "cores": str(os.cpu_count()),
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "system": platform.system(),
        "python": platform.python_version(),
    }


def processor() -> str:
    """Return the model of the processor."""
    if CPU_NAMES.exists():
        lines = CPU_NAMES.read_text(encoding="utf-8").splitlines()
        names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
        if names:
            return names[0]
    return platform.processor() or platform.machine()


def busy() -> bool:
    """Tell whether other programs want the cores, before anything is measured: the page says so."""
    return psutil.getloadavg()[0] > (os.cpu_count() or 1) / 2


async def measure(lesson: LessonFiles) -> dict[str, dict[str, str]]:
    """Return for each claim of a lesson what was measured, or why it could not be."""
    names = [claim.name for claim in every_claim_of(lesson.checks)]
    found = {}
    async with aclosing(measured(lesson, names)) as told:
        async for name, said, failed in told:
            found[name] = {"said": said} if said else {"failed": failed}
    yours = {name: why for (stem, name), why in ABOUT_YOU.items() if stem == lesson.stem}
    return found | {name: {"failed": why} for name, why in yours.items()}


def keep(kept: dict) -> None:
    """Write the file in one step."""
    new = FILE.with_suffix(".new")
    new.write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    new.replace(FILE)


def main() -> None:
    """Measure lesson by lesson; each is kept as soon as it is there."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lessons", nargs="*", help="numbers; all without one")
    wanted = parser.parse_args().lessons
    kept = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {"claims": {}}
    others = busy() or (bool(wanted) and kept.get("busy", False))
    for lesson in lessons():
        if not wanted or lesson.stem[:2] in wanted:
            kept["claims"][lesson.stem] = asyncio.run(measure(lesson))
            kept |= {"machine": machine(), "date": f"{datetime.now(UTC):%Y-%m-%d}", "busy": others}
            keep(kept)
            missing = sum("failed" in each for each in kept["claims"][lesson.stem].values())
            print(f"{lesson.stem}: {len(kept['claims'][lesson.stem])} claims, {missing} not measured")


if __name__ == "__main__":
    main()
