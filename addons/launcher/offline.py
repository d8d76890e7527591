"""Odoo without its servers: for what is done to one database before it is served, or beside it."""
import odoo.service.server
from odoo.tools import config


def load(conf: str, database: str, *more: str) -> None:
    config.parse_config(
        [
            f"--config={conf}",
            f"--database={database}",
            # Sessions have no part in this, and the session store's Redis may not run yet.
            "--load=base,web",
            "--workers=0",
            "--max-cron-threads=0",
            "--no-http",
            *more,
        ],
        setup_logging=True,
    )
    odoo.service.server.load_server_wide_modules()
