"""`/metrics` (Prometheus) and `/health`, on an address of the operator's own.

Counts, ages and words of closed lists: never an id, a name, an address or a code name. A thread answers, so that a
scrape keeps no mail waiting; it reads the store like the command line does.
"""

from __future__ import annotations

import io
import socket
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from socketserver import ThreadingMixIn
from typing import Any, TextIO
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from cocmail import maillog
from cocmail.doors import shut
from cocmail.store import cases, outbox, restored, spool
from cocmail.store.engine import Store
from cocmail.store.transaction import Tx

StartResponse = Callable[..., Any]
SENDS_NOTHING = b"ok, but nothing is sent until `cocmail queue release`\n"


class Figures(Collector):
    """What the store says now, in the form that the library collects."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store, self._now = store, now

    def collect(self) -> Iterator[Metric]:
        """Read anew at each scrape; nothing is counted on the side, so a restart forgets nothing."""
        yield from self._store.read_now(self._read)

    def _read(self, tx: Tx) -> list[Metric]:
        filed = GaugeMetricFamily("cocmail_messages", "Stored messages by what became of them", labels=["reason"])
        for reason, count in spool.reasons(tx).items():
            filed.add_metric([reason], count)
        letters = GaugeMetricFamily("cocmail_letters", "Outgoing mail that waits, by state", labels=["state"])
        waiting = [row.state for row in outbox.listing(tx)]
        for state in (outbox.QUEUED, outbox.PARKED, outbox.HELD):
            letters.add_metric([state], waiting.count(state))
        oldest = outbox.oldest(tx)
        age = (self._now() - oldest).total_seconds() if oldest is not None else 0.0
        return [
            filed,
            letters,
            GaugeMetricFamily("cocmail_oldest_letter_seconds", "Age of the oldest letter tried in vain", value=age),
            GaugeMetricFamily("cocmail_shunted", "Messages that cocmail failed on", value=len(spool.shunted(tx))),
            GaugeMetricFamily("cocmail_postponed", "Messages that were put off", value=len(spool.postponed(tx))),
            GaugeMetricFamily(
                "cocmail_sends", "0 until a restored store is released", value=not restored.sends_nothing(tx)
            ),
            GaugeMetricFamily("cocmail_cases", "Cases ever opened", value=cases.ever_opened(tx)),
        ]


class MetricsDoor:
    """The listening socket and its thread. `address` is the bound one."""

    def __init__(self, server: WSGIServer) -> None:
        self._server = server
        host, port = str(server.server_address[0]), server.server_address[1]
        self.address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self._thread = threading.Thread(target=server.serve_forever, args=(0.1,), name="metrics", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def open_metrics(listen: str, store: Store, now: Callable[[], datetime], working: Callable[[], bool]) -> MetricsDoor:
    """Listen on HOST:PORT. `working` says whether all workers run. Raises what `shut.problem` makes of why not."""
    registry = CollectorRegistry()
    registry.register(Figures(store, now))
    metrics = make_wsgi_app(registry)

    def app(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        try:
            if path == "/metrics":
                answer: Iterable[bytes] = metrics(environ, start_response)
                return answer
            if path != "/health":
                return _plain(start_response, "404 Not Found", b"/metrics or /health\n")
            healthy, silent = working(), store.read_now(restored.sends_nothing)
        except Exception:
            # What went wrong is nobody's business out there; the log and `cocmail queue` say more.
            healthy = silent = False
        if not healthy:
            return _plain(start_response, "503 Service Unavailable", b"not ok\n")
        # It does what it is to do: whoever restarts what is not healthy would only do harm.
        return _plain(start_response, "200 OK", SENDS_NOTHING if silent else b"ok\n")

    host, _, port = listen.rpartition(":")
    host = host.strip("[]")
    try:
        server = make_server(host, int(port), app, _Server6 if ":" in host else _Server, _Silent)
    except OSError as error:
        raise shut.problem("metrics.listen", listen, error) from None
    return MetricsDoor(server)


def _plain(start_response: StartResponse, status: str, body: bytes) -> list[bytes]:
    start_response(status, [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))])
    return [body]


class _Server(ThreadingMixIn, WSGIServer):
    """A slow reader keeps no other waiting."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Who goes away in the midst is not logged either; what else fails is, as everywhere by class and place."""
        error = sys.exception()
        if error is not None and not isinstance(error, OSError):
            maillog.failed("metrics", error)


class _Server6(_Server):
    """The same at an IPv6 address; the library takes every host for one of IPv4."""

    address_family = socket.AF_INET6


class _Silent(WSGIRequestHandler):
    """Who asks is not logged."""

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""

    def get_stderr(self) -> TextIO:
        """Where the library writes tracebacks of an answer that failed: to nobody."""
        return io.StringIO()
