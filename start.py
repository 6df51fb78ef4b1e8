"""Set the course up once, and open it: python3 start.py

Needs nothing but Python. Even Python 2 can read its syntax, so that an old Python says that it is too old.
"""

from __future__ import print_function

import sys

TOO_OLD = "The course needs Python 3.11 or newer, and this is Python {}.{}.{}.\n  "
FETCH = "Install a newer Python from your system's packages or from python.org, and run start.py with it."

if sys.version_info < (3, 11):
    import os

    names = ("python3.15", "python3.14", "python3.13", "python3.12", "python3.11")
    newer = [name for name in names if os.system("{} -c pass >{} 2>&1".format(name, os.devnull)) == 0]
    advice = "There is a newer one here:  {} start.py".format(newer[0]) if newer else FETCH
    sys.exit(TOO_OLD.format(*sys.version_info[:3]) + advice)

import argparse
import hashlib
import importlib
import json
import os
import re
import shutil
import socket
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
TOOLS = ROOT / ".tools"
LOG = TOOLS / "set-up.log"
INSTALLER = ROOT / "requirements-setup.txt"
STAMP = VENV / "set-up.json"
WINDOWS = os.name == "nt"
PYTHON = VENV / ("Scripts/python.exe" if WINDOWS else "bin/python")
# jsonschema prepares a grammar of web addresses that nothing here needs, for longer than all else takes.
LAB = "import sys; sys.modules['rfc3987_syntax'] = None; from jupyterlab.labapp import main; sys.exit(main())"
ROOM = 1000000000  # bytes: the environment with its test tools takes about four fifths of this

FULL = (
    "The disk is full: the course needs about 1 GB, and {free:.1f} GB are free at {where}.\n"
    "  Free some space there, and where uv or pip keeps its cache. Then run start.py again."
)
NOT_WRITABLE = (
    "The course cannot write in its own folder: {where}\n"
    "  Copy or clone it to a folder of your own, such as your home folder, and run start.py there."
)
NO_NETWORK = (
    "The course's packages could not be downloaded from a package index.\n"
    "  Are you online? Behind a proxy, set HTTPS_PROXY; for an index of your own, set PIP_INDEX_URL.\n"
    "  Then run start.py again: it goes on where it stopped. The full output is in {log}"
)
NOT_TRUSTED = (
    "The package index was reached, but its certificate is not trusted here.\n"
    "  If your network has a certificate of its own, set SSL_CERT_FILE and PIP_CERT to its file, then run\n"
    "  start.py again. The full output is in {log}"
)
NO_PIP = (
    "This Python has neither pip nor venv, and uv is not installed either; one of them is needed.\n"
    "  On Debian or Ubuntu:  sudo apt install python3-venv   Elsewhere install uv, then run start.py again."
)
BAD_PACK = (
    "The course could not be set up from the pack in {folder}. The last lines of uv:\n\n{tail}\n\n"
    "  Copy that folder again from where it came, or have start.py pack run again. Then run start.py again."
)
FAILED = "The set-up failed. Its last lines:\n\n{tail}\n\n  The full output is in {log}"
PORT_BUSY = "Port {port} is in use. Choose another one, or leave out --port, and start.py finds a free one."
STOPPED = "\nStopped. Run start.py again to go on from here."
# What uv, pip and Python print for each of these; the first that fits is told.
SIGNS = (
    (r"No space left on device|os error 28|not enough space on the disk|Disk quota exceeded", FULL),
    (r"ensurepip is not|No module named '?(ensurepip|venv)", NO_PIP),
    (r"certificate verify failed|CERTIFICATE_VERIFY|UnknownIssuer|invalid peer certificate", NOT_TRUSTED),
    (r"dns error|error sending request|Failed to (fetch|download)|name resolution|getaddrinfo", NO_NETWORK),
    (r"NewConnectionError|Connection(Error| refused| reset)|timed out|ProxyError|tunnel", NO_NETWORK),
    (r"Permission denied|os error 13|Read-only file system|Access is denied", NOT_WRITABLE),
)


class Stop(Exception):
    """The course cannot go on; the message tells the learner why, and what to do."""

    def __init__(self, sentence, **facts):
        free = shutil.disk_usage(ROOT).free / 1e9
        super().__init__(sentence.format(where=ROOT, log=LOG, free=free, **facts))


