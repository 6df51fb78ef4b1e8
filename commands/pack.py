"""Pack the course into a folder, with all that it is installed from: start.py pack FOLDER.

It runs before anything is installed, so it needs the standard library only. What sets the course up from such
a folder is in unpack.py. Each function is given the module start.py, whose tools it uses.
"""

import json
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from commands.pack_course import copy_course, git, of_git, size_of_course
from commands.pack_wheels import Wheel, absent, download, megabytes, resolve, without
from commands.unpack import (
    COURSE,
    MANIFEST,
    REQUIREMENTS,
    SYSTEMS,
    WHEELS,
    inputs_of,
    this_python,
    this_system,
)

READ_ME = "READ ME FIRST.txt"
ENOUGH = 20_000_000  # bytes that stay free
TO_READ = """Watched Kettle, without a network

1. Copy the folder "{course}" from here to your own disk, for instance into your home folder.
2. In the copy, run (on Windows: py instead of python3)

       python3 start.py --from "THE PATH OF THIS FOLDER"

Your machine needs one of these: {targets}. Python itself is not in this folder.
Later, python3 start.py opens the course again, and this folder is not needed any more.
"""

UNKNOWN = "start.py pack does not know {what}.\n  It knows: {known}."
BAD_PYTHON = "--python takes versions from 3.11 on, such as 3.12, and not {what}."
INSIDE = "The folder {folder} is in the course itself. Choose one outside it, such as one on a USB stick."
OF_OTHERS = (
    "The folder {folder} has something called {name} that start.py pack did not write.\n"
    "  Choose another folder, or move that away."
)
CHANGED = (
    "{name} has changes that are not committed, and what is committed is packed.\n"
    "  Commit or undo them, then run start.py pack again."
)
MISSING = (
    "Nothing was written: not everything that was asked for can be had.\n"
    "  Leave out with --for and --python what is named above."
)
NO_ROOM = (
    "The pack needs {need:.0f} MB more, and {there:.0f} MB are free at {folder}.\n"
    "  Free some space there, or choose another folder."
)
NOT_WRITTEN = (
    "The pack could not be written to {folder}: {said}\n"
    "  Is there room, and may you write there? Then run start.py pack again: it goes on where it stopped."
)
LOST = "{name} did not arrive whole in {folder}. Is the disk in order? Then run start.py pack again."
USED = (
    "Somebody has worked in {folder}, the copy of the course in the pack.\n"
    "  Move that folder to where its owner wants it, then run start.py pack again."
)


def pack(start, folder: Path, systems: list[str] | None, pythons: list[str] | None) -> int:
    """Write a pack and return 0; goes on where one was interrupted. Raises start.Stop, with a sentence.

    Args:
        start: the module start.py.
        folder: where to; made if it is not there.
        systems: some of SYSTEMS; None: this machine's.
        pythons: versions such as 3.12; None: this one.
    """
    folder, systems, pythons = folder.absolute(), systems or [this_system()], pythons or [this_python()]
    check(start, folder, systems, pythons)
    wanted = find_wheels(start, [(system, python) for system in systems for python in pythons])
    files = {wheel.name: wheel for wheels in wanted.values() for wheel in wheels}
    tell(start, folder, wanted, files)
    try:
        write(start, folder, wanted, files)
    except OSError as error:
        raise trouble(start, folder, str(error)) from error
    start.step(f"Done. How to use it is in {folder / READ_ME}")
    return 0


def check(start, folder: Path, systems: list[str], pythons: list[str]) -> None:
    """Raise a Stop where what is asked for makes no sense."""
    for system in systems:
        if system not in SYSTEMS:
            raise start.Stop(UNKNOWN, what=f"the system {system}", known=", ".join(SYSTEMS))
    for python in pythons:
        if not (found := re.fullmatch(r"3\.(\d{2})", python)) or int(found[1]) < 11:
            raise start.Stop(BAD_PYTHON, what=python)
    check_folder(start, folder)
    if of_git(start):
        for name in (*REQUIREMENTS, "pyproject.toml"):
            if git(start, "diff", "--quiet", "HEAD", "--", name).returncode:
                raise start.Stop(CHANGED, name=name)


def check_folder(start, folder: Path) -> None:
    """Raise a Stop where a pack would lie in the course, or in the place of something else."""
    if folder.resolve().is_relative_to(start.ROOT):
        raise start.Stop(INSIDE, folder=folder)
    if folder.exists() and not folder.is_dir():
        raise start.Stop(OF_OTHERS, folder=folder.parent, name=folder.name)
    for name in (WHEELS, COURSE, READ_ME):
        if (folder / name).exists() and not (folder / MANIFEST).exists():
            raise start.Stop(OF_OTHERS, folder=folder, name=name)
    if any((folder / COURSE / name).exists() for name in (".venv", ".kettle")):
        raise start.Stop(USED, folder=folder / COURSE)


