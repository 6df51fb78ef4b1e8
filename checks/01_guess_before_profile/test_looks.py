"""Looks: what a search compares and reads is counted, in Python and in C."""

import bisect
from dataclasses import dataclass
from operator import attrgetter

import pytest

from kettle.lessons.looks import count_looks, looked_for


@dataclass(frozen=True)
class Row:
    last: int


ROWS = [Row(number) for number in range(1_000)]
ENDS = [row.last for row in ROWS]


@pytest.mark.parametrize(
    ("search", "least", "most"),
    [
        (
            lambda code: next(row for row in ROWS if code <= row.last),
            1_800,
            2_000,
        ),
        (lambda code: bisect.bisect_left(ENDS, code), 9, 11),
        (lambda code: bisect.bisect_left(ROWS, code, key=attrgetter("last")), 18, 22),
        (lambda code: sum(map(code.__gt__, ENDS)), 1_000, 1_000),
        (lambda code: list(map(attrgetter("last"), ROWS)), 1_000, 1_000),
        (lambda code: {900: "found"}[code], 0, 0),
        (lambda code: code in range(2_000), 0, 0),
    ],
    ids=["walk", "bisect", "bisect by key", "walk in C", "copy in C", "dictionary", "range"],
)
def test_each_look_counts_in_python_and_in_c(search, least, most):
    with count_looks(Row, ("last",)) as looks:
        search(looked_for(900))
    assert least <= looks.count <= most
    assert repr(looks) == f"{looks.count:,} looks"


def test_texts_count_their_comparisons_and_are_found_by_their_hash():
    known = [looked_for(f"buyer {number}") for number in range(50)]
    with count_looks() as looks:
        assert looked_for("buyer 49") in known
    assert looks.count == 50
    with count_looks() as looks:
        assert looked_for("buyer 49") in set(known)
    assert looks.count <= 2


def test_afterwards_nothing_is_counted_any_more():
    with count_looks(Row, ("last",)) as looks:
        pass
    assert looked_for(3) < 4
    assert looked_for("a") == "a"
    assert hash(looked_for("a")) == hash("a")
    assert ROWS[3].last == 3
    assert "last" not in vars(Row)
    assert repr(looks) == "0 looks"


def test_what_a_class_defines_itself_is_left_alone():
    class Slotted:
        __slots__ = ("last",)
        last: int

    with count_looks(Slotted, ("last",)):
        one = Slotted()
        one.last = 3
        assert one.last == 3
