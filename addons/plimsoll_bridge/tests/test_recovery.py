import datetime
import uuid
from unittest.mock import patch

import psycopg2

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import BridgeCase


class RecoveryCase(BridgeCase):
    def setUp(self):
        super().setUp()
        self.recovery = self.env["plimsoll.recovery"].with_user(self.user)
        # As after a first generation: what the database was born with has been left behind.
        self.incarnation = str(uuid.uuid4())
        self.env.cr.execute("UPDATE plimsoll_fence SET generation = 7, incarnation = %s", (self.incarnation,))

    def recover(self, old_end=None, replayed=None):
        """The first write after a recovery that may have lost something, and what it did."""
        incarnation = str(uuid.uuid4())
        generation = self.fence.read_fence()["generation"] + 1
        with patch.object(type(self.env["plimsoll.recovery"]), "_replayed", return_value=replayed):
            self.assertEqual(self.fence.advance(generation, incarnation, old_end)["status"], "advanced")
        return self.recovery.report(incarnation)

    def numbers(self, report, kind):
        return [one for one in report["numbers"] if one["kind"] == kind]


@tagged("post_install", "-at_install")
class TestBurned(RecoveryCase):
    def sequence(self, **values):
        return self.env["ir.sequence"].create({"name": "Example", "plimsoll_disclosed": True, "padding": 5, **values})

    def invoice(self):
        move = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.partner.id,
                "invoice_line_ids": [fields.Command.create({"product_id": self.products[0].id, "price_unit": 10})],
            }
        )
        move.action_post()
        return move

    def test_an_order_made_after_a_recovery_has_a_number_behind_the_gap(self):
        before = self.env["ir.sequence"].search([("code", "=", "sale.order")], limit=1).number_next_actual
        burned = self.numbers(self.recover(), "order")[0]
        self.assertEqual(burned["count"], int(burned["last"].lstrip("S")) - before + 1)
        self.assertGreaterEqual(burned["count"], 20)
        order = self.env["sale.order"].create({"partner_id": self.partner.id})
        self.assertEqual(int(order.name.lstrip("S")), before + burned["count"])

    def test_the_same_incarnation_burns_once_and_a_planned_move_burns_nothing(self):
        report = self.recover()
        sequence = self.env["ir.sequence"].search([("code", "=", "sale.order")], limit=1)
        after = sequence.number_next_actual
        generation = self.fence.read_fence()["generation"]
        for newer in (generation, generation + 1):
            self.fence.advance(newer, report["incarnation"])
            sequence.invalidate_recordset()
            self.assertEqual(sequence.number_next_actual, after)
        self.assertEqual(self.recovery.report(report["incarnation"]), report)

    def test_the_first_incarnation_of_a_database_burns_nothing(self):
        self.env.cr.execute("UPDATE plimsoll_fence SET generation = 0")
        incarnation = str(uuid.uuid4())
        self.fence.advance(1, incarnation)
        self.assertIsNone(self.recovery.report(incarnation))

    def test_a_database_that_had_replayed_everything_burns_nothing_and_holds_its_jobs(self):
        sequence = self.env["ir.sequence"].search([("code", "=", "sale.order")], limit=1)
        before, invoice = sequence.number_next_actual, self.invoice()
        report = self.recover({"position": "16/B374D849"}, "16/B374D880")
        self.assertEqual((report["complete"], report["numbers"], report["lost_s"]), (True, [], 0))
        self.assertIn("ended at 16/B374D849", report["because"])
        self.assertTrue(report["jobs"])
        sequence.invalidate_recordset()
        self.assertEqual(sequence.number_next_actual, before)
        self.assertEqual(self.invoice().sequence_number, invoice.sequence_number + 1)

    def test_any_doubt_burns_and_is_told(self):
        for old_end, replayed, why in (
            (None, "0/3000190", "nobody said"),
            ({"unknown": "west does not\nanswer"}, "0/3000190", "west does not answer"),
            ({"position": "0/3000191"}, "0/3000190", "up to 0/3000190 only"),
            ({"position": "1/0"}, "0/FFFFFFFF", "up to 0/FFFFFFFF only"),
            ({"position": "0/3000190"}, None, "started anew"),
            ({"position": 50331648}, "0/3000190", "not understood"),
            ({"position": "0/3000190/0"}, "0/3000190", "not understood"),
            ({}, "0/3000190", "not understood"),
            ("0/3000190", "0/3000190", "not understood"),
        ):
            report = self.recover(old_end, replayed)
            self.assertFalse(report["complete"], old_end)
            self.assertIn(why, report["because"])
            self.assertGreaterEqual(self.numbers(report, "order")[0]["count"], 20)

    def test_a_server_that_was_not_promoted_has_replayed_nothing(self):
        self.assertIsNone(self.env["plimsoll.recovery"]._replayed())

    def test_an_invoice_begins_behind_the_gap_and_the_gap_is_told_with_its_ends(self):
        before = self.invoice()
        burned = [one for one in self.numbers(self.recover(), "invoice") if one["first"].startswith(before.sequence_prefix)]
        self.assertEqual(len(burned), 1)
        width = len(before.name) - len(before.sequence_prefix)
        first = before.sequence_number + 1
        last = before.sequence_number + burned[0]["count"]
        self.assertEqual(burned[0]["first"], f"{before.sequence_prefix}{first:0{width}d}")
        self.assertEqual(burned[0]["last"], f"{before.sequence_prefix}{last:0{width}d}")
        self.assertTrue(burned[0]["gapless"])
        self.assertEqual(self.invoice().sequence_number, last + 1)
        self.assertEqual(self.invoice().sequence_number, last + 2)

    def test_a_second_recovery_before_the_next_invoice_begins_behind_the_first_gap(self):
        before = self.invoice()
        one, two = (
            [one for one in self.numbers(self.recover(), "invoice") if one["first"].startswith(before.sequence_prefix)][0]
            for _ in range(2)
        )
        self.assertEqual(self.invoice().sequence_number, before.sequence_number + one["count"] + two["count"] + 1)

    def test_the_first_invoices_of_a_new_year_may_be_what_is_lost(self):
        old = self.invoice()
        year = fields.Date.today().year
        old.button_draft()
        old.write({"name": False, "invoice_date": datetime.date(year - 1, 12, 31), "date": datetime.date(year - 1, 12, 31)})
        old.action_post()
        self.env.cr.execute(
            "UPDATE account_move SET state = 'draft', name = NULL, sequence_number = 0 WHERE journal_id = %s AND date >= %s",
            (old.journal_id.id, datetime.date(year, 1, 1)),
        )
        self.env.invalidate_all()
        burned = [one for one in self.numbers(self.recover(), "invoice") if f"/{year}/" in one["first"]]
        self.assertTrue(burned)
        self.assertEqual(int(burned[0]["first"].rsplit("/")[-1]), 1)
        new = self.invoice()
        self.assertGreater(new.sequence_number, burned[0]["count"])

    def test_every_kind_of_transfer_moves(self):
        types = self.env["stock.picking.type"].with_context(active_test=False).search([])
        sequences = types.sequence_id
        before = {sequence: sequence.number_next_actual for sequence in sequences}
        self.assertEqual(len(self.numbers(self.recover(), "transfer")), len(sequences))
        sequences.invalidate_recordset()
        for sequence in sequences:
            self.assertGreaterEqual(sequence.number_next_actual, before[sequence] + 20, sequence.name)

    def test_the_faster_numbers_are_used_the_wider_is_the_gap(self):
        sequence = self.env["ir.sequence"].search([("code", "=", "sale.order")], limit=1)
        self.env["sale.order"].create([{"partner_id": self.partner.id} for _ in range(30)])
        before = sequence.number_next_actual
        report = self.recover()
        burned = self.numbers(report, "order")[0]
        self.assertGreaterEqual(burned["issued"], 30)
        self.assertEqual(burned["count"], 2 * burned["issued"])
        sequence.invalidate_recordset()
        self.assertEqual(sequence.number_next_actual, before + burned["count"])

    def test_the_longer_the_lost_time_the_wider_is_the_gap(self):
        self.env["sale.order"].create([{"partner_id": self.partner.id} for _ in range(30)])
        for table, column in (
            ("sale_order", "create_date"), ("stock_picking", "create_date"), ("account_move", "create_date"),
            ("plimsoll_inbox", "received_at"), ("plimsoll_outbox", "created_at"),
        ):
            self.env.cr.execute(f"UPDATE {table} SET {column} = {column} - interval '3 hours'")  # pylint: disable=sql-injection
        report = self.recover()
        burned = self.numbers(report, "order")[0]
        self.assertGreaterEqual(report["lost_s"], 3 * 3600)
        self.assertGreaterEqual(burned["count"], 6 * burned["issued"])

    def test_sequences_without_gaps_and_by_date_move_too(self):
        plain = self.sequence(implementation="no_gap", prefix="EX/")
        dated = self.sequence(use_date_range=True, prefix="D/%(range_year)s/")
        self.assertEqual(plain.next_by_id(), "EX/00001")
        year = fields.Date.today().year
        self.assertEqual(dated.next_by_id(), f"D/{year}/00001")
        told = {one["first"]: one for one in self.numbers(self.recover(), "other")}
        self.assertTrue(told["EX/00002"]["gapless"])
        self.assertEqual(told[f"D/{year}/00002"]["last"], f"D/{year}/00021")
        self.assertEqual(plain.next_by_id(), "EX/00022")
        self.assertEqual(dated.next_by_id(), f"D/{year}/00022")

    def test_a_sequence_that_cannot_be_moved_is_named_and_the_others_move(self):
        broken = self.sequence(prefix="%(nonsense)s")
        fine = self.sequence(prefix="FINE")
        with mute_logger("odoo.addons.plimsoll_bridge.models.burned"):
            told = self.numbers(self.recover(), "other")
        self.assertEqual([bool(one["problem"]) for one in told if one["name"] == broken.name], [True, False])
        self.assertEqual(fine.next_by_id(), "FINE00021")

    def test_what_the_database_says_about_itself_is_not_taken_for_a_broken_sequence(self):
        burned = type(self.env["plimsoll.burned"])
        with patch.object(burned, "_burn_sequence", side_effect=psycopg2.errors.SerializationFailure()):
            with self.assertRaises(psycopg2.errors.SerializationFailure):
                self.recover()

    def test_nonsense_in_the_settings_does_not_stop_a_recovery(self):
        parameters = self.env["ir.config_parameter"].sudo()
        parameters.set_param("plimsoll.burn_safety", "much")
        parameters.set_param("plimsoll.burn_at_least", "35")
        self.assertEqual(self.numbers(self.recover(), "order")[0]["count"], 35)


