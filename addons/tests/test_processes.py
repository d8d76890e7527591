"""Odoo as the platform runs it: real processes, a real standby, real losses."""
import collections
import concurrent.futures
import http.client
import json
import os
import pathlib
import random
import signal
import subprocess
import time
import unittest
import uuid

from scratch import (
    ADMIN_PASSWORD,
    INTEGRATION_KEY,
    LAUNCHER,
    TENANT,
    TIMEOUT_S,
    Browser,
    Cluster,
    Scratch,
    imported,
    render_credentials,
    wait_for,
)

# Set by run.py before the tests are loaded.
scratch: Scratch
primary: Cluster


class CredentialsTest(unittest.TestCase):
    def test_the_sql_can_be_applied_again_without_ending_sessions(self):
        document = {"admin_password": ADMIN_PASSWORD, "integration_key": INTEGRATION_KEY}
        ask = "SELECT password FROM res_users WHERE login = 'admin'; SELECT count(*) FROM res_users_apikeys"
        before = primary.sql(ask, TENANT)
        primary.sql(render_credentials(scratch, document).stdout, TENANT)
        self.assertEqual(primary.sql(ask, TENANT), before)

    def test_it_loads_nothing_of_odoo(self):
        # What takes time is the hash of the password: 0.45 s of a processor, where Odoo's registry takes many seconds.
        document = {"admin_password": ADMIN_PASSWORD, "integration_key": INTEGRATION_KEY}
        loaded = imported(scratch, ["credentials", "--database", TENANT], scratch.environment("web"), json.dumps(document))
        self.assertIn("hashlib", loaded)
        self.assertFalse([name for name in loaded if name.split(".")[0] == "odoo"])

    def test_the_sql_refuses_another_database(self):
        sql = render_credentials(scratch, {"integration_key": INTEGRATION_KEY}).stdout
        with self.assertRaisesRegex(RuntimeError, "these credentials are for database"):
            primary.sql(sql, "postgres")

    def test_bad_secrets_are_refused_without_being_quoted(self):
        for document in ({}, {"admin_password": "short"}, {"integration_key": "XYZ"}, {"admin_pasword": "secret-text"}):
            done = render_credentials(scratch, document)
            self.assertEqual((done.returncode, done.stdout), (64, ""))
            self.assertNotIn("secret-text", done.stderr)


class LauncherTest(unittest.TestCase):
    def run_launcher(self, *arguments, workload="web", **changes):
        conf = scratch.configuration(primary, "launcher", **changes)
        return subprocess.run(
            [scratch.python, str(LAUNCHER), "-c", str(conf), *arguments],
            env=scratch.environment(workload), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=TIMEOUT_S, check=False,
        )

    def test_a_missing_database_is_an_error_and_is_not_created(self):
        done = self.run_launcher(db_name="nowhere")
        self.assertEqual(done.returncode, 1)
        self.assertIn("the server has no database 'nowhere'", done.stdout)
        self.assertEqual(primary.sql("SELECT count(*) FROM pg_database WHERE datname = 'nowhere'"), "0")

    def test_an_unknown_workload_is_refused(self):
        done = self.run_launcher(workload="wbe")
        self.assertEqual(done.returncode, 1)
        self.assertIn("PLIMSOLL_WORKLOAD=wbe", done.stdout)

    def test_a_session_store_without_an_address_ends_the_process(self):
        environment = scratch.environment("web")
        environment.pop("PLIMSOLL_SESSION_REDIS_URL_FILE")
        conf = scratch.configuration(primary, "launcher")
        done = subprocess.run(
            [scratch.python, str(LAUNCHER), "-c", str(conf)],
            env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, timeout=TIMEOUT_S, check=False,
        )
        self.assertEqual(done.returncode, 1)
        self.assertIn("set one of PLIMSOLL_SESSION_REDIS_URL", done.stdout)

    def test_a_changed_odoo_is_refused(self):
        program = (
            "import hooks, odoo.sql_db\n"
            "hooks.EXPECTED = ((odoo.sql_db.Cursor.__init__, 'text that is not there'),)\n"
            "hooks.install('web')\n"
        )
        done = subprocess.run(
            [scratch.python, "-c", program], cwd=LAUNCHER.parent, env=scratch.environment("web"),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )
        self.assertEqual(done.returncode, 1)
        self.assertIn("no longer contains", done.stdout)


