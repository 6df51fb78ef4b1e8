"""Causes that several lessons look for: what makes code slow, counted rather than timed."""

from kettle.checking.causes.overlap import CallersOverlap, Overlap
from kettle.checking.causes.statements import Statements
from kettle.checking.causes.writes import AllOrNothing, RoundTrips

__all__ = ["AllOrNothing", "CallersOverlap", "Overlap", "RoundTrips", "Statements"]
