import uuid

import psycopg2
import psycopg2.extras

from odoo import SUPERUSER_ID, api
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import BridgeCase


@tagged("post_install", "-at_install")
class TestInbox(BridgeCase):
    def test_a_message_is_applied_and_its_result_stored(self):
        answer = self.send("m-1", "order.create", self.order_payload())
        order = self.orders()
        self.assertEqual(answer["status"], "done")
        self.assertEqual(answer["result"]["order"]["id"], order.id)
        row = self.env["plimsoll.inbox"].search([("message_id", "=", "m-1")])
        self.assertEqual((row.state, row.kind, row.result), ("done", "order.create", answer["result"]))
        self.assertTrue(row.processed_at)

    def test_the_same_message_again_gets_the_stored_result(self):
        first = self.send("m-1", "order.create", self.order_payload())
        again = self.send("m-1", "order.create", self.order_payload())
        self.assertEqual(again, {"status": "duplicate", "result": first["result"]})
        self.assertEqual(len(self.orders()), 1)

    def test_the_same_id_with_another_body_is_a_conflict(self):
        self.send("m-1", "order.create", self.order_payload())
        answer = self.send("m-1", "order.create", self.order_payload("PO-EXAMPLE-2"), body_hash="hash-2")
        self.assertEqual((answer["status"], answer["body_hash"]), ("conflict", "hash-1"))
        self.assertFalse(self.orders("PO-EXAMPLE-2"))

    def test_two_sources_may_use_the_same_id(self):
        self.send("m-1", "order.create", self.order_payload())
        answer = self.send("m-1", "order.create", self.order_payload("PO-EXAMPLE-2"), source="other")
        self.assertEqual(answer["status"], "done")

    def test_another_generation_or_incarnation_is_fenced_and_changes_nothing(self):
        current = {"generation": self.fence.read_fence()["generation"] + 7, "incarnation": str(uuid.uuid4())}
        self.fence.advance(**current)
        for stamp in (
            {"generation": current["generation"] - 1},
            {"generation": current["generation"] + 1},
            {**current, "incarnation": str(uuid.uuid4())},
        ):
            answer = self.send("m-1", "order.create", self.order_payload(), **stamp)
            self.assertEqual(answer, {"status": "fenced", **current})
        self.assertFalse(self.orders())
        self.assertFalse(self.env["plimsoll.inbox"].search([("message_id", "=", "m-1")]))
        self.assertEqual(self.send("m-1", "order.create", self.order_payload(), **current)["status"], "done")

    def test_a_known_message_from_an_old_generation_is_fenced_too(self):
        old = self.fence.read_fence()
        self.assertEqual(self.send("m-1", "order.create", self.order_payload(), **old)["status"], "done")
        self.fence.advance(old["generation"] + 3, str(uuid.uuid4()))
        self.assertEqual(self.send("m-1", "order.create", self.order_payload(), **old)["status"], "fenced")

    def test_a_business_failure_leaves_no_row(self):
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            self.send("m-1", "order.create", self.order_payload(partner="NOBODY"))
        self.assertEqual(self.inbox.missing("example", ["m-1"]), ["m-1"])
        self.assertEqual(self.send("m-1", "order.create", self.order_payload())["status"], "done")

    def test_a_serialization_failure_goes_up(self):
        def fail(_self, _payload):
            raise psycopg2.errors.SerializationFailure("could not serialize")

        self.patch(type(self.env["plimsoll.inbox"]), "_handle_order_create", fail)
        with self.assertRaises(psycopg2.errors.SerializationFailure):
            self.send("m-1", "order.create", self.order_payload())

    def test_the_envelope_is_checked(self):
        good = {
            "source": "example",
            "message_id": "m-1",
            "body_hash": "h",
            "kind": "order.create",
            "payload": self.order_payload(),
            "generation": self.fence.read_fence()["generation"],
        }
        for wrong in (
            {"source": ""},
            {"source": "x" * 65},
            {"message_id": 5},
            {"message_id": "x" * 257},
            {"body_hash": None},
            {"kind": "order.explode"},
            {"payload": []},
            {"payload": {"text": "x" * (1024 * 1024)}},
            {"payload": {"text": "\0"}},
            {"payload": {"text": "\ud800"}},
            {"payload": {"number": float("inf")}},
            {"source": "\0"},
            {"generation": -1},
            {"generation": "0"},
            {"incarnation": "not a uuid"},
        ):
            with self.subTest(wrong=str(wrong)[:40]), self.assertRaises(ValidationError), self.env.cr.savepoint():
                self.inbox.process_message(**{**good, **wrong})
        self.assertFalse(self.orders())

    def test_missing_keeps_the_order_and_takes_many(self):
        self.send("m-2", "order.create", self.order_payload())
        self.assertEqual(self.inbox.missing("example", ["m-3", "m-2", "m-1"]), ["m-3", "m-1"])
        self.assertEqual(self.inbox.missing("other", ["m-2"]), ["m-2"])
        self.assertEqual(self.inbox.missing("example", []), [])
        many = [f"x-{n}" for n in range(50_000)]
        self.assertEqual(self.inbox.missing("example", many), many)
        with self.assertRaises(ValidationError):
            self.inbox.missing("example", [*many, "one more"])

    def test_stats_count_by_source_and_state(self):
        self.send("m-1", "order.create", self.order_payload(confirm=True), source="stats-example")
        stats = self.inbox.stats()
        mine = [row for row in stats["inbox"] if row["source"] == "stats-example"]
        self.assertEqual([(row["state"], row["kind"], row["messages"]) for row in mine], [("done", "order.create", 1)])
        self.assertGreaterEqual(next(row["pending"] for row in stats["outbox"] if row["kind"] == "order.confirmed"), 1)
        self.assertEqual(stats["fence"], self.fence.read_fence())

    def test_only_integrations_may_send(self):
        inbox = self.env["plimsoll.inbox"].with_user(self.employee)
        for call in (
            lambda: inbox.process_message("s", "m", "h", "order.create", self.order_payload(), 0),
            lambda: inbox.missing("s", ["m"]),
            lambda: inbox.stats(),
        ):
            with self.assertRaises(AccessError):
                call()

    def test_the_integration_user_reads_documents_and_nothing_else(self):
        self.send("m-1", "order.create", self.order_payload(confirm=True))
        mine = self.env(user=self.user)
        self.assertEqual(mine["sale.order"].search_count([("client_order_ref", "=", "PO-EXAMPLE-1")]), 1)
        for model in ("res.partner", "res.users", "ir.config_parameter", "mail.message"):
            with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_model"):
                mine[model].search_read([], ["id"], limit=1)
        with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_model"):
            mine["sale.order"].search([], limit=1).write({"note": "no"})
        self.assertFalse(self.user.has_group("base.group_user"))


