"""What a cluster needs beside Odoo: many tenants in one set of processes, probes, measurements, provisioning."""
import http.server
import json
import pathlib
import subprocess
import sys
import threading
import unittest
import urllib.error
import urllib.request

from scratch import INTEGRATION_KEY, LAUNCHER, TENANT, TIMEOUT_S, Cluster, Scratch, free_port, imported, wait_for

sys.path.insert(0, str(LAUNCHER.parent))
import maintenance  # noqa: E402
import measure  # noqa: E402
import probe  # noqa: E402
import tenants  # noqa: E402

# Set by run.py before the tests are loaded.
scratch: Scratch
primary: Cluster

OTHER = "another"


def write_tenant(directory: pathlib.Path, name: str, **changes) -> None:
    document = {
        "name": name, "database": name, "role": f"odoo_{name}", "host": f"{name}.example.com",
        "connections_max": 20, "statement_timeout_ms": 90_000, **changes,
    }
    (directory / f"{name}.json").write_text(json.dumps(document))


class Directories:
    def __init__(self, name: str):
        self.root = scratch.directory / name
        self.tenants, self.roles, self.keys = (self.root / part for part in ("tenants", "roles", "keys"))
        for directory in (self.tenants, self.roles, self.keys):
            directory.mkdir(parents=True)

    def environment(self, workload: str, **changes) -> dict[str, str]:
        return {
            **scratch.environment(workload),
            "PLIMSOLL_TENANTS": str(self.tenants), "PLIMSOLL_ROLES": str(self.roles), **changes,
        }


def run(arguments, environment) -> subprocess.CompletedProcess:
    return subprocess.run(
        [scratch.python, str(LAUNCHER), *arguments], env=environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=TIMEOUT_S, check=False,
    )


class TenantsTest(unittest.TestCase):
    def test_a_tenant_that_comes_is_known_and_a_broken_file_forgets_nobody(self):
        places = Directories("tenants-files")
        known = tenants.Tenants(places.tenants)
        # However long this process is kept from running, it does not look a second time.
        self.addCleanup(setattr, tenants, "LOOK_EVERY_S", tenants.LOOK_EVERY_S)
        tenants.LOOK_EVERY_S = float("inf")
        write_tenant(places.tenants, "one")
        self.assertEqual(known.of_host("WWW.one.example.com:8069").database, "one")
        write_tenant(places.tenants, "two")
        (places.tenants / "one.json").write_text("{")
        self.assertIsNone(known.of_host("two.example.com"), "it looks now and then only")
        tenants.LOOK_EVERY_S = 0.0
        wait_for("the new tenant", lambda: known.of_host("two.example.com"))
        self.assertEqual([tenant.name for tenant in known.all()], ["one", "two"])


