from psycopg2.extras import Json

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..checks import check_generation, check_hash, check_ids, check_incarnation, check_keys, check_payload, check_text
from ..fields import BigInteger
from ..fingerprint import fingerprint

# An EDI order of a thousand lines is about 100 KiB; a larger body is a mistake or an attack.
PAYLOAD_BYTES_MAX = 1024 * 1024


class PlimsollInbox(models.Model):
    """Messages applied to this database, each with its effect, in one transaction."""

    _name = "plimsoll.inbox"
    _description = "Plimsoll inbox"
    _order = "id desc"
    _rec_name = "message_id"
    _log_access = False

    source = fields.Char(required=True, readonly=True)
    message_id = fields.Char(required=True, readonly=True)
    body_hash = fields.Char(required=True, readonly=True)
    kind = fields.Char(required=True, readonly=True)
    payload = fields.Json(readonly=True)
    result = fields.Json(readonly=True)
    generation = BigInteger(required=True, readonly=True)
    received_at = fields.Datetime(required=True, readonly=True)
    processed_at = fields.Datetime(readonly=True)
    # "processing" is only ever seen by the transaction that writes it.
    state = fields.Selection([("processing", "Processing"), ("done", "Done")], required=True, readonly=True)

    _message = models.Constraint("UNIQUE (source, message_id)", "This message has been received before.")

    @api.model
    def _handlers(self):
        """kind -> method that takes the payload and returns what the caller gets back.

        Another addon adds its own by extending this method.
        """
        return {}

    @api.model
    def process_message(self, source, message_id, body_hash, kind, payload, generation, incarnation=None, place=None):
        """Apply a message once. See addons/README.md for the statuses.

        `place` is its number in the gateway's journal, by which both sides compare later (see compare.py).

        A UserError or ValidationError of the handler leaves no row behind (HTTP 422): the gateway
        decides whether to correct and send again. Serialization failures go up to Odoo, which runs
        the whole method again: of two concurrent copies the second then finds the first one's row.
        """
        self.env["plimsoll.fence"]._check_caller()
        check_text(source, "source", 64)
        self._check_message(message_id, body_hash, kind, place)
        fenced = self._fenced(generation, incarnation)
        return fenced or self._apply(source, message_id, body_hash, kind, payload, generation, place)

    @api.model
    def _check_message(self, message_id, body_hash, kind, place):
        check_text(message_id, "message_id")
        check_text(body_hash, "body_hash", 128)
        check_text(kind, "kind", 64)
        if place is not None:
            check_generation(place, "place")
            check_hash(body_hash, "body_hash")

    @api.model
    def _fenced(self, generation, incarnation):
        """The answer to a caller that is not this database's, or None. It holds until the transaction ends."""
        check_generation(generation)
        if incarnation is not None:
            check_incarnation(incarnation)
        # FOR SHARE: a failover that advances the fence waits for us, or we find it advanced.
        fence = self.env["plimsoll.fence"]._current("FOR SHARE")
        if generation != fence["generation"] or incarnation not in (None, fence["incarnation"]):
            return {"status": "fenced", **fence}
        return None

    @api.model
    def _apply(self, source, message_id, body_hash, kind, payload, generation, place):
        known = self._find(source, message_id)
        if known is None:
            # Effects say through which integration they came, so that answers go back the same way.
            handler = self.with_context(plimsoll_source=source)._handlers().get(kind)
            if handler is None:
                raise ValidationError(f"kind: {kind!r} is unknown; known are {', '.join(sorted(self._handlers()))}")
            check_payload(payload, "payload", PAYLOAD_BYTES_MAX)
            row_id = self._insert(source, message_id, body_hash, kind, payload, generation, place)
            if row_id is not None:
                result = handler(payload)
                self._finish(row_id, result)
                return {"status": "done", "result": result}
            # Written by ourselves earlier in this transaction; another transaction's row that our
            # snapshot cannot see raises a serialization failure instead.
            known = self._find(source, message_id)
        return self._known_answer(known, body_hash)

    @api.model
    def _known_answer(self, known, body_hash):
        if known["body_hash"] != body_hash:
            return {"status": "conflict", "body_hash": known["body_hash"], "kind": known["kind"]}
        return {"status": "duplicate", "result": known["result"]}

    @api.model
    @api.readonly
    def missing(self, source, message_ids):
        """Which of these ids this database has not applied, in the order given."""
        self.env["plimsoll.fence"]._check_caller()
        check_text(source, "source", 64)
        check_ids(message_ids, "message_ids")
        self.env.cr.execute(
            "SELECT asked.id FROM unnest(%s::text[]) WITH ORDINALITY AS asked (id, position)"
            " WHERE NOT EXISTS (SELECT 1 FROM plimsoll_inbox WHERE source = %s AND message_id = asked.id)"
            " ORDER BY asked.position",
            (message_ids, source),
        )
        return [row[0] for row in self.env.cr.fetchall()]

    @api.model
    @api.readonly
    def stats(self):
        """Counts for status pages."""
        self.env["plimsoll.fence"]._check_caller()
        self.env.cr.execute(
            "SELECT source, state, kind, count(*) AS messages, max(processed_at)::text AS last_processed_at"
            " FROM plimsoll_inbox GROUP BY source, state, kind ORDER BY source, state, kind"
        )
        inbox = self.env.cr.dictfetchall()
        self.env.cr.execute(
            "SELECT kind, count(*) AS events, count(*) FILTER (WHERE published_at IS NULL) AS pending,"
            " (min(created_at) FILTER (WHERE published_at IS NULL))::text AS oldest_pending_at"
            " FROM plimsoll_outbox GROUP BY kind ORDER BY kind"
        )
        return {
            "inbox": inbox,
            "outbox": self.env.cr.dictfetchall(),
            "fence": self.env["plimsoll.fence"]._current(""),
        }

    # --- rows, in SQL: the ORM can neither do ON CONFLICT nor tell who won ---

    @api.model
    def _find(self, source, message_id):
        self.env.cr.execute(
            "SELECT body_hash, kind, result FROM plimsoll_inbox WHERE source = %s AND message_id = %s",
            (source, message_id),
        )
        return self.env.cr.dictfetchone()

    @api.model
    def _insert(self, source, message_id, body_hash, kind, payload, generation, place):
        mark = None if place is None else fingerprint(source, message_id, body_hash)
        self.env.cr.execute(
            "INSERT INTO plimsoll_inbox"
            " (source, message_id, body_hash, kind, payload, generation, place, fingerprint, received_at, state)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, now() AT TIME ZONE 'utc', 'processing')"
            " ON CONFLICT (source, message_id) DO NOTHING RETURNING id",
            (source, message_id, body_hash, kind, Json(payload), generation, place, mark),
        )
        row = self.env.cr.fetchone()
        return row and row[0]

    @api.model
    def _finish(self, row_id, result):
        self.env.cr.execute(
            "UPDATE plimsoll_inbox SET state = 'done', result = %s, processed_at = clock_timestamp() AT TIME ZONE 'utc'"
            " WHERE id = %s",
            (Json(result), row_id),
        )
        self.invalidate_model()

    # --- shared by the handlers ---

    @api.model
    def _order_of(self, payload, more=()):
        """The one order a message is about. Its reference is the partner's, so two may share it."""
        check_keys(payload, "payload", ("client_order_ref",), ("partner", *more))
        reference = check_text(payload["client_order_ref"], "payload.client_order_ref")
        domain = [("client_order_ref", "=", reference), ("state", "!=", "cancel")]
        if "partner" in payload:
            partner = self._partner(payload["partner"])
            domain.append(("partner_id", "child_of", partner.commercial_partner_id.id))
        orders = self.env["sale.order"].sudo().search(domain, limit=2)
        if not orders:
            raise ValidationError(f"payload.client_order_ref: no order {reference!r}")
        if len(orders) > 1:
            raise ValidationError(f"payload.client_order_ref: {reference!r} is the reference of several orders; add 'partner'")
        return orders

    @api.model
    def _scanned(self, lines):
        """The same lines by our references: what a scanner reads is a product's GTIN, with or without leading zeros."""
        skus = {line["sku"] for line in lines}
        products = self.env["product.product"].sudo()
        known = set(products.search([("default_code", "in", sorted(skus))]).mapped("default_code"))
        forms = {
            sku: {sku.lstrip("0").zfill(length) for length in (8, 12, 13, 14)}
            for sku in skus - known
            if sku.isascii() and sku.isdigit() and len(sku) in (8, 12, 13, 14)
        }
        if not forms:
            return lines
        by_code = products.search([("barcode", "in", sorted(set().union(*forms.values())))]).grouped("barcode")
        ours = {}
        for sku, codes in forms.items():
            found = products.concat(*(by_code[code] for code in codes if code in by_code))
            if len(found) > 1:
                raise ValidationError(f"payload.lines: several products have the GTIN {sku}")
            if found.default_code:
                ours[sku] = found.default_code
        return [{**line, "sku": ours.get(line["sku"], line["sku"])} for line in lines]

    @api.model
    def _products(self, lines, where="payload.lines", domain=()):
        """Products by reference, as {sku: product}; every one must be there, and be one."""
        skus = {line["sku"] for line in lines}
        products = self.env["product.product"].sudo().search([("default_code", "in", sorted(skus)), *domain])
        by_sku = products.grouped("default_code")
        unknown = sorted(skus - set(by_sku))
        if unknown:
            raise ValidationError(f"{where}: no product has the reference {', '.join(unknown[:10])}")
        shared = sorted(sku for sku, found in by_sku.items() if len(found) > 1)
        if shared:
            raise ValidationError(f"{where}: several products have the reference {', '.join(shared[:10])}")
        return by_sku

    @api.model
    def _warehouse(self, code):
        check_text(code, "payload.warehouse", 8)
        warehouse = self.env["stock.warehouse"].sudo().search(
            [("code", "=", code), ("company_id", "=", self.env.company.id)], limit=1
        )
        if not warehouse:
            raise ValidationError(f"payload.warehouse: no warehouse has the code {code!r}")
        return warehouse

    @api.model
    def _partner(self, name):
        """A partner by external id (`module.name`) or by its reference."""
        check_text(name, "payload.partner")
        if "." in name:
            partner = self.env.ref(name, raise_if_not_found=False)
            if partner and partner._name == "res.partner":
                return partner.sudo()
        partners = self.env["res.partner"].sudo().search([("ref", "=", name)], limit=2)
        if not partners:
            raise ValidationError(f"payload.partner: nobody has the external id or reference {name!r}")
        if len(partners) > 1:
            raise ValidationError(f"payload.partner: the reference {name!r} belongs to several partners")
        return partners
