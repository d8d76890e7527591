import hashlib

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from ..fingerprint import fingerprint
from .common import BridgeCase


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


@tagged("post_install", "-at_install")
class TestCompare(BridgeCase):
    def apply(self, number, source="example", place=None):
        reference = f"CMP-{number}"
        answer = self.send(
            reference, "order.create", self.order_payload(reference), body_hash=sha(reference), source=source, place=place
        )
        self.assertEqual(answer["status"], "done")
        return fingerprint(source, reference, sha(reference))

    def test_the_fingerprint_is_the_gateways(self):
        # The same numbers stand in the gateway's test.
        self.assertEqual(fingerprint("acme-edi", "PO-1", sha("{}")), -8394223775627081)

    def test_ranges_are_counted_and_digested_by_place(self):
        marks = [self.apply(number, place=place) for number, place in ((1, 7), (2, 9), (3, 10), (4, 25))]
        self.apply(5, source="other", place=8)
        self.apply(6)
        answer = self.inbox.digests("example", 10)
        self.assertEqual(
            [tuple(one) for one in answer["ranges"]], [(0, 2, marks[0] ^ marks[1]), (1, 1, marks[2]), (2, 1, marks[3])]
        )
        self.assertEqual(answer["unplaced"], 1)

    def test_a_range_is_listed_with_ids_and_bodies(self):
        self.apply(1, place=7)
        self.apply(2, place=9)
        self.apply(3, place=10)
        listed = [tuple(one) for one in self.inbox.placed("example", 8, 10)]
        self.assertEqual(
            listed, [(9, "CMP-2", sha("CMP-2"), "order.create"), (10, "CMP-3", sha("CMP-3"), "order.create")]
        )

    def test_the_first_place_of_a_message_stays(self):
        self.apply(1, place=7)
        again = self.send(
            "CMP-1", "order.create", self.order_payload("CMP-1"), body_hash=sha("CMP-1"), place=11
        )
        self.assertEqual(again["status"], "duplicate")
        self.assertEqual([one[0] for one in self.inbox.placed("example", 0, 20)], [7])

    def test_nonsense_is_refused(self):
        for wrong in (0, -1, True, 50_001, "10"):
            with self.assertRaises(ValidationError):
                self.inbox.digests("example", wrong)
        for first, last in ((5, 4), (0, 50_000), (-1, 3)):
            with self.assertRaises(ValidationError):
                self.inbox.placed("example", first, last)
        with self.assertRaises(ValidationError):
            self.send("m-1", "order.create", self.order_payload(), place=3)

    def test_only_integrations_may_ask(self):
        inbox = self.env["plimsoll.inbox"].with_user(self.employee)
        with self.assertRaises(AccessError):
            inbox.digests("example", 10)
        with self.assertRaises(AccessError):
            inbox.placed("example", 1, 2)
