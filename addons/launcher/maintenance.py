"""Show one page to everybody who asks for anything, with 503 and when to try again.

    odoo_plimsoll.py maintenance --page FILE --port 8080
"""
import argparse
import http.server
import pathlib

RETRY_AFTER_S = 5


def handler(page: bytes):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        server_version = "plimsoll"
        sys_version = ""

        def answer(self):
            self.send_response(503)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(page)))
            self.send_header("Retry-After", str(RETRY_AFTER_S))
            self.send_header("Cache-Control", "no-store")
            # Bodies are not read, so the connection cannot be used again.
            self.send_header("Connection", "close")
            self.close_connection = True
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(page)

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer

        def log_message(self, *_arguments):
            """Request lines may hold secrets, and the ingress counts."""

    return Handler


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="odoo_plimsoll.py maintenance", description=__doc__.splitlines()[0])
    parser.add_argument("--page", required=True, type=pathlib.Path)
    parser.add_argument("--port", required=True, type=int)
    options = parser.parse_args(arguments)
    server = http.server.ThreadingHTTPServer(("", options.port), handler(options.page.read_bytes()))
    server.serve_forever()
    return 0
