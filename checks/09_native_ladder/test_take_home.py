"""Lesson 09 in other frameworks: what its learners are shown does what it says."""

import asyncio
import json
import runpy
import struct

import httpx
import numpy as np
import pandas as pd
import pytest
from own_code import run_snippet

from kettle.files.course import ROOT

STEM = "09_native_ladder"
CONTRACT = pd.DataFrame({"bound": [0, 10_000, 50_000], "permille": [0, 50, 100]})


def expected(pence):
    return pence * (100 if pence >= 50_000 else 50 if pence >= 10_000 else 0) // 1000


def test_pandas_finds_the_step_of_each_line():
    amounts = [60_000, 9_999, 10_000, 49_999, 50_000, 1, 60_000]
    lines = pd.DataFrame({"pence": amounts, "line": range(7)}, index=pd.RangeIndex(5, 12))
    found = run_snippet(STEM, "pandas")["with_discounts"](lines, CONTRACT)
    assert found["discount"].to_list() == [expected(pence) for pence in amounts]
    assert found["line"].to_list() == list(range(7))
    assert list(lines.columns) == ["pence", "line"]


def answer_of(body):
    async def post():
        transport = httpx.ASGITransport(run_snippet(STEM, "fastapi")["app"])
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            return await client.post("/discounts", content=body)

    return asyncio.run(post())


@pytest.mark.parametrize("amounts", [[], [10_000], [9_999, 60_000, 4_294_967_295]])
def test_fastapi_takes_a_tape_at_once(amounts):
    answer = answer_of(struct.pack(f"<{len(amounts)}I", *amounts))
    assert np.frombuffer(answer.content, "<u4").tolist() == [expected(pence) for pence in amounts]


def test_fastapi_refuses_a_torn_tape():
    assert answer_of(b"\x00\x01\x02").status_code == 422


def test_the_programs_in_plain_python_agree():
    plain = runpy.run_path(str(ROOT / "benchmarks" / "native" / "plain.py"))
    amounts, bounds, permille = (
        [0, 9_999, 10_000, 49_999, 50_000, 4_294_967_295],
        [10_000, 50_000],
        [0, 50, 100],
    )
    tape = struct.pack("<6I", *amounts)
    for name in ("halving", "scan"):
        assert plain[name](tape, bounds, permille) == [expected(pence) for pence in amounts]
    assert plain["collatz"](4) == 0 + 1 + 7


def test_what_was_recorded_names_no_machine():
    recorded = json.loads(
        (ROOT / "kettle" / "files" / "recorded" / "native_rungs.json").read_text(encoding="utf-8")
    )
    assert set(recorded["machine"].split()) & {"cores,", "Python"} == {"cores,", "Python"}
    assert len(recorded["machine"].split()) == 4
    assert all(row["nanoseconds"] > 0 for row in recorded["rungs"])
