"""The picture of keys says whose page came back, in words, too."""

from types import SimpleNamespace

from kettle.lessons.key_map import key_map


def visit(who, name, key, found=False, language="en"):
    return SimpleNamespace(who=who, name=name, key=key, found=found, language=language, crossed=who != name)


SEEN = [visit("Alice", "Alice", "page / en"), visit("Bob", "Alice", "page / en", found=True)]
OWN = [visit("Alice", "Alice", "best:en"), visit("Bob", "Bob", "best:en", found=True)]


def test_a_page_that_crossed_over_is_marked_and_told():
    picture = key_map({"merged": SEEN, "yours": OWN}, title="Two mornings")
    assert picture.text.startswith(
        "Two mornings\nPages that went to somebody else: merged: 1 of 2; yours: 0 of 2."
    )
    assert "merged: 2 visits, 1 key, 1 found something kept, 1 got somebody else's page." in picture.text
    assert "yours: 2 visits, 1 key, 1 found something kept, all got their own page." in picture.text
    assert picture.html.count("✗ Alice&#x27;s page") == 1
    assert picture.html.count("kp-blocked-ink") >= 3  # two lines and the legend's
    assert "<td>Alice&#x27;s, wrong</td>" in picture.html


def test_visits_without_a_key_have_no_box():
    text = key_map({"": [visit("Alice", "Alice", "")]}).text
    assert "1 visit, 0 keys, 0 found something kept, all got their own page" in text
    assert "<td>none</td>" in key_map({"": [visit("Alice", "Alice", "")]}).html


def test_nobody_came():
    assert "Nobody came." in key_map({}).text


def test_a_name_with_markup_is_escaped():
    assert "<b>" not in key_map({"": [visit("<b>", "<b>", "<b>")]}).html
