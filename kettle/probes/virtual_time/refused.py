"""What virtual time does not support is refused with a sentence, rather than answered wrongly."""

from typing import NoReturn


class NotSupported(RuntimeError):
    """Something was asked for that cannot be done in virtual time; the message says what to use instead."""


refused: list[str] = []  # what the run that is under way was refused: its code may have caught the error


def refuse(what: str, instead: str) -> NoReturn:
    """Raise NotSupported: `what` is a noun, `instead` a whole sentence."""
    refused.append(what)
    raise NotSupported(f"Virtual time does not support {what}. {instead}")
