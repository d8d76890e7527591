from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged

from .common import BridgeCase


@tagged("post_install", "-at_install")
class TestCommands(BridgeCase):
    """The commands that came with EDI. Each is applied once: the second copy gets the first one's answer."""

    def once(self, message_id, kind, payload):
        first = self.send(message_id, kind, payload)
        second = self.send(message_id, kind, payload)
        self.assertEqual((first["status"], second["status"]), ("done", "duplicate"))
        self.assertEqual(first["result"], second["result"])
        return first["result"]

    def refused(self, kind, payload, text, error=ValidationError):
        with self.assertRaises(error) as caught, self.env.cr.savepoint():
            self.send(f"refused-{self.id()}-{text}"[-200:], kind, payload)
        self.assertIn(text, str(caught.exception))

    def purchase(self, quantity=10):
        order = self.env["purchase.order"].create(
            {
                "partner_id": self.partner.id,
                "order_line": [Command.create({"product_id": self.products[0].id, "product_qty": quantity, "price_unit": 4})],
            }
        )
        return order

    def test_what_the_partner_says_of_its_order_is_kept(self):
        lines = [{"sku": "TST-0001", "quantity": 3, "line": "10", "price": 9.5}]
        payload = self.order_payload(lines=lines, ordered_on="2026-11-20", wanted_on="2026-11-28")
        self.once("m-1", "order.create", payload)
        order = self.orders()
        self.assertEqual((str(order.plimsoll_ordered_on), str(order.commitment_date.date())), ("2026-11-20", "2026-11-28"))
        self.assertEqual((order.plimsoll_source, order.order_line.plimsoll_line), ("example", "10"))
        self.assertEqual((order.order_line.plimsoll_price, order.order_line.price_unit), (9.5, 10), "our price stands")
        for changes, text in (
            ({"ordered_on": "20261120"}, "must be a date"),
            ({"ordered_on": "2026-02-30"}, "no day"),
            ({"lines": [{**lines[0], "price": -1}]}, "price"),
        ):
            self.refused("order.create", {**payload, **changes, "client_order_ref": "PO-2"}, text)

    def test_an_order_is_cancelled_until_something_has_left(self):
        about = {"client_order_ref": "PO-EXAMPLE-1"}
        self.send("m-1", "order.create", self.order_payload(confirm=True))
        self.assertEqual(self.once("m-2", "order.cancel", about)["order"]["state"], "cancel")
        self.refused("order.cancel", about, "no order")
        self.send("m-3", "order.create", self.order_payload(confirm=True))
        self.send("m-4", "shipment.confirm", about)
        self.refused("order.cancel", about, "has left", UserError)

    def test_a_partial_shipment_leaves_a_backorder(self):
        self.send("m-1", "order.create", self.order_payload(confirm=True))
        about = {"client_order_ref": "PO-EXAMPLE-1", "lines": [{"sku": "TST-0001", "quantity": 1}], "tracking": "1Z-EXAMPLE"}
        shipped = self.once("m-2", "shipment.confirm", about)["shipments"]
        order = self.orders()
        self.assertEqual(order.order_line.mapped("qty_delivered"), [1, 0])
        picking = self.env["stock.picking"].browse(shipped[0]["id"])
        self.assertEqual(picking.carrier_tracking_ref, "1Z-EXAMPLE")
        self.refused("shipment.confirm", {**about, "lines": [{"sku": "TST-0001", "quantity": 3}]}, "more of TST-0001", UserError)
        self.send("m-3", "shipment.confirm", {"client_order_ref": "PO-EXAMPLE-1"})
        self.assertEqual(order.order_line.mapped("qty_delivered"), [3, 2])

    def test_a_purchase_is_ordered_once(self):
        payload = {"reference": "PLAN-1", "partner": "BRIDGE-EXAMPLE", "lines": [{"sku": "TST-0001", "quantity": 4, "price": 2.5}]}
        made = self.once("m-1", "purchase.create", payload)["purchase"]
        order = self.env["purchase.order"].browse(made["id"])
        self.assertEqual((order.state, order.origin, order.name), ("draft", "PLAN-1", made["name"]))
        self.assertEqual((order.order_line.product_qty, order.order_line.price_unit), (4, 2.5))
        self.refused("purchase.create", payload, "already purchase")
        self.refused("purchase.create", {**payload, "reference": "PLAN-2", "lines": []}, "lines")
        order.button_cancel()
        self.once("m-2", "purchase.create", payload)

    def test_a_purchase_is_confirmed_received_and_billed(self):
        order = self.purchase()
        about = {"purchase_order": order.name, "partner": "BRIDGE-EXAMPLE"}
        self.once("m-1", "purchase.confirm", {**about, "reference": "S-9", "expected_on": "2026-12-01"})
        self.assertEqual((order.state, order.partner_ref), ("purchase", "S-9"))
        lines = [{"sku": "TST-0001", "quantity": 4}]
        self.once("m-2", "receipt.confirm", {**about, "shipment": "ASN-1", "lines": lines})
        self.assertEqual(order.order_line.qty_received, 4)
        self.refused("receipt.confirm", {**about, "lines": [{"sku": "TST-0001", "quantity": 7}]}, "more of TST-0001", UserError)
        self.send("m-3", "receipt.confirm", {**about, "lines": [{"sku": "TST-0001", "quantity": 6}]})
        self.assertEqual(order.order_line.qty_received, 10)
        bill = {"number": "INV-9", "partner": "BRIDGE-EXAMPLE", "date": "2026-11-21", "purchase_order": order.name,
                "lines": [{"sku": "TST-0001", "quantity": 10, "price": 4}]}
        made = self.once("m-4", "bill.create", bill)["bill"]
        move = self.env["account.move"].browse(made["id"])
        self.assertEqual((move.state, move.ref, move.amount_untaxed), ("draft", "INV-9", 40))
        self.assertEqual(order.order_line.qty_invoiced, 10)
        self.refused("bill.create", bill, "already bill")
        other = self.env["res.partner"].create({"name": "Example Other", "ref": "BRIDGE-OTHER"})
        self.refused("receipt.confirm", {**about, "partner": other.ref, "lines": lines}, "no purchase order")

    def test_what_a_scanner_reads_is_known_by_its_gtin(self):
        self.products[0].barcode = "4000001234561"
        order = self.purchase()
        order.button_confirm()
        # A scanner names no supplier; it may read the GTIN with a leading zero.
        lines = [{"sku": "04000001234561", "quantity": 4}]
        self.once("m-1", "receipt.confirm", {"purchase_order": order.name, "lines": lines})
        self.assertEqual(order.order_line.qty_received, 4)
        self.refused("receipt.confirm", {"purchase_order": "P-NONE", "lines": lines}, "there is no purchase order")
        payload = {"warehouse": self.warehouse.code, "reference": "COUNT-2", "lines": [{"sku": "4000001234561", "quantity": 90}]}
        self.assertEqual(self.once("m-2", "stock.adjust", payload)["changed"], {"TST-0001": -14})
        self.send("m-3", "order.create", self.order_payload(confirm=True))
        shipped = {"client_order_ref": "PO-EXAMPLE-1", "lines": [{"sku": "4000001234561", "quantity": 2}]}
        self.once("m-4", "shipment.confirm", shipped)
        self.assertEqual(self.orders().order_line.mapped("qty_delivered"), [2, 0])
        unknown = {**payload, "lines": [{"sku": "4000001234578", "quantity": 1}]}
        self.refused("stock.adjust", unknown, "no product has the reference")

    def test_stock_is_what_was_counted(self):
        payload = {"warehouse": self.warehouse.code, "reference": "COUNT-1", "lines": [
            {"sku": "TST-0001", "quantity": 93}, {"sku": "TST-0002", "quantity": 0}]}
        result = self.once("m-1", "stock.adjust", payload)
        self.assertEqual(result["changed"], {"TST-0001": -7, "TST-0002": -100})
        here = self.products.with_context(location=self.warehouse.lot_stock_id.id)
        self.assertEqual(here.mapped("qty_available"), [93, 0])
        self.refused("stock.adjust", {**payload, "warehouse": "NOPE"}, "payload.warehouse")
        self.refused("stock.adjust", {**payload, "lines": [{"sku": "TST-0001", "quantity": -1}]}, "quantity")

    def test_stock_is_reported(self):
        payload = {"partner": "BRIDGE-EXAMPLE", "warehouse": self.warehouse.code, "reference": "RPT-1", "skus": ["TST-0001"]}
        self.once("m-1", "stock.report", payload)
        event = self.env["plimsoll.outbox"].search([("kind", "=", "stock.reported")], limit=1)
        self.assertEqual((event.source, event.payload["report"]), ("example", "RPT-1"))
        self.assertEqual(event.payload["lines"], [{"sku": "TST-0001", "gtin": None, "on_hand": 100, "available": 100}])

    def test_partners_and_products_are_written_by_external_id(self):
        partner = {"external_id": "example_shop.customer_1", "name": "Example One", "city": "Exampleton", "country": "de"}
        made = self.once("m-1", "partner.upsert", partner)["partner"]
        again = self.send("m-2", "partner.upsert", {**partner, "name": "Example Two"})["result"]["partner"]
        self.assertEqual((made["id"], made["created"]), (again["id"], True))
        self.assertEqual((again["name"], again["created"]), ("Example Two", False))
        product = {"external_id": "p-1", "sku": "TST-0009", "name": "Example Nine", "gtin": "4000001234561", "price": 3}
        made = self.once("m-3", "product.upsert", product)["product"]
        found = self.env["product.product"].browse(made["id"])
        self.assertEqual((found.barcode, found.list_price, found.is_storable), ("4000001234561", 3, True))
        self.refused("product.upsert", {**product, "gtin": "4000001234562"}, "check digit")
        self.refused("partner.upsert", {**partner, "external_id": "base.main_partner"}, "module of Odoo")
        self.refused("product.upsert", {**product, "external_id": "example_shop.customer_1"}, "something else")

    def test_events_are_found_by_their_integration(self):
        self.send("m-1", "order.create", self.order_payload(confirm=True), source="acme-x12")
        self.send("m-2", "order.create", self.order_payload("PO-2", confirm=True), source="web-shop")
        references = [event["payload"]["client_order_ref"] for event in self.outbox.pending(100, ["acme-x12"])]
        self.assertEqual(references, ["PO-EXAMPLE-1"])
        self.assertEqual(self.outbox.pending(100, []), [])