class WorkloadTest(unittest.TestCase):
    def test_live_is_a_process_of_its_own_that_speaks_websocket(self):
        live = scratch.start_odoo(primary, "live", "live", command=["gevent"]).wait_healthy()
        try:
            connection = http.client.HTTPConnection("127.0.0.1", live.port, timeout=TIMEOUT_S)
            connection.request(
                "GET", "/websocket?version=19.0-1",
                headers={
                    "Connection": "Upgrade", "Upgrade": "websocket", "Origin": f"http://127.0.0.1:{live.port}",
                    "Sec-WebSocket-Key": "ZXhhbXBsZS1ub25jZS0wMQ==", "Sec-WebSocket-Version": "13",
                },
            )
            self.assertEqual(connection.getresponse().status, 101)
            connection.close()
            self.assertEqual(live.children(), set())
        finally:
            scratch.kill(live.process)

    def test_the_scheduler_listens_for_jobs_and_serves_nothing(self):
        scheduler = scratch.start_odoo(
            primary, "scheduler", "scheduler", ["--no-http", "--workers=1", "--max-cron-threads=1"]
        )
        try:
            listening = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN cron_trigger%' OR query = 'COMMIT' AND datname = 'postgres'"
            wait_for("a cron worker", lambda: scheduler.children() and primary.sql(listening) != "0")
            self.assertEqual(len(scheduler.children()), 1)
            with self.assertRaises(OSError):
                scheduler.request("/web/health")
        finally:
            scratch.kill(scheduler.process)


class UpgradeTest(unittest.TestCase):
    """A database that was made by older addons is brought up to these before they serve it."""

    def test_newer_addons_serve_only_what_has_their_tables_and_bring_it_up_once(self):
        column = "SELECT count(*) FROM information_schema.columns WHERE table_name = 'plimsoll_inbox' AND column_name = 'fingerprint'"
        known = "SELECT value FROM ir_config_parameter WHERE key = 'plimsoll.addons'"
        before = "SELECT value FROM ir_config_parameter WHERE key = 'plimsoll.addons.before'"
        primary.tool("createdb", "-h", str(primary.directory), "-U", "postgres", "-T", TENANT, "-O", "odoo", "older")
        current = primary.sql(known, "older")
        self.assertRegex(current, "^[0-9a-f]{64}$")
        messages = "INSERT INTO plimsoll_inbox (source, message_id, body_hash, kind, generation, state, received_at) VALUES ('x', 'M-1', repeat('0', 64), 'order.create', 1, 'done', now())"
        primary.sql(f"{messages}; ALTER TABLE plimsoll_inbox DROP COLUMN fingerprint; UPDATE ir_config_parameter SET value = 'older' WHERE key = 'plimsoll.addons'", "older")
        begun = [
            scratch.start_odoo(primary, f"older-{number}", "web", db_name="older", dbfilter="^older$", workers=1)
            for number in (1, 2)
        ]
        try:
            for odoo in begun:
                odoo.wait_healthy()
                # Nobody listens before the columns are there.
                self.assertEqual(primary.sql(column, "older"), "1")
            self.assertEqual(primary.sql(known, "older"), current)
            self.assertEqual(primary.sql("SELECT state FROM plimsoll_inbox WHERE message_id = 'M-1'", "older"), "done")
            logs = "".join((scratch.directory / f"older-{number}.log").read_text(errors="replace") for number in (1, 2))
            self.assertEqual(logs.count("was brought up to these addons"), 1)
            self.assertEqual(primary.sql(before, "older"), "older")
            # A newer release has come since, and a pod of this one is started again.
            for odoo in begun:
                scratch.kill(odoo.process)
            begun = []
            primary.sql(f"ALTER TABLE plimsoll_inbox DROP COLUMN fingerprint; UPDATE ir_config_parameter SET value = 'newer' WHERE key = 'plimsoll.addons'; UPDATE ir_config_parameter SET value = 'older {current}' WHERE key = 'plimsoll.addons.before'", "older")
            begun = [scratch.start_odoo(primary, "older-again", "web", db_name="older", dbfilter="^older$", workers=1).wait_healthy()]
            self.assertIn("newer addons than these", begun[0].log())
            self.assertEqual((primary.sql(column, "older"), primary.sql(known, "older")), ("0", "newer"))
        finally:
            for odoo in begun:
                scratch.kill(odoo.process)
            primary.sql("DROP DATABASE older WITH (FORCE)")


class SessionTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.one = scratch.start_odoo(primary, "web-one", "web")
        cls.two = scratch.start_odoo(primary, "web-two", "web", workers=1)
        cls.one.wait_healthy()
        cls.two.wait_healthy()

    @classmethod
    def tearDownClass(cls):
        for odoo in (cls.one, cls.two):
            if odoo.process in scratch.groups:
                scratch.kill(odoo.process)

    def test_1_pages_come_with_their_bundles(self):
        page = Browser().open(self.one, "/web/login")
        self.assertEqual(page.status, 200)
        links = {part.split('"')[0] for part in page.text.split('="')[1:] if part.startswith("/web/assets/")}
        self.assertGreaterEqual(len(links), 2)
        for link in links:
            self.assertEqual(self.one.request(link).status, 200, link)

    def test_2_a_frozen_redis_is_a_503_and_logs_nobody_out(self):
        browser = Browser()
        browser.log_in(self.two)
        before = browser.session_id()
        with scratch.redis.frozen():
            answer = browser.open(self.two, "/odoo")
            self.assertEqual((answer.status, answer.headers["Retry-After"]), (503, "2"))
            self.assertEqual(self.two.call("sale.order/search_count", domain=[]).status, 200)
        self.assertEqual(browser.session_id(), before)
        self.assertTrue(browser.logged_in(browser.open(self.two, "/odoo")))

    def test_3_a_stopped_database_is_a_503_and_logs_nobody_out(self):
        browser = Browser()
        browser.log_in(self.two)
        before = browser.session_id()
        primary.stop("immediate")
        try:
            for answer in (browser.open(self.two, "/odoo"), self.two.send_order("while-down")):
                self.assertEqual((answer.status, answer.headers["Retry-After"]), (503, "2"))
            os.kill(next(iter(self.two.children())), signal.SIGKILL)
            wait_for("the master to notice", lambda: "no new worker while the database is away" in self.two.log())
        finally:
            primary.start()
        wait_for("a new worker", self.two.children)
        self.assertEqual(browser.session_id(), before)
        self.assertTrue(browser.logged_in(browser.open(self.two, "/odoo")))
        self.assertEqual(self.two.call("plimsoll.inbox/missing", source="example", message_ids=["while-down"]).json, ["while-down"])

    def test_4_a_login_survives_the_loss_of_the_process_it_was_made_on(self):
        browser = Browser()
        browser.log_in(self.one)
        scratch.kill(self.one.process)
        # Ports are part of no cookie, so this is what a router does.
        answer = browser.open(self.two, "/odoo")
        self.assertTrue(browser.logged_in(answer), answer.url)


