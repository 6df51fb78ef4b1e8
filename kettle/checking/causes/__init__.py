"""Causes that several lessons look for: what makes code slow, counted rather than timed."""
