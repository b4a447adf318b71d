"""How many messages and statements a booking sends to PostgreSQL, as PostgreSQL gets them."""

import re
import socket
import tempfile
import threading
from collections import defaultdict
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.web.test_booking import book

#: Of the one booking of a seat: messages, and the statements in them, BEGIN and COMMIT included.
#: More would cost every booking; fewer are welcome, and then this says so.
SENT = {
    "none": (3, 6),
    "pessimistic": (4, 7),
    "optimistic": (5, 8),
    "atomic": (2, 5),
    "serializable": (3, 7),
    "advisory": (4, 7),
    "nowait": (4, 7),
    "skip_locked": (4, 7),
    "constraint": (3, 6),
    "queue": (4, 8),
    # These ask Redis first, and so they read the selection by a message of its own.
    "distributed": (4, 6),
    "redlock": (4, 6),
    "mutex": (4, 6),
    "fenced": (6, 8),
    "layered": (6, 9),
    "reserve": (5, 7),
}


class Listening:
    """A way to PostgreSQL on which every message of a client is noted, by connection."""

    def __init__(self, folder, upstream):
        self.messages = defaultdict(list)
        self._upstream = upstream
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / ".s.PGSQL.5432"))
        self._listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._listener.close()

    def _accept(self):
        for number in range(10_000):
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(self._upstream)
            for source, target, noted in ((client, server, number), (server, client, None)):
                threading.Thread(
                    target=self._pass_on, args=(source, target, noted), daemon=True
                ).start()

    def _pass_on(self, source, target, number):
        rest, begun = b"", False
        try:
            while data := source.recv(65536):
                if number is not None:
                    rest, begun = self._note(rest + data, number, begun=begun)
                target.sendall(data)
        except OSError:
            pass
        finally:
            for one in (source, target):
                one.close()

    def _note(self, data, number, *, begun):
        """Note the simple queries; the first message of a connection has no type."""
        while len(data) >= 5:
            size = int.from_bytes(data[1:5] if begun else data[:4]) + begun
            if len(data) < size:
                break
            if data[:1] == b"Q":
                self.messages[number].append(data[5 : size - 1].decode())
            data, begun = data[size:], True
        return data, begun


@pytest.fixture
def listening(database_url):
    with tempfile.TemporaryDirectory(prefix="booking-lab-") as folder:
        [socket_folder] = parse_qs(urlsplit(database_url).query)["host"]
        listening = Listening(Path(folder), f"{socket_folder}/.s.PGSQL.5432")
        listening.url = urlsplit(database_url)._replace(query=f"host={folder}").geturl()
        yield listening
        listening.close()


def sent_by(listening, client, seat):
    """The messages on the booking's own connection, from its beginning to its COMMIT."""
    before = {number: len(sent) for number, sent in listening.messages.items()}
    assert book(client, seat).json["outcome"] == "confirmed"
    new = [sent[before.get(number, 0) :] for number, sent in listening.messages.items()]
    [own] = [sent for sent in new if any("COMMIT" in one for one in sent)]
    return own


def statements_of(message):
    return [one for one in message.split(";\n") if one.strip()]


@pytest.mark.parametrize("strategy", SENT)
def test_a_booking_sends_no_more_than_it_must(make_client, listening, redlock_urls, strategy):
    client = make_client(database_url=listening.url, redlock_urls=redlock_urls, booking_pool=1)
    client.post("/admin/strategy", json={"strategy": strategy})
    for seat in ("A1", "A2"):  # the first reads the selection, the next prepares
        book(client, seat)

    sent = sent_by(listening, client, "A3")

    statements = [one for message in sent for one in statements_of(message)]
    assert (len(sent), len(statements)) == SENT[strategy], sent
    # Nothing is parsed and planned anew: what isn't short is prepared by now.
    assert all(len(one) < 700 for one in statements if not one.startswith("EXECUTE")), sent
    assert not any(re.match("PREPARE", one) for one in statements)


def test_with_preparing_off_the_statements_go_as_they_are(make_client, listening):
    client = make_client(database_url=listening.url, booking_pool=1, prepare=False)
    client.post("/admin/strategy", json={"strategy": "atomic"})
    for seat in ("A1", "A2"):
        book(client, seat)

    sent = sent_by(listening, client, "A3")

    assert len(sent) == SENT["atomic"][0]
    assert not any(word in message for message in sent for word in ("PREPARE", "EXECUTE"))
