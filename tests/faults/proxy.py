"""A proxy before PostgreSQL that can lose the connection while COMMIT is on its way."""

from __future__ import annotations

import contextlib
import socket
import threading
from enum import Enum
from pathlib import Path


class Lose(Enum):
    """What gets lost."""

    NOTHING = "nothing"
    REPLY = "the reply to COMMIT"
    COMMIT = "COMMIT itself"
    BOTH = "COMMIT itself, and the first answer to what became of it"


class Proxy:
    """Listens on a Unix socket in ``folder`` and forwards to PostgreSQL's socket ``upstream``.

    Only a booking's own commit is tampered with: the message that carries its record ahead.
    """

    def __init__(self, folder: Path, upstream: str) -> None:
        self.folder = folder
        self.lose = Lose.NOTHING
        self.lost = 0
        self._upstream = upstream
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / ".s.PGSQL.5432"))
        self._listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._upstream)
                muted = threading.Event()
                for way in (self._up, self._down):
                    threading.Thread(target=way, args=(client, server, muted), daemon=True).start()

    def _up(self, client: socket.socket, server: socket.socket, muted: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                commits = b";\nCOMMIT" in data
                asks = b"INSERT INTO attempts" in data and b"(id) DO NOTHING" in data
                if commits and self.lose in {Lose.COMMIT, Lose.BOTH}:
                    self.lost += 1
                    break
                first = asks and self.lose is Lose.BOTH and self.lost == 1
                if first or (commits and self.lose is Lose.REPLY):
                    self.lost += 1
                    muted.set()
                server.sendall(data)
        _close(client, server)

    def _down(self, client: socket.socket, server: socket.socket, muted: threading.Event) -> None:
        with contextlib.suppress(OSError):
            # Cut only once PostgreSQL has answered: so COMMIT has been carried out for certain.
            while (data := server.recv(65536)) and not muted.is_set():
                client.sendall(data)
        _close(client, server)


def _close(*sockets: socket.socket) -> None:
    for one in sockets:
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()
