"""Migrates the services' schemas, for an operator."""

from aftersales_contracts.topics import SERVICES
from chassis.operate.provision import role_of
from chassis.store.migrate import migrate
from chassis.store.revision import head
from cli.access import connected, database_url
from cli.errors import CommandError

HAS_ROLE = "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)"
HAS_SCHEMA = "SELECT EXISTS (SELECT FROM information_schema.schemata WHERE schema_name = $1)"


async def migrate_all(service: str | None) -> dict[str, str]:
    """Migrates one service or all; returns name -> revision.

    The database's user must be allowed to take the services' roles. Raises CommandError where schema
    or role is not there: they are made by provisioning, not here.
    """
    if service is not None and service not in SERVICES:
        raise CommandError(f"no such service: {service} ({', '.join(SERVICES)})")
    names = [service] if service is not None else list(SERVICES)
    url = database_url()
    done: dict[str, str] = {}
    for name in names:
        async with connected(url) as connection:
            if not await connection.fetchval(HAS_SCHEMA, name):
                raise CommandError(f"there is no schema {name}: provision roles and schemas first")
            has_role = await connection.fetchval(HAS_ROLE, role_of(name))
        await migrate(url, name, role=role_of(name) if has_role else None)
        done[name] = head()
    return done
