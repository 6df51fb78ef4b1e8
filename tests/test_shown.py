"""What a check runs of cells that only show something: what other cells use of them."""

from nbformat.v4 import new_code_cell

from kettle.checking.runner.shown import sources_run


def cell(source, *tags):
    return new_code_cell(source, metadata={"tags": list(tags)})


def test_imports_and_definitions_that_the_fix_uses_are_run():
    shown = cell(
        "import pickle\nfrom math import ceil, floor\ndef half(n):\n    return n / TWO\nhalf(print('shown'))",
        "demo",
    )
    sources = sources_run([cell("TWO = 2"), shown, cell("def share(n):\n    return ceil(half(n))", "fix")])
    assert "pickle" not in sources[1]
    assert "shown" not in sources[1]
    names = {}
    for source in sources:
        exec(source, names)
    assert names["share"](5) == 3


def test_what_a_definition_uses_itself_comes_with_it():
    shown = [cell("import os.path as way", "demo"), cell("class Place:\n    of = way.join('a', 'b')", "demo")]
    sources = sources_run([*shown, cell("place = Place.of", "fix")])
    names = {}
    for source in sources:
        exec(source, names)
    assert names["place"].endswith("b")


def test_a_word_in_a_comment_is_no_use():
    shown = cell("def late(photos=photos): pass", "demo")
    assert sources_run([shown, cell("x = 1  # never late", "fix")])[0] == ""


def test_a_definition_that_needs_what_was_shown_is_left_out():
    shown = cell("photos = ['tea']\ndef late(photos=photos): pass", "demo")
    names = {}
    for source in sources_run([shown, cell("def fix(late=None):\n    return late", "fix")]):
        exec(source, names)
    assert names["fix"]() is None


def test_the_rest_is_left_out():
    shown = [cell("%time fix()", "demo"), cell("import time\nvalue = 1\nfor _ in 'ab': pass", "demo")]
    after = cell("def fix(): raise LookupError", "curious", "demo")
    assert sources_run([*shown, cell("def fix(): return value", "fix"), after]) == [
        "",
        "",
        "def fix(): return value",
        "",
    ]
