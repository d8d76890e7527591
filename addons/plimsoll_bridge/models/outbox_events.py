"""Where events come from: each is written in the transaction that makes it true."""
from odoo import models


class SaleOrder(models.Model):
    _inherit = "sale.order"

    # Messages find their order by the partner's reference; without this every one reads all orders.
    _plimsoll_reference = models.Index("(client_order_ref) WHERE client_order_ref IS NOT NULL")

    def action_confirm(self):
        result = super().action_confirm()
        confirmed = self.filtered(lambda order: order.state == "sale")
        self.env["plimsoll.outbox"]._emit(
            "order.confirmed", [(order, order._plimsoll_confirmed()) for order in confirmed]
        )
        return result

    def _plimsoll_confirmed(self):
        return {
            "order": self.name,
            "client_order_ref": self.client_order_ref or None,
            "partner": self.partner_id.ref or None,
            "lines": [
                {"sku": line.product_id.default_code or None, "quantity": line.product_uom_qty}
                for line in self.order_line
                if not line.display_type
            ],
        }


class StockPicking(models.Model):
    _inherit = "stock.picking"

    def _action_done(self):
        # A picking done before is validated again when a late move is added to it; it left once.
        leaving = self.filtered(lambda picking: picking.picking_type_code == "outgoing" and picking.state != "done")
        result = super()._action_done()
        shipped = leaving.filtered(lambda picking: picking.state == "done")
        self.env["plimsoll.outbox"]._emit(
            "shipment.done", [(picking, picking._plimsoll_shipped()) for picking in shipped]
        )
        return result

    def _plimsoll_shipped(self):
        order = self.sale_id
        return {
            "shipment": self.name,
            "order": order.name or None,
            "client_order_ref": order.client_order_ref or None,
            "partner": self.partner_id.ref or None,
            "warehouse": self.picking_type_id.warehouse_id.code or None,
            "tracking": self.carrier_tracking_ref or None,
            "lines": [
                {"sku": move.product_id.default_code or None, "quantity": move.quantity}
                for move in self.move_ids
                if move.state == "done"
            ],
        }


class AccountMove(models.Model):
    _inherit = "account.move"

    def _post(self, soft=True):
        posted = super()._post(soft=soft)
        documents = posted.filtered(lambda move: move.move_type in ("out_invoice", "out_refund"))
        self.env["plimsoll.outbox"]._emit(
            "invoice.posted", [(move, move._plimsoll_posted()) for move in documents]
        )
        return posted

    def _plimsoll_posted(self):
        orders = self.line_ids.sale_line_ids.order_id
        return {
            "invoice": self.name,
            "type": self.move_type,
            "orders": orders.mapped("name"),
            "client_order_refs": [reference for reference in orders.mapped("client_order_ref") if reference],
            "partner": self.partner_id.ref or None,
            "date": str(self.invoice_date),
            "amount_total": self.amount_total,
            "currency": self.currency_id.name,
        }
