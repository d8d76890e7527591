from odoo import api, fields, models

from ..checks import check_ids, check_text

KINDS_MAX = 100


class PlimsollSubscription(models.Model):
    """Which integrations are told of events that are nobody's or somebody else's: a carrier hears of every shipment,
    whoever ordered it. Written by the gateway from what the estate declares."""

    _name = "plimsoll.subscription"
    _description = "Plimsoll subscription"
    _log_access = False
    _rec_name = "source"

    source = fields.Char(required=True, readonly=True)
    kind = fields.Char(required=True, readonly=True)

    _source_kind = models.Constraint("UNIQUE (source, kind)", "An integration is told of a kind of event once.")
    _by_kind = models.Index("(kind)")

    @api.model
    def _sources(self, kind):
        """Who is told of events of this kind."""
        self.env.cr.execute("SELECT source FROM plimsoll_subscription WHERE kind = %s ORDER BY source", (kind,))
        return [row[0] for row in self.env.cr.fetchall()]

    @api.model
    def _set(self, source, kinds):
        """Exactly these kinds from now on; says whether that is news. Nothing is written where it is none."""
        check_text(source, "source")
        check_ids(kinds, "kinds")
        for index, kind in enumerate(kinds[:KINDS_MAX]):
            check_text(kind, f"kinds[{index}]", 64)
        wanted = set(kinds[:KINDS_MAX])
        self.env.cr.execute("SELECT kind FROM plimsoll_subscription WHERE source = %s", (source,))
        known = {row[0] for row in self.env.cr.fetchall()}
        if wanted == known:
            return False
        self.env.cr.execute("DELETE FROM plimsoll_subscription WHERE source = %s AND kind <> ALL(%s)", (source, list(wanted)))
        for kind in sorted(wanted - known):
            self.env.cr.execute(
                "INSERT INTO plimsoll_subscription (source, kind) VALUES (%s, %s) ON CONFLICT DO NOTHING", (source, kind)
            )
        self.invalidate_model()
        return True
