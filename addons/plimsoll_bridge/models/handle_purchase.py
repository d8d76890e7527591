from odoo import Command, api, models
from odoo.exceptions import UserError, ValidationError

from ..checks import check_date, check_keys, check_lines, check_number, check_text


class PlimsollInbox(models.Model):
    _inherit = "plimsoll.inbox"

    @api.model
    def _handlers(self):
        return {
            **super()._handlers(),
            "purchase.create": self._handle_purchase_create,
            "purchase.confirm": self._handle_purchase_confirm,
            "receipt.confirm": self._handle_receipt_confirm,
            "bill.create": self._handle_bill_create,
        }

    @api.model
    def _handle_purchase_create(self, payload):
        """A planning system orders from a supplier: a draft, which somebody or `purchase.confirm` confirms."""
        check_keys(payload, "payload", ("reference", "partner", "lines"))
        reference = check_text(payload["reference"], "payload.reference")
        partner = self._partner(payload["partner"]).commercial_partner_id
        lines = check_lines(payload["lines"], optional=("price",))
        by_sku = self._products(lines)
        purchases = self.env["purchase.order"].sudo()
        # Second line of defence, as for orders: one purchase under two message ids.
        known = purchases.search(
            [("origin", "=", reference), ("partner_id", "child_of", partner.id), ("state", "!=", "cancel")], limit=1
        )
        if known:
            raise ValidationError(f"payload.reference: {reference!r} is already purchase {known.name}")
        order = purchases.with_context(mail_create_nosubscribe=True, tracking_disable=True).create(
            {
                "partner_id": partner.id,
                "origin": reference,
                "order_line": [
                    Command.create(self._purchase_line(line, by_sku[line["sku"]], f"payload.lines[{index}]"))
                    for index, line in enumerate(lines)
                ],
            }
        )
        return {"purchase": {"id": order.id, "name": order.name, "state": order.state}}

    @api.model
    def _purchase_line(self, line, product, where):
        values = {"product_id": product.id, "product_qty": line["quantity"]}
        if "price" in line:
            values["price_unit"] = check_number(line["price"], f"{where}.price")
        return values

    @api.model
    def _handle_purchase_confirm(self, payload):
        """The supplier delivers all of it; its number and its day are noted."""
        check_keys(payload, "payload", ("purchase_order", "partner"), ("reference", "expected_on"))
        order = self._purchase_of(payload)
        if "reference" in payload:
            order.partner_ref = check_text(payload["reference"], "payload.reference")
        if order.state in ("draft", "sent"):
            order.button_confirm()
        if "expected_on" in payload:
            order.order_line.date_planned = check_date(payload["expected_on"], "payload.expected_on")
        return {"purchase": {"id": order.id, "name": order.name, "state": order.state}}

    @api.model
    def _handle_receipt_confirm(self, payload):
        """What the lines say has come in; the rest is still expected."""
        check_keys(payload, "payload", ("purchase_order", "lines"), ("partner", "shipment"))
        lines = self._scanned(check_lines(payload["lines"], optional=("line",)))
        order = self._purchase_of(payload)
        moves = order.picking_ids.move_ids.filtered(lambda move: move.state not in ("done", "cancel"))
        left = {}
        for line in lines:
            left[line["sku"]] = left.get(line["sku"], 0) + line["quantity"]
        touched = moves.browse()
        for move in moves:
            sku = move.product_id.default_code
            quantity = min(left.get(sku, 0), move.product_uom_qty)
            if quantity > 0:
                left[sku] -= quantity
                move.quantity = quantity
                touched |= move
        over = sorted(sku for sku, quantity in left.items() if quantity > 0)
        if over:
            raise UserError(f"Purchase {order.name}: more of {', '.join(over[:10])} has come in than is expected.")
        touched.picked = True
        done = touched.picking_id
        if "shipment" in payload:
            done.origin = f"{order.name} {check_text(payload['shipment'], 'payload.shipment')}"
        done.with_context(skip_sms=True, skip_backorder=True).button_validate()
        if any(picking.state != "done" for picking in done):
            raise UserError(f"{', '.join(done.mapped('name'))}: Odoo asks a question that only a person can answer.")
        return {
            "purchase": {"id": order.id, "name": order.name, "state": order.state},
            "receipts": [{"id": picking.id, "name": picking.name, "state": picking.state} for picking in done],
        }

    @api.model
    def _handle_bill_create(self, payload):
        """A draft: money is paid by people."""
        check_keys(payload, "payload", ("number", "partner", "date", "lines"), ("purchase_order",))
        number = check_text(payload["number"], "payload.number")
        partner = self._partner(payload["partner"]).commercial_partner_id
        lines = payload["lines"]
        check_lines(lines, optional=("price",))
        by_sku = self._products(lines)
        bills = self.env["account.move"].sudo()
        known = bills.search(
            [("move_type", "=", "in_invoice"), ("ref", "=", number), ("partner_id", "child_of", partner.id), ("state", "!=", "cancel")],
            limit=1,
        )
        if known:
            raise ValidationError(f"payload.number: {number!r} is already bill {known.display_name}")
        purchase = self._purchase_of(payload) if "purchase_order" in payload else self.env["purchase.order"]
        bill = bills.create(
            {
                "move_type": "in_invoice",
                "partner_id": partner.id,
                "ref": number,
                "invoice_date": check_date(payload["date"], "payload.date"),
                "invoice_origin": purchase.name,
                "invoice_line_ids": [
                    Command.create(self._bill_line(line, by_sku, purchase, f"payload.lines[{index}]"))
                    for index, line in enumerate(lines)
                ],
            }
        )
        return {"bill": {"id": bill.id, "ref": bill.ref, "state": bill.state, "amount_total": bill.amount_total}}

    @api.model
    def _bill_line(self, line, by_sku, purchase, where):
        if "price" not in line:
            raise ValidationError(f"{where}: missing keys: 'price'")
        product = by_sku[line["sku"]]
        ordered = purchase.order_line.filtered(lambda one: one.product_id == product)[:1]
        return {
            "product_id": product.id,
            "quantity": line["quantity"],
            "price_unit": check_number(line["price"], f"{where}.price"),
            "purchase_line_id": ordered.id,
        }

    @api.model
    def _purchase_of(self, payload):
        """A purchase order of ours, by our number; a supplier must be the one it was sent to.

        Only what our own warehouse scans names no supplier: it receives for all of them.
        """
        name = check_text(payload["purchase_order"], "payload.purchase_order")
        domain = [("name", "=", name), ("state", "!=", "cancel")]
        if "partner" in payload:
            partner = self._partner(payload["partner"])
            domain.append(("partner_id", "child_of", partner.commercial_partner_id.id))
        orders = self.env["purchase.order"].sudo().search(domain, limit=2)
        if len(orders) != 1:
            whose = "this partner has" if "partner" in payload else "there is"
            raise ValidationError(f"payload.purchase_order: {whose} no purchase order {name!r}")
        return orders
