"""A server of the user's own, named by KETTLE_REDIS_URL: used under a prefix of ours, never stopped."""

import os
from urllib.parse import urlsplit

from kettle.processes import ChildTrouble

VARIABLE = "KETTLE_REDIS_URL"
PATIENCE = 10.0  # seconds to connect
UNSET = f"Unset {VARIABLE} to use the course's own server."


class NoRedis(ChildTrouble):
    """No server can be had here; the text is a sentence for the learner."""


def own_url() -> str | None:
    """Return the address that KETTLE_REDIS_URL names, or None where it is not set.

    Raises NoRedis, with a sentence, for one that cannot be used.
    """
    url = os.environ.get(VARIABLE, "").strip()
    if not url:
        return None
    try:
        parts = urlsplit(url)
        usable = parts.scheme == "redis" and parts.hostname and (parts.port or 1)
    except ValueError:
        usable = False
    if not usable:
        scheme = url.split("://", 1)[0] if "://" in url else ""
        begins = f"it begins with {scheme}://" if scheme and scheme != "redis" else "it cannot be read so"
        tls = " The course watches what is sent, so it cannot use TLS." if scheme == "rediss" else ""
        raise NoRedis(f"{VARIABLE} must look like redis://user:password@host:6379/0; {begins}.{tls} {UNSET}")
    return url


class Own:
    """The server that KETTLE_REDIS_URL names."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.address = (parts.hostname or "localhost", parts.port or 6379)
        self.login = parts.netloc.rpartition("@")[0]
        self.database = parts.path.strip("/") or "0"
        self._url = url
        self.kind = self._version()

    def drop(self, prefix: str) -> None:
        """Drop the keys that begin with a prefix."""
        drop(self._url, prefix)

    def _version(self) -> str:
        import redis  # only here: a server of the course's own is reached without

        try:
            with redis.Redis.from_url(self._url, **_HURRIED) as client:
                told = client.info("server")
        except (redis.RedisError, OSError, ValueError) as error:
            raise NoRedis(self._refusal(error)) from None
        name = "valkey" if "valkey_version" in told else "redis"
        return f"{name.capitalize()} {told.get(f'{name}_version', '')}".strip()

    def _refusal(self, error: Exception) -> str:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        where = "{}:{}".format(*self.address)
        return f"The server of {VARIABLE} at {where} cannot be used: {reason.rstrip('.')}. {UNSET}"


_HURRIED = {"socket_connect_timeout": PATIENCE, "socket_timeout": PATIENCE}


def drop(url: str, prefix: str) -> None:
    """Drop the keys of a server that begin with a prefix."""
    import redis

    with redis.Redis.from_url(url, **_HURRIED) as client:
        found = list(client.scan_iter(match=f"{prefix}*", count=1000))
        for at in range(0, len(found), 1000):
            client.unlink(*found[at : at + 1000])
