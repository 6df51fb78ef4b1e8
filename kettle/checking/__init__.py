"""Hidden assertions: collected, run through nbval, and turned into a verdict that never lies."""

from kettle.checking.checks import (
    Question,
    Undecided,
    checks_of,
    find_checks,
    hints_of,
    load_checks,
    words_of,
)
from kettle.checking.claims import DOES_NOT_HOLD, HOLDS, NOT_SHOWN, PARTLY, Claim, claims_of
from kettle.checking.contract import Case, Contract
from kettle.checking.runner.checker import Checker
from kettle.checking.runner.verdict import Finding, Verdict

__all__ = [
    "DOES_NOT_HOLD",
    "HOLDS",
    "NOT_SHOWN",
    "PARTLY",
    "Case",
    "Checker",
    "Claim",
    "Contract",
    "Finding",
    "Question",
    "Undecided",
    "Verdict",
    "checks_of",
    "claims_of",
    "find_checks",
    "hints_of",
    "load_checks",
    "words_of",
]
