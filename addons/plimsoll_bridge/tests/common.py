from odoo.fields import Command
from odoo.tests import TransactionCase


class BridgeCase(TransactionCase):
    """Products, stock and a partner of its own: nothing here needs the example data."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.warehouse = cls.env["stock.warehouse"].search([("company_id", "=", cls.env.company.id)], limit=1)
        cls.partner = cls.env["res.partner"].create({"name": "Example Bridge Partner", "ref": "BRIDGE-EXAMPLE"})
        cls.products = cls.env["product.product"].create(
            [
                {"name": f"Example {sku}", "default_code": sku, "type": "consu", "is_storable": True, "list_price": 10}
                for sku in ("TST-0001", "TST-0002")
            ]
        )
        for product in cls.products:
            cls.env["stock.quant"]._update_available_quantity(product, cls.warehouse.lot_stock_id, 100)
        cls.user = cls.env.ref("plimsoll_bridge.user_integration")
        cls.inbox = cls.env["plimsoll.inbox"].with_user(cls.user)
        cls.outbox = cls.env["plimsoll.outbox"].with_user(cls.user)
        cls.fence = cls.env["plimsoll.fence"].with_user(cls.user)
        cls.employee = cls.env["res.users"].create(
            {
                "name": "Example employee",
                "login": "bridge_example_employee",
                "group_ids": [Command.set([cls.env.ref("base.group_user").id])],
            }
        )

    def order_payload(self, reference="PO-EXAMPLE-1", **changes):
        return {
            "client_order_ref": reference,
            "partner": "BRIDGE-EXAMPLE",
            "lines": [{"sku": "TST-0001", "quantity": 3}, {"sku": "TST-0002", "quantity": 2}],
            "warehouse": self.warehouse.code,
            **changes,
        }

    def send(self, message_id, kind, payload, body_hash="hash-1", source="example", **options):
        options.setdefault("generation", self.fence.read_fence()["generation"])
        return self.inbox.process_message(source, message_id, body_hash, kind, payload, **options)

    def orders(self, reference="PO-EXAMPLE-1"):
        return self.env["sale.order"].search([("client_order_ref", "=", reference)])
