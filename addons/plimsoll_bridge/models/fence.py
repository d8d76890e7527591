from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..checks import check_generation, check_incarnation
from ..fields import BigInteger


class PlimsollFence(models.Model):
    """Who may write: one row, read by every delivery, moved by a failover.

    A reconciler cannot do this from outside: only the database itself can refuse, in the same
    transaction as the effect, what an older generation sends.
    """

    _name = "plimsoll.fence"
    _description = "Plimsoll fence"
    _log_access = False
    _rec_name = "incarnation"

    incarnation = fields.Char(required=True, readonly=True, help="Identity of this database's history (a UUID).")
    generation = BigInteger(required=True, readonly=True, help="Grows with every act that moves writes.")
    changed_at = fields.Datetime(required=True, readonly=True)

    _one_row = models.Constraint("CHECK (id = 1)", "There is one fence.")

    def init(self):
        self.env.cr.execute(
            "INSERT INTO plimsoll_fence (id, incarnation, generation, changed_at)"
            " VALUES (1, gen_random_uuid()::text, 0, now() AT TIME ZONE 'utc')"
            " ON CONFLICT DO NOTHING"
        )

    @api.model
    @api.readonly
    def read_fence(self):
        self._check_caller()
        return self._current("")

    @api.model
    def advance(self, generation, incarnation, old_end=None):
        """Take a higher generation. Waits for deliveries under way: they hold the row FOR SHARE.

        With a new incarnation numbers are burned and jobs are held in this transaction, because from its end on there
        are deliveries. Where `old_end` proves that this database lacks nothing, no number is burned. Doing it again changes
        nothing. A lower generation, or the same for another incarnation, is refused and leaves everything as it is.
        """
        self._check_caller()
        check_generation(generation)
        check_incarnation(incarnation)
        current = self._current("FOR UPDATE")
        if generation > current["generation"]:
            # A new identity says that something may be lost, except the first one, which nobody has seen anything of.
            if incarnation != current["incarnation"] and current["generation"]:
                self.env["plimsoll.recovery"].sudo()._begin(generation, incarnation, current["incarnation"], old_end)
            self.env.cr.execute(
                "UPDATE plimsoll_fence SET generation = %s, incarnation = %s, changed_at = now() AT TIME ZONE 'utc'",
                (generation, incarnation),
            )
            self.invalidate_model()
            return {"status": "advanced", "generation": generation, "incarnation": incarnation}
        status = "unchanged" if {"generation": generation, "incarnation": incarnation} == current else "refused"
        return {"status": status, **current}

    @api.model
    def _current(self, lock):
        assert lock in ("", "FOR SHARE", "FOR UPDATE")
        self.env.cr.execute(f"SELECT generation, incarnation FROM plimsoll_fence WHERE id = 1 {lock}")  # pylint: disable=sql-injection
        row = self.env.cr.dictfetchone()
        if row is None:
            # Deleted by hand in SQL: refusing everything is safer than guessing a generation.
            raise UserError("The fence row is missing: nothing can be accepted until it is restored.")
        return row

    @api.model
    def _check_caller(self):
        """The rights of every method that integrations call: checked once, by group, here."""
        if not self.env.su and not self.env.user.has_group("plimsoll_bridge.group_integration"):
            raise AccessError("Only members of the group Plimsoll / Integration may do this.")
