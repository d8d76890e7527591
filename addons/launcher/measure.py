"""Tell Prometheus what Odoo does not say of itself.

    odoo_plimsoll.py measure queue --port 8069 --serve 9108
        requests that wait for a worker: the kernel's count for the port, exact, from any process in the same pod
    odoo_plimsoll.py measure databases --host HOST --port 5432 --serve 9108
        how late scheduled jobs are, how large databases are, how many connections are in use
"""
import argparse
import http.server
import pathlib
import sys
import threading
import time

import tenants

LOOK_EVERY_S = 15.0
# A database that hangs must not keep the others from being measured.
CONNECT_TIMEOUT_S = 5
STATEMENT_TIMEOUT_MS = 5000

LISTENING = "0A"

CRON_LAG = """
SELECT COALESCE(EXTRACT(EPOCH FROM max(now() AT TIME ZONE 'utc' - nextcall)), 0)
  FROM ir_cron WHERE active AND nextcall <= now() AT TIME ZONE 'utc'
"""
CONNECTIONS = """
SELECT count(*)::float / current_setting('max_connections')::int
  FROM pg_stat_activity WHERE backend_type = 'client backend'
"""


def waiting(port: int, tables=("/proc/net/tcp", "/proc/net/tcp6")) -> int:
    """Connections that are accepted by the kernel and not yet by a worker."""
    count = 0
    for table in tables:
        try:
            lines = pathlib.Path(table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            _, local, _, state, queues, *_ = line.split()
            if state == LISTENING and int(local.rpartition(":")[2], 16) == port:
                count += int(queues.partition(":")[2], 16)
    return count


def quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def line(name: str, value: float, **labels: str) -> str:
    inside = ",".join(f'{label}="{quoted(text)}"' for label, text in labels.items())
    return f"{name}{{{inside}}} {value:g}\n" if inside else f"{name} {value:g}\n"


class Databases:
    """The newest measurements of all tenants' databases; old ones are never shown as new."""

    def __init__(self, host: str, port: int):
        self.host, self.port = host, port
        self.text = ""

    def keep_looking(self) -> None:
        while True:
            self.text = self.look()
            time.sleep(LOOK_EVERY_S)

    def look(self) -> str:
        known = tenants.from_environment()
        every = known.all() if known else []
        lag, size, up = [], [], []
        for tenant in every:
            values = self.ask(known, tenant.database, None, CRON_LAG, "SELECT pg_database_size(current_database())")
            up.append(line("plimsoll_tenant_database_up", 0 if values is None else 1, tenant=tenant.name))
            if values is not None:
                lag.append(line("plimsoll_odoo_cron_lag_seconds", values[0], tenant=tenant.name))
                size.append(line("plimsoll_tenant_database_size_bytes", values[1], tenant=tenant.name))
        used = self.ask(known, "postgres", "odoo_listener", CONNECTIONS) if known else None
        return (
            described("plimsoll_tenant_database_up", "Whether the tenant's database answered.", up)
            + described("plimsoll_odoo_cron_lag_seconds", "How late the latest scheduled job is.", lag)
            + described("plimsoll_tenant_database_size_bytes", "Size of the tenant's database.", size)
            + described(
                "plimsoll_database_connections_used_ratio",
                "Share of the server's connections in use.",
                [line("plimsoll_database_connections_used_ratio", used[0])] if used else [],
            )
        )

    def ask(self, known, database: str, user: str | None, *questions: str) -> list[float] | None:
        import psycopg2

        settings = {"user": user} if user else {}
        settings.update(tenants.connection(known, database, user))
        try:
            connection = psycopg2.connect(
                host=self.host, port=self.port, dbname=database, connect_timeout=CONNECT_TIMEOUT_S,
                application_name="plimsoll-observer", **settings,
            )
        except psycopg2.Error as exc:
            print(f"{database}: {str(exc).strip().splitlines()[0]}", file=sys.stderr, flush=True)
            return None
        try:
            connection.set_session(readonly=True, autocommit=True)
            with connection.cursor() as cursor:
                # Said here and not while connecting, because poolers refuse it there.
                cursor.execute("SELECT set_config('statement_timeout', %s, false)", (str(STATEMENT_TIMEOUT_MS),))
                values = []
                for question in questions:
                    cursor.execute(question)
                    values.append(float(cursor.fetchone()[0]))
                return values
        except psycopg2.Error as exc:
            print(f"{database}: {str(exc).strip().splitlines()[0]}", file=sys.stderr, flush=True)
            return None
        finally:
            connection.close()


def described(name: str, about: str, lines: list[str]) -> str:
    return f"# HELP {name} {about}\n# TYPE {name} gauge\n" + "".join(lines)


def serve(port: int, metrics) -> None:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = metrics().encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments):
            """Prometheus comes every few seconds."""

    http.server.ThreadingHTTPServer(("", port), Handler).serve_forever()


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="odoo_plimsoll.py measure", description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("queue", "databases"))
    parser.add_argument("--host")
    parser.add_argument("--port", required=True, type=int)
    parser.add_argument("--serve", required=True, type=int)
    options = parser.parse_args(arguments)
    if options.what == "queue":
        name = "plimsoll_odoo_listen_queue_requests"
        serve(options.serve, lambda: described(name, "Requests that wait for a worker.", [line(name, waiting(options.port))]))
    databases = Databases(options.host, options.port)
    threading.Thread(target=databases.keep_looking, daemon=True).start()
    serve(options.serve, lambda: databases.text)
    return 0
