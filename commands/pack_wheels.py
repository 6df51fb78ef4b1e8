"""The wheels of a pack: uv says which ones a system needs, and pip downloads them (standard library only)."""

import hashlib
import re
import tempfile
import tomllib
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from commands.unpack import REQUIREMENTS, SYSTEMS, WHEELS

MISSING = re.compile(r"Because (?:there is no version of )?([\w.-]+)(?:\{.*?\})?==([\w.+!]+)[ ,]")
AT_ONCE = 32  # wheels in one download, which after an interruption begins again, mostly from the cache of pip


@dataclass(frozen=True)
class Wheel:
    """A file to download: where it is, its bytes (None: the index does not tell), its SHA-256."""

    url: str
    size: int | None
    sha256: str

    @property
    def name(self) -> str:
        """Return the name of the file."""
        return urllib.parse.unquote(self.url.rpartition("/")[2])

    @property
    def package(self) -> str:
        """Return the name of the package."""
        return plain(self.name.partition("-")[0])

    @property
    def platforms(self) -> set[str]:
        """Return the platforms that the name tells; none where it fits all."""
        return set(self.name.removesuffix(".whl").rpartition("-")[2].split(".")) - {"any"}


def resolve(start, uv: str, system: str, python: str) -> tuple[list[Wheel], list[str]]:
    """Return the wheels that one system needs, and the names of packages that have none for it."""
    text = "\n".join((start.ROOT / name).read_text(encoding="utf-8") for name in REQUIREMENTS)
    hashes, chosen = set(re.findall(r"sha256:(\w+)", text)), {}

    def of_release(version: str) -> dict[str, Wheel | None]:
        options = ["--python-platform", SYSTEMS[system], "--python-version", version]
        return lock(start, uv, options, text, hashes)

    with ThreadPoolExecutor(3) as pool:  # it is the index that one waits for
        for found in pool.map(of_release, releases(python, text)):
            chosen |= found
    wheels = [wheel for wheel in chosen.values() if wheel]
    return wheels, [name for name, wheel in chosen.items() if not wheel]


def lock(start, uv: str, options: list[str], text: str, hashes: set[str]) -> dict[str, Wheel | None]:
    """Return the wheel of each package that is pinned; None where there is none.

    Args:
        start: the module start.py.
        uv: its path.
        options: of `uv pip compile`, the system and the Python.
        text: what is pinned.
        hashes: of the files that are pinned.
    """
    lost: dict[str, Wheel | None] = {}
    with tempfile.TemporaryDirectory() as folder:
        pinned, written = Path(folder, "pinned.txt"), Path(folder, "pylock.pack.toml")
        command = [uv, "pip", "compile", "--quiet", "--no-deps", "--format", "pylock.toml", *options]
        while True:
            pinned.write_text(text, encoding="utf-8")
            succeeded, output = start.run([*command, "--output-file", written, pinned])
            if succeeded:
                break
            missing = MISSING.search(
                output
            )  # uv names one at a time, and neither a wheel nor a source is there
            shorter = missing and re.sub(rf"(?m)^{re.escape(missing[1])}==.*\n(?:[ ].*\n)*", "", text)
            if not missing or shorter == text:
                raise start.stop_for(output)
            lost[f"{missing[1]} {missing[2]}"], text = None, shorter
        packages = tomllib.loads(written.read_text(encoding="utf-8")).get("packages", [])
        return lost | {f"{each['name']} {each['version']}": best(each, written, hashes) for each in packages}


def releases(python: str, text: str) -> list[str]:
    """Return the releases of a Python from which on other packages are pinned, with its first one."""
    patches = re.findall(rf"python_full_version [<>=]+ '{re.escape(python)}\.(\d+)'", text)
    return [f"{python}.{patch}" for patch in sorted({0, *map(int, patches)})]


