"""What the lesson's checks and the exercise's are played with, and what names a part of their texts."""

from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from itertools import pairwise
from types import SimpleNamespace


def till(tax_bands, products, rng):
    """Return what makes the lesson's world, of `w.goods`: lists of products, by name."""

    def product(code, name="Shortbread"):
        return replace(products[0], name=name, code=code, pence=rng.randrange(100, 9_000))

    taxed = rng.choice([band for band in tax_bands[1:-1] if band.percent == 20])
    other = rng.choice([band for band in tax_bands[1:-1] if band.percent != 20])
    gap = next(row.last + 1 for row, after in pairwise(tax_bands) if after.first > row.last + 1)
    goods = {
        "new": [product(rng.randint(taxed.first, taxed.last), "New")],
        "tea": [products[0]],
        "cheaper": [replace(products[0], pence=products[0].pence - 1)],
        "ends": [
            product(code)
            for band in (tax_bands[0], taxed, other, tax_bands[-1])
            for code in (band.first, band.last)
        ],
        "before the first row": [product(tax_bands[0].first - 1)],
        "between two rows": [product(gap)],
        "behind the last row": [product(tax_bands[-1].last + 1)],
    }
    return lambda: nullcontext(SimpleNamespace(goods=goods))


def sales_to(Buyer, Sale, *who, pence=250):  # noqa: N803 - the notebook's names
    """Make a sale to each of some buyers, all with a Buyer of their own."""
    return [Sale(number, Buyer(*each), "Tea", pence) for number, each in enumerate(who, 1)]


def shop(Buyer, Sale):  # noqa: N803
    """Return what makes the exercise's world, of `w.sales`, which makes sales to buyers."""
    return lambda: nullcontext(SimpleNamespace(sales=partial(sales_to, Buyer, Sale)))


def lines_of(text, end="\n"):
    """Split a text into its lines, so that the one that differs can be named."""
    return text.split(end) if isinstance(text, str) else text


def line_of(whole):
    """Return what names a line of a text, or of one of several texts."""

    def name(path):
        if path and isinstance(path[0], str):
            return f"`{path[0]}`" if len(path) == 1 else f"entry {path[1] + 1} of `{path[0]}`"
        names = [f"line {path[-1] + 1}"] if path else []
        return " of ".join([*names, f"{whole} {path[0] + 1}" if len(path) > 1 else f"the {whole}"])

    return name
