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
            "order.confirmed",
            [(order, order._plimsoll_confirmed()) for order in confirmed],
            lambda order: order.plimsoll_source,
        )
        return result

    def _plimsoll_partner(self):
        """The reference of who ordered, or of the company behind."""
        return self.partner_id.ref or self.partner_id.commercial_partner_id.ref or None

    def _plimsoll_confirmed(self):
        return {
            "order": self.name,
            "client_order_ref": self.client_order_ref or None,
            "partner": self._plimsoll_partner(),
            "ordered_on": str(self.plimsoll_ordered_on or self.date_order.date()),
            "confirmed_on": str(self.date_order.date()),
            "deliver_on": str(self.commitment_date.date()) if self.commitment_date else None,
            "currency": self.currency_id.name,
            "warehouse": self.warehouse_id.code or None,
            "ship_to": _address(self.partner_shipping_id),
            "lines": [
                {
                    "line": line.plimsoll_line or None,
                    "sku": line.product_id.default_code or None,
                    "gtin": line.product_id.barcode or None,
                    "name": line.product_id.name,
                    "quantity": line.product_uom_qty,
                    "price": line.price_unit,
                }
                for line in self.order_line
                if not line.display_type
            ],
        }


def _address(partner):
    return {
        "name": partner.name or partner.commercial_partner_id.name or None,
        "ref": partner.ref or None,
        "street": [line for line in (partner.street, partner.street2) if line],
        "city": partner.city or None,
        "region": partner.state_id.code or None,
        "zip": partner.zip or None,
        "country": partner.country_id.code or None,
    }


class StockPicking(models.Model):
    _inherit = "stock.picking"

    def _action_done(self):
        # A picking done before is validated again when a late move is added to it; it left once.
        leaving = self.filtered(lambda picking: picking.picking_type_code == "outgoing" and picking.state != "done")
        result = super()._action_done()
        shipped = leaving.filtered(lambda picking: picking.state == "done")
        self.env["plimsoll.outbox"]._emit(
            "shipment.done",
            [(picking, picking._plimsoll_shipped()) for picking in shipped],
            lambda picking: picking.sale_id.plimsoll_source,
        )
        return result

    def _plimsoll_shipped(self):
        order = self.sale_id
        done = self.move_ids.filtered(lambda move: move.state == "done")
        return {
            "shipment": self.name,
            "order": order.name or None,
            "client_order_ref": order.client_order_ref or None,
            "ordered_on": str(order.plimsoll_ordered_on or order.date_order.date()) if order else None,
            "partner": order._plimsoll_partner() if order else self.partner_id.ref or None,
            "warehouse": self.picking_type_id.warehouse_id.code or None,
            "shipped_on": str(self.date_done.date()),
            "carrier": self.carrier_id.name or None,
            "tracking": self.carrier_tracking_ref or None,
            "ship_to": _address(self.partner_id),
            "lines": [
                {
                    "line": move.sale_line_id.plimsoll_line or None,
                    "sku": move.product_id.default_code or None,
                    "gtin": move.product_id.barcode or None,
                    "ordered": move.sale_line_id.product_uom_qty or move.quantity,
                    "quantity": move.quantity,
                }
                for move in done
            ],
            "packages": [
                {
                    # A package that has a name of eighteen digits has the name of its label.
                    "name": package.name or None,
                    "lines": [
                        {
                            "line": line.move_id.sale_line_id.plimsoll_line or None,
                            "sku": line.product_id.default_code or None,
                            "gtin": line.product_id.barcode or None,
                            "quantity": line.quantity,
                        }
                        for line in lines
                    ],
                }
                for package, lines in done.move_line_ids.grouped("result_package_id").items()
            ],
        }


class AccountMove(models.Model):
    _inherit = "account.move"

    def _post(self, soft=True):
        posted = super()._post(soft=soft)
        documents = posted.filtered(lambda move: move.move_type in ("out_invoice", "out_refund"))
        self.env["plimsoll.outbox"]._emit(
            "invoice.posted",
            [(move, move._plimsoll_posted()) for move in documents],
            # Of several orders those of one integration go to it; mixed ones to nobody in particular.
            lambda move: move._plimsoll_source(),
        )
        return posted

    def _plimsoll_source(self):
        sources = set(self.line_ids.sale_line_ids.order_id.mapped("plimsoll_source"))
        return sources.pop() if len(sources) == 1 else None

    def _plimsoll_posted(self):
        orders = self.line_ids.sale_line_ids.order_id
        products = self.invoice_line_ids.filtered(lambda line: line.display_type == "product")
        taxes = self.line_ids.filtered(lambda line: line.tax_line_id)
        return {
            "invoice": self.name,
            "type": self.move_type,
            "orders": orders.mapped("name"),
            "client_order_refs": [reference for reference in orders.mapped("client_order_ref") if reference],
            "ordered_on": [str(order.plimsoll_ordered_on or order.date_order.date()) for order in orders],
            "partner": orders[:1]._plimsoll_partner() if orders else self.partner_id.ref or None,
            "date": str(self.invoice_date),
            "due_on": str(self.invoice_date_due) if self.invoice_date_due else None,
            "amount_untaxed": self.amount_untaxed,
            "amount_tax": self.amount_tax,
            "amount_total": self.amount_total,
            "currency": self.currency_id.name,
            "lines": [
                {
                    "line": line.sale_line_ids[:1].plimsoll_line or None,
                    "sku": line.product_id.default_code or None,
                    "gtin": line.product_id.barcode or None,
                    "name": line.name,
                    "quantity": line.quantity,
                    "price": line.price_unit,
                    "amount": line.price_subtotal,
                }
                for line in products
            ],
            "taxes": [
                {"rate": tax.tax_line_id.amount, "amount": abs(tax.balance if self.currency_id == self.company_currency_id else tax.amount_currency)}
                for tax in taxes
            ],
        }
