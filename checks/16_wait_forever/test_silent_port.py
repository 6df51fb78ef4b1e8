"""silent_port: a port at which nobody takes up a connection."""

import socket

import pytest

from kettle.lessons.silent_port import silent_port


def test_a_silent_port_takes_up_no_connection():
    with silent_port() as port:
        if port is None:
            pytest.skip("this system makes no port that is silent")
        with socket.socket() as caller, pytest.raises(TimeoutError):
            caller.settimeout(0.3)
            caller.connect(("127.0.0.1", port))
    with socket.socket() as caller, pytest.raises(ConnectionRefusedError):
        caller.connect(("127.0.0.1", port))
