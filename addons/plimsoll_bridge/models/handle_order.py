import datetime

from psycopg2.errors import UniqueViolation

from odoo import Command, api, models
from odoo.exceptions import ConcurrencyError, UserError, ValidationError

from ..checks import check_date, check_flag, check_keys, check_lines, check_number, check_text


class PlimsollInbox(models.Model):
    _inherit = "plimsoll.inbox"

    @api.model
    def _handlers(self):
        return {
            **super()._handlers(),
            "order.create": self._handle_order_create,
            "order.confirm": self._handle_order_confirm,
            "order.cancel": self._handle_order_cancel,
        }

    @api.model
    def _handlers_together(self):
        return {**super()._handlers_together(), "order.create": self._handle_orders_create}

    @api.model
    def _handle_order_create(self, payload):
        return self._handle_orders_create([payload])[0]

    @api.model
    def _handle_orders_create(self, payloads):
        """Orders of one call cost a fraction of orders of one call each: taxes, prices and addresses are worked out once."""
        values = [self._order_values(payload) for payload in payloads]
        # Nobody follows an order that a machine wrote: no mail, no followers, no tracking queries.
        orders = self.env["sale.order"].sudo().with_context(mail_create_nosubscribe=True, tracking_disable=True)
        try:
            orders = orders.create(values)
        except UniqueViolation as error:
            if error.diag.constraint_name != "sale_order_plimsoll_once":
                raise
            # Another message with the same order has come in since we looked; Odoo has us look once more.
            references = ", ".join(repr(one["client_order_ref"]) for one in values)
            raise ConcurrencyError(f"one of {references} has become an order in this moment") from error
        confirmed = [payload.get("confirm", False) for payload in payloads]
        to_confirm = orders.browse(order.id for order, confirm in zip(orders, confirmed, strict=True) if confirm)
        if to_confirm:
            to_confirm.action_confirm()
        return [self._order_result(order) for order in orders]

    @api.model
    def _order_values(self, payload):
        check_keys(payload, "payload", ("client_order_ref", "partner", "lines"), ("confirm", "warehouse", "ordered_on", "wanted_on"))
        reference = check_text(payload["client_order_ref"], "payload.client_order_ref")
        check_flag(payload.get("confirm", False), "payload.confirm")
        partner = self._partner(payload["partner"])
        lines = self._order_lines(payload["lines"])
        values = {"partner_id": partner.id, "client_order_ref": reference, "order_line": lines}
        if "warehouse" in payload:
            values["warehouse_id"] = self._warehouse(payload["warehouse"]).id
        values["plimsoll_source"] = self.env.context.get("plimsoll_source")
        if "ordered_on" in payload:
            values["plimsoll_ordered_on"] = check_date(payload["ordered_on"], "payload.ordered_on")
        if "wanted_on" in payload:
            # A day has no hour: noon is that day in every zone we deliver to.
            day = check_date(payload["wanted_on"], "payload.wanted_on")
            values["commitment_date"] = datetime.datetime.combine(day, datetime.time(12))
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
        return values

    @api.model
    def _handle_order_confirm(self, payload):
        order = self._order_of(payload)
        order.action_confirm()
        return self._order_result(order)

    @api.model
    def _handle_order_cancel(self, payload):
        """Nothing of it may have left: what has is brought back by people."""
        order = self._order_of(payload)
        gone = order.picking_ids.filtered(lambda picking: picking.state == "done")
        if gone:
            raise UserError(f"Order {order.name}: {', '.join(gone.mapped('name'))} has left already.")
        order.with_context(disable_cancel_warning=True).action_cancel()
        if order.state != "cancel":
            raise UserError(f"Order {order.name} cannot be cancelled.")
        return self._order_result(order)

    @api.model
    def _order_lines(self, lines):
        check_lines(lines, optional=("line", "price"))
        by_sku = self._products(lines, domain=[("sale_ok", "=", True)])
        return [
            Command.create(
                {
                    "product_id": by_sku[line["sku"]].id,
                    "product_uom_qty": line["quantity"],
                    "plimsoll_line": check_text(line["line"], f"payload.lines[{index}].line", 20) if "line" in line else False,
                    "plimsoll_price": check_number(line["price"], f"payload.lines[{index}].price") if "price" in line else 0,
                }
            )
            for index, line in enumerate(lines)
        ]

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
