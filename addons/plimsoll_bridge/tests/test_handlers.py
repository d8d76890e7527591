from unittest.mock import patch

from odoo.exceptions import ConcurrencyError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import BridgeCase


@tagged("post_install", "-at_install")
class TestHandlers(BridgeCase):
    def assert_refused(self, kind, payload, text, error=ValidationError):
        with self.assertRaises(error) as caught, self.env.cr.savepoint():
            self.send(f"refused-{self.id()}-{text}"[-200:], kind, payload)
        self.assertIn(text, str(caught.exception))

    def test_an_order_is_created_as_a_quotation(self):
        self.send("m-1", "order.create", self.order_payload())
        order = self.orders()
        self.assertEqual((order.state, order.partner_id), ("draft", self.partner))
        self.assertEqual(order.warehouse_id, self.warehouse)
        self.assertEqual(
            [(line.product_id.default_code, line.product_uom_qty) for line in order.order_line],
            [("TST-0001", 3), ("TST-0002", 2)],
        )

    def test_from_order_to_invoice(self):
        created = self.send("m-1", "order.create", self.order_payload(confirm=True))["result"]
        self.assertEqual(created["order"]["state"], "sale")
        self.assertEqual([delivery["state"] for delivery in created["deliveries"]], ["assigned"])
        about = {"client_order_ref": "PO-EXAMPLE-1"}
        shipped = self.send("m-2", "shipment.confirm", about)["result"]
        self.assertEqual([shipment["state"] for shipment in shipped["shipments"]], ["done"])
        invoiced = self.send("m-3", "invoice.post", about)["result"]
        self.assertEqual([invoice["state"] for invoice in invoiced["invoices"]], ["posted"])
        order = self.orders()
        self.assertEqual(order.order_line.mapped("qty_delivered"), [3, 2])
        self.assertEqual(order.invoice_status, "invoiced")
        on_hand = self.products[0].with_context(location=self.warehouse.lot_stock_id.id).qty_available
        self.assertEqual(on_hand, 97)

    def test_a_quotation_is_confirmed_by_its_reference(self):
        self.send("m-1", "order.create", self.order_payload())
        answer = self.send("m-2", "order.confirm", {"client_order_ref": "PO-EXAMPLE-1"})
        self.assertEqual(answer["result"]["order"]["state"], "sale")
        self.assert_refused("order.confirm", {"client_order_ref": "PO-EXAMPLE-1"}, "confirmation", UserError)

    def test_of_two_copies_of_an_order_in_one_moment_the_second_looks_again(self):
        self.send("m-1", "order.create", self.order_payload())
        # The other transaction's order is there, and we cannot see it.
        orders = type(self.env["sale.order"])
        with (
            patch.object(orders, "search", lambda self, *_arguments, **_options: self.browse()),
            self.assertRaises(ConcurrencyError),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            self.send("m-2", "order.create", self.order_payload())
        self.assert_refused("order.create", self.order_payload(), "is already order")

    def test_a_partner_is_found_by_external_id(self):
        self.env["ir.model.data"].create(
            {"module": "bridge_example", "name": "partner_one", "model": "res.partner", "res_id": self.partner.id}
        )
        self.send("m-1", "order.create", self.order_payload(partner="bridge_example.partner_one"))
        self.assertEqual(self.orders().partner_id, self.partner)

    def test_an_external_id_of_something_else_is_no_partner(self):
        self.assert_refused("order.create", self.order_payload(partner="base.main_company"), "payload.partner")

    def test_payloads_are_read_strictly(self):
        line = {"sku": "TST-0001", "quantity": 1}
        for changes, text in (
            ({"priority": 1}, "unknown keys: 'priority'"),
            ({"client_order_ref": " "}, "payload.client_order_ref"),
            ({"partner": "NOBODY"}, "payload.partner"),
            ({"lines": []}, "payload.lines"),
            ({"lines": [line] * 1001}, "more than 1000"),
            ({"lines": [{"sku": "TST-0001"}]}, "missing keys: 'quantity'"),
            ({"lines": [{**line, "colour": 0}]}, "payload.lines[0]: unknown keys: 'colour'"),
            ({"lines": [line, {**line, "quantity": 0}]}, "payload.lines[1].quantity"),
            ({"lines": [{**line, "quantity": True}]}, "payload.lines[0].quantity"),
            ({"lines": [{**line, "quantity": float("nan")}]}, "not finite"),
            ({"lines": [{**line, "sku": "NO-SUCH-SKU"}]}, "NO-SUCH-SKU"),
            ({"warehouse": "NOWHR"}, "payload.warehouse"),
            ({"confirm": "yes"}, "payload.confirm"),
        ):
            with self.subTest(text=text):
                self.assert_refused("order.create", self.order_payload(**changes), text)
        self.assertFalse(self.orders())

    def test_one_order_under_two_message_ids_is_created_once(self):
        self.send("m-1", "order.create", self.order_payload())
        self.assert_refused("order.create", self.order_payload(), "is already order")
        self.assertEqual(len(self.orders()), 1)

    def test_a_shared_reference_needs_the_partner(self):
        other = self.env["res.partner"].create({"name": "Example Other", "ref": "BRIDGE-OTHER"})
        self.send("m-1", "order.create", self.order_payload())
        self.send("m-2", "order.create", self.order_payload(partner="BRIDGE-OTHER"))
        about = {"client_order_ref": "PO-EXAMPLE-1"}
        self.assert_refused("order.confirm", about, "several orders")
        answer = self.send("m-3", "order.confirm", {**about, "partner": "BRIDGE-OTHER"})
        self.assertEqual(self.env["sale.order"].browse(answer["result"]["order"]["id"]).partner_id, other)

    def test_what_is_not_in_stock_is_not_shipped_at_all(self):
        lines = [{"sku": "TST-0001", "quantity": 1000}, {"sku": "TST-0002", "quantity": 1}]
        self.send("m-1", "order.create", self.order_payload(lines=lines, confirm=True))
        self.assert_refused("shipment.confirm", {"client_order_ref": "PO-EXAMPLE-1"}, "in stock", UserError)
        self.assertNotIn("done", self.orders().picking_ids.mapped("state"))

    def test_shipping_or_invoicing_twice_is_refused(self):
        about = {"client_order_ref": "PO-EXAMPLE-1"}
        self.send("m-1", "order.create", self.order_payload(confirm=True))
        self.send("m-2", "shipment.confirm", about)
        self.assert_refused("shipment.confirm", about, "nothing left to ship", UserError)
        self.send("m-3", "invoice.post", about)
        self.assert_refused("invoice.post", about, "", UserError)
        self.assertEqual(len(self.orders().invoice_ids), 1)

    def test_all_steps_of_a_delivery_are_shipped(self):
        self.warehouse.delivery_steps = "pick_ship"
        self.send("m-1", "order.create", self.order_payload(confirm=True))
        self.send("m-2", "shipment.confirm", {"client_order_ref": "PO-EXAMPLE-1"})
        self.assertEqual(self.orders().order_line.mapped("qty_delivered"), [3, 2])
        self.assertEqual(set(self.orders().picking_ids.mapped("state")), {"done"})
