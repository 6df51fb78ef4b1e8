"""Hidden assertions: collected, run through nbval, and turned into a verdict that never lies."""

from kettle.checking.checker import Checker
from kettle.checking.checks import Question, Undecided, checks_of, find_checks, hints_of, load_checks
from kettle.checking.verdict import Finding, Verdict

__all__ = [
    "Checker",
    "Finding",
    "Question",
    "Undecided",
    "Verdict",
    "checks_of",
    "find_checks",
    "hints_of",
    "load_checks",
]
