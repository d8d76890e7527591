"""Numbers that a partner may have seen for something else are not given a second time."""
import contextlib
import logging
import math
import re

import psycopg2

from odoo import api, fields, models
from odoo.tools import SQL

from ..fields import BigInteger
from .fallback import LABELS_MAX

_logger = logging.getLogger(__name__)

# So many of the newest documents are looked at to find how fast numbers are used.
ROWS_MAX = 50000
# Sequences by code whose numbers partners, drivers and customers see: (code, kind, table whose rows take its numbers).
CODES = (
    ("sale.order", "order", "sale_order"),
    ("purchase.order", "purchase", "purchase_order"),
    ("stock.package", "package", "stock_package"),
    ("plimsoll.sscc", "label", None),
)
# A number of this journal's type goes to customers; those of other journals stay in the house.
JOURNAL = "sale"


class IrSequence(models.Model):
    _inherit = "ir.sequence"

    plimsoll_disclosed = fields.Boolean(
        "Seen outside",
        help="After a recovery that may have lost something, its numbers move forward past what partners may have seen. "
        "Those of orders, purchases, transfers, packages and labels do so anyway.",
    )


class PlimsollBurned(models.Model):
    """A range of numbers that was left out, and why: the record of a gap."""

    _name = "plimsoll.burned"
    _description = "Plimsoll burned numbers"
    _order = "id"
    _log_access = False

    recovery_id = fields.Many2one("plimsoll.recovery", required=True, readonly=True, ondelete="restrict", index=True)
    kind = fields.Char(required=True, readonly=True)
    name = fields.Char(required=True, readonly=True, help="The sequence or journal, as people call it.")
    sequence_id = fields.Integer(readonly=True, help="The ir.sequence, where it is one.")
    journal_id = fields.Integer(readonly=True, help="The journal, where numbers follow from the last one in its table.")
    prefix = fields.Char(readonly=True)
    issued = fields.Integer(required=True, readonly=True, help="Numbers given in the window before.")
    first = BigInteger(required=True, readonly=True)
    last = BigInteger(required=True, readonly=True)
    first_text = fields.Char(required=True, readonly=True)
    last_text = fields.Char(required=True, readonly=True)
    gapless = fields.Boolean(readonly=True, help="By rule or by law these numbers have no gaps: this one must be explained.")
    problem = fields.Char(readonly=True, help="Why nothing was burned here after all; then a person must look at these numbers.")

    _floor_of_journal = models.Index("(journal_id, prefix, last) WHERE journal_id IS NOT NULL")

    def _shown(self):
        self.ensure_one()
        return {
            "kind": self.kind,
            "name": self.name,
            "issued": self.issued,
            "first": self.first_text,
            "last": self.last_text,
            "count": 0 if self.problem else self.last - self.first + 1,
            "gapless": self.gapless,
            "problem": self.problem or None,
        }

    @api.model
    def _burn(self, recovery, setting):
        recovery = recovery.sudo()
        for kind, sequence, table in self._declared():
            with self._told(recovery, kind, sequence.name):
                issued = self._issued(table, recovery.newest_at, setting["window_s"])
                gap = _gap(issued, recovery.lost_s, setting)
                if kind in ("package", "label"):
                    # Labels that were set aside for a warehouse hang there on paper, and the record of it may be lost.
                    gap = max(gap, LABELS_MAX)
                self._burn_sequence(recovery, kind, sequence, issued, gap)
        for journal in self.env["account.journal"].sudo().search([("type", "=", JOURNAL)], order="id"):
            with self._told(recovery, "invoice", journal.display_name):
                self._burn_journal(recovery, journal, setting)

    @contextlib.contextmanager
    def _told(self, recovery, kind, name):
        """One sequence that is not as expected must not keep the business from its first write: it is listed as not burned,
        for a person, and the others go on. What the database says about itself is tried again as ever.
        """
        try:
            with self.env.cr.savepoint():
                yield
        except psycopg2.OperationalError:
            raise
        except Exception as problem:  # noqa: BLE001
            _logger.exception("numbers of %s were not burned", name)
            self._record(
                recovery, kind=kind, name=name, issued=0, first=0, last=0, first_text="", last_text="",
                problem=str(problem)[:500] or type(problem).__name__,
            )

    @api.model
    def _declared(self):
        """Each sequence once: (kind, sequence, (table, condition) that tells how fast it is used). Addons add theirs."""
        sequences = self.env["ir.sequence"].sudo().with_context(active_test=False)
        found = {}
        for code, kind, table in CODES:
            for sequence in sequences.search([("code", "=", code)], order="id"):
                found.setdefault(sequence, (kind, table and (table, SQL("TRUE"))))
        for kind in self.env["stock.picking.type"].sudo().with_context(active_test=False).search([], order="id"):
            condition = SQL("picking_type_id = %s", kind.id)
            found.setdefault(kind.sequence_id, ("transfer", ("stock_picking", condition)))
        for kind in self.env["stock.package.type"].sudo().with_context(active_test=False).search([], order="id"):
            found.setdefault(kind.sequence_id, ("package", ("stock_package", SQL("package_type_id = %s", kind.id))))
        for sequence in sequences.search([("plimsoll_disclosed", "=", True)], order="id"):
            found.setdefault(sequence, ("other", None))
        return [(kind, sequence, table) for sequence, (kind, table) in found.items() if sequence]

    @api.model
    def _issued(self, source, newest, window_s):
        """How many rows were made in the window that ends with the newest document."""
        if source is None or not newest:
            return 0
        table, condition = source
        self.env.cr.execute(
            SQL(
                "SELECT count(*) FROM (SELECT create_date FROM %s WHERE %s ORDER BY id DESC LIMIT %s) newest"
                " WHERE create_date > %s - %s * interval '1 second'",
                SQL.identifier(table), condition, ROWS_MAX, newest, window_s,
            )
        )
        return self.env.cr.fetchone()[0]

    @api.model
    def _burn_sequence(self, recovery, kind, sequence, issued, gap):
        """A sequence by date has one beneath it for each of its ranges; those that are over are left alone."""
        step = sequence.number_increment or 1
        owners = [sequence]
        if sequence.use_date_range:
            today = fields.Date.today()
            owners = list(sequence.date_range_ids.filtered(lambda one: one.date_to >= today))
        for owner in owners:
            named = sequence if owner == sequence else sequence.with_context(ir_sequence_date_range=owner.date_from)
            owner.invalidate_recordset(["number_next_actual"])
            first = owner.number_next_actual
            last = first + (gap - 1) * step
            if sequence.implementation == "standard":
                self.env.cr.execute("SELECT setval(%s::regclass, %s, true)", (_relation(sequence, owner), last))
            else:
                self.env.cr.execute(
                    SQL("UPDATE %s SET number_next = %s WHERE id = %s", SQL.identifier(owner._table), last + step, owner.id)
                )
                owner.invalidate_recordset(["number_next"])
            owner.invalidate_recordset(["number_next_actual"])
            self._record(
                recovery, kind=kind, name=sequence.name, sequence_id=sequence.id, issued=issued, first=first, last=last,
                first_text=named.get_next_char(first), last_text=named.get_next_char(last),
                prefix=sequence.prefix or "", gapless=sequence.implementation == "no_gap",
            )

    @api.model
    def _burn_journal(self, recovery, journal, setting):
        """Invoices have no sequence of their own: the next one follows the last in the table. So the end of the gap is
        kept here, and `account.move` begins behind it.
        """
        self.env.cr.execute(
            """
            SELECT sequence_prefix, max(sequence_number),
                   count(*) FILTER (WHERE create_date > %(newest)s - %(window)s * interval '1 second'),
                   (array_agg(name ORDER BY sequence_number DESC))[1]
              FROM account_move
             WHERE journal_id = %(journal)s AND sequence_number > 0 AND date >= (now() - interval '400 days')::date
             GROUP BY 1 ORDER BY 1
            """,
            {"newest": recovery.newest_at or recovery.began_at, "window": setting["window_s"], "journal": journal.id},
        )
        used = {prefix: (number, issued, name) for prefix, number, issued, name in self.env.cr.fetchall()}
        if not used:
            # Never used: nobody has seen a number of it.
            return
        current = {prefix: last for prefix, last in used.items() if self._is_current(journal, prefix)}
        # The first of a new year may be among what is lost.
        current.update({prefix: (0, 0, name) for prefix, name in self._beginning(journal).items() if prefix not in used})
        for prefix, (number, issued, name) in sorted(current.items()):
            first = max(number, self._floor(journal.id, prefix)) + 1
            last = first + _gap(issued, recovery.lost_s, setting) - 1
            digits, suffix = _split(name, prefix)
            self._record(
                recovery, kind="invoice", name=journal.display_name, journal_id=journal.id, prefix=prefix, issued=issued,
                first=first, last=last, gapless=True,
                first_text=f"{prefix}{first:0{digits}d}{suffix}", last_text=f"{prefix}{last:0{digits}d}{suffix}",
            )

    @api.model
    def _is_current(self, journal, prefix):
        """Whether new invoices take this prefix: a year or month that is over needs no gap."""
        newest = self.env["account.move"].sudo().search(
            [("journal_id", "=", journal.id), ("sequence_prefix", "=", prefix)], order="date desc, id desc", limit=1
        )
        reset = newest._deduce_sequence_number_reset(newest.name)
        if reset == "never":
            return True
        _start, end, *_ = newest._get_sequence_date_range(reset)
        return end >= fields.Date.today()

    @api.model
    def _beginning(self, journal):
        """The number that an invoice and a credit note of today would follow, by its prefix."""
        found = {}
        for kind in ("out_invoice", "out_refund"):
            move = self.env["account.move"].sudo().new(
                {"move_type": kind, "journal_id": journal.id, "date": fields.Date.today(), "company_id": journal.company_id.id}
            )
            text, values = move._get_next_sequence_format()
            name = text.format(**values)
            found[move._plimsoll_prefix(name)] = name
        return found

    @api.model
    def _floor(self, journal, prefix):
        """The last burned number of a journal's prefix; 0 where nothing was burned."""
        self.env.cr.execute("SELECT max(last) FROM plimsoll_burned WHERE journal_id = %s AND prefix = %s", (journal, prefix))
        return self.env.cr.fetchone()[0] or 0

    @api.model
    def _record(self, recovery, **values):
        self.sudo().create({"recovery_id": recovery.id, **values})


