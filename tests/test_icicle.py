"""The icicle of a profile: its tree is what cProfile saw, and its boxes are as wide as their shares."""

import cProfile
import pstats
import xml.etree.ElementTree as ET

import pytest

from kettle.pictures import from_profile, from_stacks, icicle
from kettle.pictures.figure import WIDTH
from kettle.pictures.icicle import ROW
from kettle.pictures.profile_tree import Frame, name_of

SVG = "{http://www.w3.org/2000/svg}"
HERE, THERE, MAIN, LOOP = (
    ("shop.py", line, name) for line, name in enumerate(("here", "there", "main", "loop"))
)


def stats(found):
    """Return statistics as pstats keeps them: by function, (primitive calls, calls, own, whole, callers)."""
    made = pstats.Stats()
    made.stats = found
    return made


def boxes(picture):
    """Return for each box what its tooltip calls it, where it is, and how wide its foot is."""
    for group in ET.fromstring(picture.html).iter(f"{SVG}g"):
        box, *foot = group.findall(f"{SVG}rect")
        name = group.find(f"{SVG}title").text.partition(":")[0]
        yield name, *(float(box.get(a)) for a in ("x", "y", "width")), *(float(f.get("width")) for f in foot)


def test_a_profile_becomes_a_tree():
    def leaf():
        return sum(range(20_000))

    def branch():
        return [leaf() for _ in range(3)]

    with cProfile.Profile() as profile:
        branch()
    tree = from_profile(profile, "branch")
    assert (tree.name, tree.calls) == ("branch", 1)
    names = [(frame.name, frame.calls) for frame in _all(tree)]
    assert ("leaf", 3) in names
    assert ("sum", 3) in names
    whole = sum(frame.own for frame in _all(tree))
    assert whole == pytest.approx(tree.seconds)


def _all(frame):
    yield frame
    for child in frame.children:
        yield from _all(child)


def test_what_two_callers_share_is_divided_by_their_time():
    tree = from_profile(
        stats(
            {
                MAIN: (1, 1, 1.0, 9.0, {}),
                HERE: (1, 1, 0.0, 6.0, {MAIN: (1, 1, 0.0, 6.0)}),
                THERE: (1, 1, 0.0, 2.0, {MAIN: (1, 1, 0.0, 2.0)}),
                LOOP: (4, 4, 8.0, 8.0, {HERE: (3, 3, 6.0, 6.0), THERE: (1, 1, 2.0, 2.0)}),
            }
        ),
        "main",
    )
    assert tree.own == pytest.approx(1)
    assert [(f.name, f.seconds, f.children[0].seconds) for f in tree.children] == [
        ("here", 6, 6),
        ("there", 2, 2),
    ]


def test_a_recursion_is_the_functions_own_time():
    again = {MAIN: (1, 1, 1.0, 4.0), HERE: (5, 5, 3.0, 3.0)}
    tree = from_profile(stats({MAIN: (1, 1, 0.0, 4.0, {}), HERE: (1, 6, 4.0, 4.0, again)}), "main")
    (here,) = tree.children
    assert (here.name, here.children) == ("here", ())


def test_small_frames_are_put_together():
    small = {("a.py", n, f"f{n}"): (1, 1, 0.001, 0.001, {MAIN: (1, 1, 0.001, 0.001)}) for n in range(4)}
    tree = from_profile(stats({MAIN: (1, 1, 0.996, 1.0, {}), **small}), "main")
    assert [(f.name, f.calls) for f in tree.children] == [("4 more", 4)]


def test_a_function_that_was_not_called_is_named():
    with pytest.raises(LookupError, match="no function called 'main'"):
        from_profile(stats({}), "main")


STACKS = (
    "<module> (a.py:1);Loop._run_once (b.py:2);Selector.select (c.py:3) 70",
    "<module> (a.py:1);Loop._run_once (b.py:2);Handle._run (c.py:9);page (d.py:1) 20",
    "<module> (a.py:1);Loop._run_once (b.py:2) 10",
    "reader (e.py:1) 300",
)


def test_sampled_stacks_make_a_tree_without_calls():
    tree = from_stacks(STACKS, rate=100, root="_run_once")
    select, page = Frame("Selector.select", 0.7, 0.7, None), Frame("page", 0.2, 0.2, None)
    assert tree == Frame(
        "Loop._run_once", 1, 0.1, None, (select, Frame("Handle._run", 0.2, 0, None, (page,)))
    )
    assert "Selector.select: 70%, 700 ms, self time 700 ms" in icicle(tree).html
    with pytest.raises(LookupError, match="No stack contains a function called 'nowhere'"):
        from_stacks(STACKS, rate=100, root="nowhere")


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("<built-in method builtins.len>", "len"),
        ("<method 'split' of 're.Pattern' objects>", "split"),
        ("<built-in method _bisect.bisect_left>", "bisect_left"),
        ("find_tax_band", "find_tax_band"),
        ("<listcomp>", "<listcomp>"),
    ],
)
def test_functions_have_the_names_that_people_use(raw, name):
    assert name_of(("~", 0, raw)) == name


def test_boxes_are_as_wide_as_their_shares_and_hang_under_their_callers():
    tree = Frame("main", 4, 0, 1, (Frame("a", 3, 1, 1, (Frame("b", 2, 2, 1),)), Frame("c", 1, 1, 1)))
    found = {name: place for name, *place in boxes(icicle(tree))}
    assert found["main"] == [0, 2, WIDTH]
    assert found["a"] == [0, 2 + ROW, WIDTH * 3 / 4, WIDTH / 4]
    assert found["b"] == [0, 2 + 2 * ROW, WIDTH / 2, WIDTH / 2]
    assert found["c"] == [WIDTH * 3 / 4, 2 + ROW, WIDTH / 4, WIDTH / 4]
    assert "b itself takes 50% of the time." in icicle(tree).text


def test_what_lies_too_deep_is_left_out_and_does_not_become_own_time():
    tree = Frame("main", 4, 0, 1, (Frame("a", 4, 0, 1, (Frame("b", 4, 4, 1),)),))
    assert [name for name, *_ in boxes(icicle(tree, depth=2))] == ["main", "a"]
    assert [len(place) for _, *place in boxes(icicle(tree, depth=2))] == [3, 3]
    assert "b itself takes 100%" in icicle(tree, depth=2).text
    assert "deeper calls are left out" in icicle(tree, depth=2).text
    assert "left out" not in icicle(tree, depth=3).text


def test_a_box_too_narrow_for_its_name_has_none_but_can_be_pointed_at():
    long = Frame("find_tax_band", 1, 1, 1)
    tree = Frame("main", 20, 15, 1, (Frame("sum", 2, 2, 1), Frame("wrapped", 2, 2, 1), long))
    drawn = ET.fromstring(icicle(tree).html)
    written = [element.text for element in drawn.iter(f"{SVG}text")]
    assert written == ["main 100%", "sum"]
    assert "find_tax_band" in [name for name, *_ in boxes(icicle(tree))]
