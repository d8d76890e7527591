"""Replace Odoo's session store while the server starts.

Odoo only logs an error when a server-wide module fails to load, and would go on with sessions in
files: a mistake in the configuration would be noticed when the first web process is lost. So a
missing address ends the process (SystemExit is not caught there).
"""
import functools
import os
import sys

import odoo.http
from odoo.tools import config

from .store import RedisSessionStore, client_from_url, read_url


def _make_store(application):
    url = read_url(os.environ)
    return RedisSessionStore(client_from_url(url), config.session_dir)


def _install():
    try:
        read_url(os.environ)
    except ValueError as exc:
        sys.exit(f"plimsoll_session: {exc}")
    prop = functools.cached_property(_make_store)
    prop.__set_name__(odoo.http.Application, "session_store")
    odoo.http.Application.session_store = prop
    # A store made before this module was loaded would stay: cached_property keeps it on the instance.
    odoo.http.root.__dict__.pop("session_store", None)


if "plimsoll_session" in config["server_wide_modules"]:
    _install()
