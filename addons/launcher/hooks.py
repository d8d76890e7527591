"""The changes to Odoo's behaviour, smallest first; each says what goes wrong without it."""
import inspect
import logging
import os
import sys

import odoo.init  # noqa: F401  (decides about gevent; must come first)
import odoo.cli.server
import odoo.http
import odoo.orm.registry
import odoo.service.db
import odoo.service.server
import odoo.sql_db
import psycopg2
import tenants
from werkzeug.exceptions import ServiceUnavailable

_logger = logging.getLogger("odoo.plimsoll")

# What a browser or the gateway is told to wait before it tries again: a promotion takes about
# 0.2 s and a failover a few seconds, so a longer pause would be felt.
RETRY_AFTER_S = 2

# The only statement that writes while a registry is loaded.
REGISTRY_DELETE = "DELETE FROM ir_config_parameter WHERE key='base.partially_updated_database'"

# read_only_sql_transaction, admin_shutdown, crash_shutdown, cannot_connect_now
LOST_CODES = ("25006", "57P01", "57P02", "57P03")

# Workloads whose master must not start a websocket process of its own: `live` is separate, so that
# it scales and fails alone.
WITHOUT_GEVENT = ("web", "integration", "scheduler", "worker", "init")

# What each change relies on: (object, text that must be in its source).
EXPECTED = (
    (odoo.sql_db.Cursor.__init__, "self.connection.set_session(readonly=pool.readonly)"),
    (odoo.sql_db.Cursor.__init__, "pool.borrow(dsn)"),
    (odoo.sql_db.Cursor.readonly.fget, "bool(self._cnx.readonly)"),
    (odoo.orm.registry.Registry.new, f'cr.execute("{REGISTRY_DELETE}")'),
    (odoo.cli.server.main, "db._create_empty_database(db_name)"),
    (odoo.service.db._create_empty_database, "raise DatabaseExists("),
    (odoo.service.server.PreforkServer.process_spawn, "if not self.long_polling_pid:"),
    (odoo.service.server.PreforkServer.process_spawn, "check_registries()"),
    (odoo.service.server.PreforkServer.stop_workers_gracefully, "if self.long_polling_pid is not None:"),
    (odoo.sql_db.ConnectionPool.borrow, "except psycopg2.OperationalError:"),
    (odoo.http.Application.__call__, "except RegistryError as e:"),
    (odoo.http.Application.__call__, "response = request._serve_db()"),
    (odoo.http.db_list, "return db_filter(dbs, host)"),
    (odoo.sql_db.db_connect, "connection_info_for(to, readonly)"),
    (odoo.service.server.WorkerCron.process_work, "cron_database_list()"),
    (odoo.service.server.preload_registries, "Registry.new("),
    (odoo.cli.server.main, "rc = server.start(preload="),
)

# Odoo's own default; a job with a larger number is one that may be late.
PRIORITY_DEFAULT = 5


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
    recognise_dead_connections()
    spawn_patiently(with_gevent=workload not in WITHOUT_GEVENT)
    known = tenants.from_environment()
    if known and workload != "init":
        connect_as_tenant(known)
        serve_tenants(known, any_host=workload == "integration")
    run_jobs(os.environ.get("PLIMSOLL_JOBS", "all"))
    upgrade_before_serving(known)


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
            if not is_lost(exc.__cause__):
                raise
            cause = exc
        except psycopg2.Error as exc:
            if not is_lost(exc):
                raise
            cause = exc
        _logger.warning("no database to write to: %s", str(cause.__cause__ or cause).strip().splitlines()[0])
        raise ServiceUnavailable("The database is away or being moved.", retry_after=RETRY_AFTER_S) from cause

    odoo.http.Request._serve_db = _serve_db


def is_lost(exc) -> bool:
    """Whether the error is about the connection or the server's role, not about what was asked."""
    if not isinstance(exc, psycopg2.Error):
        return False
    if exc.pgcode is not None:
        return exc.pgcode.startswith("08") or exc.pgcode in LOST_CODES
    # Without a code it is the client library speaking. A connection cut under a query is a bare
    # DatabaseError; its other subclasses are mistakes in the program.
    return isinstance(exc, psycopg2.OperationalError | psycopg2.InterfaceError) or type(exc) is psycopg2.DatabaseError


def recognise_dead_connections() -> None:
    """A pooled connection is tried out before use, but only an OperationalError counts as dead.

    psycopg2 reports a server that went away as a bare DatabaseError, so after a failover every
    connection kept in a pool would cost one request a 500.
    """

    def reset(self):
        try:
            psycopg2.extensions.connection.reset(self)
        except psycopg2.Error as exc:
            if not is_lost(exc):
                raise
            raise psycopg2.OperationalError(str(exc)) from exc

    odoo.sql_db.PsycoConnection.reset = reset


