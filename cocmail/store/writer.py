"""The one thread that writes, with group commit: what waits at the same moment shares one transaction and one fsync.

The rule: a function's future resolves only after the commit that holds it, so "done" means "on disk". Where
several share one, each runs in a savepoint of its own, so that one which fails takes back its own work and nobody
else's. No function may go on after an error of the database, but in a savepoint of its own. What the database itself
takes back (disk full, connection lost, failed commit) is told to all of the group: try again. This thread must not do
slow work: seal and parse before you hand a function in.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Transaction
from sqlalchemy.exc import SQLAlchemyError

from cocmail.errors import StoreBusy
from cocmail.store.boundaries import Crossed, Side, Step
from cocmail.store.connections import is_begun
from cocmail.store.recent import Recent
from cocmail.store.transaction import Tx, told
from cocmail.vault.keyring import Keyring

T = TypeVar("T")

# Beyond this many the fsync is no longer what costs (measured: 10 a commit give 90 % of what 100 give).
GROUP = 50


@dataclass(frozen=True, slots=True)
class _Job:
    work: Callable[[Tx], Any]
    step: Step | None
    future: Future[Any]


@dataclass(frozen=True, slots=True)
class _Outcome:
    value: Any = None
    error: BaseException | None = None


class Writer:
    """Runs functions one after the other in its thread. `submit` may be called from any thread."""

    def __init__(self, engine: Engine, keyring: Keyring, recent: Recent, crossed: Crossed) -> None:
        self._engine = engine
        self._keyring = keyring
        self._recent = recent
        self._crossed = crossed
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._closing = Lock()
        self._closed = False
        # A daemon thread: an interpreter that ends without `close` must not hang on it. Nothing that was acknowledged
        # can be lost by that.
        self._thread = Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Tx], T], step: Step | None = None) -> Future[T]:
        """Queues `work`. The future gives what it returned, after the commit. Raises StoreBusy after `close`."""
        future: Future[T] = Future()
        with self._closing:
            if self._closed:
                raise StoreBusy("the store is closed")
            self._jobs.put(_Job(work, step, future))
        return future

    def close(self) -> None:
        """Finishes what was submitted, then ends the thread."""
        with self._closing:
            if not self._closed:
                self._closed = True
                self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        while True:
            group, last = self._waiting()
            # A cancelled job is dropped before it starts; once started it runs to its end.
            group = [job for job in group if job.future.set_running_or_notify_cancel()]
            if group:
                for job, outcome in zip(group, self._commit(group), strict=True):
                    if outcome.error is None:
                        job.future.set_result(outcome.value)
                    else:
                        job.future.set_exception(outcome.error)
            # What was taken in is let go before the next wait: a mail must not stay in memory for a quiet night.
            del group
            if last:
                return

    def _waiting(self) -> tuple[list[_Job], bool]:
        """Blocks for one job, takes what else is waiting; True when the end was among it."""
        group: list[_Job] = []
        job = self._jobs.get()
        while job is not None:
            group.append(job)
            if len(group) == GROUP:
                return group, False
            try:
                job = self._jobs.get_nowait()
            except Empty:
                return group, False
        return group, True

    def _commit(self, group: list[_Job]) -> list[_Outcome]:
        try:
            self._recent.forget_old()
            with self._engine.begin() as connection:
                outcomes = [self._attempt(connection, job.work, alone=len(group) == 1) for job in group]
                self._cross(group, Side.BEFORE)
            self._cross(group, Side.AFTER)
            return outcomes
        except BaseException:
            # Whatever the driver threw: nothing of the group is known to be stored, and this thread must live on. Each
            # gets an exception of its own, since they are raised in different tasks.
            return [_Outcome(error=StoreBusy("the store failed to commit")) for _ in group]

    def _cross(self, group: list[_Job], side: Side) -> None:
        for job in group:
            if job.step is not None:
                self._crossed(job.step, side)

    def _attempt(self, connection: Connection, work: Callable[[Tx], Any], *, alone: bool) -> _Outcome:
        # To undo what is alone in its group is to undo all of it: that takes no savepoint, which is two statements.
        begun = _transaction(connection) if alone else connection.begin_nested()
        try:
            value = work(Tx(connection, self._keyring, recent=self._recent))
        except SQLAlchemyError as error:
            # On a full disk SQLite undoes the whole transaction by itself. A rollback to a savepoint then fails, and
            # that error leaves this function: the group is lost, and nothing more may run outside a transaction.
            begun.rollback()
            return _Outcome(error=told(error))
        except BaseException as error:
            begun.rollback()
            return _Outcome(error=error)
        if not alone:
            begun.commit()
        elif not is_begun(connection):
            # It went on after an error that ended the transaction. A savepoint would have failed here.
            raise StoreBusy("the transaction ended before it was committed")
        return _Outcome(value)


def _transaction(connection: Connection) -> Transaction:
    begun = connection.get_transaction()
    assert begun is not None
    return begun
