"""Pictures: what they say is true, they are well formed, legible in both themes, and many fit on one page."""

from kettle.pictures import Bar, waterfall


def test_a_waterfall_tells_in_words_what_it_shows():
    bars = [Bar("/orders" if i % 3 == 1 else "/profile", 0.3 * i, 0.3 * (i + 1)) for i in range(12)]
    picture = waterfall(bars)
    assert "Twelve calls one after another: at most 1 in flight; 3.60 s in all." in picture.text
    assert "Most of the time goes to /profile (2.40 s)." in picture.text
