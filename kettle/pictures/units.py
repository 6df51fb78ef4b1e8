"""How numbers are written: `1.31 s`, `24 ms`, `3,400`, `12 MB`, `3.1×`."""

import math


def number(value: float, digits: int = 3) -> str:
    """Write a number with so many significant digits, thousands set off by commas, no trailing zeros."""
    if not math.isfinite(value):
        return "unknown" if math.isnan(value) else ("∞" if value > 0 else "-∞")
    if value == 0:
        return "0"
    places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{round(value, places):,.{min(places, 9)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def seconds(value: float) -> str:
    """Write a time given in seconds with the unit that suits its size: µs, ms, s or min."""
    size = abs(value)
    if not math.isfinite(value):
        return number(value)
    if size >= 599.5:
        return f"{number(value / 60)} min"
    if size >= 0.9995:
        return f"{value:.2f} s" if size < 9.995 else f"{number(value)} s"
    if size >= 0.0009995 or size == 0:
        return f"{number(value * 1e3, 3 if size < 0.00995 else 2 if size < 0.0995 else 3)} ms"
    return f"{number(value * 1e6)} µs"


def in_unit(value: float, unit: str) -> str:
    """Write a value given in `unit`: times and sizes choose their prefix, others stay as they are."""
    if unit == "s":
        return seconds(value)
    if unit == "ms":
        return seconds(value / 1e3)
    if unit == "B":
        return size(value)
    if unit in {"×", "x"}:
        return times(value)
    if unit == "%":
        return f"{number(value)}%"
    if value == 1 and unit.endswith("s"):
        unit = unit.removesuffix("ies") + "y" if unit.endswith("ies") else unit.removesuffix("s")
    return f"{number(value)} {unit}".rstrip()


def prefix(high: float, unit: str) -> tuple[float, str]:
    """Return the factor and the unit in which all values of an axis up to `high` are written."""
    if unit == "s" and high < 1:
        return 1e3, "ms"
    if unit == "B":
        power, unit = next(
            (p, u) for p, u in ((9, "GB"), (6, "MB"), (3, "kB"), (0, "B")) if high >= 10**p or not p
        )
        return 10.0**-power, unit
    return 1.0, unit


def size(value: float) -> str:
    """Write a number of bytes with the unit that suits it, in steps of 1,000."""
    for unit in ("B", "kB", "MB", "GB"):
        if abs(value) < 999.5 or unit == "GB":
            return f"{number(value)} {unit}"
        value /= 1e3
    raise AssertionError("unreachable")


def times(value: float) -> str:
    """Write a ratio: `3.1×`."""
    if 0.995 <= abs(value) < 1.995:
        return f"{value:.2f}×"
    if 1.995 <= abs(value) < 9.95:
        return f"{value:.1f}×"
    return f"{number(value, 2 if abs(value) < 99.5 else 3)}×"


def plural(count: int, noun: str, nouns: str | None = None) -> str:
    """Write a count with its noun: `1 call`, `3,400 calls`."""
    return f"{count:,} {noun if count == 1 else nouns or noun + 's'}"
