"""Watched Kettle: a course on the mistakes that make Python slow."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kettle.lesson import Lesson

__all__ = ["Lesson"]


def __getattr__(name: str) -> object:
    # Lesson brings ipywidgets along; workers and servers that import a room of kettle do without.
    if name == "Lesson":
        from kettle.lesson import Lesson

        return Lesson
    raise AttributeError(f"module 'kettle' has no attribute {name!r}")
