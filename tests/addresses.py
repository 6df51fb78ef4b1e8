"""The public addresses of the course: `python3 tests/addresses.py` writes them into README.md.

All follow from the address of the repository: what Binder opens, where GitHub Pages shows the site, and what
nbgitpuller copies to each learner of a hub. `--hub https://hub.example.org` prints that last link, with
`--lesson 14` one that opens a lesson, and `--repository` prints the repository's own address.
"""

import argparse
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
FIRST_PAGE = "notebooks/00_start_here.ipynb"
BRANCH = "main"
SEAT = "watched-kettle"  # the learner's folder on a hub, as deploy/seat.py names it
BADGE = "https://mybinder.org/badge_logo.svg"
UNPUBLISHED = (
    "(This copy has no public address yet, so the button and the link to the site lead nowhere. "
    "Once it has one, run `python3 tests/addresses.py`.)"
)
NOT_PUBLIC = (
    "This clone came from {remote}, which is no public address on github.com or gitlab.com.\n"
    "README.md stays as it is. You can name an address: python3 tests/addresses.py https://github.com/ORG/REPO\n"
)
_REMOTE = re.compile(
    r"(?:https?://(?:[^@/\s]+@)?|ssh://(?:[^@/\s]+@)?|git://|[^@/\s:]+@)"  # what an address begins with
    r"(?P<host>github\.com|gitlab\.com)(?::\d+)?[:/](?P<path>[^?#\s]+?)(?:\.git)?/?"
)
_BLOCK = re.compile(r"^\[badge\]: .*\Z", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Home:
    """Where a repository is public.

    Args:
        host: github.com or gitlab.com.
        path: its groups and its name, e.g. tea/kettle.
    """

    host: str
    path: str

    @property
    def repository(self) -> str:
        """The address that people clone from."""
        return f"https://{self.host}/{self.path}"

    @property
    def binder(self) -> str:
        """What opens the course in the browser."""
        named = f"gh/{self.path}" if self.host == "github.com" else f"gl/{quote(self.path, safe='')}"
        return f"https://mybinder.org/v2/{named}/{BRANCH}?urlpath=lab/tree/{FIRST_PAGE}"

    @property
    def site(self) -> str:
        """Where GitHub Pages shows the site; the repository itself where nothing of ours publishes one."""
        if self.host != "github.com":
            return self.repository
        owner, name = self.path.lower().split("/")[0], self.path.rpartition("/")[2]
        own = f"{owner}.github.io"
        return f"https://{own}/" if name.lower() == own else f"https://{own}/{name}/"

    def pulled_by(self, hub: str, page: str = FIRST_PAGE) -> str:
        """Return the link that copies the course to a learner of a hub and opens it.

        Args:
            hub: its address.
            page: what to open, a path in the course.
        """
        asked = {"repo": self.repository, "branch": BRANCH, "targetpath": SEAT}
        asked["urlpath"] = f"lab/tree/{SEAT}/{page}"
        return f"{hub.rstrip('/')}/hub/user-redirect/git-pull?{urlencode(asked)}"


def home_of(remote: str) -> Home | None:
    """Return where a remote is public; None where it is not, as with a folder or a server of one's own."""
    found = _REMOTE.fullmatch(remote.strip())
    return Home(found["host"], found["path"].strip("/")) if found else None


def origin(folder: Path = ROOT) -> str:
    """Return the address that a clone came from; "" where it has none, as a downloaded zip."""
    asked = ["git", "remote", "get-url", "origin"]
    try:
        return subprocess.run(asked, cwd=folder, capture_output=True, text=True, check=False).stdout.strip()
    except OSError:  # no git
        return ""


def page_of(lesson: int) -> str | None:
    """Return the notebook of a lesson, by its number, as a path in the course; 0 is the landing page."""
    found = sorted((ROOT / "notebooks").glob(f"{lesson:02d}_*.ipynb"))
    return f"notebooks/{found[0].name}" if found else None


def block(home: Home) -> str:
    """Return the last lines of README.md, where all of its public addresses are."""
    return f"[badge]: {BADGE}\n[site]: {home.site}\n[binder]: {home.binder}\n"


def published(readme: str, home: Home) -> str:
    """Return README.md's text with the addresses of a repository."""
    before = _BLOCK.sub("", readme)
    sentence = re.compile(r"\s" + r"\s+".join(map(re.escape, UNPUBLISHED.split())))
    return sentence.sub("", before) + block(home)


def main(arguments: list[str] | None = None) -> int:
    """Write README.md's addresses, or print the link for a hub; return the exit status."""
    parser = argparse.ArgumentParser(description="Write the public addresses of the course into README.md.")
    parser.add_argument("remote", nargs="?", help="the repository's address; without it, that of this clone")
    parser.add_argument("--hub", help="print nbgitpuller's link for this JupyterHub instead")
    parser.add_argument("--lesson", type=int, default=0, help="with --hub: the lesson that it opens")
    parser.add_argument(
        "--repository", action="store_true", help="print its address; nothing if none is public"
    )
    options = parser.parse_args(arguments)
    remote = origin() if options.remote is None else options.remote
    home = home_of(remote)
    if options.repository:
        sys.stdout.write(f"{home.repository}\n" if home else "")
        return 0
    if home is None:
        parser.exit(1, NOT_PUBLIC.format(remote=remote or "nowhere"))
    if options.hub:
        page = page_of(options.lesson)
        if page is None:
            parser.exit(1, f"There is no lesson {options.lesson}.\n")
        sys.stdout.write(f"{home.pulled_by(options.hub, page)}\n")
        return 0
    text = published(README.read_text(encoding="utf-8"), home)
    README.write_text(text, encoding="utf-8", newline="\n")
    sys.stdout.write(f"README.md names {home.repository}, and the site at {home.site}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
