"""Scheduled jobs after a recovery: which may run at once, which only when journal and database agree, which never by themselves."""
import logging

from odoo import api, fields, models
from odoo.exceptions import UserError

_logger = logging.getLogger(__name__)

# What is known of Odoo's own jobs. All others count as `never`: what nobody has looked at may call the outside.
SAFE = (
    "base.autovacuum_job",
    "base.ir_cron_res_users_deletion",
    "mail.ir_cron_delete_notification",
    "mail.ir_cron_discuss_channel_member_unmute",
    "mail.ir_cron_module_update_notification",
    "resource.ir_cron_resource_autovacuum",
    # Looks at what is needed and what is there, and orders the difference.
    "stock.ir_cron_scheduler_action",
    "product.ir_cron_product_autovacuum",
)
NEEDS_KEY = (
    # Posts what is due: before the replay it would give numbers to what is not complete.
    "account.ir_cron_auto_post_draft_entry",
    "stock_account.ir_cron_post_stock_valuation",
    # Mail has an id by which it is taken in once; orders that it answers must be there first.
    "mail.ir_cron_mail_gateway_action",
    # The provider tells what a payment is, by its reference.
    "payment.cron_post_process_payment_tx",
)
CLASSES = [("safe", "Safe to run again"), ("needs-key", "When journal and database agree"), ("never", "Never by itself")]


class IrCron(models.Model):
    _inherit = "ir.cron"

    plimsoll_class = fields.Selection(
        CLASSES,
        "After a recovery",
        help="Whether it may run after a recovery that may have lost something. Empty: as known of Odoo's own jobs, "
        "otherwise never until a person releases it.",
    )

    def _plimsoll_class(self):
        """The class of each of these jobs."""
        names = self.get_external_id()
        known = {**dict.fromkeys(SAFE, "safe"), **dict.fromkeys(NEEDS_KEY, "needs-key")}
        return {job: job.plimsoll_class or known.get(names[job.id], "never") for job in self}

    def _callback(self, cron_name, server_action_id):
        """Every run of a job ends here, whoever began it. Its triggers are used up by then, so a release sets a new one."""
        if self.env["plimsoll.held.job"].sudo()._is_held(self.id):
            _logger.info("Job %r (%s) is held since a recovery and was not run", cron_name, self.id)
            return None
        return super()._callback(cron_name, server_action_id)

    def method_direct_trigger(self):
        if self.env["plimsoll.held.job"].sudo()._is_held(self.id):
            raise UserError(f"{self.name}: held since a recovery. Release it first: `plimsoll jobs release`.")
        return super().method_direct_trigger()


class PlimsollHeldJob(models.Model):
    """A job that does not run since a recovery, until it is released.

    Not a change of the job itself: one that is running is locked, and the first write of a recovery must not wait for it.
    """

    _name = "plimsoll.held.job"
    _description = "Plimsoll held job"
    _order = "id"
    _log_access = False

    recovery_id = fields.Many2one("plimsoll.recovery", required=True, readonly=True, ondelete="restrict", index=True)
    # Without a foreign key: its check would wait for a job that is running.
    cron_id = fields.Integer(required=True, readonly=True)
    name = fields.Char(required=True, readonly=True, help="External id of the job, or its number.")
    title = fields.Char(required=True, readonly=True)
    job_class = fields.Char(required=True, readonly=True)
    released_at = fields.Datetime(readonly=True)
    released_by = fields.Char(readonly=True)
    released_why = fields.Char(readonly=True)

    _held = models.Index("(cron_id) WHERE released_at IS NULL")

    @api.model
    def _hold(self, recovery):
        jobs = self.env["ir.cron"].sudo().search([("active", "=", True)], order="id")
        names = jobs.get_external_id()
        self.sudo().create(
            [
                {
                    "recovery_id": recovery.id,
                    "cron_id": job.id,
                    "name": names[job.id] or f"ir.cron/{job.id}",
                    "title": job.name,
                    "job_class": job_class,
                }
                for job, job_class in jobs._plimsoll_class().items()
                if job_class != "safe" and not self._is_held(job.id)
            ]
        )

    @api.model
    def _is_held(self, cron_id):
        self.flush_model(["cron_id", "released_at"])
        self.env.cr.execute("SELECT 1 FROM plimsoll_held_job WHERE cron_id = %s AND released_at IS NULL LIMIT 1", (cron_id,))
        return bool(self.env.cr.fetchone())

    def _release(self, by, why):
        self.write({"released_at": fields.Datetime.now(), "released_by": by, "released_why": why})
        # Not write: the job may be running just now. A trigger is a row of its own.
        for job in self.env["ir.cron"].sudo().browse(self.mapped("cron_id")).exists():
            job._trigger()

    def _shown(self):
        self.ensure_one()
        return {
            "name": self.name,
            "title": self.title,
            "class": self.job_class,
            "released_at": self.released_at.isoformat() + "Z" if self.released_at else None,
            "released_by": self.released_by or None,
            "released_why": self.released_why or None,
        }
