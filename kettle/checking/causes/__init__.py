"""Causes that several lessons look for: what makes code slow, counted rather than timed."""

from kettle.checking.causes.statements import Statements

__all__ = ["Statements"]