def _gap(issued, lost_s, setting):
    """As many numbers as may have been given while what is lost was made, and some more."""
    rate = issued / setting["window_s"]
    wanted = math.ceil(rate * max(lost_s, setting["window_s"]) * setting["safety"])
    return min(max(wanted, setting["at_least"]), max(setting["at_most"], setting["at_least"]))


def _relation(sequence, owner):
    """Where Odoo has PostgreSQL count."""
    name = f"ir_sequence_{sequence.id:03d}"
    return name if owner == sequence else f"{name}_{owner.id:03d}"


def _split(name, prefix):
    """How many digits a number has, and what follows them."""
    rest = name[len(prefix):]
    digits = len(rest) - len(rest.lstrip("0123456789"))
    return digits, rest[digits:]


class AccountMove(models.Model):
    _inherit = "account.move"

    def _get_next_sequence_format(self):
        """Numbers that were burned are not given: the next one is the first behind them."""
        text, values = super()._get_next_sequence_format()
        name = text.format(**values)
        floor = self.env["plimsoll.burned"].sudo()._floor(self.journal_id.id, self._plimsoll_prefix(name))
        values["seq"] = max(values["seq"], floor)
        return text, values

    def _plimsoll_prefix(self, name):
        """As `sequence_prefix` of a document of this name."""
        regex = self._make_regex_non_capturing(self._sequence_fixed_regex.replace(r"?P<seq>", ""))
        return name[: re.match(regex, name).start(1)]
