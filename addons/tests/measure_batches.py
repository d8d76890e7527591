"""Messages per second that Odoo applies, one in a call and several in a call: both in one run, in turns.

    python measure_batches.py --odoo DIR --postgres-bin DIR --cache DIR [--clients 2] [--messages 400] [--sizes 1,8,32,64] [--what created,…]

`script/lib/addon-tests.sh --measure-batches` finds the directories. A real Odoo with two workers on a real PostgreSQL
that syncs to disk. What is sent: orders with three lines of twenty products; the same confirmed, which reserves stock and
makes the transfers; new products; new partners; counts of one product (`--what` chooses). The rounds go through all sizes and back, so that what the machine does
beside it falls on all of them. What was measured is printed as a table, with the load of the machine.
"""
import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import shutil
import signal
import sys
import tempfile
import time

import scratch

ROUNDS = 2


WHAT = ("created", "confirmed", "products", "partners", "counts")


def message(name: str, number: int, what: str) -> dict:
    kind, payload = content(name, number, what)
    body_hash = hashlib.sha256(json.dumps(payload).encode()).hexdigest()
    return {"message_id": name, "body_hash": body_hash, "kind": kind, "payload": payload, "place": number}


def content(name: str, number: int, what: str) -> tuple[str, dict]:
    if what == "products":
        return "product.upsert", {"external_id": f"measured.{name}", "sku": name, "name": f"Example {name}", "price": 1 + number}
    if what == "partners":
        return "partner.upsert", {"external_id": f"measured.{name}", "name": f"Example {name}", "city": "Example", "country": "DE"}
    if what == "counts":
        count = {"sku": f"PLS-{1 + number % 20:04}", "quantity": 500 + number % 7}
        return "stock.adjust", {"warehouse": "NORTH", "reference": name, "lines": [count]}
    lines = [{"sku": f"PLS-{1 + (number * 7 + line * 3) % 20:04}", "quantity": 1 + line} for line in range(3)]
    partner = "plimsoll_example_data.partner_acme"
    return "order.create", {"client_order_ref": name, "partner": partner, "lines": lines, "confirm": what == "confirmed"}


def send(odoo: scratch.Odoo, messages: list[dict]) -> int:
    """How many calls it took: what met another transaction is sent again, as the gateway does."""
    calls = 0
    while messages:
        calls += 1
        if len(messages) == 1:
            answer = odoo.call("plimsoll.inbox/process_message", source="measured", generation=0, **messages[0])
            said = [{**answer.json, "message_id": messages[0]["message_id"]}] if answer.status == 200 else []
        else:
            answer = odoo.call("plimsoll.inbox/process_messages", source="measured", generation=0, messages=messages)
            said = answer.json["messages"] if answer.status == 200 else []
        done = {one["message_id"] for one in said if one["status"] in ("done", "duplicate")}
        refused = [one for one in said if one["status"] in ("refused", "failed", "conflict")]
        if refused or answer.status == 422:
            raise RuntimeError(f"refused: {refused or answer.text}")
        messages = [one for one in messages if one["message_id"] not in done]
        if calls > 20:
            raise RuntimeError(f"{len(messages)} messages are not applied after {calls} calls: {answer.text[:300]}")
    return calls


def measure(odoo: scratch.Odoo, name: str, size: int, count: int, clients: int, what: str) -> tuple[float, int]:
    messages = [message(f"{name}-{number}", number, what) for number in range(count)]
    calls = [messages[first : first + size] for first in range(0, count, size)]
    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(clients) as pool:
        made = sum(pool.map(lambda call: send(odoo, call), calls))
    return count / (time.monotonic() - began), made


def run(place: scratch.Scratch, primary: scratch.Cluster, options: argparse.Namespace) -> None:
    primary.sql("ALTER SYSTEM SET fsync = on; ALTER SYSTEM SET full_page_writes = on; SELECT pg_reload_conf()")
    odoo = place.start_odoo(primary, "measured", "integration").wait_healthy()
    send(odoo, [message(f"warm-{number}", number, "confirmed") for number in range(2 * options.clients)])
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, {options.clients} clients, {options.messages} messages a run")
    print("what       in a call  messages/s  (runs)          calls  against one")
    for what in options.what:
        seen: dict[int, list[tuple[float, int]]] = {size: [] for size in options.sizes}
        for turn in range(ROUNDS):
            for size in options.sizes if turn % 2 == 0 else reversed(options.sizes):
                name = f"{what}-{turn}-{size}"
                seen[size].append(measure(odoo, name, size, options.messages, options.clients, what))
        alone = sum(rate for rate, _ in seen[options.sizes[0]]) / ROUNDS
        for size, runs in seen.items():
            rate = sum(rate for rate, _ in runs) / ROUNDS
            each = " ".join(f"{rate:.1f}" for rate, _ in runs)
            made = sum(made for _, made in runs)
            print(f"{what:<10} {size:>9}  {rate:>10.1f}  {f'({each})':<14}  {made:>5}  {rate / alone:>10.2f}x", flush=True)
    stored = primary.sql("SELECT count(*), count(DISTINCT message_id) FROM plimsoll_inbox WHERE source = 'measured'", scratch.TENANT)
    orders = primary.sql("SELECT count(*) FROM sale_order WHERE plimsoll_source = 'measured'", scratch.TENANT)
    print(f"inbox rows and distinct ids {stored}, orders {orders}; load {os.getloadavg()[0]:.1f}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--odoo", required=True, type=pathlib.Path)
    parser.add_argument("--postgres-bin", required=True, type=pathlib.Path)
    parser.add_argument("--cache", required=True, type=pathlib.Path)
    parser.add_argument("--clients", type=int, default=2)
    parser.add_argument("--messages", type=int, default=400)
    parser.add_argument("--sizes", type=lambda text: [int(size) for size in text.split(",")], default=[1, 8, 32, 64])
    parser.add_argument("--what", type=lambda text: text.split(","), default=list(WHAT), help=",".join(WHAT))
    options = parser.parse_args()

    def end(number, _frame):
        # An exception, so that what was started is ended as after any failure.
        raise SystemExit(f"ended by {signal.Signals(number).name}")

    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, end)
    directory = pathlib.Path(tempfile.mkdtemp(prefix="plimsoll-measure-", dir="/tmp"))
    place = scratch.Scratch(directory, options.odoo, options.postgres_bin)
    try:
        scratch.ensure_template(place, options.cache)
        place.redis = scratch.Redis(place)
        run(place, place.clusters[0], options)
    finally:
        place.close()
        shutil.rmtree(directory, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
