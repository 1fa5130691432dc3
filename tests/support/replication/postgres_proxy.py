"""A proxy in front of PostgreSQL that closes the connection at a chosen message."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

READ_BYTES = 65_536


@dataclass
class Proxy:
    """Passes messages on; closes the connection of the first message that contains a text.

    Attributes:
        port: port on 127.0.0.1.
        text: part of a message of the client.
        answered: whether the server gets the message, and only its answer is lost.
        passed: bytes of that answer which the client still gets.
        times: how many messages with that text still close their connection.
        cuts: how many did.
    """

    port: int
    text: bytes = b""
    answered: bool = False
    passed: int = 0
    times: int = 0
    cuts: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def cut_at(self, text: bytes, *, answered: bool, passed: int = 0, times: int = 1) -> None:
        """Close the connection at the next messages with this text."""
        self.text, self.answered, self.passed, self.times, self.cuts = text, answered, passed, times, 0

    def hits(self, message: bytes) -> bool:
        """Return whether a message closes its connection."""
        with self.lock:
            if not self.times or self.text not in message:
                return False
            self.times -= 1
            self.cuts += 1
            return True


@contextmanager
def proxy(host: str, port: int) -> Iterator[Proxy]:
    """Run a proxy in front of a server."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        state = Proxy(listener.getsockname()[1])
        threading.Thread(target=_accept, args=[listener, (host, port), state], daemon=True).start()
        yield state


def _accept(listener: socket.socket, server: tuple[str, int], state: Proxy) -> None:
    with suppress(OSError):
        while True:
            client, _ = listener.accept()
            upstream = socket.create_connection(server)
            lost = threading.Event()
            for work in (_to_server, _to_client):
                threading.Thread(target=work, args=[client, upstream, lost, state], daemon=True).start()


def _to_server(client: socket.socket, server: socket.socket, lost: threading.Event, state: Proxy) -> None:
    with suppress(OSError):
        while data := client.recv(READ_BYTES):
            if state.hits(data):
                if state.answered:
                    lost.set()
                    server.sendall(data)
                    return  # the other thread closes both when the answer comes
                break
            server.sendall(data)
    _close(client, server)


def _to_client(client: socket.socket, server: socket.socket, lost: threading.Event, state: Proxy) -> None:
    with suppress(OSError):
        while data := server.recv(READ_BYTES):
            if lost.is_set():
                state.passed -= len(data)
                if state.passed < 0:
                    break
            client.sendall(data)
    _close(client, server)


def _close(*sockets: socket.socket) -> None:
    for each in sockets:
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()
