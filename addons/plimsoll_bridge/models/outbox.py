import base64
import uuid

from psycopg2.extras import Json, execute_values

from odoo import api, fields, models

from ..checks import check_ids, check_text, refuse
from ..fields import BigInteger

PENDING_MAX = 1000
COPIES_MAX = 1000
LABEL_BYTES_MAX = 1 << 20
CHANNEL = "plimsoll_outbox"


class PlimsollOutbox(models.Model):
    """What happened in this database that the world outside must hear of.

    Rows are marked one by one and never assumed to be without gaps: ids are taken before commit, so
    a lower one may appear later.
    """

    _name = "plimsoll.outbox"
    _description = "Plimsoll outbox"
    _order = "id desc"
    _rec_name = "event_id"
    _log_access = False

    event_id = fields.Char(required=True, readonly=True)
    kind = fields.Char(required=True, readonly=True)
    res_model = fields.Char(required=True, readonly=True)
    res_id = fields.Integer(required=True, readonly=True)
    payload = fields.Json(readonly=True)
    source = fields.Char(readonly=True, help="The integration whose partner hears of it; none: nobody in particular.")
    generation = BigInteger(required=True, readonly=True)
    created_at = fields.Datetime(required=True, readonly=True)
    published_at = fields.Datetime(readonly=True)

    _event = models.Constraint("UNIQUE (event_id)", "Event ids are unique.")
    # Only what waits is looked for, and it is a handful among millions.
    _pending = models.Index("(id) WHERE published_at IS NULL")
    _pending_of_source = models.Index("(source, id) WHERE published_at IS NULL AND source IS NOT NULL")

    @api.model
    def _emit(self, kind, events, source=None):
        """Record (record, payload) pairs. PostgreSQL sends the notification when, and only when, we commit.

        `source` tells the integration of a record; without it the one whose message is being applied. Integrations
        that have subscribed to the kind get a row of their own each: what one of them has heard is not what all have.
        """
        if not events:
            return
        subscribed = self.env["plimsoll.subscription"]._sources(kind)
        rows = []
        for record, payload in events:
            own = (source(record) if source else self.env.context.get("plimsoll_source")) or None
            rows.append((record, payload, own))
            rows.extend((record, payload, other) for other in subscribed if other != own)
        self._write_rows(kind, rows)

    @api.model
    def _print_label(self, record, printer, data, reference, format="zpl", copies=1):
        """Have a printer of the estate print a label (bytes): written in the transaction that makes it true.

        `reference` is the number that people know the label by, such as that of its shipment.
        """
        check_text(printer, "printer")
        check_text(reference, "reference")
        if isinstance(copies, bool) or not isinstance(copies, int) or not 1 <= copies <= COPIES_MAX:
            refuse("copies", f"must be a whole number from 1 to {COPIES_MAX}")
        if not isinstance(data, bytes) or not 0 < len(data) <= LABEL_BYTES_MAX:
            refuse("data", f"must be bytes, at most {LABEL_BYTES_MAX}")
        payload = {
            "printer": printer,
            "format": format,
            "data": base64.b64encode(data).decode(),
            "copies": copies,
            "reference": reference,
        }
        self._write_rows("label.print", [(record, payload, printer)])

    def _write_rows(self, kind, rows):
        generation = self.env["plimsoll.fence"]._current("")["generation"]
        execute_values(
            self.env.cr._obj,
            "INSERT INTO plimsoll_outbox (event_id, kind, res_model, res_id, payload, generation, source, created_at) VALUES %s",
            [
                (str(uuid.uuid4()), kind, record._name, record.id, Json(payload), generation, source)
                for record, payload, source in rows
            ],
            template="(%s, %s, %s, %s, %s, %s, %s, now() AT TIME ZONE 'utc')",
        )
        self.env.cr.execute("SELECT pg_notify(%s, '')", (CHANNEL,))

    @api.model
    @api.readonly
    def pending(self, limit=100, sources=None):
        """Events not yet published, oldest first; with `sources`, those of these integrations."""
        self.env["plimsoll.fence"]._check_caller()
        if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= PENDING_MAX:
            refuse("limit", f"must be a whole number from 1 to {PENDING_MAX}")
        if sources is not None:
            check_ids(sources, "sources")
        self.env.cr.execute(
            "SELECT event_id, kind, res_model, res_id, payload, generation, source, created_at::text FROM plimsoll_outbox"
            " WHERE published_at IS NULL AND (%s::text[] IS NULL OR source = ANY(%s::text[])) ORDER BY id LIMIT %s",
            (sources, sources, limit),
        )
        return self.env.cr.dictfetchall()

    @api.model
    def mark_published(self, event_ids):
        """Doing it again is fine; returns how many were marked now."""
        self.env["plimsoll.fence"]._check_caller()
        check_ids(event_ids, "event_ids")
        self.env.cr.execute(
            "UPDATE plimsoll_outbox SET published_at = now() AT TIME ZONE 'utc'"
            " WHERE event_id = ANY(%s) AND published_at IS NULL",
            (event_ids,),
        )
        self.invalidate_model()
        return {"marked": self.env.cr.rowcount}

    @api.model
    def subscribe(self, source, kinds):
        """This integration is told of these kinds of events from now on, whoever caused them; of no others but its own."""
        self.env["plimsoll.fence"]._check_caller()
        return {"changed": self.env["plimsoll.subscription"].sudo()._set(source, kinds)}

    @api.model
    @api.readonly
    def missing(self, event_ids):
        """Which of these events this database does not know, in the order given.

        Asked with ids already sent outside, after a recovery, the answer is the list of phantoms.
        """
        self.env["plimsoll.fence"]._check_caller()
        check_ids(event_ids, "event_ids")
        self.env.cr.execute(
            "SELECT asked.id FROM unnest(%s::text[]) WITH ORDINALITY AS asked (id, position)"
            " WHERE NOT EXISTS (SELECT 1 FROM plimsoll_outbox WHERE event_id = asked.id)"
            " ORDER BY asked.position",
            (event_ids,),
        )
        return [row[0] for row in self.env.cr.fetchall()]
