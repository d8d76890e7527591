from odoo import api, models

from ..checks import IDS_PER_CALL_MAX, check_generation, check_text, refuse
from ..fields import BigInteger

RANGE_SIZE_MAX = IDS_PER_CALL_MAX


class PlimsollInboxCompare(models.Model):
    """What the gateway asks to find out which messages a database lacks, without naming a million of them.

    Each row remembers its place in the gateway's journal. Over ranges of places, a count and an
    order-independent digest tell that both hold the same; only where they differ are rows listed.
    A place is a hint: after a failover the same message may have another one, and is then found by its id.
    """

    _inherit = "plimsoll.inbox"

    place = BigInteger(readonly=True, help="Its number in the journal of the gateway that delivered it.")
    fingerprint = BigInteger(readonly=True, help="64 bits of its id and body; see fingerprint.py.")

    # Answers from the index alone: the rows themselves are as large as the messages.
    _place = models.Index("(source, place) INCLUDE (fingerprint) WHERE place IS NOT NULL")
    _unplaced = models.Index("(source) WHERE place IS NULL")

    @api.model
    @api.readonly
    def digests(self, source, size):
        """Count and digest (the XOR of fingerprints) of each range of `size` places, by number of the range."""
        self.env["plimsoll.fence"]._check_caller()
        check_text(source, "source", 64)
        if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= RANGE_SIZE_MAX:
            refuse("size", f"must be a whole number from 1 to {RANGE_SIZE_MAX}")
        # The index is narrow and the rows are wide; a planner without statistics, as after a restore, does not know.
        self.env.cr.execute("SET LOCAL enable_seqscan = off")
        # Nor how few ranges there are: it would sort a million rows to group them.
        self.env.cr.execute("SET LOCAL enable_sort = off")
        self.env.cr.execute(
            "SELECT place / %s, count(*), bit_xor(fingerprint) FROM plimsoll_inbox"
            " WHERE source = %s AND place IS NOT NULL GROUP BY 1",
            (size, source),
        )
        ranges = sorted(self.env.cr.fetchall())
        self.env.cr.execute("SELECT count(*) FROM plimsoll_inbox WHERE source = %s AND place IS NULL", (source,))
        return {"ranges": ranges, "unplaced": self.env.cr.fetchone()[0]}

    @api.model
    @api.readonly
    def placed(self, source, first, last):
        """Place, id and body hash of what lies in a range of places, both ends included."""
        self.env["plimsoll.fence"]._check_caller()
        check_text(source, "source", 64)
        check_generation(first, "first")
        check_generation(last, "last")
        if not 0 <= last - first < RANGE_SIZE_MAX:
            refuse("last", f"must be at most {RANGE_SIZE_MAX - 1} behind first")
        self.env.cr.execute(
            "SELECT place, message_id, body_hash, kind FROM plimsoll_inbox"
            " WHERE source = %s AND place BETWEEN %s AND %s ORDER BY place, id",
            (source, first, last),
        )
        return self.env.cr.fetchall()
