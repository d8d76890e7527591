from odoo import api, models
from odoo.exceptions import UserError

from ..checks import check_lines, check_text

# A warehouse delivers in one to three steps (pick, pack, ship); more means the steps go in circles.
STEPS_MAX = 5


class PlimsollInbox(models.Model):
    _inherit = "plimsoll.inbox"

    @api.model
    def _handlers(self):
        return {**super()._handlers(), "shipment.confirm": self._handle_shipment_confirm}

    @api.model
    def _handle_shipment_confirm(self, payload):
        """Everything still open of the order has left the warehouse, or what `lines` say.

        Without lines refused unless all of it is reserved: a partial shipment is a decision for people,
        and silently making a backorder would tell the customer otherwise. With lines the sender has
        decided: the rest becomes a backorder.
        """
        order = self._order_of(payload, ("lines", "tracking"))
        tracking = check_text(payload["tracking"], "payload.tracking", 64) if "tracking" in payload else None
        if "lines" in payload:
            done = self._ship_lines(order, self._scanned(check_lines(payload["lines"], optional=("line",))))
            return self._shipment_result(order, done, tracking)
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
        return self._shipment_result(order, done, tracking)

    @api.model
    def _shipment_result(self, order, done, tracking):
        if tracking:
            done.carrier_tracking_ref = tracking
        return {
            "order": {"id": order.id, "name": order.name, "client_order_ref": order.client_order_ref},
            "shipments": [{"id": picking.id, "name": picking.name, "state": picking.state} for picking in done],
        }

    @api.model
    def _ship_lines(self, order, lines):
        pickings = self._open_deliveries(order).filtered(lambda picking: picking.picking_type_code == "outgoing")
        left = {}
        for line in lines:
            left[line["sku"]] = left.get(line["sku"], 0) + line["quantity"]
        moves = pickings.move_ids.filtered(lambda move: move.state not in ("done", "cancel"))
        touched = moves.browse()
        for move in moves:
            sku = move.product_id.default_code
            quantity = min(left.get(sku, 0), move.quantity)
            if quantity > 0:
                left[sku] -= quantity
                move.quantity = quantity
                touched |= move
        over = sorted(sku for sku, quantity in left.items() if quantity > 0)
        if over:
            raise UserError(f"Order {order.name}: more of {', '.join(over[:10])} was shipped than is reserved for it.")
        touched.picked = True
        done = touched.picking_id
        # What is not picked stays behind, in a backorder.
        done.with_context(skip_sms=True, skip_backorder=True).button_validate()
        if any(picking.state != "done" for picking in done):
            raise UserError(f"{', '.join(done.mapped('name'))}: Odoo asks a question that only a person can answer.")
        return done

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
