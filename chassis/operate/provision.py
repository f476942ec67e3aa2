"""Makes one role and one schema per service, none with access to another's. Safe to repeat."""

import base64
import hashlib
import hmac
import os
import re
from collections.abc import Mapping

import asyncpg

ROLE_PREFIX = "aftersales_"
SERVICE_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
LOCK_KEY = 4_706_218_309
"""Advisory lock: processes that provision at once wait instead of failing on a role made twice."""
SCRAM_ITERATIONS_COUNT = 4096

PREPARE = """
    revoke all on schema public from public;
    do $$ begin
        execute format('revoke all on database %I from public', current_database());
    end $$;
"""
SERVICE = """
    do $$
    declare
        made_by_superuser boolean := (select rolsuper from pg_roles where rolname = current_user);
    begin
        if not exists (select from pg_roles where rolname = '{role}') then
            create role {role} login;
        end if;
        alter role {role} login noinherit password '{verifier}';
        -- A provisioning user that is no superuser must be a member to hand over a schema.
        if not made_by_superuser then
            grant {role} to current_user with inherit true, set true;
        end if;
        create schema if not exists {service} authorization {role};
        alter schema {service} owner to {role};
        revoke all on schema {service} from public;
        execute format('grant connect, temporary on database %I to {role}', current_database());
        execute format('alter role {role} in database %I set search_path to {service}', current_database());
    end $$;
"""


def role_of(service: str) -> str:
    """Names the database role of a service."""
    return f"{ROLE_PREFIX}{service}"


async def provision(connection: asyncpg.Connection, passwords: Mapping[str, str]) -> None:
    """Makes role and schema of each service, sets the role's password, and shuts everybody else out.

    `passwords` maps a service's name to the password of its role. The connection's user owns the database or
    is a superuser, and may create roles. All or nothing. Raises ValueError for a name that is not a plain
    lower-case word.
    """
    for service in passwords:
        if not SERVICE_NAME.fullmatch(service):
            raise ValueError(f"not a service name: {service!r}")
    async with connection.transaction():
        await connection.execute(f"select pg_advisory_xact_lock({LOCK_KEY})")
        await connection.execute(PREPARE)
        for service, password in sorted(passwords.items()):
            await connection.execute(
                SERVICE.format(service=service, role=role_of(service), verifier=scram_verifier(password))
            )


def scram_verifier(password: str) -> str:
    """Computes the SCRAM-SHA-256 verifier that PostgreSQL stores, so that the password never reaches its
    logs.
    """
    salt = os.urandom(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, SCRAM_ITERATIONS_COUNT)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    stored_key = base64.b64encode(hashlib.sha256(client_key).digest()).decode()
    server_key = base64.b64encode(hmac.digest(salted, b"Server Key", "sha256")).decode()
    return (
        f"SCRAM-SHA-256${SCRAM_ITERATIONS_COUNT}:{base64.b64encode(salt).decode()}${stored_key}:{server_key}"
    )
