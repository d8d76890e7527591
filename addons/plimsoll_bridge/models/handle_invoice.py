from odoo import api, models


class PlimsollInbox(models.Model):
    _inherit = "plimsoll.inbox"

    @api.model
    def _handlers(self):
        return {**super()._handlers(), "invoice.post": self._handle_invoice_post}

    @api.model
    def _handle_invoice_post(self, payload):
        """Invoice what the order's terms allow by now, and post it. Nothing to invoice is an error."""
        order = self._order_of(payload)
        invoices = order._create_invoices(final=True)
        invoices.action_post()
        return {
            "order": {"id": order.id, "name": order.name, "client_order_ref": order.client_order_ref},
            "invoices": [
                {
                    "id": invoice.id,
                    "name": invoice.name,
                    "state": invoice.state,
                    "amount_total": invoice.amount_total,
                    "currency": invoice.currency_id.name,
                }
                for invoice in invoices
            ],
        }
