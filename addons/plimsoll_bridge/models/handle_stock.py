from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..checks import check_keys, check_lines, check_list, check_number, check_text

SKUS_MAX = 5000


class PlimsollInbox(models.Model):
    _inherit = "plimsoll.inbox"

    @api.model
    def _handlers(self):
        return {
            **super()._handlers(),
            "stock.adjust": self._handle_stock_adjust,
            "stock.report": self._handle_stock_report,
        }

    @api.model
    def _handlers_together(self):
        return {**super()._handlers_together(), "stock.adjust": self._handle_stocks_adjust}

    @api.model
    def _handle_stock_adjust(self, payload):
        return self._handle_stocks_adjust([payload])[0]

    @api.model
    def _handle_stocks_adjust(self, payloads):
        """Counted: what the lines say is there, in the warehouse's stock location."""
        counts = [self._count(payload) for payload in payloads]
        places = [
            (warehouse.lot_stock_id.id, product)
            for warehouse, _, quantities in counts
            for product in {product.id for product, _ in quantities}
        ]
        if len(set(places)) != len(places):
            # What the second finds there is what the first has counted: one after the other.
            raise ValidationError("payload.lines: several messages count one product in one place")
        # Counting is a right of warehouse people: without one of them behind it Odoo takes a count for a delivery.
        counted = self.env["stock.quant"].with_user(SUPERUSER_ID).with_context(inventory_mode=True).create(
            [
                {"product_id": product.id, "location_id": warehouse.lot_stock_id.id, "inventory_quantity": quantity}
                for warehouse, _, quantities in counts
                for product, quantity in quantities
            ]
        )
        found = {(quant.location_id.id, quant.product_id.id): quant for quant in counted}
        references, results = {}, []
        for warehouse, reference, quantities in counts:
            quants = {product.default_code: found[warehouse.lot_stock_id.id, product.id] for product, _ in quantities}
            references.update({quant.id: reference for quant in quants.values()})
            changed = {sku: quant.inventory_diff_quantity for sku, quant in quants.items()}
            results.append({"warehouse": warehouse.code, "changed": {sku: change for sku, change in changed.items() if change}})
        if counted.with_context(plimsoll_references=references).action_apply_inventory():
            raise UserError("Odoo asks a question about this count that only a person can answer.")
        return results

    @api.model
    def _count(self, payload):
        """(warehouse, reference, [(product, quantity)])"""
        check_keys(payload, "payload", ("warehouse", "reference", "lines"))
        reference = check_text(payload["reference"], "payload.reference")
        warehouse = self._warehouse(payload["warehouse"])
        lines = self._scanned(check_lines(payload["lines"], quantity=check_number))
        by_sku = self._products(lines, domain=[("is_storable", "=", True)])
        tracked = sorted(sku for sku, product in by_sku.items() if product.tracking != "none")
        if tracked:
            raise UserError(f"{', '.join(tracked[:10])}: counted by lot or serial number, which the message does not say.")
        return warehouse, reference, [(by_sku[line["sku"]], line["quantity"]) for line in lines]

    @api.model
    def _handle_stock_report(self, payload):
        """Tell the partner what is in stock: all that is sold, or the products that are named."""
        check_keys(payload, "payload", ("partner", "warehouse", "reference"), ("skus",))
        reference = check_text(payload["reference"], "payload.reference", 30)
        partner, warehouse = self._partner(payload["partner"]), self._warehouse(payload["warehouse"])
        if "skus" in payload:
            skus = check_list(payload["skus"], "payload.skus", SKUS_MAX)
            for index, sku in enumerate(skus):
                check_text(sku, f"payload.skus[{index}]", 64)
            products = self.env["product.product"].sudo().concat(*self._products([{"sku": sku} for sku in skus], "payload.skus").values())
        else:
            products = self.env["product.product"].sudo().search(
                [("is_storable", "=", True), ("sale_ok", "=", True), ("default_code", "!=", False)], limit=SKUS_MAX, order="default_code"
            )
        products = products.with_context(warehouse_id=warehouse.id)
        report = {
            "report": reference,
            "date": str(fields.Date.context_today(self)),
            "partner": partner.ref or None,
            "warehouse": warehouse.code,
            "lines": [
                {
                    "sku": product.default_code,
                    "gtin": product.barcode or None,
                    "on_hand": product.qty_available,
                    "available": product.free_qty,
                }
                for product in products
            ],
        }
        self.env["plimsoll.outbox"]._emit("stock.reported", [(warehouse, report)])
        return {"report": reference, "lines": len(products)}


class StockQuant(models.Model):
    _inherit = "stock.quant"

    def _get_inventory_move_values(self, *args, **options):
        """Several counts are applied together, and each keeps its own reference."""
        values = super()._get_inventory_move_values(*args, **options)
        reference = self.env.context.get("plimsoll_references", {}).get(self.id)
        return {**values, "inventory_name": reference} if reference else values