def cause(output):
    """Return the sentence that fits what a tool printed, FAILED if none does."""
    return next((sentence for sign, sentence in SIGNS if re.search(sign, output, re.IGNORECASE)), FAILED)


def stop_for(output):
    """Return the Stop that fits what a tool printed."""
    return Stop(cause(output), tail=tail_of(output))


def tail_of(output):
    """Return the last lines that a tool printed."""
    return "\n".join("    " + line for line in output.strip().splitlines()[-12:])


def tools_environment():
    """Return the environment for uv and pip: the user's own, the system's certificates trusted as well."""
    environment = dict(os.environ, PIP_USER="0", PIP_DISABLE_PIP_VERSION_CHECK="1", PYTHONUNBUFFERED="1")
    environment.setdefault("UV_COMPILE_BYTECODE", "1")  # as pip does: the first kernel starts sooner by that
    for name in ("UV_SYSTEM_CERTS", "UV_NATIVE_TLS"):  # the second is what uv called it once
        environment.setdefault(name, "true")
    if environment.get("PIP_INDEX_URL"):
        environment.setdefault("UV_DEFAULT_INDEX", environment["PIP_INDEX_URL"])
    return environment


def run(command):
    """Run a tool, its output going to the log and, in place, to the terminal; return (succeeded, output)."""
    lines = ["$ " + " ".join(str(part) for part in command) + "\n"]
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with LOG.open("a", encoding="utf-8") as log:
        log.write(lines[0])
        with subprocess.Popen(command, cwd=ROOT, env=tools_environment(), errors="replace", **pipes) as tool:
            for line in tool.stdout:
                lines.append(line)
                log.write(line)
                show(line)
    show("")
    return tool.returncode == 0, "".join(lines[1:])


def show(line):
    """Show how far a tool is, in place, where there is a terminal."""
    if sys.stdout.isatty():
        width = shutil.get_terminal_size().columns - 1
        plain = line.strip().encode("ascii", "replace").decode()
        print("\r" + plain[:width].ljust(width), end="\r", flush=True)


def step(words):
    """Say which step comes now, on a line of its own, so that it shows in a log as well as in a terminal."""
    print("  " + words, flush=True)


def find_pip():
    """Return the command of a pip that is already here, or None."""
    for python in (sys.executable, PYTHON):
        if Path(python).exists() and run([python, "-m", "pip", "--version"])[0]:
            return [python, "-m", "pip"]
    return None


def fetch_uv():
    """Install uv into .tools and return its path; None where there is no pip or it is not allowed to."""
    pip = find_pip()
    if not pip:
        return None
    step("Installer: uv, as pinned in {}.".format(INSTALLER.name))
    pinned = ["--require-hashes", "-r", INSTALLER]
    succeeded, output = run(pip + ["install", "--quiet", "--upgrade", "--target", TOOLS] + pinned)
    if not succeeded and cause(output) in (FULL, NO_NETWORK, NOT_TRUSTED):
        raise stop_for(output)
    return shutil.which("uv", path=str(TOOLS / "bin"))


def find_uv():
    """Return the path of a uv that is here, or of one that is fetched; None where neither can be."""
    return shutil.which("uv") or shutil.which("uv", path=str(TOOLS / "bin")) or fetch_uv()


def from_commands(name):
    """Return a module of the folder commands, of which most learners need none."""
    sys.path.insert(0, str(ROOT))
    return importlib.import_module("commands." + name)