def spawn_patiently(with_gevent: bool) -> None:
    """Two things about starting worker processes.

    The master looks at the database before it replaces a worker, and ends when that fails, taking
    all other workers with it: the loss of one worker during an outage would be the loss of all.
    It tries again at its next beat instead, 4 s later.

    And it always starts a websocket process, on a port that two masters would share. Unless this is
    wanted, it is made to believe that it has one, but only while it looks: the same attribute is
    what it kills when it stops.
    """
    original = odoo.service.server.PreforkServer.process_spawn

    def process_spawn(self):
        if not with_gevent:
            self.long_polling_pid = "none of ours"
        try:
            original(self)
        except psycopg2.Error as exc:
            if not is_lost(exc):
                raise
            _logger.warning("no new worker while the database is away: %s", str(exc).strip().splitlines()[0])
        finally:
            if not with_gevent:
                self.long_polling_pid = None

    odoo.service.server.PreforkServer.process_spawn = process_spawn


def connect_as_tenant(known: tenants.Tenants) -> None:
    """One set of processes, and for each tenant its own role: limits of connections and time are a role's.

    Passwords are read for each new connection, so that one that was replaced needs no restart.
    """
    original = odoo.sql_db.connection_info_for

    def connection_info_for(db_or_uri, readonly=False):
        database, info = original(db_or_uri, readonly)
        if "dsn" not in info:
            info.update(tenants.connection(known, database, info.get("user")))
        return database, info

    odoo.sql_db.connection_info_for = connection_info_for


def serve_tenants(known: tenants.Tenants, any_host: bool) -> None:
    """The tenants' files say which databases exist, and the host name which of them a request may see.

    Odoo's own filter is a pattern over names and cannot say that; and its jobs ignore the filter. With a db_name that is
    a tenant's, the process belongs to that tenant alone and nothing is changed.
    """
    config = odoo.tools.config
    original = config.parse_config

    def parse_config(*args, **options):
        answer = original(*args, **options)
        if all(known.of_database(name) is None for name in config["db_name"]):
            # The empty database that stands there is never opened.
            config["db_name"] = []
            config["dbfilter"] = ""
            take_over()
        return answer

    def databases():
        return [tenant.database for tenant in known.all()]

    def db_filter(dbs, host=None):
        if host is None:
            host = odoo.http.request.httprequest.environ.get("HTTP_HOST", "")
        tenant = known.of_host(host)
        if tenant is not None:
            return [name for name in dbs if name == tenant.database]
        # The gateway comes by the service's name, and says in a header whom it means.
        return [name for name in dbs if known.of_database(name)] if any_host else []

    def take_over():
        odoo.service.db.list_dbs = lambda force=False: databases()
        odoo.service.server.cron_database_list = databases
        odoo.http.db_filter = db_filter

    config.parse_config = parse_config


def upgrade_before_serving(known: tenants.Tenants | None) -> None:
    """Newer addons on an older database would serve it until something asks for a column that it lacks.

    In the master, before it has any workers; `upgrade.ensure` says how.
    """
    original = odoo.service.server.start

    def start(preload=None, stop=False):
        # Somebody who updates by hand, or a test, has said what shall be done.
        if not (stop or odoo.tools.config["init"] or odoo.tools.config["update"]):
            import upgrade

            upgrade.ensure(list(preload or ()) or [tenant.database for tenant in (known.all() if known else ())])
            if upgrade.has_followers():
                upgrade_after_promotion(upgrade.may_serve)
        return original(preload=preload, stop=stop)

    odoo.service.server.start = start


def upgrade_after_promotion(may_serve) -> None:
    """A standby's process with newer addons than those of the side that leads would serve the older database when it is
    promoted: it began when nothing could be written there.
    """
    original = odoo.http.Request._serve_db

    def _serve_db(self):
        # A process that says that it is alive is not started again in the middle of it.
        if self.httprequest.path != "/web/health":
            try:
                ready = may_serve(self.db)
            except psycopg2.Error as exc:
                if not is_lost(exc):
                    raise
                ready = False
            if not ready:
                raise ServiceUnavailable("The database is being brought up to newer addons.", retry_after=RETRY_AFTER_S)
        return original(self)

    odoo.http.Request._serve_db = _serve_db


def run_jobs(which: str) -> None:
    """Jobs that must be on time and jobs that may be late run in processes of their own, so that neither waits for the
    other. A job whose priority is lower than Odoo's default (a larger number) may be late.
    """
    if which == "all":
        return
    if which not in ("timely", "late"):
        sys.exit(f"PLIMSOLL_JOBS={which} is not one of all, timely, late")
    original = odoo.service.server.WorkerCron.start

    def start(self):
        # Only here: importing it before the configuration is read would load modules too early.
        from odoo.addons.base.models.ir_cron import IrCron

        ready = IrCron._get_all_ready_jobs

        def chosen(cr):
            return [job for job in ready(cr) if (job["priority"] > PRIORITY_DEFAULT) == (which == "late")]

        IrCron._get_all_ready_jobs = staticmethod(chosen)
        return original(self)

    odoo.service.server.WorkerCron.start = start
