"""A learner in a real browser: JupyterLab on a copy of the course, driven by Playwright."""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

from kettle.files import course

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]
QUIET += ["--disable-component-update", "--disable-sync", "--force-color-profile=srgb"]
FOLDERS = ("checks", "exercises", "kettle", "notebooks", "solutions")
ADDRESS = re.compile(r"http://(localhost|127\.0\.0\.1):(\d+)/\S*")
POLLING = 100  # milliseconds; to look at each frame, as Playwright would, keeps a processor busy
START_LIMIT = 120  # seconds until JupyterLab answers; two cores may be busy with other tests


def find_chromium():
    """Return the path of an installed Chromium, or None."""
    return next((path for name in CHROMIUM if (path := shutil.which(name))), None)


def copy_course(folder, add=lambda folder: None):
    """Copy what a learner has, with a git history that knows the starters.

    Args:
        folder: where to.
        add: called with the folder before its history begins, to write more lessons.
    """
    for name in FOLDERS:
        shutil.copytree(course.ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("conftest.py", "pyproject.toml"):
        shutil.copy(course.ROOT / name, folder)
    add(folder)
    git = ["git", "-c", "user.name=test", "-c", "user.email=test@example.invalid", "-C", str(folder)]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "the course as it came"]):
        subprocess.run([*git, *words], check=True, capture_output=True)
    return folder


@contextlib.contextmanager
def jupyterlab(folder):
    """Start JupyterLab on a copy of the course; give its address, and end it afterwards."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "JUPYTER_CONFIG_DIR": str(folder / ".jupyter")}
    for name in ("JPY_SESSION_NAME", "PYTEST_CURRENT_TEST", "KETTLE_CERTIFYING", "KETTLE_PROGRESS"):
        environment.pop(name, None)
    log = folder / "jupyter.log"
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        "--no-browser",
        "--allow-root",
        f"--ServerApp.root_dir={folder}",
    ]
    command += ["--IdentityProvider.token=", "--ServerApp.port=0", "--ip=127.0.0.1"]
    command += ["--LabApp.expose_app_in_browser=True"]
    with log.open("w") as out:
        server = subprocess.Popen(command, cwd=folder, env=environment, stdout=out, stderr=subprocess.STDOUT)
    try:
        yield _address(server, log)
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()


def _address(server, log):
    end = time.monotonic() + START_LIMIT
    while time.monotonic() < end:
        found = ADDRESS.search(log.read_text())
        if found:
            address = f"http://127.0.0.1:{found[2]}"
            with contextlib.suppress(OSError), urlopen(f"{address}/api", timeout=5):
                return address
        if server.poll() is not None:
            break
        time.sleep(0.2)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()[-2000:]}")


class Learner:
    """Somebody who sits in front of JupyterLab.

    Args:
        page: Playwright's page.
        address: of the server.
    """

    def __init__(self, page, address):
        self.page, self.address = page, address
        self.requests, self.errors = [], []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("websocket", lambda socket: self.requests.append(socket.url))
        page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def open(self, path):
        """Open a notebook and wait until its kernel is there."""
        self.page.goto(f"{self.address}/lab/tree/{path}?reset")
        self.wait_ready(Path(path).name)

    def wait_ready(self, name):
        """Wait until a notebook is in front and its kernel has said who it is."""
        self.page.wait_for_function(
            """name => {
                const panel = window.jupyterapp?.shell?.currentWidget;
                return panel?.context?.path?.endsWith(name) && panel.context.isReady
                    && panel.sessionContext?.isReady && panel.sessionContext.session?.kernel;
            }""",
            arg=name,
            timeout=120_000,
            polling=POLLING,
        )
        self.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.info")

    def cell(self, identity):
        """Return the cell with this id, scrolled into view."""
        index = self.page.evaluate(
            """id => {
                const content = window.jupyterapp.shell.currentWidget.content;
                const index = content.widgets.findIndex(cell => cell.model.id === id);
                content.activeCellIndex = index;
                content.scrollToItem(index, 'center');
                return index;
            }""",
            identity,
        )
        assert index >= 0, f"there is no cell {identity}"
        cell = self.page.locator(
            f".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell[data-windowed-list-index='{index}']"
        )
        cell.scroll_into_view_if_needed()
        return cell

    def start(self, identity):
        """Begin to run one cell."""
        self.page.evaluate(
            """async id => {
                const panel = window.jupyterapp.shell.currentWidget;
                panel.content.activeCellIndex = panel.content.widgets.findIndex(cell => cell.model.id === id);
                await window.jupyterapp.commands.execute('notebook:run-cell');
            }""",
            identity,
        )

    def run(self, identity, limit=60):
        """Run one cell and wait until it is done; return it."""
        self.start(identity)
        self.page.wait_for_function(
            """id => {
                const cells = window.jupyterapp.shell.currentWidget.content.widgets;
                const cell = cells.find(c => c.model.id === id);
                return cell.model.executionState === 'idle' && cell.model.executionCount !== null;
            }""",
            arg=identity,
            timeout=1000 * limit,
            polling=POLLING,
        )
        return self.cell(identity)

    def run_until(self, identity):
        """Run all code cells before one."""
        for each in self.code_cells():
            if each == identity:
                return
            self.run(each)

    def code_cells(self):
        """Return the ids of the code cells, in order."""
        return self.page.evaluate(
            """() => window.jupyterapp.shell.currentWidget.content.widgets
                .filter(cell => cell.model.type === 'code').map(cell => cell.model.id)"""
        )

    def type_into(self, identity, source):
        """Replace a cell's text by typing."""
        cell = self.cell(identity)
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(source)

    def sources(self):
        """Return the text of all cells, as JupyterLab shows it."""
        return self.page.evaluate(
            """() => window.jupyterapp.shell.currentWidget.content.widgets
                .map(cell => cell.model.sharedModel.source).join('\\n')"""
        )

    def shows_instead(self, gone, told):
        """Wait until a text is gone from the notebook and a message is there; nothing may be asked."""
        note = self.page.locator(".Toastify").get_by_text(told).last
        note.wait_for()
        end = time.monotonic() + 60
        while gone in self.sources() and time.monotonic() < end:
            assert not self.page.locator(".jp-Dialog").count(), self.page.locator(".jp-Dialog").inner_text()
            self.page.wait_for_timeout(POLLING)
        assert gone not in self.sources()
        self.page.wait_for_timeout(1500)  # a question would come after the message
        assert not self.page.locator(".jp-Dialog").count(), self.page.locator(".jp-Dialog").inner_text()

    def restart_kernel(self):
        """Restart the kernel of the notebook in front."""
        self.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.restartKernel()")

    def check(self, limit=90):
        """Click on Check and wait for the verdict; return the words of it."""
        panel = self.run("check-panel")
        panel.locator("button.wk-check").click()
        verdict = panel.locator(".wk-verdict")
        verdict.wait_for(timeout=1000 * limit)
        return verdict.inner_text()

    def shot(self, name):
        """Take a picture of the window, where pictures are wanted."""
        folder = os.environ.get("KETTLE_SCREENSHOTS")
        if folder:
            self.page.screenshot(path=Path(folder) / f"{name}.png")
