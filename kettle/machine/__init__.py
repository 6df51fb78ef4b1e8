"""This machine: its limits, and what they mean for the course."""

from kettle.machine.numbers import memory_limit

__all__ = ["memory_limit"]
