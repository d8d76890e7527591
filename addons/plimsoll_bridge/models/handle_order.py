from odoo import Command, api, models
from odoo.exceptions import ValidationError

from ..checks import LINES_MAX, check_flag, check_keys, check_list, check_quantity, check_text


class PlimsollInbox(models.Model):
    _inherit = "plimsoll.inbox"

    @api.model
    def _handlers(self):
        return {
            **super()._handlers(),
            "order.create": self._handle_order_create,
            "order.confirm": self._handle_order_confirm,
        }

    @api.model
    def _handle_order_create(self, payload):
        check_keys(payload, "payload", ("client_order_ref", "partner", "lines"), ("confirm", "warehouse"))
        reference = check_text(payload["client_order_ref"], "payload.client_order_ref")
        partner = self._partner(payload["partner"])
        lines = self._order_lines(payload["lines"])
        values = {"partner_id": partner.id, "client_order_ref": reference, "order_line": lines}
        if "warehouse" in payload:
            values["warehouse_id"] = self._warehouse(payload["warehouse"]).id
        confirm = check_flag(payload.get("confirm", False), "payload.confirm")
        # Second line of defence: a partner that sends one order under two message ids.
        existing = self.env["sale.order"].sudo().search(
            [
                ("client_order_ref", "=", reference),
                ("partner_id", "child_of", partner.commercial_partner_id.id),
                ("state", "!=", "cancel"),
            ],
            limit=1,
        )
        if existing:
            raise ValidationError(f"payload.client_order_ref: {reference!r} is already order {existing.name}")
        # Nobody follows an order that a machine wrote: no mail, no followers, no tracking queries.
        orders = self.env["sale.order"].sudo().with_context(mail_create_nosubscribe=True, tracking_disable=True)
        order = orders.create(values)
        if confirm:
            order.action_confirm()
        return self._order_result(order)

    @api.model
    def _handle_order_confirm(self, payload):
        order = self._order_of(payload)
        order.action_confirm()
        return self._order_result(order)

    @api.model
    def _order_lines(self, lines):
        check_list(lines, "payload.lines", LINES_MAX)
        for index, line in enumerate(lines):
            where = f"payload.lines[{index}]"
            check_keys(line, where, ("sku", "quantity"))
            check_text(line["sku"], f"{where}.sku", 64)
            check_quantity(line["quantity"], f"{where}.quantity")
        skus = {line["sku"] for line in lines}
        products = self.env["product.product"].sudo().search([("default_code", "in", sorted(skus)), ("sale_ok", "=", True)])
        by_sku = products.grouped("default_code")
        unknown = sorted(skus - set(by_sku))
        if unknown:
            raise ValidationError(f"payload.lines: no product for sale has the reference {', '.join(unknown[:10])}")
        shared = sorted(sku for sku, found in by_sku.items() if len(found) > 1)
        if shared:
            raise ValidationError(f"payload.lines: several products have the reference {', '.join(shared[:10])}")
        return [
            Command.create({"product_id": by_sku[line["sku"]].id, "product_uom_qty": line["quantity"]})
            for line in lines
        ]

    @api.model
    def _warehouse(self, code):
        check_text(code, "payload.warehouse", 8)
        warehouse = self.env["stock.warehouse"].sudo().search(
            [("code", "=", code), ("company_id", "=", self.env.company.id)], limit=1
        )
        if not warehouse:
            raise ValidationError(f"payload.warehouse: no warehouse has the code {code!r}")
        return warehouse

    @api.model
    def _order_result(self, order):
        return {
            "order": {
                "id": order.id,
                "name": order.name,
                "client_order_ref": order.client_order_ref,
                "state": order.state,
            },
            "deliveries": [
                {"id": picking.id, "name": picking.name, "state": picking.state} for picking in order.picking_ids
            ],
        }
