import uuid

import psycopg2

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import BridgeCase


@tagged("post_install", "-at_install")
class TestFence(BridgeCase):
    def setUp(self):
        super().setUp()
        self.before = self.fence.read_fence()
        self.other = str(uuid.uuid4())

    def test_a_higher_generation_is_taken(self):
        higher = self.before["generation"] + 1
        taken = {"generation": higher, "incarnation": self.other}
        self.assertEqual(self.fence.advance(higher, self.other), {"status": "advanced", **taken})
        self.assertEqual(self.fence.read_fence(), taken)

    def test_advancing_twice_changes_nothing(self):
        higher = self.before["generation"] + 1
        self.fence.advance(higher, self.other)
        self.assertEqual(self.fence.advance(higher, self.other)["status"], "unchanged")

    def test_a_lower_generation_is_refused(self):
        higher = self.before["generation"] + 5
        self.fence.advance(higher, self.other)
        answer = self.fence.advance(higher - 1, str(uuid.uuid4()))
        self.assertEqual(answer, {"status": "refused", "generation": higher, "incarnation": self.other})
        self.assertEqual(self.fence.read_fence()["generation"], higher)

    def test_the_same_generation_for_another_incarnation_is_refused(self):
        answer = self.fence.advance(self.before["generation"], self.other)
        self.assertEqual(answer, {"status": "refused", **self.before})

    def test_generations_may_exceed_31_bits(self):
        self.fence.advance(2**40, self.other)
        self.assertEqual(self.env["plimsoll.fence"].search([]).generation, 2**40)

    def test_nonsense_is_refused(self):
        for generation, incarnation in ((-1, self.other), (True, self.other), ("1", self.other), (1, "x"), (1, None)):
            with self.assertRaises(ValidationError):
                self.fence.advance(generation, incarnation)

    def test_there_is_exactly_one_row(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.errors.CheckViolation), self.env.cr.savepoint():
            self.env.cr.execute(
                "INSERT INTO plimsoll_fence (id, incarnation, generation, changed_at) VALUES (2, 'x', 0, now())"
            )

    def test_employees_may_neither_read_nor_advance_it(self):
        fence = self.env["plimsoll.fence"].with_user(self.employee)
        with self.assertRaises(AccessError):
            fence.read_fence()
        with self.assertRaises(AccessError):
            fence.advance(self.before["generation"] + 1, self.other)