@tagged("post_install", "-at_install")
class TestInboxConcurrency(BridgeCase):
    """Two real transactions: what another connection has committed and our snapshot cannot see."""

    def test_a_concurrent_copy_fails_to_serialize_and_is_a_duplicate_when_run_again(self):
        message_id = f"race-{uuid.uuid4()}"
        payload = {"client_order_ref": message_id, "partner": "BRIDGE-EXAMPLE", "lines": [{"sku": "TST-0001", "quantity": 1}]}
        done = {"order": {"name": "written by the other"}}
        insert = (
            "INSERT INTO plimsoll_inbox (source, message_id, body_hash, kind, result, generation, received_at, state)"
            " VALUES ('race', %s, 'hash-1', 'order.create', %s, 0, now(), 'done')"
        )
        with self.env.registry._db.cursor() as mine:
            env = api.Environment(mine, SUPERUSER_ID, {})
            inbox = env["plimsoll.inbox"]
            generation = env["plimsoll.fence"].read_fence()["generation"]  # our snapshot is taken here
            with self.env.registry._db.cursor() as other:
                other.execute(insert, (message_id, psycopg2.extras.Json(done)))
            self.addCleanup(self._delete, message_id)
            with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.errors.SerializationFailure):
                inbox.process_message("race", message_id, "hash-1", "order.create", payload, generation)
            mine.rollback()
            answer = inbox.process_message("race", message_id, "hash-1", "order.create", payload, generation)
            mine.rollback()
        self.assertEqual(answer, {"status": "duplicate", "result": done})

    def test_a_failover_waits_for_deliveries_under_way_and_fences_later_ones(self):
        with self.env.registry._db.cursor() as delivery, self.env.registry._db.cursor() as failover:
            api.Environment(delivery, SUPERUSER_ID, {})["plimsoll.fence"]._current("FOR SHARE")
            fence = api.Environment(failover, SUPERUSER_ID, {})["plimsoll.fence"]
            failover.execute("SET LOCAL lock_timeout = '100ms'")
            with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.errors.LockNotAvailable):
                fence.advance(2**30, str(uuid.uuid4()))
            failover.rollback()
            delivery.rollback()
            self.assertEqual(fence.advance(2**30, str(uuid.uuid4()))["status"], "advanced")
            failover.rollback()

    def _delete(self, message_id):
        with self.env.registry._db.cursor() as cr:
            cr.execute("DELETE FROM plimsoll_inbox WHERE message_id = %s", (message_id,))

    def test_user_errors_are_what_odoo_turns_into_422(self):
        # rpc/controllers/json2.py maps UserError and its subclasses; ours must stay among them.
        self.assertTrue(issubclass(ValidationError, UserError))