class DeliveryTest(unittest.TestCase):
    @staticmethod
    def deliver(odoo, name):
        """As the gateway does: a 500 (Odoo gives up after five serialization failures) is sent again."""
        return wait_for(f"{name} to be answered", lambda: (a := odoo.send_order(name)).status == 200 and a)

    def test_concurrent_and_repeated_deliveries_are_applied_once(self):
        odoo = scratch.start_odoo(primary, "deliveries", "integration").wait_healthy()
        try:
            names = [f"repeated-{number}" for number in range(20)]
            deliveries = names * 3
            random.Random(1).shuffle(deliveries)
            with concurrent.futures.ThreadPoolExecutor(4) as clients:
                answers = list(clients.map(lambda name: self.deliver(odoo, name), deliveries))
            statuses = collections.Counter(answer.json["status"] for answer in answers)
            self.assertEqual(statuses, {"done": 20, "duplicate": 40})
            orders = "SELECT count(*), count(DISTINCT client_order_ref) FROM sale_order WHERE client_order_ref LIKE 'repeated-%'"
            self.assertEqual(primary.sql(orders, TENANT), "20|20")
            events = "SELECT count(*) FROM plimsoll_outbox WHERE payload->>'client_order_ref' LIKE 'repeated-%'"
            self.assertEqual(primary.sql(events, TENANT), "20")
            self.assertEqual(odoo.call("plimsoll.inbox/missing", source="example", message_ids=[*names, "never"]).json, ["never"])
        finally:
            scratch.kill(odoo.process)


