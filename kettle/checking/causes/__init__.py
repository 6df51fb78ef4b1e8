"""Causes that several lessons look for: what makes code slow, counted rather than timed."""

from kettle.checking.causes.overlap import CallersOverlap, Overlap
from kettle.checking.causes.statements import Statements

__all__ = ["CallersOverlap", "Overlap", "Statements"]
