"""A wire between the daemon and a mail server, for what happens to wires: cut, gone dead, cut at a certain word."""

from __future__ import annotations

import contextlib
import re
import socket
import threading


class Proxy:
    """Forwards both ways, in threads of its own.

    `dead_at` and `cut_at` are patterns of what the client says: at the first, that connection stays open and carries
    nothing any more (with `passes`: after so many bytes of the answer); at the second, it is cut. `change`: what the
    client says and what the server hears instead. `commands` is what the client said, line by line.
    """

    def __init__(
        self,
        port: int,
        *,
        dead_at: bytes = b"",
        cut_at: bytes = b"",
        passes: int = 0,
        change: tuple[bytes, bytes] = (b"", b""),
        address: str = "127.0.0.1",
    ) -> None:
        self._target = port
        self.dead_at, self.cut_at, self.passes, self.change = dead_at, cut_at, passes, change
        self.commands: list[bytes] = []
        self.cuts = 0
        self._listener = socket.create_server((address, 0))
        self.port = self._listener.getsockname()[1]
        self._wires: list[_Wire] = []
        self._thread = threading.Thread(target=self._accept, name="proxy", daemon=True)

    def __enter__(self) -> Proxy:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        # Closing alone does not wake who waits in accept().
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        for wire in self._wires:
            wire.end()

    def go_dead(self) -> None:
        """Nothing passes any more over the connections that there are; new ones work."""
        for wire in self._wires:
            wire.dead = True

    def said(self, *words: bytes) -> bool:
        """Whether the client said these, each in a later command than the one before."""
        commands = iter(list(self.commands))
        return all(any(word in command for command in commands) for word in words)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                client.close()
                continue
            self._wires.append(_Wire(self, client, server))


class _Wire:
    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
        self._proxy, self._sockets, self.dead = proxy, (client, server), False
        self._left: int | None = None
        self._threads = [
            threading.Thread(target=self._carry, args=(client, server, True), daemon=True),
            threading.Thread(target=self._carry, args=(server, client, False), daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def _carry(self, source: socket.socket, target: socket.socket, speaks: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if speaks and not self.dead and self._ends_at(data):
                    break
                if not self.dead:
                    old, new = self._proxy.change
                    target.sendall(data.replace(old, new) if speaks and old else self._part(data, speaks))
        self._shut()

    def _part(self, data: bytes, speaks: bool) -> bytes:
        """What of it passes on a wire that is about to die."""
        if speaks or self._left is None:
            return data
        part = data[: self._left]
        self._left -= len(part)
        self.dead = self._left == 0
        return part

    def _ends_at(self, data: bytes) -> bool:
        """Whether the wire is cut by these words of the client; they may also make it dead."""
        proxy = self._proxy
        proxy.commands += data.splitlines()
        if proxy.dead_at and re.search(proxy.dead_at, data):
            self.dead, self._left = not proxy.passes, proxy.passes or None
        if proxy.cut_at and re.search(proxy.cut_at, data):
            proxy.cuts += 1
            return True
        return False

    def _shut(self) -> None:
        for each in self._sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def end(self) -> None:
        self._shut()
        for thread in self._threads:
            thread.join()
        for each in self._sockets:
            each.close()