class StandbyTest(unittest.TestCase):
    """The whole life of a warm Odoo, in one test: each step needs the one before."""

    def test_a_warm_odoo_reads_on_the_standby_and_writes_after_promotion(self):
        standby = primary.standby("b")
        odoo = scratch.start_odoo(standby, "warm", "integration").wait_healthy()
        try:
            workers = wait_for("the workers", lambda: len(odoo.children()) >= 2 and odoo.children())
            self.assertEqual(len(workers), 2, "two workers and no websocket process")
            # Twice as many requests as workers, so that both have a connection from standby times.
            for _ in range(4):
                self.assertEqual(odoo.call("sale.order/search_count", domain=[]).status, 200)
            self.assertEqual(odoo.call("plimsoll.fence/read_fence").json["generation"], 0)

            early = odoo.send_order("early")
            self.assertEqual((early.status, early.headers["Retry-After"]), (503, "2"), early.text)
            missing = odoo.call("plimsoll.inbox/missing", source="example", message_ids=["early"])
            self.assertEqual((missing.status, missing.json), (200, ["early"]))

            primary.wait_replayed(standby)
            primary.stop("immediate")
            connections = standby.sql("SELECT pid FROM pg_stat_activity WHERE usename = 'odoo' AND backend_type = 'client backend'")
            started = time.monotonic()
            standby.tool("pg_ctl", "-D", str(standby.data), "-w", "promote")
            promoted_s = time.monotonic() - started
            answer = wait_for("a write", lambda: (a := odoo.send_order("early")).status == 200 and a)
            written_s = time.monotonic() - started
            self.assertEqual(answer.json["status"], "done", answer.text)
            self.assertEqual(odoo.children(), workers, "the same processes")
            for number in range(4):
                self.assertEqual(odoo.send_order(f"late-{number}").json["status"], "done")
            after = standby.sql("SELECT pid FROM pg_stat_activity WHERE usename = 'odoo' AND backend_type = 'client backend'")
            self.assertTrue(set(connections.split()) & set(after.split()), "over a connection from standby times")
            self.assertEqual(standby.sql("SELECT count(*) FROM plimsoll_inbox WHERE message_id ~ '^(early|late-)'", TENANT), "5")
            print(f"promoted after {promoted_s:.2f} s, first order after {written_s:.2f} s ... ", end="", flush=True)

            # What it had replayed when it was promoted tells the ERP, whose role has no rights for that, whether it has all.
            replayed = standby.sql("SELECT pg_last_wal_replay_lsn()")
            incarnations = [str(uuid.UUID(int=number)) for number in range(1, 4)]
            reports = []
            for generation, (incarnation, end) in enumerate(zip(incarnations, ("0/0", replayed, "FFFF/0")), start=1):
                advance = {"generation": generation, "incarnation": incarnation, "old_end": {"position": end}}
                answer = odoo.call("plimsoll.fence/advance", **advance)
                self.assertEqual(answer.json["status"], "advanced", answer.text)
                reports.append(odoo.call("plimsoll.recovery/report", incarnation=incarnation).json)
            self.assertIsNone(reports[0], "the first one of a database")
            self.assertEqual((reports[1]["complete"], reports[1]["numbers"]), (True, []), reports[1]["because"])
            self.assertFalse(reports[2]["complete"])
            self.assertIn(f"up to {replayed} only", reports[2]["because"])
            self.assertTrue(reports[2]["numbers"])

            # The soft fence: read-only again by a setting, which stock Odoo would override.
            standby.sql("ALTER SYSTEM SET default_transaction_read_only = on; SELECT pg_reload_conf()")
            fenced = wait_for("the fence", lambda: (a := odoo.send_order(f"fenced-{time.monotonic()}", generation=3)).status != 200 and a)
            self.assertEqual(fenced.status, 503)
            self.assertEqual(odoo.call("sale.order/search_count", domain=[]).status, 200)
        finally:
            scratch.kill(odoo.process)
            standby.stop("immediate")
            primary.start()

    def test_newer_addons_of_a_standby_serve_after_promotion_what_has_their_tables(self):
        known = "SELECT value FROM ir_config_parameter WHERE key = 'plimsoll.addons'"
        primary.tool("createdb", "-h", str(primary.directory), "-U", "postgres", "-T", TENANT, "-O", "odoo", "behind")
        current = primary.sql(known, "behind")
        primary.sql("ALTER TABLE plimsoll_inbox DROP COLUMN fingerprint; UPDATE ir_config_parameter SET value = 'older' WHERE key = 'plimsoll.addons'", "behind")
        standby = primary.standby("c")
        odoo = scratch.start_odoo(standby, "behind", "integration", db_name="behind", dbfilter="^behind$").wait_healthy()
        try:
            workers = wait_for("the workers", lambda: len(odoo.children()) >= 2 and odoo.children())
            for _ in range(4):
                self.assertEqual(odoo.call("sale.order/search_count", domain=[]).status, 200)
            early = odoo.send_order("early")
            self.assertEqual((early.status, early.headers["Retry-After"]), (503, "2"), early.text)

            primary.wait_replayed(standby)
            primary.stop("immediate")
            standby.tool("pg_ctl", "-D", str(standby.data), "-w", "promote")
            # Nothing but "not now" until it is served with its tables: a refusal would make the message a dead letter.
            seen = []
            answer = wait_for("an order", lambda: seen.append(a := odoo.send_order("early")) or (a.status != 503 and a))
            self.assertEqual((answer.status, answer.json["status"]), (200, "done"), answer.text)
            self.assertGreater(len(seen), 1, "it is brought up first")
            self.assertEqual((odoo.children() & workers, standby.sql(known, "behind")), (workers, current))
            for number in range(4):
                self.assertEqual(odoo.send_order(f"late-{number}", place=number, body_hash="0" * 64).json["status"], "done")
            self.assertEqual(standby.sql("SELECT count(fingerprint) FROM plimsoll_inbox WHERE message_id LIKE 'late-%'", "behind"), "4")
            log = odoo.log()
            self.assertEqual(log.count("was brought up to these addons"), 1)
            self.assertIn("Reloading the model registry", log)
        finally:
            scratch.kill(odoo.process)
            standby.stop("immediate")
            primary.start()
            primary.sql("DROP DATABASE behind WITH (FORCE)")

    def test_a_graceful_stop_leaves_nothing_behind(self):
        odoo = scratch.start_odoo(primary, "graceful", "web").wait_healthy()
        children = wait_for("the workers", lambda: len(odoo.children()) == 2 and odoo.children())
        odoo.process.send_signal(signal.SIGTERM)
        self.assertEqual(odoo.process.wait(TIMEOUT_S), 0)
        self.assertFalse([pid for pid in children if pathlib.Path(f"/proc/{pid}").exists()])
        scratch.groups.remove(odoo.process)
