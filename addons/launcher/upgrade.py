"""Bring a tenant's database up to the addons that are about to serve it, before they do.

A newer release brings new tables and columns. Odoo makes them only when it is told to update a module, and serves an
older database without them as if nothing were missing, until something asks for one. So whoever starts to serve looks
first: the database remembers which addons it was last brought up to, by a digest of their files.

    odoo_plimsoll.py upgrade -c odoo.conf -d NAME     does it, once, however many ask at the same time

A database that follows another is left alone: what is done to the one that leads arrives there by itself. Where it has
not arrived when that database is promoted, whoever serves it looks again at each request, begins with bringing it up, and
answers 503 until it is done; then Odoo loads its registry anew, because the update tells it to.

So is one that has been at these addons and was brought up to others since: then ours are the older ones, of a pod that
was started again in the middle of a release, or of a release that is taken back. Odoo would drop the columns and tables
that they do not know, with what is in them.
"""
import argparse
import fcntl
import functools
import hashlib
import logging
import os
import pathlib
import resource
import subprocess
import sys

import odoo.sql_db
import offline
import psycopg2
from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tools import config

_logger = logging.getLogger("odoo.plimsoll")

LAUNCHER = pathlib.Path(__file__).resolve().parent
# Ours: Odoo's own modules and the organisation's are theirs to update.
MODULE = "plimsoll_bridge"
# Where a database remembers what it was brought up to.
PARAMETER = "plimsoll.addons"
# And what before that, the last of them at the end.
BEFORE = "plimsoll.addons.before"
BEFORE_MAX = 100
# Parts of a module that no database holds anything of.
NOT_INSTALLED = ("tests", "readme", "__pycache__")
# Two who update at the same time would wait for each other's locks, or undo each other.
LOCK = "SELECT pg_advisory_lock(hashtext('plimsoll.addons'))"

STATE = f"""
    SELECT (SELECT value FROM ir_config_parameter WHERE key = '{PARAMETER}'),
           (SELECT value FROM ir_config_parameter WHERE key = '{BEFORE}'),
           EXISTS (SELECT FROM ir_module_module WHERE name = '{MODULE}' AND state NOT IN ('uninstalled', 'uninstallable'))
"""


# Databases that followed another when this process began, without what our addons need. Workers inherit it.
_followers = set()


@functools.cache
def digest() -> str:
    """Of all files of our module that a database is made of, with their names."""
    root = LAUNCHER.parent / MODULE
    found = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        inside = path.relative_to(root)
        if path.is_file() and not set(inside.parts) & set(NOT_INSTALLED):
            content = path.read_bytes()
            found.update(f"{inside}\0{len(content)}\0".encode())
            found.update(content)
    return found.hexdigest()


def remember(env) -> None:
    parameters, ours = env["ir.config_parameter"], digest()
    known = parameters.get_param(PARAMETER)
    if known and known != ours:
        before = [one for one in (parameters.get_param(BEFORE) or "").split() if one not in (known, ours)]
        parameters.set_param(BEFORE, " ".join([*before, known][-BEFORE_MAX:]))
    parameters.set_param(PARAMETER, ours)


def is_behind(cr) -> bool:
    """Whether the database has to be brought up to our addons before they serve it."""
    cr.execute("SELECT to_regclass('ir_config_parameter') IS NOT NULL AND to_regclass('ir_module_module') IS NOT NULL")
    if not cr.fetchone()[0]:
        # Nobody has made it a tenant yet.
        return False
    cr.execute(STATE)
    known, before, installed = cr.fetchone()
    ours = digest()
    if not installed or known == ours:
        return False
    if ours in (before or "").split():
        _logger.warning("the database was brought up to newer addons than these: they serve it as it is")
        return False
    return True


def follows(cr) -> bool:
    """Whether nothing can be written to it."""
    cr.execute("SELECT pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on'")
    return cr.fetchone()[0]


def ensure(databases) -> None:
    """Before anything is served: those of the databases that are behind are brought up, or this process ends."""
    for database in databases:
        try:
            with odoo.sql_db.db_connect(database).cursor() as cr:
                behind = is_behind(cr)
                if behind and follows(cr):
                    _followers.add(database)
                    behind = False
        except psycopg2.OperationalError as exc:
            # It is away or being moved: whoever comes after the move looks again.
            _logger.warning("cannot look which addons %s was brought up to: %s", database, str(exc).strip())
            continue
        finally:
            # A stamp has many tenants, and each of them few connections.
            odoo.sql_db.close_db(database)
        if behind:
            _logger.info("bringing %s up to these addons first", database)
            done = subprocess.run(command(database), stdin=subprocess.DEVNULL, check=False)
            if done.returncode:
                sys.exit(f"odoo_plimsoll: {database} could not be brought up to these addons, so they do not serve it")


def command(database: str) -> list[str]:
    return [sys.executable, str(LAUNCHER / "odoo_plimsoll.py"), "upgrade", "-d", database, "-c", config["config"]]


def has_followers() -> bool:
    return bool(_followers)


def may_serve(database: str) -> bool:
    """Whether a request can be answered now. Asked for each, as long as the database lacks what our addons need."""
    if database not in _followers:
        return True
    with odoo.sql_db.db_connect(database).cursor() as cr:
        if not is_behind(cr):
            _followers.discard(database)
            return True
        if follows(cr):
            # It can be read as far as the older tables go.
            return True
    begin(database)
    return False


def begin(database: str) -> None:
    """One process of this machine brings it up; the others see that it is at it by a lock that it inherits."""
    path = pathlib.Path(config["data_dir"]) / f"upgrade-{database}.lock"
    with open(path, "a", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        _logger.info("%s was promoted: bringing it up to these addons", database)
        subprocess.Popen(command(database), stdin=subprocess.DEVNULL, pass_fds=(lock.fileno(),), start_new_session=True)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="odoo_plimsoll.py upgrade", description=__doc__)
    parser.add_argument("-c", "--config", required=True, help="the odoo.conf of the process that will serve")
    parser.add_argument("-d", "--database", required=True, help="the tenant's database")
    options = parser.parse_args(arguments)
    # A tenant's role has a limit, which new columns and indexes of a large table take longer than.
    os.environ["PGOPTIONS"] = "-c statement_timeout=0"
    # Those of a request, where a process that serves has begun it.
    for limit in (resource.RLIMIT_CPU, resource.RLIMIT_AS):
        _, hard = resource.getrlimit(limit)
        resource.setrlimit(limit, (hard, hard))
    offline.load(options.config, options.database)
    _, info = odoo.sql_db.connection_info_for(options.database)
    lock = psycopg2.connect(**info)
    lock.autocommit = True
    try:
        with lock.cursor() as cr:
            # Whoever has it may need minutes.
            cr.execute(LOCK)
            if not is_behind(cr) or follows(cr):
                return 0
        registry = Registry.new(options.database, update_module=True, upgrade_modules=[MODULE])
        with registry.cursor() as cr:
            remember(api.Environment(cr, SUPERUSER_ID, {}))
        _logger.info("%s was brought up to these addons", options.database)
    finally:
        # The lock goes with its connection.
        lock.close()
        odoo.sql_db.close_all()
    return 0
