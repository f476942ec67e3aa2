"""Lists the errors of a broker or a database that a fault has just taken away."""

import asyncpg
from aiokafka.errors import KafkaError

AWAY = (
    OSError,
    TimeoutError,
    KafkaError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # its protocol's state, after a connection broke at a bad moment
)
