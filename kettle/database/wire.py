"""What PostgreSQL's wire protocol says: one Conversation follows one connection, both ways.

Source: PostgreSQL documentation, "Frontend/Backend Protocol" (version 3). A round trip begins when a
client sends something while the server owes it no answer; so a pipeline is one round trip, however many
statements it holds.
"""

import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from kettle.database.statements import (
    LONGEST,
    Ledger,
    Statement,
    changes_data,
    kind_of,
    rolls_back_to_savepoint,
)

SSL_REQUEST, GSS_REQUEST, CANCEL_REQUEST = 80877103, 80877104, 80877102
_FROM_CLIENT = frozenset(b"QPBECD")  # messages whose content is read; of all others only the length
_FROM_SERVER = frozenset(b"CZR")
_ANSWERS = {
    ord("1"): "parse",
    ord("2"): "bind",
    ord("3"): "close",
    ord("T"): "describe",
    ord("n"): "describe",
}
_ASKS_FOR_MORE = (3, 5, 7, 8, 10, 11)  # authentication requests that the client must answer


class Framer:
    """Cuts a stream of bytes into messages; holds back only messages whose content is wanted."""

    def __init__(self, wanted: frozenset[int]) -> None:
        self._wanted = wanted
        self._rest = bytearray()
        self._skip = 0
        self._enough = 5

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Yield (type, content) of each message that is complete, or whose content is not wanted."""
        if self._skip:
            skipped = min(self._skip, len(data))
            self._skip -= skipped
            data = data[skipped:]
        if self._rest:
            self._rest += data
            if len(self._rest) < self._enough:
                return
            data, self._rest = bytes(self._rest), bytearray()
        position, size = 0, len(data)
        while size - position >= 5:
            kind = data[position]
            end = position + 1 + int.from_bytes(data[position + 1 : position + 5], "big")
            if kind in self._wanted:
                if end > size:
                    break
                yield kind, data[position + 5 : end]
            else:
                yield kind, b""
                if end > size:
                    self._skip = end - size
                    return
            position = end
        self._rest = bytearray(data[position:])
        self._enough = 5 if size - position < 5 else end - position


@dataclass
class _Owed:
    """An answer that the server owes; statements carry what is known of them."""

    what: str
    sql: str = ""
    parameters: int = 0
    started: float = 0.0
    rows: int = 0
    copied_in: bool = False


class Conversation:
    """One connection as its proxy sees it: reads, counts into a ledger, and changes nothing."""

    def __init__(self, ledger: Ledger, number: int) -> None:
        self._ledger = ledger
        self._number = number
        self._client = Framer(_FROM_CLIENT)
        self._server = Framer(_FROM_SERVER)
        self._owed: deque[_Owed] = deque([_Owed("startup")])
        self._skipping = False  # after an error the server ignores everything until Sync
        self._may_speak = False  # the server asked for more in the middle of an answer
        self._changed = False  # since the last transaction ended
        self._asked = False  # anything but housekeeping, since the last transaction ended
        self._texts: dict[bytes, str] = {}
        self._portals: dict[bytes, tuple[str, int]] = {}
        ledger.add("round_trips")

    # ---- client to server

    def from_client(self, data: bytes) -> None:
        """Read what the client sends, before it is passed on."""
        self._ledger.add("bytes_sent", len(data))
        for kind, content in self._client.feed(data):
            if kind != ord("X"):
                if self._may_speak or not self._owed:
                    self._ledger.add("round_trips")
                self._may_speak = False
                self._client_says(chr(kind), content)

    def _client_says(self, kind: str, content: bytes) -> None:
        if kind in "QFS":
            self._skipping = False
            sql = content.rstrip(b"\0").decode(errors="replace")[:LONGEST] if kind == "Q" else ""
            self._owed.append(_Owed("query" if kind == "Q" else "sync", sql, 0, time.perf_counter()))
        elif kind == "p":
            self._owed.append(_Owed("startup"))
        elif self._skipping:
            return
        elif kind == "P":
            name, text, _ = content.split(b"\0", 2)
            self._texts[name] = text[: LONGEST * 4].decode(errors="replace")[:LONGEST]
            self._owed.append(_Owed("parse"))
        elif kind == "B":
            portal, name, rest = content.split(b"\0", 2)
            formats = int.from_bytes(rest[:2], "big")
            parameters = int.from_bytes(rest[2 + 2 * formats : 4 + 2 * formats], "big")
            self._portals[portal] = self._texts.get(name, ""), parameters
            self._owed.append(_Owed("bind"))
        elif kind == "E":
            sql, parameters = self._portals.get(content.split(b"\0", 1)[0], ("", 0))
            self._owed.append(_Owed("execute", sql, parameters, time.perf_counter()))
        elif kind == "D":
            self._owed.append(_Owed("describe"))
        elif kind == "C":
            (self._texts if content[:1] == b"S" else self._portals).pop(content[1:-1], None)
            self._owed.append(_Owed("close"))

    # ---- server to client

    def from_server(self, data: bytes) -> None:
        """Read what the server sends, before it is passed on."""
        self._ledger.add("bytes_received", len(data))
        for kind, content in self._server.feed(data):
            first = self._owed[0] if self._owed else None
            if kind == ord("D") or kind == ord("d"):  # rows, also those of COPY TO
                if first is not None:
                    first.rows += 1
            elif kind in _ANSWERS:
                if first is not None and first.what == _ANSWERS[kind]:
                    self._owed.popleft()
            else:
                self._server_says(chr(kind), content, first)

    def _server_says(self, kind: str, content: bytes, first: _Owed | None) -> None:
        if kind == "Z":
            self._ready(content[:1])
        elif kind == "R" and int.from_bytes(content[:4], "big") in _ASKS_FOR_MORE:
            self._owed.clear()
        elif kind == "G" and first is not None:
            first.copied_in = self._may_speak = True
        elif kind == "E":
            self._error()
        elif first is not None and first.what in ("query", "execute") and kind in "CsI":
            if kind != "I":
                self._completed(first, content.rstrip(b"\0").decode(errors="replace"))
            if first.what == "execute":
                self._owed.popleft()

    def _completed(self, owed: _Owed, tag: str) -> None:
        self._keep(owed, tag)
        if tag in ("COMMIT", "ROLLBACK") and not rolls_back_to_savepoint(owed.sql):
            if self._asked:
                self._ledger.add("commits" if tag == "COMMIT" else "rollbacks")
            self._changed = self._asked = False
        elif tag.startswith("COPY "):
            self._changed = self._changed or owed.copied_in
        elif changes_data(tag) or changes_data(owed.sql):
            self._changed = True

    def _keep(self, owed: _Owed, tag: str, failed: bool = False) -> None:
        now = time.perf_counter()
        count = tag.rsplit(" ", 1)[-1]
        affected = int(count) if count.isdigit() else None
        kind = kind_of(owed.sql)
        self._asked = self._asked or kind == "data"
        statement = Statement(
            owed.sql, owed.rows, owed.started, now, owed.parameters, kind, affected, failed, self._number
        )
        self._ledger.keep(statement)
        # a simple query may hold several statements: each gets its own rows and time
        owed.rows, owed.started = 0, now

    def _error(self) -> None:
        """Note the statement that failed, and forget what the server will not answer now."""
        while self._owed and self._owed[0].what not in ("query", "sync"):
            owed = self._owed.popleft()
            if owed.what == "execute" and not self._skipping:
                self._keep(owed, "", failed=True)
                self._skipping = True
        self._skipping = not self._owed
        if self._owed and self._owed[0].what == "query":
            self._keep(self._owed[0], "", failed=True)
        self._changed = False

    def _ready(self, status: bytes) -> None:
        """Take note of ReadyForQuery: everything up to a Sync or a simple query is answered."""
        while self._owed and self._owed.popleft().what not in ("query", "sync", "startup"):
            pass
        if self._changed and status == b"I":
            self._ledger.add("commits")
            self._changed = False
