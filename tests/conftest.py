"""How the tests are shared among processes: a file stays together, and each lesson's contract by itself."""

import re

import pytest

FIRST = ("test_contract.py", "test_browser.py", "test_checking.py", "test_database.py")  # the longest ones
LESSON = re.compile(r"(\d\d)[-_]")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Put the longest files first, so that no process is left alone with one of them at the end."""
    items.sort(key=lambda item: FIRST.index(item.path.name) if item.path.name in FIRST else len(FIRST))


def pytest_xdist_make_scheduler(config, log):
    """Keep a file's tests in one process, or those of one lesson in the file of contracts."""
    from xdist.scheduler import LoadScopeScheduling

    class ByLesson(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            path, _, test = nodeid.partition("::")
            lesson = LESSON.search(test) if path.endswith("test_contract.py") else None
            return f"{path} {lesson[1]}" if lesson else path

    config.option.loadscopereorder = False
    return ByLesson(config, log)
