"""What a run has found: the facts that stand beside the predictions, however they are given."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from numbers import Real
from typing import Any

Facts = Mapping[str, Any] | Callable | None


def facts_of(given: Facts, result: Any, seen: Any, names: Collection[str]) -> dict[str, float] | None:
    """Return the facts by the predictions' names.

    Args:
        given: a dictionary of numbers; a function of the result, or of the result and what was seen, that
            returns one; or a dictionary whose values may be such functions, each for one number.
        result: what the run returned.
        seen: what was watched meanwhile.
        names: of the predictions.

    Returns:
        Numbers; None where nothing was given and the result holds none of them by its name.
    """
    if given is None:
        named = result if isinstance(result, Mapping) else {}
        given = {name: named[name] for name in names if isinstance(named.get(name), Real)} or None
    facts: Mapping[str, Any] | None = answered(given, result, seen)
    if facts is None:
        return None
    return {name: float(answered(fact, result, seen)) for name, fact in facts.items()}


def answered(given: Any, result: Any, seen: Any) -> Any:
    """Call what can be called, with the result, and with what was seen if it takes that, too."""
    if not callable(given):
        return given
    try:
        parameters = inspect.signature(given).parameters.values()
    except (TypeError, ValueError):  # a function of C that does not tell: a type such as int, or len
        return given(result)
    if any(each.kind is each.VAR_POSITIONAL for each in parameters):
        return given(result, seen)
    places = [each for each in parameters if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    needed = [each for each in places if each.default is each.empty]
    return given(*(result, seen)[: max(len(needed), min(len(places), 1))])
