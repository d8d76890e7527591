"""What a warehouse needs on paper when nothing else works: open work, and labels that the ERP will never give anybody else."""
from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..checks import check_text, refuse

PICKINGS_MAX = 500
LABELS_MAX = 500
RANGES_SHOWN = 5
OPEN = ("confirmed", "waiting", "assigned")


class PlimsollLabelRange(models.Model):
    """Labels set aside for a warehouse. Their numbers are taken from the sequence, so nobody gets them again."""

    _name = "plimsoll.label.range"
    _description = "Plimsoll emergency labels"
    _order = "id desc"
    _log_access = False

    warehouse_id = fields.Many2one("stock.warehouse", required=True, readonly=True, ondelete="restrict", index=True)
    kind = fields.Char(required=True, readonly=True, help="sscc, or package: names as the ERP gives them.")
    labels = fields.Json(required=True, readonly=True)
    reserved_at = fields.Datetime(required=True, readonly=True)
    reserved_by = fields.Char(required=True, readonly=True)

    def _shown(self):
        self.ensure_one()
        return {
            "kind": self.kind,
            "labels": self.labels,
            "reserved_at": self.reserved_at.isoformat() + "Z",
            "reserved_by": self.reserved_by,
        }


class PlimsollFallback(models.AbstractModel):
    _name = "plimsoll.fallback"
    _description = "Plimsoll fallback pack"

    @api.model
    @api.readonly
    def warehouses(self):
        self.env["plimsoll.fence"]._check_caller()
        found = self.env["stock.warehouse"].sudo().search([], order="id")
        return [{"code": warehouse.code, "name": warehouse.name} for warehouse in found]

    @api.model
    @api.readonly
    def pack(self, warehouse):
        """Open work of a warehouse. Only reads, so a standby answers as well, as far as it has received."""
        self.env["plimsoll.fence"]._check_caller()
        warehouse = self._warehouse(warehouse)
        ranges = self.env["plimsoll.label.range"].sudo()
        ranges = ranges.search([("warehouse_id", "=", warehouse.id)], limit=RANGES_SHOWN)
        self.env.cr.execute("SELECT pg_is_in_recovery(), now() AT TIME ZONE 'utc'")
        standby, now = self.env.cr.fetchone()
        return {
            "company": warehouse.company_id.name,
            "warehouse": {"code": warehouse.code, "name": warehouse.name},
            "read_at": now.replace(microsecond=0).isoformat() + "Z",
            "standby": standby,
            "picks": self._picks(warehouse),
            "deliveries": self._transfers(warehouse, "outgoing"),
            "receipts": self._transfers(warehouse, "incoming"),
            "labels": [one._shown() for one in ranges],
        }

    @api.model
    def reserve_labels(self, warehouse, count, by):
        """Sets labels aside. Asked again, others are: each pack that is printed has labels of its own."""
        self.env["plimsoll.fence"]._check_caller()
        check_text(by, "by", 120)
        if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= LABELS_MAX:
            refuse("count", f"must be a whole number from 1 to {LABELS_MAX}")
        warehouse = self._warehouse(warehouse)
        prefix = self.env["ir.config_parameter"].sudo().get_param("plimsoll.gs1_company_prefix")
        code = "plimsoll.sscc" if prefix else "stock.package"
        sequences = self.env["ir.sequence"].sudo().with_company(warehouse.company_id)
        taken = [sequences.next_by_code(code) for _ in range(count)]
        if not all(taken):
            raise ValidationError(f"no sequence has the code {code}")
        labels = [_sscc(prefix, serial) for serial in taken] if prefix else taken
        created = self.env["plimsoll.label.range"].sudo().create(
            {
                "warehouse_id": warehouse.id,
                "kind": "sscc" if prefix else "package",
                "labels": labels,
                "reserved_at": fields.Datetime.now(),
                "reserved_by": by,
            }
        )
        return created._shown()

    @api.model
    def _warehouse(self, code):
        check_text(code, "warehouse", 8)
        found = self.env["stock.warehouse"].sudo().search([("code", "=", code)], limit=1)
        if not found:
            raise ValidationError(f"warehouse: no warehouse has the code {code!r}")
        return found

    @api.model
    def _open(self, warehouse, codes, states):
        pickings = self.env["stock.picking"].sudo()
        domain = [
            ("picking_type_id.warehouse_id", "=", warehouse.id),
            ("picking_type_code", "in", codes),
            ("state", "in", states),
        ]
        return pickings.search(domain, order="scheduled_date, id", limit=PICKINGS_MAX), pickings.search_count(domain)

    @api.model
    def _picks(self, warehouse):
        """What is reserved lies somewhere: by place, in the order in which it is walked."""
        pickings, count = self._open(warehouse, ("outgoing", "internal"), ("assigned",))
        lines = [
            {
                "transfer": line.picking_id.name,
                "place": line.location_id.display_name,
                "sku": line.product_id.default_code or None,
                "gtin": line.product_id.barcode or None,
                "name": line.product_id.name,
                "lot": line.lot_id.name or None,
                "package": line.package_id.name or None,
                "quantity": line.quantity,
                "unit": line.product_uom_id.name,
            }
            for line in pickings.move_line_ids
            if line.quantity
        ]
        lines.sort(key=lambda line: (line["place"], line["sku"] or "", line["transfer"]))
        return {"lines": lines, "shown": len(pickings), "count": count}

    @api.model
    def _transfers(self, warehouse, code):
        pickings, count = self._open(warehouse, (code,), OPEN)
        return {
            "transfers": [
                {
                    "transfer": picking.name,
                    "origin": picking.origin or None,
                    "state": picking.state,
                    "due": str(picking.scheduled_date.date()) if picking.scheduled_date else None,
                    "partner": picking.partner_id.display_name or None,
                    "address": [line for line in (picking.partner_id.contact_address or "").splitlines() if line.strip()],
                    "carrier": picking.carrier_id.name or None,
                    "lines": [
                        {
                            "sku": move.product_id.default_code or None,
                            "gtin": move.product_id.barcode or None,
                            "name": move.product_id.name,
                            "quantity": move.product_uom_qty,
                            "unit": move.product_uom.name,
                        }
                        for move in picking.move_ids
                        if move.state not in ("cancel", "done")
                    ],
                }
                for picking in pickings
            ],
            "shown": len(pickings),
            "count": count,
        }


def _sscc(prefix, serial):
    """Eighteen digits: extension, company prefix, serial reference, check digit (GS1 General Specifications, 3.3.1)."""
    if not (prefix.isascii() and prefix.isdigit() and 4 <= len(prefix) <= 12):
        raise ValidationError("plimsoll.gs1_company_prefix: must be 4 to 12 digits")
    digits = f"0{prefix}{serial:0>{16 - len(prefix)}}"
    if len(digits) != 17 or not digits.isdigit():
        raise ValidationError(f"the serial reference {serial!r} does not fit behind the company prefix")
    total = sum(int(digit) * (3 if index % 2 == 0 else 1) for index, digit in enumerate(digits))
    return digits + str(-total % 10)
