"""run_ping.py - an HTTP server: its port on standard output, each path that is
asked for on standard error."""
import http.server
import sys


class Handler(http.server.BaseHTTPRequestHandler):
    """Writes down what it is asked."""

    def do_GET(self):  # pylint: disable=invalid-name
        """Whatever it is, it is well."""
        print(self.path, file=sys.stderr, flush=True)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"OK")

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        """Not besides."""


server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