def best(package: dict, written: Path, hashes: set[str]) -> Wheel | None:
    """Return the wheel of a package to take: a compiled one before one for all systems, then the smallest."""
    wheels = []
    for each in package.get("wheels", ()):
        url = each.get("url") or (written.parent / each["path"]).resolve().as_uri()
        wheels.append(Wheel(url, each.get("size") or size_of(url), each["hashes"]["sha256"]))
    pinned = [wheel for wheel in wheels if wheel.sha256 in hashes]
    return min(pinned, key=lambda wheel: (not wheel.platforms, wheel.size or 0), default=None)


def size_of(url: str) -> int | None:
    """Return the bytes of a file whose size the index does not tell; None if its server does not either."""
    try:
        asked = urllib.request.Request(url, method="HEAD")
        with urllib.request.urlopen(asked, timeout=5) as answer:
            return int(answer.headers["Content-Length"])
    except (OSError, TypeError, ValueError):
        return None


def megabytes(wheels: Iterable[Wheel]) -> str:
    """Return how large files are, in words."""
    wheels = list(wheels)
    unknown = sum(wheel.size is None for wheel in wheels)
    known = f"{sum(wheel.size or 0 for wheel in wheels) / 1e6:.1f} MB"
    return f"{known} and {unknown} files whose size the index does not tell" if unknown else known


def absent(folder: Path, wheels: Iterable[Wheel]) -> list[Wheel]:
    """Return the wheels that are not there yet, or not as they should be."""
    return [wheel for wheel in wheels if not intact(folder / WHEELS / wheel.name, wheel.sha256)]


def intact(file: Path, sha256: str) -> bool:
    """Return whether a file is there and is what it should be."""
    if not file.is_file():
        return False
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest() == sha256


def download(start, folder: Path, pip: list, python: str, wheels: list[Wheel]) -> str:
    """Let pip download what is not there yet, some wheels at a time, each checked against its hash.

    Args:
        start: the module start.py.
        folder: the pack.
        pip: the command of pip.
        python: a version such as 3.12, which all of the wheels fit.
        wheels: for one system.

    Returns:
        What pip said when it failed; nothing otherwise.
    """
    rest = absent(folder, wheels)
    platforms = sorted(set().union(*(wheel.platforms for wheel in rest)))
    command = [*pip, "download", "--no-deps", "--require-hashes", "--only-binary", ":all:"]
    command += ["--ignore-requires-python"]  # what is pinned fits some release of that version
    command += ["--dest", folder / WHEELS, "--python-version", python, "--implementation", "cp"]
    command += [word for platform in platforms for word in ("--platform", platform)]
    with tempfile.TemporaryDirectory() as drafts:
        listed = Path(drafts, "wheels.txt")
        for some in shares(rest):
            start.step(f"Downloading: {megabytes(absent(folder, rest))} to go.")
            for wheel in some:
                (folder / WHEELS / wheel.name).unlink(missing_ok=True)
            lines = (f"{w.package} @ {w.url} --hash=sha256:{w.sha256}\n" for w in some)
            listed.write_text("".join(lines), encoding="utf-8")
            succeeded, output = start.run([*command, "--requirement", listed])
            if not succeeded:
                return output
    return ""


def shares(wheels: list[Wheel]) -> Iterator[list[Wheel]]:
    """Share wheels out, AT_ONCE at most, and never two of one package, which pip takes for a conflict."""
    share: dict[str, Wheel] = {}
    for wheel in wheels:
        if len(share) == AT_ONCE or wheel.package in share:
            yield list(share.values())
            share = {}
        share[wheel.package] = wheel
    if share:
        yield list(share.values())


def without(start, wheels: list[Wheel]) -> list[str]:
    """Return what the course wants and a system goes without, since nothing of it is made for that system."""
    project = tomllib.loads((start.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {plain(re.match(r"[\w.-]+", each)[0]) for each in project["dependencies"]}
    return sorted(wanted - {wheel.package for wheel in wheels})


def plain(name: str) -> str:
    """Return a package's name, spelled as all its spellings are alike."""
    return re.sub(r"[-_.]+", "-", name).lower()
