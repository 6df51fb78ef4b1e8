"""Watched Kettle: a course on the mistakes that make Python slow."""
