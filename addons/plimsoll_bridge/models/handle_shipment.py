from odoo import api, models
from odoo.exceptions import UserError

# A warehouse delivers in one to three steps (pick, pack, ship); more means the steps go in circles.
STEPS_MAX = 5


class PlimsollInbox(models.Model):
    _inherit = "plimsoll.inbox"

    @api.model
    def _handlers(self):
        return {**super()._handlers(), "shipment.confirm": self._handle_shipment_confirm}

    @api.model
    def _handle_shipment_confirm(self, payload):
        """Everything still open of the order has left the warehouse.

        Refused unless all of it is reserved: a partial shipment is a decision for people, and
        silently making a backorder would tell the customer otherwise.
        """
        order = self._order_of(payload)
        done = self.env["stock.picking"]
        for _step in range(STEPS_MAX):
            ready = self._open_deliveries(order).filtered(lambda picking: picking.state == "assigned")
            if not ready:
                break
            self._validate_deliveries(ready)
            done |= ready
        still_open = self._open_deliveries(order)
        if still_open:
            names = ", ".join(still_open.mapped("name"))
            raise UserError(f"Order {order.name}: {names} cannot be shipped, not all of it is in stock.")
        if not done:
            raise UserError(f"Order {order.name} has nothing left to ship.")
        return {
            "order": {"id": order.id, "name": order.name, "client_order_ref": order.client_order_ref},
            "shipments": [{"id": picking.id, "name": picking.name, "state": picking.state} for picking in done],
        }

    @api.model
    def _open_deliveries(self, order):
        """With stock reserved where there is some; a picking reserved in part stays out of "assigned"."""
        pickings = order.picking_ids.filtered(
            lambda picking: picking.state not in ("done", "cancel") and picking.picking_type_code != "incoming"
        )
        waiting = pickings.filtered(lambda picking: picking.state == "confirmed")
        if waiting:
            waiting.action_assign()
        return pickings

    @api.model
    def _validate_deliveries(self, pickings):
        if any(move.product_uom.compare(move.quantity, move.product_uom_qty) < 0 for move in pickings.move_ids):
            raise UserError(f"{', '.join(pickings.mapped('name'))}: not all of it is in stock.")
        pickings.move_ids.picked = True
        # Both wizards ask a person something; nobody is there to answer.
        answer = pickings.with_context(skip_sms=True, skip_backorder=True).button_validate()
        if answer is not True and not all(picking.state == "done" for picking in pickings):
            raise UserError(f"{', '.join(pickings.mapped('name'))}: Odoo asks a question that only a person can answer.")
