from odoo import fields


class BigInteger(fields.Integer):
    """A generation only ever grows; Odoo's own integer ends at 2^31."""

    _column_type = ("int8", "int8")
