"""A server of the user's own, named by KETTLE_DATABASE_URL: used in a schema of ours, never stopped."""

import os
import re
from urllib.parse import urlsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from kettle.database.folder import NoServer

VARIABLE = "KETTLE_DATABASE_URL"
PATIENCE = 10  # seconds to connect
UNSET = f"Unset {VARIABLE} to use the course's own server."
_MUST_ENCRYPT = {"require", "verify-ca", "verify-full"}


def own_server() -> dict | None:
    """Return how to reach the server that KETTLE_DATABASE_URL names, or None where it is not set.

    Raises NoServer, with a sentence, for an address that is wrong or that cannot be reached.
    """
    url = os.environ.get(VARIABLE, "").strip()
    if not url:
        return None
    parts = _parsed(url)
    _refuse_encryption(parts)
    conninfo = make_conninfo(**{**parts, "sslmode": "disable", "connect_timeout": PATIENCE})
    try:
        with psycopg.connect(conninfo, autocommit=True) as connection:
            known = connection.info
            allowed = connection.execute("SELECT has_database_privilege(current_database(), 'CREATE')")
            if allowed.fetchone() != (True,):
                raise NoServer(
                    f"{VARIABLE}: the user {known.user} may not create a schema in {known.dbname}. {UNSET}"
                )
            host = known.host
            address = (
                f"{host}/.s.PGSQL.{known.port}"
                if host.startswith("/")
                else (known.hostaddr or host, known.port)
            )
            return {
                "address": address,
                "conninfo": conninfo,
                "user": known.user,
                "password": known.password,
                "database": known.dbname,
            }
    except psycopg.Error as error:
        raise NoServer(_refusal(parts, error)) from None


def _parsed(url: str) -> dict:
    scheme = url.split("://", 1)[0] if "://" in url else ""
    plain = re.sub(r"^(postgresql|postgres)(\+\w+)?://", "postgresql://", url)
    if not plain.startswith("postgresql://"):
        raise NoServer(
            f"{VARIABLE} must look like postgresql://user:password@host:port/database; "
            f"it {f'begins with {scheme}://' if scheme else 'has no scheme'}. {UNSET}"
        )
    try:
        urlsplit(plain).port  # noqa: B018 (asks for the check)
        return conninfo_to_dict(plain)
    except (psycopg.Error, ValueError):
        # psycopg's own message would repeat the password
        raise NoServer(
            f"{VARIABLE} cannot be read as an address: it must look like "
            f"postgresql://user:password@host:port/database, with special characters percent-encoded. {UNSET}"
        ) from None


def _refuse_encryption(parts: dict) -> None:
    """Refuse an address that asks for TLS: to go without it would take away what its owner relies on."""
    asked = parts.get("sslmode") or os.environ.get("PGSSLMODE", "")
    if asked in _MUST_ENCRYPT:
        raise NoServer(
            f"{VARIABLE} asks for TLS (sslmode={asked}), and the course watches what is sent, so it can only "
            "use a connection without it: give the address of a server for which sslmode=disable is safe. "
            f"{UNSET}"
        )


def _refusal(parts: dict, error: psycopg.Error) -> str:
    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    where = f"{parts.get('host', 'localhost')}:{parts.get('port', 5432)}"
    sentence = f"The server of {VARIABLE} at {where} cannot be used: {reason}."
    if "no encryption" in reason or "SSL" in reason:
        sentence += (
            " The course watches what is sent, so it needs a server that accepts connections without TLS."
        )
    return f"{sentence} {UNSET}".replace("..", ".")
