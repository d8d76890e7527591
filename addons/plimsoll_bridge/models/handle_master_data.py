import itertools

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
    def _handlers_together(self):
        return {
            **super()._handlers_together(),
            "partner.upsert": self._handle_partners_upsert,
            "product.upsert": self._handle_products_upsert,
        }

    @api.model
    def _handle_partner_upsert(self, payload):
        return self._handle_partners_upsert([payload])[0]

    @api.model
    def _handle_partners_upsert(self, payloads):
        values = [self._partner_values(payload) for payload in payloads]
        partners = self._upsert("res.partner", payloads, values, {"is_company": True})
        return [
            {"partner": {"id": partner.id, "name": partner.name, "created": created}} for partner, created in partners
        ]

    @api.model
    def _partner_values(self, payload):
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
        return values

    @api.model
    def _handle_product_upsert(self, payload):
        return self._handle_products_upsert([payload])[0]

    @api.model
    def _handle_products_upsert(self, payloads):
        values = [self._product_values(payload) for payload in payloads]
        products = self._upsert("product.product", payloads, values, {"is_storable": True})
        return [
            {"product": {"id": product.id, "sku": product.default_code, "created": created}} for product, created in products
        ]

    @api.model
    def _product_values(self, payload):
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
        return values

    @api.model
    def _upsert(self, model, payloads, values, once):
        """Written by external id, created where there is none: (record, created) of each. `once` is said at creation only.

        What is new is created together, which is what costs least.
        """
        names = self._external_ids([payload["external_id"] for payload in payloads])
        if len(set(names)) != len(names):
            # The second is a change of what the first has created: one after the other.
            raise ValidationError("payload.external_id: several messages are about one record")
        known = self._known(names)
        for payload, name in zip(payloads, names, strict=True):
            if name in known and known[name].model != model:
                raise ValidationError(f"payload.external_id: {payload['external_id']!r} is something else")
        records = self.env[model].sudo()
        there = {record.id: record for record in records.browse(data.res_id for data in known.values()).exists()}
        found = {name: there[data.res_id] for name, data in known.items() if data.res_id in there}
        made = {}
        # In their order, so that one takes what another has given back, a barcode for one, as if each came alone.
        for is_there, some in itertools.groupby(zip(names, values, strict=True), lambda one: one[0] in found):
            if is_there:
                for name, wanted in some:
                    _write_changes(found[name], wanted)
            else:
                some = dict(some)
                created = records.create([{**once, **wanted} for wanted in some.values()])
                made.update(zip(some, created, strict=True))
        self._name_records(model, known, made)
        return [(made[name], True) if name in made else (found[name], False) for name in names]

    @api.model
    def _name_records(self, model, known, made):
        """External ids of what was made; some were left behind by a record that is gone."""
        for name in made.keys() & known.keys():
            known[name].res_id = made[name].id
        self.env["ir.model.data"].sudo().create(
            [
                {"module": module, "name": name, "model": model, "res_id": record.id, "noupdate": True}
                for (module, name), record in made.items()
                if (module, name) not in known
            ]
        )

    @api.model
    def _known(self, names):
        """What Odoo has under these external ids."""
        by_module = {}
        for module, name in names:
            by_module.setdefault(module, []).append(name)
        data = self.env["ir.model.data"].sudo()
        for module, inside in by_module.items():
            data |= data.search([("module", "=", module), ("name", "in", inside)])
        return {(one.module, one.name): one for one in data}

    @api.model
    def _external_ids(self, texts):
        names = []
        for text in texts:
            check_text(text, "payload.external_id", 128)
            module, dot, name = text.rpartition(".")
            names.append((module if dot else MODULE, name))
        # What a module of Odoo made (the company, the administrator) is none of a partner's business.
        modules = self.env["ir.module.module"].sudo().search([("name", "in", list({module for module, _ in names}))])
        if modules:
            raise ValidationError(
                f"payload.external_id: {modules[0].name!r} is a module of Odoo; choose another name in front of the dot"
            )
        return names


def _write_changes(record, values):
    # Only what differs: a write that changes nothing costs as much as one that does.
    changed = {
        key: value
        for key, value in values.items()
        if (record[key].id if record._fields[key].type == "many2one" else record[key]) != value
    }
    if changed:
        record.write(changed)


def _check_gtin(value, where):
    check_text(value, where, 14)
    digits = [int(digit) for digit in value] if value.isascii() and value.isdigit() else []
    total = sum(digit * (3 if index % 2 else 1) for index, digit in enumerate(reversed(digits)))
    if len(digits) not in (8, 12, 13, 14) or total % 10:
        raise ValidationError(f"{where}: {value!r} is no GTIN: its length or its check digit is wrong")
    return value
