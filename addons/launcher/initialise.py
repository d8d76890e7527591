"""Make an empty database a tenant: modules, chart of accounts, example data, page bundles."""
import argparse
import os
import sys
import time

import odoo.http
import odoo.sql_db
import offline
import upgrade
from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry

# account brings the generic chart of accounts itself.
MODULES = (
    "sale_stock",
    "purchase_stock",
    "delivery",
    "account",
    "plimsoll_bridge",
    "plimsoll_example_data",
)
CHART = "generic_coa"

# What the login page and the web client load: (bundle, style sheets, scripts). Odoo can make all
# bundles that any page mentions, which takes four times as long, for its test suites mostly.
BUNDLES = (
    ("web.assets_frontend", True, False),
    ("web.assets_frontend_minimal", False, True),
    ("web.assets_frontend_lazy", False, True),
    ("web.assets_web", True, True),
    ("web.assets_web_print", True, False),
)


class Progress:
    """One line per step with the seconds since the start, for people and for logs."""

    def __init__(self):
        self.start = time.monotonic()

    def say(self, text: str) -> None:
        print(f"[{time.monotonic() - self.start:6.1f} s] {text}", file=sys.stderr, flush=True)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="odoo_plimsoll.py init", description=__doc__)
    parser.add_argument("-c", "--config", required=True, help="the tenant's odoo.conf")
    parser.add_argument("-d", "--database", required=True, help="an existing database, owned by the role in the configuration")
    parser.add_argument("--modules", default=",".join(MODULES), help="comma-separated (default: %(default)s)")
    options = parser.parse_args(arguments)
    progress = Progress()

    # Debian leaves a file out of Odoo's sources, and the bundler says so each time.
    quiet = "--log-handler=odoo.addons.base.models.assetsbundle:CRITICAL"
    offline.load(options.config, options.database, "--log-level=warn", quiet)
    prepare(options.database)
    modules = [name for name in options.modules.split(",") if name]
    progress.say(f"database {options.database}: installing {', '.join(modules)}")
    registry = Registry.new(options.database, update_module=True, install_modules=modules, new_db_demo=False)
    with registry.cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        installed = env["ir.module.module"].search([("state", "=", "installed")])
        missing = set(modules) - set(installed.mapped("name"))
        if missing:
            print(f"error: not installed: {', '.join(sorted(missing))}", file=sys.stderr)
            return 2
        progress.say(f"{len(installed)} modules installed")
        finish(env)
        progress.say(f"chart of accounts {env.company.chart_template}")
    with registry.cursor() as cr:
        make_bundles(api.Environment(cr, SUPERUSER_ID, {}))
    progress.say("page bundles made")
    odoo.sql_db.close_all()
    progress.say("ready")
    return 0


def prepare(database: str) -> None:
    """What Odoo does itself when it makes a database, short of making it."""
    with odoo.sql_db.db_connect(database).cursor() as cr:
        # Trusted extension: the database's owner may create it.
        cr.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")


def make_bundles(env) -> None:
    """Each takes up to a second or two: somebody's first page during a failover should not wait for it."""
    for name, css, js in BUNDLES:
        bundle = env["ir.qweb"]._get_asset_bundle(name, css=css, js=js)
        if css:
            bundle.css()
        if js:
            bundle.js()


def finish(env) -> None:
    """Idempotent, like the installation before it."""
    if not env.company.chart_template:
        env["account.chart.template"].try_loading(CHART, env.company, install_demo=False)
    # Attachments in the database, so that what a standby has replicated is whole: a filestore would be copied
    # on its own schedule, and a file that is lost is served as an empty string.
    env["ir.config_parameter"].set_param("ir_attachment.location", "db")
    env["ir.attachment"].force_storage()
    # What it is made of now need not be brought up to anything when it is served.
    upgrade.remember(env)
    journals = env["account.journal"].search([("company_id", "=", env.company.id)]).mapped("type")
    for kind in ("sale", "purchase"):
        if kind not in journals:
            raise RuntimeError(f"the chart of accounts brought no {kind} journal")
    # Odoo gives its administrator the password "admin". Until `credentials` sets one, nobody logs in.
    admin = env.ref("base.user_admin")
    if not admin.login_date:
        admin.password = os.urandom(24).hex()
