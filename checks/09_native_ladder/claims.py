"""Claims that lesson 09 answers for and does not ask about: from what benchmarks/native recorded."""

import json

from kettle.files.course import ROOT
from kettle.probes.ratio import compare


def _recorded() -> dict:
    return json.loads(
        (ROOT / "kettle" / "files" / "recorded" / "native_rungs.json").read_text(encoding="utf-8")
    )


def _times(before: str, after: str) -> float:
    took = {row["name"]: row["nanoseconds"] for row in _recorded()["rungs"]}
    return took[before] / took[after]


def by_typed_loops() -> str:
    """Tell what types bring to a loop over numbers in a buffer."""
    found = _times("Python", "Cython, with types")
    arithmetic = _recorded()["others"]["arithmetic"]["Cython, with types"]
    return (
        f"With types, as recorded: a loop over numbers in a buffer {found:.0f} times as fast as Python, "
        f"one of arithmetic alone {arithmetic:.0f}."
    )


def by_c_already() -> str:
    """Tell what PyPy does to code that is native in CPython."""
    jobs = _recorded()["pypy"]
    halving, first = jobs["halving"], jobs["halving in its first run"]
    return (
        f"In PyPy, as recorded: arithmetic {jobs['arithmetic']:.1f} times as fast; a loop that halves "
        f"{halving:.1f}, {first:.1f} in its first run; json.loads {jobs['json.loads']:.1f}; "
        f"json.dumps {jobs['json.dumps']:.1f}."
    )


def by_door() -> str:
    """Compare two doors of one native module: for each line, and for a buffer."""
    each = _times("Python", "Rust, each line")
    whole = _times("Python", "Rust, a buffer")
    own = compare(lambda: [hash(n) for n in range(10_000)], lambda: sum(range(10_000)), clock="cpu").ratio
    return (
        f"One module of Rust: for each line {each:.1f} times as fast as Python, for a buffer {whole:.0f}, as "
        f"recorded. Here, ten thousand calls of `hash` take {own:.0f} times as long as one `sum`."
    )


MEASURES = {
    "cython_uses": by_typed_loops,
    "pypy_limits": by_c_already,
    "maturin": by_door,
}
"""By the name of a claim in words.toml, what measures it: returns a sentence."""
