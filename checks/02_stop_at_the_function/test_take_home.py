"""Lesson 02 in other frameworks: what its learners are shown does what it says."""

import asyncio
import re

import httpx
import pandas as pd
from own_code import run_snippet

from kettle.probes.calls import count_calls

STEM = "02_stop_at_the_function"


def titles(suppliers, times):
    names = [f"Tea {n} Co. (+)" for n in range(suppliers)] * times
    return pd.DataFrame({"supplier": names, "title": [f"{n.upper()} - No. {i}" for i, n in enumerate(names)]})


def test_pandas_takes_the_own_name_only_and_keeps_the_rows_in_order():
    table = titles(3, 4)
    table.loc[5, "title"] = "Tea 0 Co. (+): by another supplier"
    found = run_snippet(STEM, "pandas")["without_name"](table)
    expected = [f"No. {n}" for n in range(12)]
    expected[5] = "Tea 0 Co. (+): by another supplier"
    assert found.to_list() == expected


def test_pandas_compiles_a_pattern_for_each_supplier_and_not_for_each_row():
    without_name = run_snippet(STEM, "pandas")["without_name"]
    re.purge()
    with count_calls("re._compiler:compile") as compiled:
        without_name(titles(600, 3))
    assert 600 <= compiled.count < 700


def test_fastapi_shows_the_lines_of_a_handler():
    app = run_snippet(STEM, "fastapi")["app"]

    async def visit():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://kettle") as client:
            teas = [(await client.get(f"/teas/{n}")).json() for n in range(3)]
            return teas, (await client.get("/lines")).text

    teas, shown = asyncio.run(visit())
    assert teas[2] == {"name": "Tea No. 2"}
    assert re.search(r"^ +\d+ +3 .*(name =|$)", shown, re.MULTILINE), shown
