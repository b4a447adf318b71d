"""A collector that discards all traces. It prints its port, and runs until it is killed."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class DiscardingCollector(BaseHTTPRequestHandler):
    """Answers 200 to every POST."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Read the body and answer 200."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Log nothing."""


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), DiscardingCollector)
    print(server.server_port, flush=True)
    server.serve_forever()
