from odoo import api, models
from odoo.exceptions import ValidationError

from ..checks import check_keys, check_number, check_text

# External ids without a module of their own.
MODULE = "plimsoll"


class PlimsollInbox(models.Model):
    _inherit = "plimsoll.inbox"

    @api.model
    def _handlers(self):
        return {
            **super()._handlers(),
            "partner.upsert": self._handle_partner_upsert,
            "product.upsert": self._handle_product_upsert,
        }

    @api.model
    def _handle_partner_upsert(self, payload):
        texts = ("ref", "email", "street", "city", "zip")
        check_keys(payload, "payload", ("external_id", "name"), (*texts, "country"))
        values = {"name": check_text(payload["name"], "payload.name")}
        values.update({key: check_text(payload[key], f"payload.{key}") for key in texts if key in payload})
        if "country" in payload:
            code = check_text(payload["country"], "payload.country", 2)
            country = self.env["res.country"].sudo().search([("code", "=", code.upper())])
            if not country:
                raise ValidationError(f"payload.country: no country has the code {code!r}")
            values["country_id"] = country.id
        partner, created = self._upsert("res.partner", payload["external_id"], values, {"is_company": True})
        return {"partner": {"id": partner.id, "name": partner.name, "created": created}}

    @api.model
    def _handle_product_upsert(self, payload):
        check_keys(payload, "payload", ("external_id", "sku", "name"), ("gtin", "price", "weight"))
        values = {
            "default_code": check_text(payload["sku"], "payload.sku", 64),
            "name": check_text(payload["name"], "payload.name"),
        }
        if "gtin" in payload:
            values["barcode"] = _check_gtin(payload["gtin"], "payload.gtin")
        for key, field in (("price", "list_price"), ("weight", "weight")):
            if key in payload:
                values[field] = check_number(payload[key], f"payload.{key}")
        product, created = self._upsert("product.product", payload["external_id"], values, {"is_storable": True})
        return {"product": {"id": product.id, "sku": product.default_code, "created": created}}

    @api.model
    def _upsert(self, model, external_id, values, once):
        """Written by external id, created where there is none. `once` is said at creation only."""
        module, name = self._external_id(external_id)
        data = self.env["ir.model.data"].sudo()
        known = data.search([("module", "=", module), ("name", "=", name)], limit=1)
        if known and known.model != model:
            raise ValidationError(f"payload.external_id: {external_id!r} is something else")
        record = self.env[model].sudo().browse(known.res_id).exists()
        if record:
            # Only what differs: a write that changes nothing costs as much as one that does.
            changed = {
                key: value
                for key, value in values.items()
                if (record[key].id if record._fields[key].type == "many2one" else record[key]) != value
            }
            record.write(changed) if changed else None
            return record, False
        record = self.env[model].sudo().create({**once, **values})
        if known:
            known.res_id = record.id
        else:
            data.create({"module": module, "name": name, "model": model, "res_id": record.id, "noupdate": True})
        return record, True

    @api.model
    def _external_id(self, text):
        check_text(text, "payload.external_id", 128)
        module, dot, name = text.rpartition(".")
        module = module if dot else MODULE
        # What a module of Odoo made (the company, the administrator) is none of a partner's business.
        if self.env["ir.module.module"].sudo().search_count([("name", "=", module)], limit=1):
            raise ValidationError(f"payload.external_id: {module!r} is a module of Odoo; choose another name in front of the dot")
        return module, name


def _check_gtin(value, where):
    check_text(value, where, 14)
    digits = [int(digit) for digit in value] if value.isascii() and value.isdigit() else []
    total = sum(digit * (3 if index % 2 else 1) for index, digit in enumerate(reversed(digits)))
    if len(digits) not in (8, 12, 13, 14) or total % 10:
        raise ValidationError(f"{where}: {value!r} is no GTIN: its length or its check digit is wrong")
    return value
