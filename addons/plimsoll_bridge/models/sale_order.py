"""What a partner says of its order, and wants to hear again in every answer."""
from odoo import fields, models


class SaleOrder(models.Model):
    _inherit = "sale.order"

    plimsoll_source = fields.Char(readonly=True, copy=False, help="The integration that the order came through.")
    plimsoll_ordered_on = fields.Date(readonly=True, copy=False, help="The day of the order, as the partner says it.")

    # Transactions do not see each other's new rows: without this a partner that sends one order twice in one moment has two.
    _plimsoll_once = models.UniqueIndex(
        "(plimsoll_source, partner_id, client_order_ref) WHERE plimsoll_source IS NOT NULL AND state != 'cancel'",
        "This integration has brought an order with this customer reference before.",
    )


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    plimsoll_line = fields.Char(readonly=True, copy=False, help="The partner's number of the line.")
    plimsoll_price = fields.Float(
        readonly=True, copy=False, digits="Product Price", help="The price that the partner expects; ours stands."
    )
