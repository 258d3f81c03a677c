"""A page with stock hls.js on it, served from an origin of its own."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from bench.machine import ROOT

FILES = {
    "/peer.html": (Path(__file__).with_name("peer.html"), "text/html; charset=utf-8"),
    "/hls.js": (ROOT / "tests/e2e/node_modules/hls.js/dist/hls.min.js", "text/javascript"),
}


class _Files(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        path, kind = FILES.get(self.path.partition("?")[0], (None, ""))
        self.send_response(200 if path else 404)
        self.send_header("Content-Type", kind or "text/plain")
        self.end_headers()
        if path:
            self.wfile.write(path.read_bytes())

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def served() -> Iterator[str]:
    """The page's address; `?url=` names what it plays."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Files) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/peer.html"
        finally:
            server.shutdown()
