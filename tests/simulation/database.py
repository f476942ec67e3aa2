"""A model of PostgreSQL as the store uses it: read committed, row locks, unique keys, sessions that end.

Writes of a transaction lie in front of the tables until it commits. A row that another transaction
has written or locked is waited for; a cycle of waiting ends in an error, as does a wait too long.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Hashable, Iterable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from tests.simulation.loop import OWNER, Owner
from tests.simulation.world import Over, World

LOCK_TIMEOUT_SECONDS = 5.0
IDLE_TRANSACTION_SECONDS = 3.0
ACTIVE_CHECK_SECONDS = 0.05
Table = dict[Any, Any]
TABLES = ("cases", "inbox", "waiting", "facts", "dead", "intake", "cursors", "partitions", "tasks")
GONE: Any = object()
"""Stands for a row that was deleted."""


class Transaction:
    """The writes and locks of one transaction so far."""

    def __init__(self) -> None:
        self.writes: dict[str, Table] = {name: {} for name in TABLES}
        self.locks: list[tuple[str, Hashable]] = []
        self.waits_for: tuple[str, Hashable] | None = None
        self.is_over = False


class Session:
    """One connection to the database, as the server sees it."""

    _count = 0

    def __init__(self, owner: Owner, name: str) -> None:
        self.owner = owner
        self.name = name
        self.transaction: Transaction | None = None
        self.is_closed = False


class Database:
    """The tables of one service, and who is connected to them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.tables: dict[str, Table] = {name: {} for name in TABLES}
        self.tables["cursors"] = dict.fromkeys(("head", "relay", "waker"), (0, None, 0.0))
        self.sessions: dict[str, Session] = {}
        self.is_down = False
        self.last_waiting_id = 0
        self.session_count = 0
        self.subjects: dict[str, dict[Any, None]] = {}
        """Keys of the committed cases by subject."""
        self.on_commit: Callable[[Transaction], None] = lambda _: None
        self.past: deque[dict[str, Table]] | None = None
        """The tables before each of the last commits, where a run may go back to them."""
        self._holders: dict[tuple[str, Hashable], Transaction] = {}
        self._queues: dict[tuple[str, Hashable], list[tuple[Transaction, asyncio.Future[None]]]] = {}

    def connect(self) -> Session:
        """A new session of whoever asks. Raises OSError while the server is down."""
        if self.is_down:
            raise ConnectionRefusedError("simulated: the database is down")
        self.session_count += 1
        session = Session(OWNER.get(), f"s{self.session_count}")
        self.sessions[session.name] = session
        return session

    def end(self, session: Session) -> None:
        """Ends a session: what it had open is rolled back."""
        session.is_closed = True
        self.sessions.pop(session.name, None)
        if session.transaction is not None:
            self.rollback(session.transaction)
            session.transaction = None

    def end_all(self, owner: Owner | None = None) -> None:
        """Ends the sessions of a process, or of all."""
        for session in list(self.sessions.values()):
            if owner is None or session.owner is owner:
                self.end(session)

    def end_idle(self, owner: Owner) -> None:
        """Ends the sessions that a frozen process keeps waiting within a transaction."""
        for session in list(self.sessions.values()):
            if session.owner is owner and session.transaction is not None:
                self.end(session)

    async def ask(self, session: Session, what: str) -> None:
        """The way of a statement to the server. Raises what a lost connection raises."""
        try:
            await self.world.step(what)
        except ConnectionResetError:
            self.end(session)
            raise
        self.check(session)

    def check(self, session: Session) -> None:
        """Raises where the session has ended, or its transaction was aborted."""
        if session.is_closed:
            raise asyncpg.ConnectionDoesNotExistError("simulated: the session has ended")

    @asynccontextmanager
    async def transaction(self, session: Session) -> AsyncGenerator[Transaction]:
        """Commits when the block ends well. The answer to the commit may be lost either way."""
        self.check(session)
        transaction = session.transaction = Transaction()
        try:
            yield transaction
        except BaseException:
            if session.transaction is transaction:
                self.rollback(transaction)
                session.transaction = None
            raise
        await self.ask(session, "commit")
        self.commit(transaction)
        session.transaction = None
        try:
            await self.world.step("commit", is_done=True)
        except ConnectionResetError:
            self.end(session)
            raise
        self.check(session)

    def rows(self, transaction: Transaction | None, table: str) -> Table:
        """All rows that a statement of the transaction sees."""
        committed = self.tables[table]
        written = transaction.writes[table] if transaction is not None else None
        if not written:
            return committed
        return {key: row for key, row in {**committed, **written}.items() if row is not GONE}

    def row(self, transaction: Transaction | None, table: str, key: Hashable) -> Any:
        """One row as a statement of the transaction sees it, or None."""
        if transaction is not None and key in transaction.writes[table]:
            row = transaction.writes[table][key]
            return None if row is GONE else row
        return self.tables[table].get(key)

    async def lock(self, transaction: Transaction, table: str, key: Hashable) -> None:
        """Takes the lock of a row, there or not yet. Raises on a deadlock, and on a wait too long."""
        place = table, key
        holder = self._holders.get(place)
        if holder is transaction:
            return
        if holder is None:
            self._holders[place] = transaction
            transaction.locks.append(place)
            return
        transaction.waits_for = place
        if self._is_cycle(transaction):
            transaction.waits_for = None
            raise asyncpg.DeadlockDetectedError("simulated: a deadlock")
        future = asyncio.get_running_loop().create_future()
        entry = transaction, future
        self._queues.setdefault(place, []).append(entry)
        try:
            async with asyncio.timeout(LOCK_TIMEOUT_SECONDS):
                await future
        except TimeoutError:
            raise asyncpg.LockNotAvailableError("simulated: a lock was waited for too long") from None
        finally:
            transaction.waits_for = None
            queue = self._queues.get(place, [])
            if entry in queue:
                queue.remove(entry)
        if self.world.is_over:
            raise Over
        if transaction.is_over:
            raise asyncpg.ConnectionDoesNotExistError("simulated: the session has ended")

    def _is_cycle(self, transaction: Transaction) -> bool:
        seen: set[int] = set()
        current: Transaction | None = transaction
        while current is not None and current.waits_for is not None:
            if id(current) in seen:
                return True
            seen.add(id(current))
            current = self._holders.get(current.waits_for)
        return False

    def commit(self, transaction: Transaction) -> None:
        """All writes at once, then the locks."""
        self.on_commit(transaction)
        if self.past is not None:
            self.past.append({name: dict(table) for name, table in self.tables.items()})
        for name, written in transaction.writes.items():
            self._apply(name, written)
        self._release(transaction)

    def _apply(self, name: str, written: Table) -> None:
        table = self.tables[name]
        for key, row in written.items():
            if row is GONE:
                table.pop(key, None)
            else:
                table[key] = row
                if name == "cases":
                    self.subjects.setdefault(key[0], {})[key] = None

    def set_back(self, commit_count: int) -> None:
        """Forgets the last commits, as a standby that takes over and was behind."""
        if not self.past:
            return
        for _ in range(min(commit_count, len(self.past))):
            self.tables = self.past.pop()
        self.subjects = {}
        for key in self.tables["cases"]:
            self.subjects.setdefault(key[0], {})[key] = None

    def rollback(self, transaction: Transaction) -> None:
        """Forgets the writes and gives up the locks."""
        self._release(transaction)

    def _release(self, transaction: Transaction) -> None:
        transaction.is_over = True
        for place, queue in self._queues.items():
            for waiter, future in queue:
                if waiter is transaction and not future.done():
                    future.set_result(None)
            self._queues[place] = [entry for entry in queue if entry[0] is not transaction]
        for place in transaction.locks:
            self._hand_on(place)
        transaction.locks = []

    def _hand_on(self, place: tuple[str, Hashable]) -> None:
        queue = self._queues.get(place, [])
        while queue:
            waiter, future = queue.pop(0)
            if not future.done() and not waiter.is_over:
                self._holders[place] = waiter
                waiter.locks.append(place)
                future.set_result(None)
                return
        self._holders.pop(place, None)
        self._queues.pop(place, None)

    def now(self) -> float:
        """The server's clock for leases, in seconds."""
        return asyncio.get_running_loop().time()


def holds_nul(texts: Iterable[str | None]) -> bool:
    """Whether a text cannot be stored."""
    return any(text is not None and "\x00" in text for text in texts)
