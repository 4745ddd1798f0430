"""A receiver of notifications on a free port, for the jobs of the Python clients."""
import http.server
import json
import queue
import threading


class Receiver:
    """`url` is where it listens; `next()` answers the next notification, or fails after thirty seconds."""

    def __init__(self):
        told = self._told = queue.Queue()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                told.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{server.server_port}/notify"

    def next(self):
        return self._told.get(timeout=30)
