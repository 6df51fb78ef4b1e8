"""Build the course's web site, offline: lessons to read, field guide, ledger, handouts, teacher's pages.

    python site/build.py OUT                            into the folder OUT
    python site/build.py OUT --repository ADDRESS       with links to the repository at this address
    python site/build.py OUT --sources                  only the Markdown that Sphinx would read

It needs the group `site` of pyproject.toml, which requirements-site.txt pins. Pictures are recordings of real
runs (benchmarks/record_deck.py), and measurements are those of site/measured.json (site/measure.py).
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import guide_pages
import ledger_page
import lesson_pages
import teacher_pages
from book import HERE, pictures, raw, title
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from kettle.files.course import PARTS, PATHS, lessons
from kettle.pictures.palette import LIGHT, stylesheet

MARK = ".watched-kettle-site"  # in a folder that was built here, and may be replaced
NO_SPHINX = "Sphinx is not installed. Install what requirements-site.txt pins, and run this again."


class Stop(Exception):
    """The site cannot be built; the message says what to do."""


def pages(repository: str = "") -> dict[str, str]:
    """Return every page as MyST Markdown, by the name of its file.

    Args:
        repository: its address; "" where it has none.

    Raises:
        ValueError: a lesson lacks its core or its entry of the field guide, or measured.json is damaged.
    """
    found = {
        "field_guide.md": guide_pages.guide(),
        "ledger.md": ledger_page.page(),
        "handouts/index.md": guide_pages.handouts(),
        "handouts/all.md": guide_pages.all_handouts(),
    }
    found |= {f"lessons/{each.stem}.md": lesson_pages.page(each, repository) for each in lessons()}
    found |= {f"handouts/{each.stem}.md": guide_pages.handout(each) + "\n" for each in lessons()}
    found |= {f"teach/{name}": text for name, text in teacher_pages.pages(repository).items()}
    return found | written(repository)


def written(repository: str) -> dict[str, str]:
    """Return the pages that are written by hand, in site/pages/."""
    environment = Environment(
        loader=FileSystemLoader(HERE / "pages"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,
    )
    by_number = {each.number: each for each in lessons()}
    known = {
        "repository": repository,
        "lessons": by_number,
        "parts": [(part, [by_number[n] for n in part.numbers if n in by_number]) for part in PARTS],
        "paths": PATHS,
        "title": title,
        "picture": lambda number, name: raw(pictures(by_number[number])[name]),
    }
    return {name: environment.get_template(name).render(known) for name in environment.list_templates()}


def write_sources(folder: Path, repository: str = "") -> None:
    """Write what Sphinx reads into a folder: the pages, its settings and the theme."""
    for name, text in pages(repository).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    shutil.copy(HERE / "conf.py", folder)
    shutil.copytree(HERE / "theme", folder / "theme", dirs_exist_ok=True)
    (folder / "theme" / "static" / "pictures.css").write_text(look_of_pictures(), encoding="utf-8")


def look_of_pictures() -> str:
    """Return the style sheet of the recorded pictures; on paper they have the light colours."""
    light = "".join(f"--kp-{name}:{colour};" for name, colour in LIGHT.items())
    return f"{stylesheet()}\n@media print{{.kettle-picture{{{light}}}}}\n"


def build(out: Path, repository: str = "") -> None:
    """Build the site into a folder; what was built there before is replaced in one step.

    Raises:
        Stop: the folder holds something else, Sphinx is missing, or it found something to warn of.
    """
    try:
        from sphinx.cmd.build import build_main
    except ImportError:
        raise Stop(NO_SPHINX) from None
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as work:
        sources, made = Path(work) / "sources", Path(work) / "site"
        sources.mkdir()
        write_sources(sources, repository)
        options = [
            "-q",
            "-W",
            "--keep-going",
            "-b",
            "html",
            "-d",
            f"{work}/doctrees",
            str(sources),
            str(made),
        ]
        if build_main(options):
            raise Stop("Sphinx warned of the pages above, so no site was written.")
        (made / MARK).touch()
        if out.exists():
            out.rename(Path(work) / "before")
        made.rename(out)


def free(out: Path) -> None:
    """Make sure that nothing of somebody else's is replaced.

    Raises:
        Stop: there is something in the way.
    """
    if out.is_dir():
        if any(out.iterdir()) and not (out / MARK).exists():
            raise Stop(f"{out} holds other files. Name a new folder, or one that this command has built.")
    elif out.exists():
        raise Stop(f"{out} is a file. Name a folder.")


def address(text: str) -> str:
    """Return the address of a repository without a slash at its end; an empty one stays empty.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    parts = urlsplit(text)
    whole = parts.scheme == "https" and parts.netloc and parts.path.strip("/")
    if text and (not whole or set(text) & set(" ()<>\"'")):
        raise argparse.ArgumentTypeError(f"{text!r} is no address such as https://HOST/OWNER/NAME")
    return text.rstrip("/")


def main(arguments: list[str] | None = None) -> int:
    """Build the site; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, metavar="OUT", help="the folder to write")
    parser.add_argument(
        "--repository", type=address, default="", metavar="ADDRESS", help="where the repository is"
    )
    parser.add_argument("--sources", action="store_true", help="write only what Sphinx would read")
    options = parser.parse_args(arguments)
    out = options.out.absolute()
    try:
        free(out)
        if options.sources:
            out.mkdir(parents=True, exist_ok=True)
            write_sources(out, options.repository)
            (out / MARK).touch()
        else:
            build(out, options.repository)
    except (Stop, ValueError, OSError) as trouble:
        print(f"The site was not built. {trouble}", file=sys.stderr)
        return 1
    print(
        f"The site is in {out}. Open index.html there."
        if not options.sources
        else f"The sources are in {out}."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
