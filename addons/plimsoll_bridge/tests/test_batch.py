import uuid

import psycopg2

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger
from odoo.tools.misc import Callbacks

from .common import BridgeCase


@tagged("post_install", "-at_install")
class TestBatch(BridgeCase):
    def message(self, message_id, payload=None, **changes):
        payload = payload or self.order_payload(f"PO-{message_id}")
        return {"message_id": message_id, "body_hash": "hash-1", "kind": "order.create", "payload": payload, **changes}

    def send_all(self, *messages, source="example", **options):
        options.setdefault("generation", self.fence.read_fence()["generation"])
        return self.inbox.process_messages(source, list(messages), **options)

    def statuses(self, answer):
        self.assertEqual(answer["status"], "answered")
        return [(one["message_id"], one["status"]) for one in answer["messages"]]

    def test_each_message_is_applied_once_and_answered_as_if_it_came_alone(self):
        self.send("m-1", "order.create", self.order_payload("PO-m-1"))
        answer = self.send_all(
            self.message("m-1"),
            self.message("m-2", place=7, body_hash="a" * 64),
            self.message("m-1", body_hash="hash-2"),
            self.message("m-3"),
            self.message("m-3"),
        )
        self.assertEqual(
            self.statuses(answer),
            [("m-1", "duplicate"), ("m-2", "done"), ("m-1", "conflict"), ("m-3", "done"), ("m-3", "duplicate")],
        )
        for reference in ("PO-m-1", "PO-m-2", "PO-m-3"):
            self.assertEqual(len(self.orders(reference)), 1)
        self.assertEqual(answer["messages"][1]["result"]["order"]["client_order_ref"], "PO-m-2")
        self.assertEqual(self.inbox.placed("example", 7, 7)[0][1], "m-2")

    def test_a_refused_message_takes_back_what_it_did_and_nothing_else(self):
        answer = self.send_all(
            self.message("m-1"),
            self.message("m-2", self.order_payload("PO-m-2", partner="NOBODY")),
            # The same order under another id: written before it in the same transaction.
            self.message("m-3", self.order_payload("PO-m-1")),
            self.message("m-4", kind="order.explode"),
            self.message("m-5", payload={"text": "\0"}),
            self.message("m-6"),
        )
        self.assertEqual([status for _, status in self.statuses(answer)], ["done", *["refused"] * 4, "done"])
        self.assertIn("NOBODY", answer["messages"][1]["message"])
        self.assertIn("is already order", answer["messages"][2]["message"])
        asked = [f"m-{number}" for number in range(1, 7)]
        self.assertEqual(self.inbox.missing("example", asked), ["m-2", "m-3", "m-4", "m-5"])
        self.assertEqual((len(self.orders("PO-m-1")), len(self.orders("PO-m-6"))), (1, 1))

    def test_what_the_database_refuses_when_it_is_written_is_refused_alone(self):
        create = type(self.env["plimsoll.inbox"])._handle_orders_create

        def write_late(inbox, payloads):
            results = create(inbox, payloads)
            for result in results:
                if result["order"]["client_order_ref"] == "PO-m-2":
                    # Held by the ORM until it writes.
                    inbox.env["sale.order"].sudo().browse(result["order"]["id"]).medium_id = 2**31 - 1
            return results

        self.patch(type(self.env["plimsoll.inbox"]), "_handle_orders_create", write_late)
        with mute_logger("odoo.sql_db"):
            answer = self.send_all(self.message("m-1"), self.message("m-2"), self.message("m-3"))
        self.assertEqual([status for _, status in self.statuses(answer)], ["done", "refused", "done"])
        self.assertEqual(self.inbox.missing("example", ["m-1", "m-2", "m-3"]), ["m-2"])
        self.assertFalse(self.orders("PO-m-2"))

    def test_another_transaction_or_a_mistake_of_ours_stops_one_message_and_tells_which(self):
        create = type(self.env["plimsoll.inbox"])._handle_orders_create
        errors = {
            "PO-m-1": psycopg2.errors.SerializationFailure("could not serialize"),
            "PO-m-2": KeyError("sku"),
            "PO-m-3": AccessError("no right to that"),
        }

        def fail(inbox, payloads):
            results = create(inbox, payloads)
            for payload in payloads:
                if payload["client_order_ref"] in errors:
                    raise errors[payload["client_order_ref"]]
            return results

        self.patch(type(self.env["plimsoll.inbox"]), "_handle_orders_create", fail)
        with mute_logger("odoo.addons.plimsoll_bridge.models.batch"):
            answer = self.send_all(*(self.message(f"m-{number}") for number in range(1, 5)))
        self.assertEqual([status for _, status in self.statuses(answer)], ["again", "failed", "failed", "done"])
        self.assertEqual(self.inbox.missing("example", ["m-1", "m-2", "m-3", "m-4"]), ["m-1", "m-2", "m-3"])
        self.assertEqual([len(self.orders(f"PO-m-{number}")) for number in range(1, 5)], [0, 0, 0, 1])

    def test_what_goes_through_together_is_what_goes_through_alone(self):
        payloads = {
            "m-1": self.order_payload("PO-m-1", confirm=True),
            "m-2": self.order_payload("PO-m-2", wanted_on="2026-12-01"),
            "m-3": self.order_payload("PO-m-3", confirm=True, lines=[{"sku": "TST-0002", "quantity": 1}]),
        }
        apart = type(self.env["plimsoll.inbox"])._apply_apart
        self.patch(type(self.env["plimsoll.inbox"]), "_apply_apart", lambda *_: self.fail("they are applied at once"))
        together = self.send_all(*(self.message(name, payload) for name, payload in payloads.items()))
        self.assertEqual([status for _, status in self.statuses(together)], ["done"] * 3)
        self.patch(type(self.env["plimsoll.inbox"]), "_apply_apart", apart)

        def seen(order):
            lines = [(line.product_id.default_code, line.product_uom_qty, line.price_unit) for line in order.order_line]
            moves = [(move.product_id.default_code, move.product_uom_qty, move.state) for move in order.picking_ids.move_ids]
            return (order.state, order.commitment_date, order.plimsoll_source, order.amount_total, lines, moves)

        for name, payload in payloads.items():
            alone = {**payload, "client_order_ref": f"{payload['client_order_ref']}-alone"}
            self.assertEqual(self.send(f"{name}-alone", "order.create", alone)["status"], "done")
            self.assertEqual(seen(self.orders(f"PO-{name}")), seen(self.orders(f"PO-{name}-alone")))
        events = self.env["plimsoll.outbox"].sudo().search([("kind", "=", "order.confirmed")])
        told = [event.payload["client_order_ref"] for event in events]
        self.assertEqual(sorted(name for name in told if name.startswith("PO-m-") and "alone" not in name), ["PO-m-1", "PO-m-3"])
        row = self.env["plimsoll.inbox"].search([("message_id", "=", "m-3")])
        self.assertEqual((row.state, row.result["order"]["client_order_ref"]), ("done", "PO-m-3"))

    def test_what_a_message_that_is_taken_back_had_done_after_the_commit_is_not_done(self):
        create = type(self.env["plimsoll.inbox"])._handle_orders_create
        cr, told = self.env.cr, []
        self.patch(cr, "postcommit", Callbacks())
        with cr.savepoint() as savepoint:
            cr.postcommit.add(lambda: told.append("by Odoo itself"))
            savepoint.rollback()
        self.assertEqual(len(cr.postcommit), 1, "Odoo forgets it by itself now: we need not")
        cr.postcommit.clear()

        def tell(inbox, payloads):
            results = create(inbox, payloads)
            for payload in payloads:
                # As Odoo gathers what it tells: under one name, and told once.
                gathered = cr.postcommit.data.setdefault("example.told", [])
                if not gathered:
                    cr.postcommit.add(lambda: told.extend(cr.postcommit.data.pop("example.told")))
                gathered.append(payload["client_order_ref"])
                if payload["client_order_ref"] == "PO-m-2":
                    raise ValidationError("not this one")
            return results

        self.patch(type(self.env["plimsoll.inbox"]), "_handle_orders_create", tell)
        answer = self.send_all(*(self.message(f"m-{number}") for number in range(1, 4)))
        self.assertEqual([status for _, status in self.statuses(answer)], ["done", "refused", "done"])
        self.send_all(self.message("m-4"), self.message("m-5"))
        self.assertEqual(told, [], "nothing before the commit")
        cr.postcommit.run()
        self.assertEqual(told, ["PO-m-1", "PO-m-3", "PO-m-4", "PO-m-5"])

    def product(self, message_id, **changes):
        sku = f"TST-{message_id}"
        payload = {"external_id": f"example_shop.{sku}", "sku": sku, "name": f"Example {sku}", "price": 4, **changes}
        return self.message(message_id, payload, kind="product.upsert")

    def test_products_are_made_and_changed_at_once_and_answered_each(self):
        self.send("m-1", "product.upsert", self.product("m-1")["payload"])
        apart = type(self.env["plimsoll.inbox"])._apply_apart
        self.patch(type(self.env["plimsoll.inbox"]), "_apply_apart", lambda *_: self.fail("they are applied at once"))
        answer = self.send_all(
            self.product("m-2", gtin="4000001234561"),
            self.message("m-3", {**self.product("m-1")["payload"], "name": "Another name"}, kind="product.upsert"),
            self.product("m-4", weight=1.5),
        )
        self.assertEqual([status for _, status in self.statuses(answer)], ["done"] * 3)
        results = [one["result"]["product"] for one in answer["messages"]]
        self.assertEqual([(one["sku"], one["created"]) for one in results], [("TST-m-2", True), ("TST-m-1", False), ("TST-m-4", True)])
        made = self.env["product.product"].browse([one["id"] for one in results])
        self.assertEqual(made.mapped("name"), ["Example TST-m-2", "Another name", "Example TST-m-4"])
        self.assertEqual((made[0].barcode, made[2].weight, made.mapped("is_storable")), ("4000001234561", 1.5, [True] * 3))
        self.assertEqual(self.env.ref("example_shop.TST-m-4"), made[2])
        self.patch(type(self.env["plimsoll.inbox"]), "_apply_apart", apart)
        # One is wrong, one is about the same record as another, one has another's barcode: each its own outcome.
        answer = self.send_all(
            self.product("m-5"),
            self.product("m-6", gtin="4000001234562"),
            self.message("m-7", {**self.product("m-5")["payload"], "price": 5}, kind="product.upsert"),
            self.product("m-8", gtin="4000001234561"),
        )
        self.assertEqual([status for _, status in self.statuses(answer)], ["done", "refused", "done", "refused"])
        self.assertIn("check digit", answer["messages"][1]["message"])
        changed = answer["messages"][2]["result"]["product"]
        self.assertEqual((changed["created"], self.env["product.product"].browse(changed["id"]).list_price), (False, 5))
        self.assertFalse(self.env.ref("example_shop.TST-m-8", raise_if_not_found=False))

    def test_what_one_product_gives_back_another_takes_in_their_order(self):
        self.send("m-1", "product.upsert", self.product("m-1", gtin="4000001234561")["payload"])
        other = {**self.product("m-1")["payload"], "gtin": "96385074"}
        change = self.message("m-2", other, kind="product.upsert")
        for taken, answered in ((["m-3", "m-2"], ["refused", "done"]), (["m-2", "m-4"], ["duplicate", "done"])):
            messages = {"m-2": change, **{name: self.product(name, gtin="4000001234561") for name in ("m-3", "m-4")}}
            answer = self.send_all(*(messages[name] for name in taken))
            self.assertEqual([status for _, status in self.statuses(answer)], answered)

    def test_partners_are_made_at_once_and_one_that_is_wrong_stops_no_other(self):
        def partner(message_id, **changes):
            payload = {"external_id": f"example_shop.{message_id}", "name": f"Example {message_id}", "country": "de", **changes}
            return self.message(message_id, payload, kind="partner.upsert")

        answer = self.send_all(partner("m-1", ref="C-1"), partner("m-2", country="xx"), partner("m-3", city="Example"))
        self.assertEqual([status for _, status in self.statuses(answer)], ["done", "refused", "done"])
        self.assertEqual(self.inbox.missing("example", ["m-1", "m-2", "m-3"]), ["m-2"])
        together = self.send_all(partner("m-4", zip="1"), partner("m-5"), partner("m-1"))
        self.assertEqual([status for _, status in self.statuses(together)], ["done", "done", "duplicate"])
        made = [self.env.ref(f"example_shop.m-{number}") for number in (1, 3, 4, 5)]
        self.assertEqual([(one.name, one.is_company, one.country_id.code) for one in made], [(f"Example m-{n}", True, "DE") for n in (1, 3, 4, 5)])

    def count(self, message_id, *lines, reference=None):
        payload = {
            "warehouse": self.warehouse.code,
            "reference": reference or f"COUNT-{message_id}",
            "lines": [{"sku": sku, "quantity": quantity} for sku, quantity in lines],
        }
        return self.message(message_id, payload, kind="stock.adjust")

    def counted(self):
        quants = self.env["stock.quant"].search(
            [("product_id", "in", self.products.ids), ("location_id", "=", self.warehouse.lot_stock_id.id)]
        )
        return {quant.product_id.default_code: quant.quantity for quant in quants}

    def test_counts_are_applied_at_once_each_under_its_own_reference(self):
        apart = type(self.env["plimsoll.inbox"])._apply_apart
        self.patch(type(self.env["plimsoll.inbox"]), "_apply_apart", lambda *_: self.fail("they are applied at once"))
        answer = self.send_all(self.count("m-1", ("TST-0001", 90)), self.count("m-2", ("TST-0002", 103)))
        self.assertEqual([status for _, status in self.statuses(answer)], ["done"] * 2)
        self.assertEqual([one["result"]["changed"] for one in answer["messages"]], [{"TST-0001": -10}, {"TST-0002": 3}])
        self.assertEqual(self.counted(), {"TST-0001": 90, "TST-0002": 103})
        moves = self.env["stock.move"].search([("product_id", "in", self.products.ids), ("is_inventory", "=", True)])
        references = {(move.product_id.default_code, move.inventory_name) for move in moves if move.inventory_name}
        self.assertLessEqual({("TST-0001", "COUNT-m-1"), ("TST-0002", "COUNT-m-2")}, references)
        self.patch(type(self.env["plimsoll.inbox"]), "_apply_apart", apart)
        # One names what is not there, and two count the same: each finds what the one before has left.
        answer = self.send_all(
            self.count("m-3", ("TST-0001", 80)), self.count("m-4", ("NONE", 1)), self.count("m-5", ("TST-0001", 85), ("TST-0002", 103))
        )
        self.assertEqual([status for _, status in self.statuses(answer)], ["done", "refused", "done"])
        self.assertEqual([answer["messages"][index]["result"]["changed"] for index in (0, 2)], [{"TST-0001": -10}, {"TST-0001": 5}])
        self.assertEqual(self.counted(), {"TST-0001": 85, "TST-0002": 103})

    def test_a_lost_connection_fails_the_whole_call(self):
        def lose(inbox, _payloads):
            inbox.env.cr.execute("SELECT pg_terminate_backend(pg_backend_pid())")

        cr = self.env.registry._db.cursor()
        self.addCleanup(cr.close)
        inbox = self.inbox.with_env(self.env(cr=cr))
        self.patch(type(inbox), "_handle_orders_create", lose)
        generation = inbox.env["plimsoll.fence"].read_fence()["generation"]
        with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.Error):
            inbox.process_messages("example", [self.message("m-1"), self.message("m-2")], generation)

    def test_a_batch_of_another_generation_is_fenced_as_a_whole(self):
        current = {"generation": self.fence.read_fence()["generation"] + 7, "incarnation": str(uuid.uuid4())}
        self.fence.advance(**current)
        for stamp in ({"generation": current["generation"] - 1}, {**current, "incarnation": str(uuid.uuid4())}):
            answer = self.send_all(self.message("m-1"), self.message("m-2"), **stamp)
            self.assertEqual(answer, {"status": "fenced", **current})
        self.assertEqual(self.inbox.missing("example", ["m-1", "m-2"]), ["m-1", "m-2"])

    def test_the_envelope_of_a_batch_is_checked_and_only_integrations_may_send_one(self):
        for wrong in (
            [],
            {},
            [self.message("")],
            [self.message(5)],
            [{"message_id": "m-1"}],
            [self.message("m-1", more=1)],
            [self.message(f"m-{number}") for number in range(101)],
        ):
            with self.subTest(wrong=str(wrong)[:40]), self.assertRaises(ValidationError), self.env.cr.savepoint():
                self.inbox.process_messages("example", wrong, self.fence.read_fence()["generation"])
        with self.assertRaises(AccessError):
            self.inbox.with_user(self.employee).process_messages("example", [self.message("m-1")], 0)
        self.assertTrue(issubclass(ValidationError, UserError))
        self.assertFalse(self.orders("PO-m-1"))
