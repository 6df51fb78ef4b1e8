"""Lesson 08 in other frameworks: what its learners are shown does what it says."""

import sys

import numpy as np
import pandas as pd
import pytest
from own_code import run_snippet

STEM = "08_python_loop_over_arrays"


def lines(number):
    chance = np.random.default_rng(number)
    quantity = chance.choice([1, 11, 12, 143, 144, 600], number)
    return pd.DataFrame(
        {
            "sku": chance.choice(["tea", "jam", "scone"], number),
            "quantity": quantity,
            "customer": chance.integers(0, 5, number),
        },
        index=pd.RangeIndex(7, 7 + number),
    )


PRICES = pd.Series({"tea": 495, "jam": 387, "scone": 123})


def steps(function, *args):
    seen = 0

    def note(frame, event, arg):
        nonlocal seen
        seen += 1
        return note

    before = sys.gettrace()
    sys.settrace(note)
    try:
        function(*args)
    finally:
        sys.settrace(before)
    return seen


def test_pandas_prices_lines_as_a_loop_would():
    table = lines(200)
    found = run_snippet(STEM, "pandas")["priced"](table, PRICES)
    spent = dict.fromkeys(range(5), 0)
    totals = {}
    for row in table.itertuples():
        full = PRICES[row.sku] * row.quantity
        share = 0.5 if row.quantity >= 144 else 0.75 if row.quantity >= 12 else 1.0
        totals[row.Index] = round(full * share)
        spent[row.customer] += totals[row.Index]
        assert found.loc[row.Index, "saved"] == full - totals[row.Index]
    assert found["total"].to_dict() == totals
    assert found["part"].to_list() == pytest.approx(
        [totals[row.Index] / spent[row.customer] for row in table.itertuples()]
    )
    assert list(table.columns) == ["sku", "quantity", "customer"]


def test_pandas_does_nothing_for_each_line():
    priced = run_snippet(STEM, "pandas")["priced"]
    few, many = lines(1_000), lines(4_000)
    steps(priced, few, PRICES)
    assert steps(priced, many, PRICES) - steps(priced, few, PRICES) < 300


@pytest.mark.parametrize("number", [0, 1, 999, 1_000, 2_500])
def test_numpy_adds_up_block_by_block(number):
    total_of = run_snippet(STEM, "numpy")["total_of"]
    price, quantity = np.arange(100, 100 + number), lines(number)["quantity"].to_numpy()
    kept = price.copy()
    expected = (price * quantity * np.where(quantity >= 12, 0.75, 1.0)).sum()
    assert total_of(price, quantity, block=1_000) == pytest.approx(expected)
    assert np.array_equal(price, kept)
