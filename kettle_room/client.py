"""Asking a room something: one request, its answer, or a sentence that says what is wrong."""

from __future__ import annotations

import json
import math
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

PATIENCE = 5.0  # seconds
LARGEST = 1 << 20  # bytes of an answer


class NoAnswer(Exception):
    """The room cannot be reached just now; the sentence says so."""


class Said(Exception):
    """The room has refused something, with a sentence.

    Args:
        sentence: what it said.
        status: of HTTP.
        after: seconds after which to try again; 0 where it did not say.
        answer: the whole answer.
    """

    def __init__(self, sentence: str, status: int, after: float, answer: dict[str, Any]) -> None:
        super().__init__(sentence)
        self.status, self.after, self.answer = status, after, answer


class _Stay(HTTPRedirectHandler):
    """Follows no redirection: a token is for the room that gave it."""

    def redirect_request(self, *_: Any) -> None:
        return None


def tidy(address: str) -> str:
    """Return the address of a room as it is asked: with http://, and "/" at its end.

    Raises:
        ValueError: it is none; the message is a sentence for the learner.
    """
    text = str(address).strip()
    if "://" not in text:
        text = f"http://{text}"
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018 - it raises where it is no number
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise ValueError(f"“{address}” is no address of a room. It looks like 192.168.1.20:8877.")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}/"


def ask(
    address: str, path: str, body: dict[str, Any] | None = None, token: str = "", scheme: str = "Bearer"
) -> Any:
    """Ask a room; return its answer, which is an object.

    Args:
        address: as `tidy` returns it.
        path: below the address, such as "api/room".
        body: to be sent; without one, this is a question only.
        token: of whoever asks.
        scheme: of the token.

    Raises:
        NoAnswer: nobody answers there, or not a room.
        Said: the room refuses it.
    """
    headers = {"Accept": "application/json"} | ({"Authorization": f"{scheme} {token}"} if token else {})
    data = None
    if body is not None:
        data, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
    # A room is near: whatever proxy leads out to the world is not for it.
    opener = build_opener(ProxyHandler({}), _Stay)
    try:
        with opener.open(Request(address + path, data, headers), timeout=PATIENCE) as answer:
            return _read(answer.read(LARGEST))
    except HTTPError as error:
        with error:
            found = _read(error.read(LARGEST))
            after = error.headers.get("Retry-After", "")
        sentence = str(found.get("sentence") or f"The room answered {error.code}.")
        raise Said(sentence, error.code, float(after) if after.isdecimal() else 0.0, found) from None
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", error)
        why = getattr(reason, "strerror", None) or type(reason).__name__
        raise NoAnswer(
            f"Nobody answers at {address} ({why}). Is the room open, and the address right?"
        ) from None


def age(at: float, now: float) -> float:
    """Return how many seconds ago something was."""
    return max(0.0, now - at) if math.isfinite(at) else 0.0


def _read(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise NoAnswer("What answers there is no room.")
    return found