def find_wheels(start, targets: list[tuple[str, str]]) -> dict[tuple[str, str], list[Wheel]]:
    """Return the wheels for each system and Python; names what cannot be had, and then raises a Stop."""
    start.TOOLS.mkdir(exist_ok=True)
    start.LOG.write_text("")
    start.step("Looking for the pinned wheels, and for their sizes.")
    uv = find_uv(start)
    with ThreadPoolExecutor(4) as pool:
        found = dict(zip(targets, pool.map(lambda target: resolve(start, uv, *target), targets), strict=True))
    lost = [(*target, name) for target, (_, names) in found.items() for name in names]
    for system, python, name in lost:
        start.step(f"Not to be had for {system} with Python {python}: {name}")
    if lost:
        raise start.Stop(MISSING)
    return {target: wheels for target, (wheels, _) in found.items()}


def find_uv(start) -> str:
    """Return the path of the pinned uv, or of another where that cannot be had."""
    uv = shutil.which("uv", path=start.TOOLS / "bin") or start.fetch_uv() or shutil.which("uv")
    if not uv:
        raise start.Stop(start.NO_PIP)
    return uv


def find_pip(start) -> list:
    """Return the command of a pip, be it one that uv brings."""
    return start.find_pip() or [find_uv(start), "tool", "run", "pip"]


def tell(start, folder: Path, wanted: dict, files: dict[str, Wheel]) -> None:
    """Say how large everything is, before anything is written; raises a Stop where it does not fit."""
    course = size_of_course(start)
    start.step(f"What goes into {folder}:")
    for (system, python), wheels in wanted.items():
        start.step(f"  {system}, Python {python}: {len(wheels)} wheels, {megabytes(wheels)}")
    for (system, python), wheels in wanted.items():
        if lacking := without(start, wheels):
            start.step(f"  {system}, Python {python}: nothing is made for it of {', '.join(lacking)}")
    start.step(f"  the course itself: {course / 1e6:.0f} MB")
    here = next(parent for parent in (folder, *folder.parents) if parent.is_dir())
    rest = absent(folder, files.values())
    need, free = sum(wheel.size or 0 for wheel in rest) + course, shutil.disk_usage(here).free
    already = f", of which {len(files) - len(rest)} are there already" if len(rest) < len(files) else ""
    total = f"{len(files)} wheels, {megabytes(files.values())}{already}"
    start.step(f"  together, each file once: {total}; {free / 1e6:.0f} MB are free there")
    if need + ENOUGH > free:
        raise start.Stop(NO_ROOM, need=(need + ENOUGH) / 1e6, there=free / 1e6, folder=here)


def write(start, folder: Path, wanted: dict, files: dict[str, Wheel]) -> None:
    """Write the pack; its manifest comes last, so that a pack that was interrupted is known as such."""
    (folder / WHEELS).mkdir(parents=True, exist_ok=True)
    before = written(folder)
    note(folder, {"unfinished": True, "sizes": dict.fromkeys({*before, *files})})
    for name in before - files.keys():
        (folder / WHEELS / name).unlink(missing_ok=True)
    for (_, python), wheels in wanted.items():
        failed = download(start, folder, find_pip(start), python, wheels)
        if failed:
            raise trouble(start, folder, failed)
    for wheel in absent(folder, files.values()):
        raise start.Stop(LOST, name=wheel.name, folder=folder)
    copy_course(start, folder)
    targets = ", ".join(f"{system} with Python {python}" for system, python in wanted)
    (folder / READ_ME).write_text(TO_READ.format(course=COURSE, targets=targets), encoding="utf-8")
    sizes = {name: (folder / WHEELS / name).stat().st_size for name in sorted(files)}
    known = {
        f"{system} {python}": sorted(w.name for w in wheels) for (system, python), wheels in wanted.items()
    }
    note(folder, {"inputs": inputs_of(start.ROOT), "targets": known, "sizes": sizes})


def written(folder: Path) -> set[str]:
    """Return the names of the wheels that earlier packs have put into a folder."""
    try:
        return set(json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["sizes"])
    except (OSError, ValueError, KeyError, TypeError):
        return set()


def note(folder: Path, facts: dict) -> None:
    """Write the manifest in one step."""
    draft = folder / (MANIFEST + ".new")
    draft.write_text(json.dumps(facts, indent=1), encoding="utf-8")
    draft.replace(folder / MANIFEST)


def trouble(start, folder: Path, output: str) -> Exception:
    """Return the Stop for what went wrong while the pack was written."""
    if start.cause(output) in (start.FULL, start.NOT_WRITABLE):
        return start.Stop(NOT_WRITTEN, folder=folder, said=output.strip().splitlines()[-1])
    return start.stop_for(output)