@tagged("post_install", "-at_install")
class TestHeldJobs(RecoveryCase):
    def setUp(self):
        super().setUp()
        self.mail = self.env.ref("mail.ir_cron_mail_scheduler_action")
        self.stock = self.env.ref("stock.ir_cron_scheduler_action")
        self.post = self.env.ref("account.ir_cron_auto_post_draft_entry")
        (self.mail | self.stock | self.post).active = True

    def runs(self, job):
        """Whether a run of the job does anything."""
        with patch.object(type(self.env["ir.actions.server"]), "run") as run, patch.object(self.env.cr, "commit"):
            job._callback(job.name, job.ir_actions_server_id.id)
        return run.called

    def test_jobs_wait_by_their_class(self):
        report = self.recover()
        classes = {job["name"]: job["class"] for job in report["jobs"]}
        self.assertEqual(classes["mail.ir_cron_mail_scheduler_action"], "never")
        self.assertEqual(classes["account.ir_cron_auto_post_draft_entry"], "needs-key")
        self.assertNotIn("stock.ir_cron_scheduler_action", classes)
        # Not False, as Odoo has it: whoever reads this knows nothing of Odoo.
        self.assertTrue(all(job["released_at"] is None for job in report["jobs"]))
        self.assertEqual([self.runs(job) for job in (self.mail, self.stock, self.post)], [False, True, False])

    def test_without_a_recovery_everything_runs(self):
        self.assertTrue(self.runs(self.mail))

    def test_a_class_is_released_and_its_jobs_are_run_soon(self):
        self.recover()
        released = self.recovery.release_jobs("Example Operator", "journal and database agree", job_class="needs-key")
        self.assertIn("account.ir_cron_auto_post_draft_entry", released["released"])
        self.assertEqual([self.runs(job) for job in (self.mail, self.post)], [False, True])
        self.assertTrue(self.env["ir.cron.trigger"].search([("cron_id", "=", self.post.id)]))
        again = self.recovery.release_jobs("Example Operator", "journal and database agree", job_class="needs-key")
        self.assertEqual(again["released"], [])

    def test_a_person_releases_by_name_and_is_remembered(self):
        report = self.recover()
        name = "mail.ir_cron_mail_scheduler_action"
        self.recovery.release_jobs("Example Operator", "looked through the queue", names=[name])
        self.assertTrue(self.runs(self.mail))
        told = [job for job in self.recovery.report(report["incarnation"])["jobs"] if job["name"] == name][0]
        self.assertEqual((told["released_by"], told["released_why"]), ("Example Operator", "looked through the queue"))
        self.assertNotIn(name, [job["name"] for job in self.recovery.held_jobs()])

    def test_an_unknown_name_releases_nothing(self):
        self.recover()
        with self.assertRaises(ValidationError):
            self.recovery.release_jobs("Example Operator", "x", names=["mail.ir_cron_mail_scheduler_action", "nobody.knows"])
        self.assertFalse(self.runs(self.mail))
        for arguments in ({}, {"names": ["a"], "job_class": "never"}, {"job_class": "safe"}):
            with self.assertRaises(ValidationError):
                self.recovery.release_jobs("Example Operator", "x", **arguments)

    def test_a_job_says_its_own_class(self):
        self.mail.plimsoll_class = "safe"
        self.stock.plimsoll_class = "never"
        self.recover()
        self.assertEqual([self.runs(job) for job in (self.mail, self.stock)], [True, False])

    def test_a_job_that_nobody_knows_waits_for_a_person(self):
        job = self.env["ir.cron"].create(
            {
                "name": "Example job",
                "model_id": self.env["ir.model"]._get("res.partner").id,
                "state": "code",
                "code": "pass",
                "interval_number": 1,
                "interval_type": "days",
            }
        )
        name = f"ir.cron/{job.id}"
        report = self.recover()
        self.assertIn((name, "never"), [(one["name"], one["class"]) for one in report["jobs"]])
        self.recovery.release_jobs("Example Operator", "harmless", names=[name])
        self.assertTrue(self.runs(job))

    def test_a_held_job_cannot_be_run_by_a_click(self):
        self.recover()
        with self.assertRaises(UserError):
            self.mail.method_direct_trigger()

    def test_a_second_recovery_holds_anew_what_was_released(self):
        self.recover()
        self.recovery.release_jobs("Example Operator", "looked", job_class="never")
        self.assertTrue(self.runs(self.mail))
        self.recover()
        self.assertFalse(self.runs(self.mail))

    def test_employees_may_neither_ask_nor_release(self):
        report = self.recover()
        theirs = self.env["plimsoll.recovery"].with_user(self.employee)
        for call in (
            lambda: theirs.report(report["incarnation"]),
            theirs.held_jobs,
            lambda: theirs.release_jobs("x", "y", job_class="never"),
        ):
            with self.assertRaises(AccessError):
                call()
