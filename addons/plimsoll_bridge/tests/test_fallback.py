from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from .common import BridgeCase


@tagged("post_install", "-at_install")
class TestFallback(BridgeCase):
    def setUp(self):
        super().setUp()
        self.fallback = self.env["plimsoll.fallback"].with_user(self.user)
        self.code = self.warehouse.code

    def test_a_pack_has_the_open_work_of_one_warehouse(self):
        self.send("m-1", "order.create", self.order_payload(confirm=True))
        picking = self.orders().picking_ids
        pack = self.fallback.pack(self.code)
        self.assertEqual(pack["warehouse"]["code"], self.code)
        self.assertFalse(pack["standby"])
        lines = [line for line in pack["picks"]["lines"] if line["transfer"] == picking.name]
        self.assertEqual({(line["sku"], line["quantity"]) for line in lines}, {("TST-0001", 3), ("TST-0002", 2)})
        self.assertTrue(all(line["place"] for line in lines))
        delivery = [one for one in pack["deliveries"]["transfers"] if one["transfer"] == picking.name]
        self.assertEqual([line["sku"] for line in delivery[0]["lines"]], ["TST-0001", "TST-0002"])
        self.assertIn("Example Bridge Partner", delivery[0]["partner"])
        other = self.env["stock.warehouse"].search([("id", "!=", self.warehouse.id)], limit=1)
        self.assertFalse([one for one in self.fallback.pack(other.code)["deliveries"]["transfers"] if one["transfer"] == picking.name])

    def test_a_receipt_is_expected_until_it_is_done(self):
        order = self.env["purchase.order"].create(
            {
                "partner_id": self.partner.id,
                "picking_type_id": self.warehouse.in_type_id.id,
                "order_line": [(0, 0, {"product_id": self.products[0].id, "product_qty": 7, "price_unit": 1})],
            }
        )
        order.button_confirm()
        receipts = self.fallback.pack(self.code)["receipts"]["transfers"]
        mine = [one for one in receipts if one["transfer"] == order.picking_ids.name]
        self.assertEqual([(line["sku"], line["quantity"]) for line in mine[0]["lines"]], [("TST-0001", 7)])
        order.picking_ids.button_validate()
        receipts = self.fallback.pack(self.code)["receipts"]["transfers"]
        self.assertNotIn(order.picking_ids.name, [one["transfer"] for one in receipts])

    def test_labels_that_are_set_aside_are_given_to_nobody_else(self):
        one = self.fallback.reserve_labels(self.code, 5, "Example Operator")
        two = self.fallback.reserve_labels(self.code, 5, "Example Operator")
        self.assertEqual(len(set(one["labels"] + two["labels"])), 10)
        self.assertNotIn(self.env["stock.package"].create({}).name, one["labels"] + two["labels"])
        self.assertEqual(self.fallback.pack(self.code)["labels"][:2], [two, one])

    def test_with_a_company_prefix_labels_are_sscc(self):
        self.env["ir.config_parameter"].sudo().set_param("plimsoll.gs1_company_prefix", "0614141")
        self.env["ir.sequence"].search([("code", "=", "plimsoll.sscc")]).number_next = 1234567890 % 10**9
        reserved = self.fallback.reserve_labels(self.code, 2, "Example Operator")
        self.assertEqual(reserved["kind"], "sscc")
        # Extension 0, prefix 0614141, serial 234567890; the check digit as GS1's own rule gives it.
        self.assertEqual(reserved["labels"][0][:17], "00614141234567890")
        for label in reserved["labels"]:
            digits = [int(digit) for digit in label]
            self.assertEqual(len(digits), 18)
            self.assertEqual(sum(d * (3 if i % 2 == 0 else 1) for i, d in enumerate(digits[:17])) % 10, -digits[17] % 10)

    def test_nonsense_is_refused(self):
        for count in (0, 501, True, "5"):
            with self.assertRaises(ValidationError):
                self.fallback.reserve_labels(self.code, count, "x")
        with self.assertRaises(ValidationError):
            self.fallback.pack("NOWHERE")
        self.env["ir.config_parameter"].sudo().set_param("plimsoll.gs1_company_prefix", "12x")
        with self.assertRaises(ValidationError):
            self.fallback.reserve_labels(self.code, 1, "x")

    def test_employees_may_not_ask(self):
        theirs = self.env["plimsoll.fallback"].with_user(self.employee)
        for call in (theirs.warehouses, lambda: theirs.pack(self.code), lambda: theirs.reserve_labels(self.code, 1, "x")):
            with self.assertRaises(AccessError):
                call()