def make_environment(uv):
    """Make .venv, unless there is one that works."""
    if PYTHON.exists() and run([PYTHON, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"])[0]:
        return
    step("Environment: {}".format(VENV))
    ways = [[uv, "venv", "--clear", "--python", sys.executable, VENV]] if uv else []
    for way in ways + [[sys.executable, "-m", "venv", "--clear", VENV]]:
        succeeded, output = run(way)
        if succeeded:
            return
    raise stop_for(output)


def installers(uv, again, wheels=None):
    """Yield the commands that install into .venv, the likeliest first; again: replace what is there."""
    if wheels:
        offline = ["--offline", "--no-index", "-f", wheels]
        yield [uv, "pip", "install", "--python", PYTHON] + offline + ["--reinstall"] * again
        return
    if uv:
        yield [uv, "pip", "install", "--python", PYTHON] + ["--reinstall"] * again
    pip = find_pip()  # it may know of an index that uv is not told of
    if pip:
        yield pip + ["--python", PYTHON, "install"] + ["--force-reinstall"] * again


def install(uv, requirements, again, wheels=None):
    """Install what is pinned, checked against its hashes, and then the course itself, editable.

    wheels: a folder with all that is pinned, which is used in place of a package index.
    """
    output = "No module named pip, ensurepip is not available"
    for installer in installers(uv, again, wheels):
        step("Packages: the versions in {}, each checked against its hash.".format(requirements.name))
        succeeded, output = run(installer + ["--require-hashes", "-r", requirements])
        if succeeded:
            step("The course itself, with its settings for JupyterLab.")
            succeeded, output = run(installer + ["--no-deps", "--no-build-isolation", "-e", ROOT])
        if succeeded:
            return
        if cause(output) is FULL:
            break
    if wheels and cause(output) in (FAILED, NO_NETWORK):
        raise Stop(BAD_PACK, folder=wheels.parent, tail=tail_of(output))
    raise stop_for(output)


def fingerprint():
    """Return a hash of all that the environment is made from."""
    files = (
        [ROOT / "pyproject.toml"]
        + sorted(ROOT.glob("requirements*.txt"))
        + sorted(ROOT.glob("settings/**/*.json"))
    )
    parts = [str(ROOT).encode()] + [file.read_bytes() for file in files]
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def read_stamp():
    """Return what the last set-up noted: its inputs, and whether test tools were among them."""
    try:
        return json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}


def write_stamp(**facts):
    """Write the stamp in one step."""
    new = STAMP.with_suffix(".new")
    new.write_text(json.dumps(facts))
    new.replace(STAMP)


def set_up(with_tests=False, source=None):
    """Bring .venv up to date with what is pinned; quick where nothing has changed. source: a pack to use."""
    stamp, wanted = read_stamp(), fingerprint()
    if PYTHON.exists() and stamp.get("inputs") == wanted and stamp["tests"] >= with_tests:
        return
    unpack = source and from_commands("unpack")
    wheels = source and unpack.wheels_in(sys.modules[__name__], source, with_tests)
    print("Setting the course up in {}. This happens once and takes about a minute.".format(VENV), flush=True)
    if "inputs" not in stamp and shutil.disk_usage(ROOT).free < ROOM:
        raise Stop(FULL)
    TOOLS.mkdir(exist_ok=True)
    LOG.write_text("")
    uv = unpack.uv_from(sys.modules[__name__], source) if source else find_uv()
    make_environment(uv)
    write_stamp(unfinished=True)  # a set-up that is interrupted is done again, from what was downloaded
    requirements = ROOT / ("requirements-test.txt" if with_tests else "requirements.txt")
    install(uv or fetch_uv(), requirements, again="unfinished" in stamp, wheels=wheels)
    write_stamp(inputs=wanted, tests=with_tests)
    step("Done. The full output is in {}".format(LOG))


def keep_starters():
    """Keep a copy of each starter where there is no git to go back to, as in a downloaded zip."""
    if not (ROOT / ".git").exists():
        TOOLS.mkdir(exist_ok=True)
        run([PYTHON, "-m", "kettle.files.pristine"])


def become(command):
    """Hand over to a command, in the course's folder; this program ends when the command does."""
    os.chdir(ROOT)
    os.environ.pop("PYTHONOPTIMIZE", None)  # it switches assertions off, and with them every test
    tools = [str(PYTHON.parent), os.environ.get("PATH", "")]  # so that a lesson finds py-spy and kernprof
    os.environ["PATH"] = os.pathsep.join(tools)
    if not WINDOWS:
        os.execv(command[0], command)
    with subprocess.Popen(command) as child:
        while child.poll() is None:
            try:
                child.wait()
            except KeyboardInterrupt:  # the child was told as well, and ends in its own way
                continue
    return child.returncode


def lab_command(browser):
    """Return the command of JupyterLab, which opens the landing page; the settings are those in settings/."""
    command = [PYTHON, "-c", LAB, "--ServerApp.ip=127.0.0.1", "--ServerApp.root_dir={}".format(ROOT)]
    command += ["--LabApp.workspaces_dir={}".format(ROOT / ".kettle" / "workspaces")]
    command += [
        "--ServerApp.answer_yes=True",
        "--Application.log_level=WARN",
    ]  # Ctrl-C ends it at once, quietly
    command += [] if browser else ["--no-browser"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command += ["--allow-root"]  # in a container there is often nobody else
    return command


def open_course(port, browser):
    """Open JupyterLab, on a port that is free or on the one that is asked for."""
    command = lab_command(browser)
    if port is not None:
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except (OSError, OverflowError):
            raise Stop(PORT_BUSY, port=port)
        command += ["--ServerApp.port={}".format(port), "--ServerApp.port_retries=0"]
    print("Opening the course. Ctrl-C here ends it.", flush=True)
    return become(command)


def read_arguments(arguments):
    """Return (options, arguments for pytest)."""
    parser = argparse.ArgumentParser(
        description="Set the course up once and open it in JupyterLab.",
        epilog="Without a command, the course opens. To set it up again, delete .venv and .tools.",
    )
    parser.add_argument("--port", type=int, help="the port to listen on; without it, a free one is found")
    parser.add_argument("--no-browser", action="store_true", help="print the address, do not open a browser")
    packed = "set up from a folder that start.py pack wrote, without any network"
    parser.add_argument("--from", dest="source", type=Path, metavar="FOLDER", help=packed)
    commands = parser.add_subparsers(dest="command", metavar="command")
    commands.add_parser("test", add_help=False, help="run the tests; further arguments go to pytest")
    commands.add_parser("update", help="get new lessons and keep all your edits")
    commands.add_parser(
        "preflight", help="set the course up, try it out, and say whether this machine is ready"
    )
    what = "write a folder that sets the course up where there is no network, for --from"
    pack = commands.add_parser("pack", help=what, description=what[0].upper() + what[1:] + ".")
    pack.add_argument("folder", type=Path, metavar="FOLDER", help="where to, such as a folder on a USB stick")
    systems = "linux, linux-arm, macos, macos-intel, windows, windows-arm; without it, this system"
    pack.add_argument("--for", dest="systems", nargs="+", metavar="SYSTEM", help=systems)
    versions = "versions of Python, such as 3.11 3.12; without it, this one"
    pack.add_argument("--python", dest="pythons", nargs="+", metavar="VERSION", help=versions)
    commands.add_parser("room", add_help=False, help="for teachers: see how far your class is")
    options, rest = parser.parse_known_args(arguments)
    if options.command == "room" and options.port is not None:
        rest += ["--port", str(options.port)]
    if rest and options.command not in ("test", "room"):
        parser.error("unrecognized arguments: " + " ".join(rest))
    return options, rest


def main(arguments=None):
    """Do what the command line asks for; return the exit status."""
    options, rest = read_arguments(arguments)
    try:
        if options.command == "pack":
            start = sys.modules[__name__]
            return from_commands("pack").pack(start, options.folder, options.systems, options.pythons)
        set_up(with_tests=options.command == "test", source=options.source)
        if options.command == "test":
            print("Running the tests. pytest shows how far it is.", flush=True)
            # Once, and not again in each process where Python may not write bytecode.
            run([PYTHON, "-m", "compileall", "-q", "kettle", "checks"])
            return become([PYTHON, "-m", "pytest", "-n", "4", "--dist", "loadscope"] + rest)
        if options.command == "update":
            status = subprocess.call([PYTHON, "-P", ROOT / "commands" / "update.py"], cwd=ROOT)
            set_up()
            return status
        if options.command == "room":
            return become([PYTHON, "-m", "kettle_room"] + rest)
        keep_starters()
        if options.command == "preflight":
            return become([PYTHON, "-m", "kettle.lessons.before_the_day"] + lab_command(browser=False))
        return open_course(options.port, not options.no_browser)
    except KeyboardInterrupt:
        print(STOPPED, file=sys.stderr)
        return 130
    except Stop as stop:
        print("\n" + str(stop), file=sys.stderr)
    except OSError as error:
        print("\n" + str(stop_for(str(error))), file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
