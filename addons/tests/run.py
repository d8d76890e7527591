"""Run the addons' tests: Odoo's own runner first, then Odoo as processes.

    python run.py --odoo DIR --postgres-bin DIR --cache DIR [--only WORD]

Started by script/lib/addon-tests.sh, which finds the directories. The last line is `addons: N passed, M failed`.
"""
import argparse
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import scratch
import test_cluster
import test_processes

MODULES = ("plimsoll_bridge", "plimsoll_session")


class Ended(Exception):
    """Turns a signal into an exception, so that what was started is ended as after any failure."""


def run_odoo_tests(place: scratch.Scratch, primary: scratch.Cluster) -> tuple[int, int]:
    """(passed, failed) of Odoo's runner."""
    # Its page tests log in as admin/admin, which our tenants do not have; here only.
    subprocess.run(["createdb", "-h", str(primary.directory), "-U", "postgres", "-T", scratch.TENANT, "-O", "odoo", "runner"], check=True)
    shutil.copytree(place.directory / "data/filestore" / scratch.TENANT, place.directory / "data/filestore/runner")
    document = {"admin_password": "admin-admin"}
    sql = scratch.render_credentials(place, document).stdout.replace(f"'{scratch.TENANT}'", "'runner'")
    primary.sql(sql, "runner")
    conf = place.configuration(
        primary, "runner", db_name="runner", dbfilter="^runner$", workers=0,
        http_port=scratch.free_port(), gevent_port=scratch.free_port(),
    )
    log = place.directory / "runner.log"
    started = time.monotonic()
    with open(log, "wb") as output:
        done = subprocess.run(
            [place.python, str(scratch.LAUNCHER), "-c", str(conf), "-u", "plimsoll_bridge", "-i", "plimsoll_session",
             "--test-tags", ",".join(f"/{module}" for module in MODULES), "--stop-after-init"],
            # `web`: like a server, so that plimsoll_session is loaded with its Redis.
            env=place.environment("web"), stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False,
        )
    text = log.read_text(errors="replace")
    summary = re.search(r"(\d+) failed, (\d+) error\(s\) of (\d+) tests", text)
    if not summary:
        sys.stderr.write(text[-4000:])
        return 0, 1
    failed, errors, count = map(int, summary.groups())
    bad = failed + errors
    if bad or done.returncode:
        sys.stderr.write("".join(line for line in text.splitlines(keepends=True) if " INFO " not in line)[-12000:])
        bad = max(bad, 1)
    print(f"Odoo's runner: {count} tests in {time.monotonic() - started:.1f} s, {bad} failed", file=sys.stderr, flush=True)
    return count - min(bad, count), bad


def run_process_tests(only: str | None) -> tuple[int, int]:
    loader = unittest.TestLoader()
    if only:
        loader.testNamePatterns = [f"*{only}*"]
    result = unittest.TextTestRunner(stream=sys.stderr, verbosity=2).run(
        unittest.TestSuite(loader.loadTestsFromModule(module) for module in (test_cluster, test_processes))
    )
    bad = len(result.failures) + len(result.errors)
    return result.testsRun - bad, bad


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--odoo", required=True, type=pathlib.Path)
    parser.add_argument("--postgres-bin", required=True, type=pathlib.Path)
    parser.add_argument("--cache", required=True, type=pathlib.Path)
    parser.add_argument("--only", help="run only the process tests whose name contains this")
    options = parser.parse_args()

    def end(number, _frame):
        raise Ended(signal.Signals(number).name)

    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, end)
    # Short, because the path of a Unix socket may not exceed 107 bytes.
    directory = pathlib.Path(tempfile.mkdtemp(prefix="plimsoll-addons-", dir="/tmp"))
    place = scratch.Scratch(directory, options.odoo, options.postgres_bin)
    passed = failed = 0
    try:
        scratch.ensure_template(place, options.cache)
        place.redis = scratch.Redis(place)
        test_processes.scratch = place
        test_processes.primary = place.clusters[0]
        test_cluster.scratch = place
        test_cluster.primary = place.clusters[0]
        if not options.only:
            passed, failed = run_odoo_tests(place, place.clusters[0])
        more_passed, more_failed = run_process_tests(options.only)
        passed, failed = passed + more_passed, failed + more_failed
    except Ended as signalled:
        print(f"ended by {signalled}", file=sys.stderr)
        failed += 1
    finally:
        place.close()
        if failed:
            print(f"logs are kept in {directory}", file=sys.stderr)
        else:
            shutil.rmtree(directory)
    print(f"addons: {passed} passed, {failed} failed", flush=True)
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
