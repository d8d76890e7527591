"""What a partner says of its order, and wants to hear again in every answer."""
from odoo import fields, models


class SaleOrder(models.Model):
    _inherit = "sale.order"

    plimsoll_source = fields.Char(readonly=True, copy=False, help="The integration that the order came through.")
    plimsoll_ordered_on = fields.Date(readonly=True, copy=False, help="The day of the order, as the partner says it.")


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    plimsoll_line = fields.Char(readonly=True, copy=False, help="The partner's number of the line.")
    plimsoll_price = fields.Float(
        readonly=True, copy=False, digits="Product Price", help="The price that the partner expects; ours stands."
    )
