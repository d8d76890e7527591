import select
import uuid

import psycopg2.extensions

from odoo.exceptions import AccessError, ValidationError
from odoo.modules.neutralize import get_neutralization_queries
from odoo.tests import tagged

from .common import BridgeCase


@tagged("post_install", "-at_install")
class TestOutbox(BridgeCase):
    def setUp(self):
        super().setUp()
        self.seen = set(self.env["plimsoll.outbox"].search([]).mapped("event_id"))

    def events(self, kind=None):
        """Those of this test, oldest first."""
        rows = self.env["plimsoll.outbox"].search([("event_id", "not in", list(self.seen))], order="id")
        return rows.filtered(lambda row: kind in (None, row.kind))

    def test_each_effect_is_announced_once_with_what_partners_need(self):
        about = {"client_order_ref": "PO-EXAMPLE-1"}
        self.send("m-1", "order.create", self.order_payload())
        self.assertFalse(self.events(), "a quotation is nobody's business")
        self.send("m-2", "order.confirm", about)
        self.send("m-3", "shipment.confirm", about)
        self.send("m-4", "invoice.post", about)
        events = self.events()
        self.assertEqual(events.mapped("kind"), ["order.confirmed", "shipment.done", "invoice.posted"])
        confirmed, shipped, posted = (event.payload for event in events)
        lines = [{"sku": "TST-0001", "quantity": 3}, {"sku": "TST-0002", "quantity": 2}]
        order = self.orders()
        def of(line_list):
            return [{key: line[key] for key in ("sku", "quantity")} for line in line_list]

        self.assertEqual(
            (confirmed["order"], confirmed["client_order_ref"], confirmed["partner"], of(confirmed["lines"])),
            (order.name, "PO-EXAMPLE-1", "BRIDGE-EXAMPLE", lines),
        )
        self.assertEqual((shipped["order"], shipped["warehouse"], of(shipped["lines"])), (order.name, self.warehouse.code, lines))
        self.assertEqual([of(package["lines"]) for package in shipped["packages"]], [lines])
        self.assertEqual(of(posted["lines"]), lines)
        self.assertAlmostEqual(sum(line["amount"] for line in posted["lines"]), posted["amount_untaxed"])
        self.assertAlmostEqual(posted["amount_untaxed"] + sum(tax["amount"] for tax in posted["taxes"]), posted["amount_total"])
        self.assertEqual(set(events.mapped("source")), {"example"}, "answers go back the way the order came")
        self.assertEqual((posted["orders"], posted["type"]), ([order.name], "out_invoice"))
        self.assertEqual(posted["amount_total"], order.amount_total)
        self.assertEqual(events[0].res_model, "sale.order")
        self.assertEqual(events[0].res_id, order.id)

    def test_what_people_do_is_announced_too(self):
        order = self.env["sale.order"].create(
            {"partner_id": self.partner.id, "order_line": [(0, 0, {"product_id": self.products[0].id})]}
        )
        order.action_confirm()
        self.assertEqual(self.events("order.confirmed").res_id, order.id)

    def test_a_receipt_or_a_vendor_bill_is_not_announced(self):
        receipt = self.env["stock.picking"].create(
            {
                "picking_type_id": self.warehouse.in_type_id.id,
                "location_id": self.env.ref("stock.stock_location_suppliers").id,
                "location_dest_id": self.warehouse.lot_stock_id.id,
                "move_ids": [
                    (
                        0,
                        0,
                        {
                            "product_id": self.products[0].id,
                            "product_uom_qty": 1,
                            "location_id": self.env.ref("stock.stock_location_suppliers").id,
                            "location_dest_id": self.warehouse.lot_stock_id.id,
                        },
                    )
                ],
            }
        )
        receipt.action_confirm()
        receipt.move_ids.picked = True
        receipt.with_context(skip_sms=True, skip_backorder=True).button_validate()
        self.assertEqual(receipt.state, "done")
        self.assertFalse(self.events())

    def test_whoever_has_subscribed_hears_of_everybodys_events(self):
        self.assertEqual(self.outbox.subscribe("carrier", ["order.confirmed"]), {"changed": True})
        self.assertEqual(self.outbox.subscribe("carrier", ["order.confirmed"]), {"changed": False})
        self.assertEqual(self.outbox.subscribe("example", ["order.confirmed"]), {"changed": True})
        self.send("m-1", "order.create", self.order_payload(confirm=True))
        events = self.events()
        self.assertEqual(events.mapped("source"), ["example", "carrier"], "each once, also who caused it")
        self.assertEqual(len(set(events.mapped("event_id"))), 2)
        self.assertEqual(events[0].payload, events[1].payload)
        [told] = self.outbox.pending(10, ["carrier"])
        self.outbox.mark_published([told["event_id"]])
        self.assertEqual(self.outbox.pending(10, ["carrier"]), [])
        self.assertEqual(len(self.outbox.pending(10, ["example"])), 1, "what one has heard, the other may not have")
        self.outbox.subscribe("carrier", [])
        self.send("m-2", "order.create", self.order_payload("PO-2", confirm=True))
        self.assertEqual(self.outbox.pending(10, ["carrier"]), [])
        with self.assertRaises(ValidationError):
            self.outbox.subscribe("carrier", "order.confirmed")
        with self.assertRaises(AccessError):
            self.env["plimsoll.outbox"].with_user(self.employee).subscribe("carrier", [])

    def test_a_label_goes_to_the_printer_that_it_names(self):
        self.outbox.subscribe("carrier", ["label.print"])
        outbox = self.env["plimsoll.outbox"]
        outbox._print_label(self.partner, "packing-1", b"^XA^XZ", "OUT/00007", copies=2)
        label = self.events("label.print")
        self.assertEqual((label.source, label.res_model), ("packing-1", "res.partner"))
        self.assertEqual(
            label.payload,
            {"printer": "packing-1", "format": "zpl", "data": "XlhBXlha", "copies": 2, "reference": "OUT/00007"},
        )
        for wrong in ({"copies": 0}, {"copies": True}, {"data": "text"}, {"data": b""}, {"printer": ""}):
            with self.assertRaises(ValidationError):
                outbox._print_label(**{"record": self.partner, "printer": "p", "data": b"x", "reference": "r", **wrong})

    def test_events_carry_the_generation_they_happened_in(self):
        later = self.fence.read_fence()["generation"] + 5
        self.fence.advance(later, str(uuid.uuid4()))
        self.send("m-1", "order.create", self.order_payload(confirm=True))
        self.assertEqual(self.events("order.confirmed").generation, later)

    def test_pending_is_oldest_first_and_marking_is_idempotent(self):
        self.outbox.mark_published([event["event_id"] for event in self.outbox.pending(1000)])
        for number in (1, 2, 3):
            self.send(f"m-{number}", "order.create", self.order_payload(f"PO-{number}", confirm=True))
        pending = self.outbox.pending(2)
        self.assertEqual([event["payload"]["client_order_ref"] for event in pending], ["PO-1", "PO-2"])
        ids = [event["event_id"] for event in pending]
        self.assertEqual(self.outbox.mark_published(ids), {"marked": 2})
        self.assertEqual(self.outbox.mark_published(ids), {"marked": 0})
        self.assertEqual([event["payload"]["client_order_ref"] for event in self.outbox.pending()], ["PO-3"])

    def test_missing_events_are_phantoms(self):
        self.send("m-1", "order.create", self.order_payload(confirm=True))
        known, phantom = self.events().event_id, str(uuid.uuid4())
        self.assertEqual(self.outbox.missing([phantom, known]), [phantom])

    def test_limits_and_rights(self):
        for limit in (0, 1001, True, "5"):
            with self.assertRaises(ValidationError):
                self.outbox.pending(limit)
        outbox = self.env["plimsoll.outbox"].with_user(self.employee)
        for call in (lambda: outbox.pending(), lambda: outbox.mark_published([]), lambda: outbox.missing([])):
            with self.assertRaises(AccessError):
                call()

    def test_the_notification_comes_at_commit_and_not_before(self):
        listener = self.env.registry._db.cursor()
        self.addCleanup(listener.close)
        connection = listener._cnx
        listener.rollback()
        connection.set_session(autocommit=True)
        listener.execute("LISTEN plimsoll_outbox")

        def notified(timeout_s):
            select.select([connection], [], [], timeout_s)
            connection.poll()
            found = [notify.channel for notify in connection.notifies]
            connection.notifies.clear()
            return found

        with self.env.registry._db.cursor() as cr:
            cr.execute("SELECT pg_notify('plimsoll_outbox', '')")
            self.assertEqual(notified(0.2), [])
        self.assertEqual(notified(60), ["plimsoll_outbox"])
        self.send("m-1", "order.create", self.order_payload(confirm=True))
        self.assertEqual(notified(0.2), [], "our own transaction has not committed")

    def test_neutralizing_mutes_a_copy(self):
        self.send("m-1", "order.create", self.order_payload(confirm=True))
        self.env["res.users.apikeys"].with_user(self.user).sudo()._generate("rpc", "example", None)
        before = self.fence.read_fence()
        for query in get_neutralization_queries(["plimsoll_bridge"]):
            self.env.cr.execute(query)
        self.env.invalidate_all()
        self.assertEqual(self.outbox.pending(), [])
        self.env.cr.execute("SELECT count(*) FROM res_users_apikeys")
        self.assertEqual(self.env.cr.fetchone(), (0,))
        after = self.fence.read_fence()
        self.assertEqual(after["generation"], before["generation"])
        self.assertNotEqual(after["incarnation"], before["incarnation"])
        answer = self.send("m-2", "order.create", self.order_payload("PO-2"), **before)
        self.assertEqual(answer["status"], "fenced")
