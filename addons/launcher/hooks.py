"""The changes to Odoo's behaviour, smallest first; each says what goes wrong without it."""
import inspect
import logging
import sys

import odoo.init  # noqa: F401  (decides about gevent; must come first)
import odoo.cli.server
import odoo.http
import odoo.orm.registry
import odoo.service.db
import odoo.service.server
import odoo.sql_db
import psycopg2
from werkzeug.exceptions import ServiceUnavailable

_logger = logging.getLogger("odoo.plimsoll")

# What a browser or the gateway is told to wait before it tries again: a promotion takes about
# 0.2 s and a failover a few seconds, so a longer pause would be felt.
RETRY_AFTER_S = 2

# The only statement that writes while a registry is loaded.
REGISTRY_DELETE = "DELETE FROM ir_config_parameter WHERE key='base.partially_updated_database'"

# Workloads whose master must not start a websocket process of its own: `live` is separate, so that
# it scales and fails alone.
WITHOUT_GEVENT = ("web", "integration", "scheduler", "init")

# What each change relies on: (object, text that must be in its source).
EXPECTED = (
    (odoo.sql_db.Cursor.__init__, "self.connection.set_session(readonly=pool.readonly)"),
    (odoo.sql_db.Cursor.__init__, "pool.borrow(dsn)"),
    (odoo.sql_db.Cursor.readonly.fget, "bool(self._cnx.readonly)"),
    (odoo.orm.registry.Registry.new, f'cr.execute("{REGISTRY_DELETE}")'),
    (odoo.cli.server.main, "db._create_empty_database(db_name)"),
    (odoo.service.db._create_empty_database, "raise DatabaseExists("),
    (odoo.service.server.PreforkServer.process_spawn, "if not self.long_polling_pid:"),
    (odoo.service.server.PreforkServer.process_spawn, "self.long_polling_spawn()"),
    (odoo.http.Application.__call__, "except RegistryError as e:"),
    (odoo.http.Application.__call__, "response = request._serve_db()"),
)


def check_shape() -> None:
    """A silent no-op here would surface as a failed failover, so a changed Odoo does not start."""
    for function, text in EXPECTED:
        function = inspect.unwrap(function)
        if text not in inspect.getsource(function):
            sys.exit(
                f"odoo_plimsoll: {function.__module__}.{function.__qualname__} of this Odoo no longer contains\n"
                f"    {text}\n"
                "The launcher was written for another version; use the one that script/setup installs."
            )


def install(workload: str) -> None:
    check_shape()
    let_server_decide_access_mode()
    skip_registry_write_on_standby()
    never_create_databases()
    answer_503_without_database()
    if workload in WITHOUT_GEVENT:
        start_no_gevent_child()


def let_server_decide_access_mode() -> None:
    """Odoo opens every transaction READ WRITE, which a hot standby refuses even for a SELECT.

    Left to its default, the server makes transactions read-only while it is in recovery and
    read-write from the first one after promotion, on the same connection. Asking the server first
    (`in_hot_standby`) would do too, but leaves a moment in which the answer is out of date.
    A server made read-only on purpose (default_transaction_read_only, the soft fence) is obeyed as
    well: stock Odoo overrides it.
    """

    def set_session(self, *args, readonly=None, **options):
        if readonly is False:
            readonly = "default"
        return psycopg2.extensions.connection.set_session(self, *args, readonly=readonly, **options)

    odoo.sql_db.PsycoConnection.set_session = set_session


def skip_registry_write_on_standby() -> None:
    """Loading a registry runs one DELETE, of a marker left by an interrupted upgrade.

    On a standby it fails and with it the whole start. There it is answered with "nothing deleted";
    a marker that does exist is acted upon by the first registry loaded after promotion.
    """
    original = odoo.sql_db.Cursor.execute

    def execute(self, query, params=None, log_exceptions=True):
        if query == REGISTRY_DELETE:
            original(self, "SELECT pg_is_in_recovery()")
            if self._obj.fetchone()[0]:
                return original(self, "SELECT 1 WHERE false")  # rowcount 0
        return original(self, query, params, log_exceptions)

    odoo.sql_db.Cursor.execute = execute


def never_create_databases() -> None:
    """Started against an address without the tenant's database, stock Odoo makes an empty one.

    That ERP looks healthy and has lost everything. The database role has no right to do it either;
    this makes the reason readable.
    """

    def check_database_exists(name):
        with odoo.sql_db.db_connect("postgres").cursor() as cr:
            cr.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,), log_exceptions=False)
            found = cr.fetchone()
        if found:
            raise odoo.service.db.DatabaseExists(f"database {name!r} already exists!")
        sys.exit(f"odoo_plimsoll: the server has no database {name!r}, and this launcher never creates one")

    odoo.service.db._create_empty_database = check_database_exists


def answer_503_without_database() -> None:
    """Without its database, stock Odoo answers 404 and throws the user's session away.

    Both are wrong for an outage of seconds: the gateway would take a 404 for an answer, and every
    user who clicked would have to log in again. So the answer is 503 with Retry-After, and the
    session is left as it is. The same goes for a write that reaches a database not promoted yet.
    """
    original = odoo.http.Request._serve_db

    def _serve_db(self):
        try:
            return original(self)
        except odoo.http.RegistryError as exc:
            if not isinstance(exc.__cause__, (psycopg2.OperationalError, psycopg2.InterfaceError)):
                raise
            reason, cause = "The database cannot be reached.", exc
        except (psycopg2.errors.ReadOnlySqlTransaction, psycopg2.errors.AdminShutdown) as exc:
            reason, cause = "The database is a standby or is being moved.", exc
        except psycopg2.InterfaceError as exc:
            # "connection already closed": it was cut while the request ran.
            reason, cause = "The connection to the database was lost.", exc
        except psycopg2.OperationalError as exc:
            if exc.pgcode is not None:
                raise  # the server answered: a lock timeout, a full disk, a serialization failure
            reason, cause = "The connection to the database was lost.", exc
        _logger.warning("%s (%s)", reason, str(cause.__cause__ or cause).strip())
        raise ServiceUnavailable(reason, retry_after=RETRY_AFTER_S) from cause

    odoo.http.Request._serve_db = _serve_db


def start_no_gevent_child() -> None:
    """A prefork master always starts a websocket process, on a port that two masters would share."""
    odoo.service.server.PreforkServer.long_polling_spawn = lambda self: None
