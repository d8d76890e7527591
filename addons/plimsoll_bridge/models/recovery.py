from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..checks import check_incarnation, check_list, check_text
from ..fields import BigInteger
from ..loss import decide_loss

JOBS_PER_CALL_MAX = 1000
# What the last number was given at: of each kind its newest row, by primary key, because a large table has no index by time.
ACTIVITY = (
    ("sale_order", "create_date"),
    ("stock_picking", "create_date"),
    ("account_move", "create_date"),
    ("plimsoll_inbox", "received_at"),
    ("plimsoll_outbox", "created_at"),
)


class PlimsollRecovery(models.Model):
    """What was done to this database because it may have lost something: one row for each new incarnation.

    It is made in the transaction that changes the incarnation, which is the first write after a recovery. So nothing
    that the platform delivers can get a number that a partner has seen, nothing is burned twice, and no crash can come
    between. A planned move keeps the incarnation: then there is no row, and nothing is burned or held. Nor is anything
    burned where the database finds that it lacks nothing; jobs are held then as well, because the one that ran when the old
    writer was stopped may have done outside what it did not write down.
    """

    _name = "plimsoll.recovery"
    _description = "Plimsoll recovery"
    _order = "id desc"
    _rec_name = "incarnation"
    _log_access = False

    incarnation = fields.Char(required=True, readonly=True, help="Identity that the database has since.")
    predecessor = fields.Char(required=True, readonly=True, help="Identity that it had before.")
    generation = BigInteger(required=True, readonly=True)
    began_at = fields.Datetime(required=True, readonly=True)
    newest_at = fields.Datetime(readonly=True, help="When the newest document was made that the database still has.")
    window_s = fields.Integer(required=True, readonly=True, help="Over this time before it, numbers were counted.")
    lost_s = fields.Integer(required=True, readonly=True, help="From the newest document to the recovery: as much may be lost.")
    safety = fields.Float(required=True, readonly=True)
    complete = fields.Boolean("Nothing lost", readonly=True, help="It had replayed all that was ever written: nothing was burned.")
    because = fields.Char(readonly=True, help="Why something may be lost, or why nothing is.")
    burned_ids = fields.One2many("plimsoll.burned", "recovery_id", readonly=True)
    held_ids = fields.One2many("plimsoll.held.job", "recovery_id", readonly=True)

    _once = models.Constraint("UNIQUE (incarnation)", "An incarnation begins once.")

    @api.model
    def _begin(self, generation, incarnation, predecessor, old_end=None):
        """Burns numbers and holds jobs. The caller changes the fence row in the same transaction."""
        setting = self._settings()
        complete, because = decide_loss(old_end, self._replayed())
        self.env.cr.execute(
            "SELECT now() AT TIME ZONE 'utc', GREATEST(%s)"
            % ", ".join(f"(SELECT {column} FROM {table} ORDER BY id DESC LIMIT 1)" for table, column in ACTIVITY)
        )
        now, newest = self.env.cr.fetchone()
        recovery = self.create(
            {
                "incarnation": incarnation,
                "predecessor": predecessor,
                "generation": generation,
                "began_at": now.replace(microsecond=0),
                "newest_at": newest and newest.replace(microsecond=0),
                "window_s": setting["window_s"],
                "lost_s": max(0, min(int((now - newest).total_seconds()), 2**31 - 1)) if newest and not complete else 0,
                "safety": setting["safety"],
                "complete": complete,
                "because": because,
            }
        )
        self.env["plimsoll.held.job"]._hold(recovery)
        if not complete:
            # Last: what PostgreSQL's sequences have skipped stays skipped should all the rest be rolled back.
            self.env["plimsoll.burned"]._burn(recovery, setting)
        return recovery

    @api.model
    def _replayed(self):
        """Up to where this database had replayed the old one's log when it was promoted; nothing where the server does not
        know it any more. One that was started since has replayed its own log, and has received nothing.
        """
        self.env.cr.execute(
            "SELECT pg_last_wal_replay_lsn()::text WHERE NOT pg_is_in_recovery() AND pg_last_wal_receive_lsn() IS NOT NULL"
        )
        found = self.env.cr.fetchone()
        return found and found[0]

    @api.model
    def _settings(self):
        """How far numbers are moved, from system parameters; nonsense there must not keep a recovery from its first write."""

        def number(key, default, least, most):
            text = self.env["ir.config_parameter"].sudo().get_param(f"plimsoll.{key}", default)
            try:
                return min(max(float(text), least), most)
            except (TypeError, ValueError):
                return default

        return {
            "window_s": int(number("burn_window_minutes", 60, 1, 10080) * 60),
            "safety": number("burn_safety", 2.0, 1, 100),
            "at_least": int(number("burn_at_least", 20, 1, 100000)),
            "at_most": int(number("burn_at_most", 10000, 1, 1000000)),
        }

    @api.model
    @api.readonly
    def report(self, incarnation):
        """Which numbers were burned and which jobs are held since the database has this incarnation; `None`: nothing was."""
        self.env["plimsoll.fence"]._check_caller()
        check_incarnation(incarnation)
        recovery = self.sudo().search([("incarnation", "=", incarnation)])
        return recovery._shown() if recovery else None

    def _shown(self):
        self.ensure_one()
        return {
            "incarnation": self.incarnation,
            "predecessor": self.predecessor,
            "generation": self.generation,
            "began_at": _time(self.began_at),
            "newest_at": _time(self.newest_at),
            "window_s": self.window_s,
            "lost_s": self.lost_s,
            "safety_percent": round(100 * self.safety),
            "complete": self.complete,
            "because": self.because or None,
            "numbers": [burned._shown() for burned in self.burned_ids.sorted("id")],
            "jobs": [job._shown() for job in self.held_ids.sorted("id")],
        }

    @api.model
    @api.readonly
    def held_jobs(self):
        """Every job that waits for somebody, of whatever recovery."""
        self.env["plimsoll.fence"]._check_caller()
        held = self.env["plimsoll.held.job"].sudo().search([("released_at", "=", False)], order="id")
        return [{**job._shown(), "incarnation": job.recovery_id.incarnation} for job in held]

    @api.model
    def release_jobs(self, by, why, names=None, job_class=None):
        """Lets jobs run again: those of these names, or all of a class. Doing it again changes nothing.

        A name that is not held is refused, so that a slip of the pen is noticed; none of it is released then.
        """
        self.env["plimsoll.fence"]._check_caller()
        check_text(by, "by", 120)
        check_text(why, "why", 500)
        held = self.env["plimsoll.held.job"].sudo()
        if (names is None) == (job_class is None):
            raise ValidationError("Say either names or a class.")
        if names is not None:
            check_list(names, "names", JOBS_PER_CALL_MAX)
            for index, name in enumerate(names):
                check_text(name, f"names[{index}]")
            known = held.search([("name", "in", names)])
            unknown = sorted(set(names) - set(known.mapped("name")))
            if unknown:
                raise ValidationError(f"names: not held since any recovery: {', '.join(unknown[:10])}")
            jobs = known.filtered(lambda job: not job.released_at)
        else:
            if job_class not in ("needs-key", "never"):
                raise ValidationError("job_class: must be needs-key or never")
            jobs = held.search([("released_at", "=", False), ("job_class", "=", job_class)])
        jobs._release(by, why)
        return {"released": jobs.mapped("name")}


def _time(value):
    """As every time leaves this addon: RFC 3339 in UTC."""
    return value.isoformat() + "Z" if value else None
