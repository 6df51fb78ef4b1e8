"""How the tests are shared among processes: a file stays together, and each lesson's contract by itself."""

import pytest

FIRST = ("test_contract.py", "test_browser.py", "test_checking.py", "test_database.py")  # the longest ones


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Put the longest groups first, so that no process is left alone with one of them at the end."""
    for item in items:
        if not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(item.path.name))
    items.sort(key=lambda item: FIRST.index(item.path.name) if item.path.name in FIRST else len(FIRST))
