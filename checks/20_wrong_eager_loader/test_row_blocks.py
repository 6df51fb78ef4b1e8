"""Rows drawn as areas: a product where a statement joins two collections, a sum where each comes alone."""

import re
import xml.etree.ElementTree as ET
from types import SimpleNamespace

import pytest

from kettle.lessons.row_blocks import row_blocks
from kettle.pictures.figure import WIDTH

SVG = "{http://www.w3.org/2000/svg}"
SIZES = [{"order_lines": 6, "order_events": 4}] * 12


def sent(sql, rows):
    return SimpleNamespace(sql=sql, rows=rows)


JOINED = [sent("SELECT … FROM orders LEFT JOIN order_lines … LEFT JOIN order_events", 12 * 24)]
APART = [
    sent("SELECT … FROM orders JOIN customers", 12),
    sent("SELECT … FROM order_lines JOIN products", 72),
    sent("SELECT … FROM order_events", 48),
]


def drawing(picture):
    return ET.fromstring(picture.html).find(f".//{SVG}svg")


def cells(picture):
    """Count the cells of the enlarged thing, by the colour's class."""
    return {path.get("class"): path.get("d").count("z") for path in drawing(picture).findall(f"{SVG}path")}


def blocks(picture):
    """Return (class, x, y, width, height) of each block of the things on one scale."""
    rects = drawing(picture).findall(f"{SVG}rect")
    return [(r.get("class"), *(float(r.get(a)) for a in ("x", "y", "width", "height"))) for r in rects]


def test_a_product_has_a_cell_for_each_pair():
    picture = row_blocks(JOINED, SIZES)
    assert cells(picture) == {"kp-blocked": 24}
    assert len(blocks(picture)) == 12
    assert "288 rows" in picture.point
    assert "in each order each of the lines is paired with each of the events" in picture.point
    assert "The page shows 132 rows" in picture.point


def test_the_legend_names_what_is_drawn():
    assert "a row that is sent once" not in row_blocks(JOINED, SIZES).html
    assert "a row that is sent once" in row_blocks(APART, SIZES, before=JOINED).html


def test_collections_apart_have_a_cell_for_each_row():
    picture = row_blocks(APART, SIZES)
    enlarged = [path.get("d").count("z") for path in drawing(picture).findall(f"{SVG}path")]
    assert enlarged == [6, 4, 1]
    assert {name for name, *_ in blocks(picture)} == {"kp-running"}
    assert len(blocks(picture)) == 3 * 12


def test_one_row_is_the_same_area_before_and_after():
    picture = row_blocks(APART, SIZES, before=JOINED)
    (_, _, _, wide, high), *_ = blocks(picture)
    lines = next(block for block in blocks(picture) if block[0] == "kp-running")
    assert lines[3] == pytest.approx(wide, abs=0.1)
    assert lines[4] == pytest.approx(high / 4, abs=0.1)
    assert picture.text.count("132 rows") == 3


def test_many_statements_of_one_kind_are_drawn_as_one():
    picture = row_blocks([sent("SELECT … FROM order_lines WHERE order_id = 1", 6)] * 12, SIZES)
    assert [path.get("d").count("z") for path in drawing(picture).findall(f"{SVG}path")] == [6]
    assert "12 statements returned 72 rows" in picture.text


@pytest.mark.parametrize("count", [0, 1, 200, 5000])
def test_it_fits_whatever_the_number(count):
    picture = row_blocks(JOINED, SIZES[:1] * count)
    assert all(x + wide <= WIDTH + 1 for _, x, _, wide, _ in blocks(picture))
    _, _, _, high = map(float, drawing(picture).get("viewBox").split())
    assert high < 700


def test_an_empty_collection_takes_a_row_in_a_join():
    picture = row_blocks(JOINED, [{"order_lines": 0, "order_events": 4}])
    assert cells(picture) == {"kp-blocked": 4}


def test_its_data_can_be_read():
    said = re.sub(r"<[^>]+>", " ", row_blocks(APART, SIZES, before=JOINED).html)
    assert "order_lines × order_events" in said
    assert "Show the data (4 rows)" in said
