"""Connects to Kafka without a framework: TLS and sign-in of every client, the producer, closing."""

import asyncio
import ssl
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import ProducerClosed

from chassis.settings import Kafka

BATCH_BYTES = 128 * 1024
RETRY_PAUSE_MS = 250


def tls_context(kafka: Kafka) -> ssl.SSLContext | None:
    """Builds the TLS context: TLS 1.2 or newer, host names checked. None for a plain connection.

    Raises OSError for files that cannot be read.
    """
    if not kafka.uses_tls:
        return None
    context = ssl.create_default_context(cafile=None if kafka.tls_ca_file is None else str(kafka.tls_ca_file))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if kafka.tls_cert_file is not None:
        password = kafka.tls_key_password
        context.load_cert_chain(
            kafka.tls_cert_file, kafka.tls_key_file, None if password is None else password.get_secret_value()
        )
    return context


def connection(kafka: Kafka, service: str) -> dict[str, Any]:
    """Builds the keyword arguments with which an aiokafka client connects."""
    arguments: dict[str, Any] = {
        "bootstrap_servers": kafka.bootstrap_servers,
        "client_id": kafka.client_of(service),
        "request_timeout_ms": kafka.request_timeout_ms,
        "retry_backoff_ms": RETRY_PAUSE_MS,
        "security_protocol": kafka.security_protocol,
        "ssl_context": tls_context(kafka),
    }
    if kafka.uses_sasl:
        arguments["sasl_mechanism"] = kafka.sasl_mechanism
        arguments["sasl_plain_username"] = kafka.sasl_username
        arguments["sasl_plain_password"] = kafka.sasl_password.get_secret_value()
    return arguments


def make_producer(kafka: Kafka, service: str) -> AIOKafkaProducer:
    """Makes a producer that keeps order per key and never duplicates by itself: idempotent, all replicas.

    Keys go to partitions as with Java clients (murmur2). A key so stays in its partition whoever writes. Call
    inside the event loop that uses the producer.
    """
    return AIOKafkaProducer(
        **connection(kafka, service),
        acks="all",
        enable_idempotence=True,
        linger_ms=kafka.linger_ms,
        max_batch_size=BATCH_BYTES,
        max_request_size=kafka.max_request_bytes,
        compression_type=None if kafka.compression == "none" else kafka.compression,
    )


async def close(consumer: Any) -> None:
    """Closes aiokafka clients cleanly, even after a failed request. Raises the errors of the consumer's
    `stop`.

    After a failed fetch aiokafka pauses before the next one. `stop` cancels that pause and lets the
    CancelledError out. The caller would take that for a cancellation of its own, and the connections would
    stay open. Closing twice is harmless.
    """
    stopping = asyncio.ensure_future(consumer.stop())
    try:
        await asyncio.wait({stopping})
    finally:
        stopping.cancel()
    if not stopping.cancelled():
        stopping.result()
    await consumer._client.close()


async def drop(producer: Any) -> None:
    """Drops an aiokafka producer with its unsent records, after `stop` was given up in the middle.

    An idempotent producer retries for ever, and `stop` waits for that. A cancelled `stop` leaves the sending
    task and the connections as they are, and a second call does nothing.
    """
    sending = None if producer._sender is None else producer._sender.sender_task
    if sending is not None:
        sending.cancel()
        await asyncio.wait({sending})
    producer._message_accumulator.fail_all(ProducerClosed())  # whoever waits for them waits no more
    await producer.client.close()