class SharedTest(unittest.TestCase):
    """Two tenants in one set of processes, each with a role of its own."""

    @classmethod
    def setUpClass(cls):
        cls.places = Directories("shared")
        for name in (TENANT, OTHER):
            primary.sql(f"CREATE ROLE odoo_{name} LOGIN NOCREATEDB")
            write_tenant(cls.places.tenants, name)
            (cls.places.keys / name).write_text(INTEGRATION_KEY)
        primary.sql("CREATE ROLE odoo_listener LOGIN NOCREATEDB")
        primary.sql(f"CREATE DATABASE {OTHER} OWNER odoo TEMPLATE {TENANT}")
        for name in (TENANT, OTHER):
            # As if it had been made for it: the objects belong to `odoo` here.
            primary.sql(f"GRANT odoo TO odoo_{name}")
        ports = {"http_port": free_port(), "gevent_port": free_port()}
        cls.shared = {"db_user": "odoo_listener", "db_name": "odoo_listener", "dbfilter": "^odoo_listener$", **ports}
        cls.odoo = cls.start("shared-web", "web")

    @classmethod
    def start(cls, name, workload, arguments=(), **changes):
        from scratch import Odoo

        ports = {"http_port": free_port(), "gevent_port": free_port()}
        conf = scratch.configuration(primary, name, **{**cls.shared, **ports})
        process = scratch.start(
            [scratch.python, str(LAUNCHER), "-c", str(conf), *arguments], f"{name}.log",
            cls.places.environment(workload, **changes),
        )
        odoo = Odoo(scratch, process, name, ports["http_port"])
        return odoo.wait_healthy() if not arguments else odoo

    @classmethod
    def tearDownClass(cls):
        scratch.kill(cls.odoo.process)
        primary.sql(f"DROP DATABASE {OTHER} WITH (FORCE)")
        for name in (TENANT, OTHER):
            primary.sql(f"REVOKE odoo FROM odoo_{name}; DROP OWNED BY odoo_{name}; DROP ROLE odoo_{name}")
        primary.sql("DROP ROLE odoo_listener")

    def ask(self, odoo, host, database):
        body = json.dumps({"domain": []}).encode()
        headers = {
            "Host": host, "Authorization": f"bearer {INTEGRATION_KEY}", "X-Odoo-Database": database,
            "Content-Type": "application/json",
        }
        return odoo.request("/json/2/sale.order/search_count", data=body, headers=headers)

    def test_1_a_host_sees_its_own_database_and_no_other(self):
        self.assertEqual(self.ask(self.odoo, f"{OTHER}.example.com", OTHER).status, 200)
        self.assertEqual(self.ask(self.odoo, f"{TENANT}.example.com", TENANT).status, 200)
        self.assertEqual(self.ask(self.odoo, f"{TENANT}.example.com", OTHER).status, 404)
        self.assertEqual(self.ask(self.odoo, "nobody.example.com", OTHER).status, 404)
        roles = primary.sql("SELECT DISTINCT datname, usename FROM pg_stat_activity WHERE usename LIKE 'odoo_%' AND datname <> 'postgres' ORDER BY 1")
        self.assertEqual(roles.split(), [f"{OTHER}|odoo_{OTHER}", f"{TENANT}|odoo_{TENANT}"])

    def test_2_the_page_of_a_host_needs_no_header(self):
        page = self.odoo.request("/web/login", headers={"Host": f"{OTHER}.example.com"})
        self.assertEqual(page.status, 200)
        self.assertIn("csrf_token", page.text)

    def test_3_the_gateway_comes_by_another_name_and_says_whom_it_means(self):
        integration = self.start("shared-integration", "integration")
        try:
            self.assertEqual(self.ask(integration, "integration.erp.svc:8069", OTHER).status, 200)
            self.assertEqual(self.ask(integration, "integration.erp.svc:8069", "postgres").status, 404)
        finally:
            scratch.kill(integration.process)

    def test_4_the_probe_reads_and_a_dead_database_fails_it(self):
        arguments = ["probe", "read", "--port", str(self.odoo.port), "--keys", str(self.places.keys)]
        done = run(arguments, self.places.environment("web"))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        primary.stop("immediate")
        try:
            done = run(arguments, self.places.environment("web"))
            self.assertEqual(done.returncode, 1)
            self.assertIn("503", done.stderr)
        finally:
            primary.start()

    def test_5_jobs_run_for_tenants_only_and_late_ones_elsewhere(self):
        due = "UPDATE ir_cron SET nextcall = now() AT TIME ZONE 'utc' - interval '1 hour', active = true, failure_count = 0"
        timely, late = "priority <= 5", "priority > 5"
        primary.sql(f"{due}; UPDATE ir_cron SET priority = 7 WHERE id % 2 = 0", OTHER)
        left = f"SELECT count(*) FROM ir_cron WHERE active AND nextcall < now() AT TIME ZONE 'utc' - interval '30 minutes' AND "
        arguments = ["--no-http", "--workers=1", "--max-cron-threads=1"]
        scheduler = self.start("shared-scheduler", "scheduler", arguments, PLIMSOLL_JOBS="timely")
        try:
            wait_for("timely jobs", lambda: primary.sql(left + timely, OTHER) == "0", 240)
            self.assertNotEqual(primary.sql(left + late, OTHER), "0")
        finally:
            scratch.kill(scheduler.process)
        worker = self.start("shared-worker", "worker", arguments, PLIMSOLL_JOBS="late")
        try:
            wait_for("late jobs", lambda: primary.sql(left + late, OTHER) == "0", 240)
        finally:
            scratch.kill(worker.process)

    def test_6_measurements_name_tenants(self):
        primary.sql("UPDATE ir_cron SET nextcall = now() AT TIME ZONE 'utc' - interval '1 hour' WHERE id = (SELECT min(id) FROM ir_cron WHERE active)", OTHER)
        port = free_port()
        command = ["measure", "databases", "--host", str(primary.directory), "--port", "5432", "--serve", str(port)]
        process = scratch.start(
            [scratch.python, str(LAUNCHER), *command], "measure.log", self.places.environment("web")
        )
        try:
            def metrics():
                try:
                    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
                        text = answer.read().decode()
                except OSError:
                    return None
                return text if "used_ratio 0." in text else None

            text = wait_for("measurements", metrics)
            values = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
            self.assertGreater(float(values[f'plimsoll_odoo_cron_lag_seconds{{tenant="{OTHER}"}}']), 3500)
            self.assertEqual(values[f'plimsoll_tenant_database_up{{tenant="{TENANT}"}}'], "1")
            self.assertGreater(float(values[f'plimsoll_tenant_database_size_bytes{{tenant="{TENANT}"}}']), 1e7)
        finally:
            scratch.kill(process)


