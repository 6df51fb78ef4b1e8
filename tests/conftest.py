"""How the tests are shared among processes: a file stays together, and each lesson's contract by itself."""

import re
import signal

import pytest
import whole_lesson

BY_LESSON = ("test_contract.py", "test_mutants.py")
QUICK = ("test_course_lint.py", "test_format.py")  # so that the first results come soon
FIRST = (
    *QUICK,
    *BY_LESSON,
    "test_browser.py",
    "test_checking.py",
    "test_site.py",
    "test_hub.py",
    "test_hub_systemd.py",
    "test_ten.py",
    "test_pack.py",
    "test_types.py",
    "test_database.py",
    "test_guards.py",
    "test_room_full.py",
    "test_kill_storm.py",
)  # the longest ones
AROUND = (  # what stands around the course: those of these that only CI runs are its second part
    "test_browser.py",
    "test_footprint.py",
    "test_hub.py",
    "test_hub_systemd.py",
    "test_kill_storm.py",
    "test_mutants.py",
    "test_needed.py",
    "test_pack.py",
    "test_room_full.py",
    "test_room_lan.py",
    "test_site.py",
    "test_types.py",
    "test_update.py",
    "test_verdict_trust.py",
)
LESSON = re.compile(r"(\d\d)[-_]")


def pytest_addoption(parser):
    """Add the option for what takes longest and finds least."""
    text = "judge every answer and every mutant, run each notebook wholly, and use a browser: what CI does"
    parser.addoption("--every-answer", action="store_true", help=text)


def pytest_configure(config):
    """Name the marks of tests that only CI runs."""
    config.addinivalue_line("markers", "every: run with --every-answer only")
    config.addinivalue_line("markers", "around: one of these, of what stands around the course")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    """Leave out what only CI runs; put the longest first, so that no process is alone with one at the end."""
    for item in items:
        if item.path.name in AROUND and item.get_closest_marker("every"):
            item.add_marker("around")
    if not config.option.every_answer:
        left_out = [item for item in items if item.get_closest_marker("every")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker("every")]

    def place(item):  # later lessons take longer
        name = item.path.name
        lesson = LESSON.search(item.name) if name in BY_LESSON else None
        first = BY_LESSON[0] if lesson else name
        return FIRST.index(first) if first in FIRST else len(FIRST), -int(lesson[1] if lesson else 0)

    items.sort(key=place)


def pytest_collection_finish(session):
    """Say which parts of a lesson are judged: those that tests are left for."""
    whole_lesson.asked |= {item.originalname for item in session.items} & set(whole_lesson.PARTS)


def pytest_xdist_make_scheduler(config, log):
    """Keep a file's tests in one process, and those of one lesson's answers and mutants."""
    from xdist.scheduler import LoadScopeScheduling

    class ByLesson(LoadScopeScheduling):
        # Public are groups by marks, and these change the id of each test.
        def _split_scope(self, nodeid):
            path, _, test = nodeid.partition("::")
            lesson = LESSON.search(test) if path.endswith(BY_LESSON) else None
            return f"lesson {lesson[1]}" if lesson else path

    config.option.loadscopereorder = False
    return ByLesson(config, log)


@pytest.fixture(scope="session", autouse=True)
def interruptible():
    """Let what tests start be interrupted: a background job inherits that SIGINT is ignored."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
