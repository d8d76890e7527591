"""Answer a kubelet: can this pod work?

    odoo_plimsoll.py probe read --port 8069 --keys DIR    a read of a tenant's data through the API
    odoo_plimsoll.py probe jobs                           the master has a process that runs jobs

`/web/health` says only that a worker answered; it never looks at a database. A read does. It passes on a standby too.
"""
import argparse
import http.client
import json
import pathlib
import sys
import time

import tenants

# One tenant's trouble must not take a pod away from all the others: some of them are asked, and one that answers is
# enough. Which ones changes, so that all are asked in the course of time.
ASKED = 3
DEADLINE_S = 8.0
# Whoever says that the key is wrong has looked it up in the tenant's database.
WORKS = (200, 401, 403)


def read(port: int, keys: str) -> str | None:
    """What is wrong, or nothing."""
    known = tenants.from_environment()
    every = known.all() if known else []
    if not every:
        return ask(port, "GET", "/web/health", {}, None, (200,))
    begin = int(time.time() // 10) % len(every)
    chosen = (every[begin:] + every[:begin])[:ASKED]
    deadline = time.monotonic() + DEADLINE_S
    wrong = "nobody was asked"
    for tenant in chosen:
        if time.monotonic() > deadline:
            break
        try:
            key = pathlib.Path(keys, tenant.name).read_text(encoding="utf-8").strip()
        except OSError:
            key = "none"
        headers = {
            "Host": tenant.host,
            "Authorization": f"bearer {key}",
            "X-Odoo-Database": tenant.database,
            "Content-Type": "application/json",
        }
        path = "/json/2/sale.order/search_count"
        wrong = ask(port, "POST", path, headers, json.dumps({"domain": []}), WORKS, deadline - time.monotonic())
        if wrong is None:
            return None
    return wrong


def ask(port, method, path, headers, body, fine, timeout_s=DEADLINE_S) -> str | None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=max(timeout_s, 0.1))
    try:
        connection.request(method, path, body, headers)
        status = connection.getresponse().status
        return None if status in fine else f"{path}: {status}"
    except (OSError, http.client.HTTPException) as exc:
        return f"{path}: {exc}"
    finally:
        connection.close()


def jobs(root: str = "/proc") -> str | None:
    """In a container the master is process 1."""
    try:
        children = pathlib.Path(root, "1/task/1/children").read_text(encoding="ascii").split()
    except OSError as exc:
        return str(exc)
    return None if children else "the master has no process that runs jobs"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="odoo_plimsoll.py probe", description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("read", "jobs"))
    parser.add_argument("--port", type=int, default=8069)
    parser.add_argument("--keys", default="")
    options = parser.parse_args(arguments)
    wrong = jobs() if options.what == "jobs" else read(options.port, options.keys)
    if wrong:
        print(wrong, file=sys.stderr)
    return 1 if wrong else 0
