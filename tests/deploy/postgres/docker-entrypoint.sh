#!/bin/bash
# The part of the official image's entry point that compose.secure.yaml relies on.
set -euo pipefail
socket=/var/run/postgresql
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  initdb -D "$PGDATA" -U postgres --encoding=UTF8 --locale=C.UTF-8 --pwfile="$POSTGRES_PASSWORD_FILE" \
    --auth-local=peer --auth-host=scram-sha-256 ${POSTGRES_INITDB_ARGS:-} >/dev/null
  pg_ctl -D "$PGDATA" -o "-c listen_addresses='' -k $socket" -w start >/dev/null
  createdb -h $socket -U postgres "$POSTGRES_DB"
  pg_ctl -D "$PGDATA" -m fast -w stop >/dev/null
fi
exec "$@" -k $socket -c listen_addresses='*'
