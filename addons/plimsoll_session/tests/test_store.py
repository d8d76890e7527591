import os
import time
from unittest.mock import patch

import redis
from werkzeug.exceptions import ServiceUnavailable

from odoo import http
from odoo.tests import HttpCase, TransactionCase, tagged

from odoo.addons.plimsoll_session.store import (
    INDEX_PREFIX,
    PREFIX,
    RedisSessionStore,
    client_from_url,
    read_url,
)


def new_store():
    return RedisSessionStore(client_from_url(read_url(os.environ)), "/nonexistent")


def dead_store():
    """A store whose Redis refuses connections: port 1 is reserved and nobody listens there."""
    return RedisSessionStore(client_from_url("redis://127.0.0.1:1/0"), "/nonexistent")


@tagged("post_install", "-at_install")
class TestStore(TransactionCase):
    def setUp(self):
        super().setUp()
        self.store = new_store()

    def saved(self, **values):
        session = self.store.new()
        session.update({**http.get_default_session(), **values})
        self.store.save(session)
        self.addCleanup(self.store.delete, session)
        return session

    def test_a_saved_session_is_found_by_another_process(self):
        session = self.saved(login="example")
        found = new_store().get(session.sid)
        self.assertEqual(found.sid, session.sid)
        self.assertEqual(found.login, "example")
        self.assertFalse(found.is_new)

    def test_an_unknown_or_malformed_id_gets_a_new_session_under_another_id(self):
        for sid in (self.store.generate_key(), "short", "../../etc/passwd"):
            found = self.store.get(sid)
            self.assertTrue(found.is_new)
            self.assertNotEqual(found.sid, sid)

    def test_a_session_expires_after_the_inactivity_odoo_allows(self):
        session = self.saved()
        ttl_s = self.store.client.ttl(PREFIX + session.sid)
        self.assertLessEqual(ttl_s, http.SESSION_LIFETIME)
        self.assertGreater(ttl_s, http.SESSION_LIFETIME - 60)

    def test_vacuum_applies_a_lower_limit_to_sessions_saved_before(self):
        session = self.saved()
        self.store.vacuum(max_lifetime=100)
        self.assertLessEqual(self.store.client.ttl(PREFIX + session.sid), 100)
        self.assertEqual(self.store.get(session.sid).sid, session.sid)

    def test_a_hard_rotation_ends_the_old_id(self):
        session = self.saved(login="example")
        old = session.sid
        self.store.rotate(session, self.env)
        self.addCleanup(self.store.delete, session)
        self.assertTrue(self.store.get(old).is_new)
        self.assertEqual(self.store.get(session.sid).login, "example")

    def test_a_soft_rotation_keeps_the_old_id_for_requests_under_way(self):
        session = self.saved(login="example")
        old = session.sid
        self.store.rotate(session, self.env, soft=True)
        self.addCleanup(self.store.delete, session)
        self.assertEqual(session.sid[: http.STORED_SESSION_BYTES], old[: http.STORED_SESSION_BYTES])
        self.assertEqual(self.store.get(old)["next_sid"], session.sid)
        # A second request that still carries the old id must end up at the same new one.
        late = self.store.get(old)
        self.store.rotate(late, self.env, soft=True)
        self.assertEqual(late.sid, session.sid)

    def test_old_ids_are_removed_some_time_after_a_soft_rotation(self):
        session = self.saved()
        old = session.sid
        self.store.rotate(session, self.env, soft=True)
        self.addCleanup(self.store.delete, session)
        session["create_time"] = time.time() - http.SESSION_DELETION_TIMER - 1
        self.store.delete_old_sessions(session)
        self.assertTrue(self.store.get(old).is_new)
        self.assertFalse(self.store.get(session.sid).is_new)

    def test_revoking_a_device_ends_all_its_sessions_and_no_other(self):
        session, other = self.saved(), self.saved()
        identifier = session.sid[: http.STORED_SESSION_BYTES]
        self.store.delete_from_identifiers([identifier])
        self.assertTrue(self.store.get(session.sid).is_new)
        self.assertFalse(self.store.get(other.sid).is_new)
        self.assertFalse(self.store.client.exists(INDEX_PREFIX + identifier))

    def test_a_pattern_is_not_taken_for_an_identifier(self):
        session = self.saved()
        for bad in ("*", session.sid, session.sid[:41] + "*"):
            with self.assertRaises(ValueError):
                self.store.delete_from_identifiers([bad])
        self.assertFalse(self.store.get(session.sid).is_new)

    def test_missing_identifiers_are_those_without_a_session(self):
        session = self.saved()
        here = session.sid[: http.STORED_SESSION_BYTES]
        gone = self.store.generate_key()[: http.STORED_SESSION_BYTES]
        self.assertEqual(self.store.get_missing_session_identifiers({here, gone}), {gone})
        self.store.delete(session)
        self.assertEqual(self.store.get_missing_session_identifiers([here]), {here})
        self.assertEqual(self.store.get_missing_session_identifiers([]), set())

    def test_an_unreachable_redis_is_an_error_and_never_an_empty_session(self):
        store = dead_store()
        session = store.new()
        for call in (
            lambda: store.get(session.sid),
            lambda: store.save(session),
            lambda: store.delete(session),
            lambda: store.vacuum(),
            lambda: store.get_missing_session_identifiers([session.sid[:42]]),
        ):
            with self.assertRaises(ServiceUnavailable) as caught:
                call()
            self.assertIsInstance(caught.exception.__cause__, redis.exceptions.ConnectionError)

    def test_the_address_comes_from_a_variable_or_a_file_but_not_both(self):
        path = self.env["ir.attachment"]._filestore() + "-redis-url-example"
        self.addCleanup(lambda: os.path.exists(path) and os.unlink(path))
        with open(path, "w", encoding="utf-8") as file:
            file.write("redis://:example@127.0.0.1:6379/1\n")
        name = "PLIMSOLL_SESSION_REDIS_URL"
        self.assertEqual(read_url({name + "_FILE": path}), "redis://:example@127.0.0.1:6379/1")
        self.assertEqual(read_url({name: "rediss://a.example:6380/0"}), "rediss://a.example:6380/0")
        for wrong in ({}, {name: "redis://x", name + "_FILE": path}, {name: "http://x"}, {name + "_FILE": "/nonexistent"}):
            with self.assertRaises(ValueError):
                read_url(wrong)


@tagged("post_install", "-at_install")
class TestPages(HttpCase):
    def test_the_server_keeps_its_sessions_in_redis(self):
        self.assertIsInstance(http.root.session_store, RedisSessionStore)
        self.authenticate("admin", "admin-admin")
        self.assertEqual(self.url_open("/odoo").status_code, 200)
        self.assertFalse(new_store().get(self.session.sid).is_new)

    def test_a_page_answers_503_while_redis_is_away_and_the_login_survives(self):
        self.authenticate("admin", "admin-admin")
        sid = self.session.sid
        with patch.object(http.root.session_store, "client", dead_store().client):
            response = self.url_open("/odoo", allow_redirects=False)
        self.assertEqual(response.status_code, 503)
        self.assertEqual(response.headers["Retry-After"], "2")
        self.assertNotIn("session_id", response.cookies)
        self.assertFalse(new_store().get(sid).is_new)
        self.assertEqual(self.url_open("/odoo", allow_redirects=False).status_code, 200)
