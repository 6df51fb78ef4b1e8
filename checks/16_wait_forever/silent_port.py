"""A port on loopback that takes up no connection: who connects to it waits, as for a host that is gone."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

MOST = 16
"""Connections with which its queue is tried to be filled."""


@contextmanager
def silent_port() -> Iterator[int | None]:
    """Give the number of such a port; None where the system makes none.

    A listening socket completes as many connections as its queue holds, whether anybody accepts them or not.
    Once the queue is full, Linux and the BSDs do not answer further ones. (Windows refuses them.)
    """
    with ExitStack() as open_sockets:
        listener = open_sockets.enter_context(closing(socket.socket()))
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        for _ in range(MOST):
            filler = open_sockets.enter_context(closing(socket.socket()))
            filler.settimeout(0.02)
            try:
                filler.connect(address)
            except TimeoutError:
                yield address[1]
                return
            except OSError:
                break
        yield None
