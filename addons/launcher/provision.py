"""Make the databases and roles of tenants that have none. Nothing is ever dropped.

    odoo_plimsoll.py provision --host HOST [--administrator NAME --administrator-password FILE --listener NAME]

Without an administrator something else makes them, and only what a statement may take is set, by each tenant's own role.
It can be run again at any time: passwords and limits of roles that exist are brought to what the tenants' files say. On
a server that follows it does nothing.
"""
import argparse
import pathlib
import sys

import psycopg2
from psycopg2 import sql

import tenants

CONNECT_TIMEOUT_S = 10


class Server:
    def __init__(self, connection):
        self.connection = connection

    def one(self, question, *values):
        with self.connection.cursor() as cursor:
            cursor.execute(question, values)
            return cursor.fetchone()

    def do(self, statement, *values) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute(statement, values)

    def ensure_role(self, name: str, password: str, connections_max: int) -> None:
        """Without the right to make databases: a wrong address would otherwise make an empty ERP that looks healthy."""
        verb = "ALTER" if self.one("SELECT 1 FROM pg_roles WHERE rolname = %s", name) else "CREATE"
        self.do(
            sql.SQL(verb + " ROLE {} LOGIN NOCREATEDB NOCREATEROLE NOINHERIT CONNECTION LIMIT %s PASSWORD %s").format(
                sql.Identifier(name)
            ),
            connections_max, password,
        )

    def ensure_database(self, name: str, owner: str) -> None:
        if self.one("SELECT 1 FROM pg_database WHERE datname = %s", name):
            return
        # Who makes a database for somebody must be a member of that role; a superuser is anyhow.
        self.do(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(owner)))
        self.do(
            sql.SQL(
                "CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'"
            ).format(sql.Identifier(name), sql.Identifier(owner))
        )
        # Everybody may connect to a new database; only its own role should.
        self.do(sql.SQL("REVOKE CONNECT ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name)))


def provision(server: Server, known: tenants.Tenants, listener: str) -> list[str]:
    """What could not be done, tenant by tenant: one that fails keeps nobody else waiting."""
    wrong = []
    wanted = [(tenant.name, tenant.role, tenant.database, tenant.connections_max) for tenant in known.all()]
    for name, role, database, connections_max in [(tenants.LISTENER, listener, listener, -1), *wanted]:
        password = tenants.read_password(name)
        if not password:
            wrong.append(f"{name}: no password yet")
            continue
        try:
            server.ensure_role(role, password, connections_max)
            server.ensure_database(database, role)
        except psycopg2.Error as exc:
            wrong.append(f"{name}: {str(exc).strip().splitlines()[0]}")
    return wrong


def limit(known: tenants.Tenants, host: str, port: int) -> list[str]:
    """How long a statement of a tenant may take, as the default of its role: poolers let no connection say it."""
    wrong = []
    for tenant in known.all():
        wanted = f"{tenant.statement_timeout_ms}ms"
        try:
            connection = psycopg2.connect(
                host=host, port=port, dbname=tenant.database, connect_timeout=CONNECT_TIMEOUT_S,
                application_name="plimsoll-provision", **tenants.connection(known, tenant.database, None),
            )
        except psycopg2.Error as exc:
            wrong.append(f"{tenant.name}: {str(exc).strip().splitlines()[0]}")
            continue
        try:
            connection.autocommit = True
            server = Server(connection)
            ask = "SELECT pg_is_in_recovery() OR current_setting('statement_timeout')::interval = %s::interval"
            if not server.one(ask, wanted)[0]:
                server.do("ALTER ROLE CURRENT_USER SET statement_timeout = %s", wanted)
        except psycopg2.Error as exc:
            wrong.append(f"{tenant.name}: {str(exc).strip().splitlines()[0]}")
        finally:
            connection.close()
    return wrong


def administrate(options, known: tenants.Tenants) -> list[str]:
    connection = psycopg2.connect(
        host=options.host, port=options.port, dbname="postgres", user=options.administrator,
        password=options.administrator_password.read_text(encoding="utf-8").strip(),
        connect_timeout=CONNECT_TIMEOUT_S, application_name="plimsoll-provision",
    )
    connection.autocommit = True
    try:
        server = Server(connection)
        if server.one("SELECT pg_is_in_recovery()")[0]:
            print("this server follows another one; nothing to do here", file=sys.stderr)
            return []
        return provision(server, known, options.listener)
    finally:
        connection.close()


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="odoo_plimsoll.py provision", description=__doc__.splitlines()[0])
    parser.add_argument("--host", required=True)
    # Not the pooler's: it has no business with roles.
    parser.add_argument("--port", type=int, default=5432)
    parser.add_argument("--administrator")
    parser.add_argument("--administrator-password", type=pathlib.Path)
    parser.add_argument("--listener")
    options = parser.parse_args(arguments)
    known = tenants.from_environment()
    if known is None:
        print("PLIMSOLL_TENANTS names no directory", file=sys.stderr)
        return 64
    wrong = administrate(options, known) if options.administrator else []
    wrong += limit(known, options.host, options.port)
    for text in wrong:
        print(text, file=sys.stderr)
    return 1 if wrong else 0