class ProvisionTest(unittest.TestCase):
    def test_what_is_missing_is_made_once_and_limits_follow_the_file(self):
        places = Directories("provision")
        write_tenant(places.tenants, "newcomer")
        for name in ("newcomer", "_listener"):
            (places.roles / name).write_text("example-password-2\n")
        (places.root / "administrator").write_text("unused\n")
        arguments = [
            "provision", "--host", str(primary.directory), "--administrator", "postgres",
            "--administrator-password", str(places.root / "administrator"), "--listener", "odoo_listener",
        ]
        try:
            for _ in range(2):
                done = run(arguments, places.environment("web"))
                self.assertEqual((done.returncode, done.stderr), (0, ""))
            role = primary.sql("SELECT rolcreatedb, rolconnlimit, rolconfig FROM pg_roles WHERE rolname = 'odoo_newcomer'")
            self.assertEqual(role, "f|20|{statement_timeout=90000ms}")
            made = "SELECT datcollate, pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'newcomer'"
            self.assertEqual(primary.sql(made), "C|odoo_newcomer")
            write_tenant(places.tenants, "newcomer", connections_max=7, statement_timeout_ms=5_000)
            (places.roles / "_listener").unlink()
            done = run(arguments, places.environment("web"))
            self.assertEqual((done.returncode, done.stderr), (1, "_listener: no password yet\n"))
            role = primary.sql("SELECT rolconnlimit, rolconfig FROM pg_roles WHERE rolname = 'odoo_newcomer'")
            self.assertEqual(role, "7|{statement_timeout=5000ms}")
        finally:
            for name, role in (("newcomer", "odoo_newcomer"), ("odoo_listener", "odoo_listener")):
                primary.sql(f"DROP DATABASE IF EXISTS {name}")
                primary.sql(f"DROP ROLE IF EXISTS {role}")


class SmallProgramsTest(unittest.TestCase):
    def test_the_queue_is_what_the_kernel_holds(self):
        import socket

        with socket.socket() as server:
            server.bind(("127.0.0.1", 0))
            server.listen(8)
            port = server.getsockname()[1]
            self.assertEqual(measure.waiting(port), 0)
            clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(3)]
            wait_for("the queue", lambda: measure.waiting(port) == 3)
            for client in clients:
                client.close()

    def test_the_maintenance_page_is_a_503_that_says_when_to_come_again(self):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), maintenance.handler(b"<p>soon</p>"))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            for method in ("GET", "POST"):
                request = urllib.request.Request(f"http://127.0.0.1:{server.server_port}/web", method=method, data=b"x")
                with self.assertRaises(urllib.error.HTTPError) as refused:
                    urllib.request.urlopen(request, timeout=TIMEOUT_S)
                with refused.exception as answer:
                    self.assertEqual((answer.code, answer.headers["Retry-After"], answer.read()), (503, "5", b"<p>soon</p>"))
        finally:
            server.shutdown()
            server.server_close()

    def test_a_master_without_children_runs_no_jobs(self):
        root = scratch.directory / "proc"
        (root / "1/task/1").mkdir(parents=True)
        children = root / "1/task/1/children"
        children.write_text("")
        self.assertIn("no process", probe.jobs(str(root)))
        children.write_text("17 ")
        self.assertIsNone(probe.jobs(str(root)))
        # It is run every few seconds in every pod, so it must not load Odoo.
        loaded = imported(scratch, ["probe", "jobs"], scratch.environment("scheduler"))
        self.assertIn("tenants", loaded)
        self.assertFalse([name for name in loaded if name.split(".")[0] == "odoo"])
