#!/usr/bin/env python3
"""Start Odoo 19 so that it survives what happens to a database that fails over.

    PYTHONPATH=<dist> <venv>/bin/python odoo_plimsoll.py [any arguments of odoo-bin]
    ... odoo_plimsoll.py gevent -c odoo.conf          the websocket process
    ... odoo_plimsoll.py init -c odoo.conf -d NAME    make an empty database a tenant
    ... odoo_plimsoll.py upgrade -c odoo.conf -d NAME    bring a tenant up to these addons
    ... odoo_plimsoll.py credentials --database NAME  secrets on stdin (JSON), SQL on stdout
    ... odoo_plimsoll.py probe | measure | provision | maintenance   what a cluster needs beside Odoo

Everything here is a change to Odoo's behaviour which no addon can make: the first of them matters
before any module is loaded. Each change says why it is needed, and `hooks.check_shape` refuses to
start when the code it changes no longer looks as it did when this was written.
"""
import os
import sys

WORKLOADS = ("web", "live", "integration", "scheduler", "worker", "init")
# Programs of their own that need nothing of Odoo, and are started often or must be small.
BESIDE_ODOO = ("credentials", "probe", "measure", "provision", "maintenance")


def main() -> None:
    command = sys.argv[1] if len(sys.argv) > 1 else ""
    # Before anything of Odoo is imported: these need none of it.
    if command in BESIDE_ODOO:
        import importlib

        sys.exit(importlib.import_module(command).main(sys.argv[2:]))

    workload = os.environ.get("PLIMSOLL_WORKLOAD", "")
    if workload and workload not in WORKLOADS:
        sys.exit(f"PLIMSOLL_WORKLOAD={workload} is not one of {', '.join(WORKLOADS)}")

    # Odoo decides at its first import whether gevent patches the standard library, and looks at
    # argv[1] for it, so importing comes after argv is final.
    import hooks

    hooks.install(workload)
    if command == "init":
        import initialise

        sys.exit(initialise.main(sys.argv[2:]))
    if command == "upgrade":
        import upgrade

        sys.exit(upgrade.main(sys.argv[2:]))

    import odoo.cli

    odoo.cli.main()


if __name__ == "__main__":
    main()
