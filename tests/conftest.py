"""How the tests are shared among processes: a file stays together, and each lesson's contract by itself."""

import re
import signal

import pytest

BY_LESSON = ("test_contract.py", "test_mutants.py")
QUICK = ("test_course_lint.py", "test_format.py")  # so that the first results come soon
FIRST = (*QUICK, *BY_LESSON, "test_browser.py", "test_checking.py", "test_database.py")  # the longest ones
LESSON = re.compile(r"(\d\d)[-_]")


def pytest_addoption(parser):
    """Add the option for what takes longest and finds least."""
    text = "judge every answer and every mutant, run each notebook wholly, and use a browser: what CI does"
    parser.addoption("--every-answer", action="store_true", help=text)


def pytest_configure(config):
    """Name the mark of tests that only CI runs."""
    config.addinivalue_line("markers", "every: run with --every-answer only")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    """Leave out what only CI runs; put the longest first, so that no process is alone with one at the end."""
    if not config.option.every_answer:
        left_out = [item for item in items if item.get_closest_marker("every")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker("every")]

    def place(item):  # later lessons take longer
        lesson = LESSON.search(item.name) if item.path.name in BY_LESSON else None
        return FIRST.index(item.path.name) if item.path.name in FIRST else len(FIRST), -int(
            lesson[1] if lesson else 0
        )

    items.sort(key=place)


def pytest_xdist_make_scheduler(config, log):
    """Keep a file's tests in one process, or those of one lesson in those of the contract."""
    from xdist.scheduler import LoadScopeScheduling

    class ByLesson(LoadScopeScheduling):
        # Public are groups by marks, and these change the id of each test.
        def _split_scope(self, nodeid):
            path, _, test = nodeid.partition("::")
            lesson = LESSON.search(test) if path.endswith(BY_LESSON) else None
            return f"{path} {lesson[1]}" if lesson else path

    config.option.loadscopereorder = False
    return ByLesson(config, log)


@pytest.fixture(scope="session", autouse=True)
def interruptible():
    """Let what tests start be interrupted: a background job inherits that SIGINT is ignored."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
