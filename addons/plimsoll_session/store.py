import functools
import json

import redis
import redis.backoff
import redis.exceptions
import redis.retry
from werkzeug.exceptions import ServiceUnavailable

import odoo.http
from odoo.http import (
    SESSION_LIFETIME,
    STORED_SESSION_BYTES,
    FilesystemSessionStore,
    Session,
    get_session_max_inactivity,
)

PREFIX = "plimsoll:session:"
# identifier -> its session ids. A device is revoked by the first half of the id, which stays when
# the id rotates; looking for it among all keys would block Redis.
INDEX_PREFIX = "plimsoll:session-index:"
# On loopback or in one zone an answer takes well under a millisecond. Longer than this and it is
# better to say so than to let every worker hang.
TIMEOUT_S = 1.0
RETRY_AFTER_S = 2
SCAN_COUNT = 1000


def read_url(environment):
    """The address from the environment, or from the file the environment names."""
    url = environment.get("PLIMSOLL_SESSION_REDIS_URL")
    path = environment.get("PLIMSOLL_SESSION_REDIS_URL_FILE")
    if bool(url) == bool(path):
        raise ValueError("set one of PLIMSOLL_SESSION_REDIS_URL and PLIMSOLL_SESSION_REDIS_URL_FILE")
    if path:
        try:
            with open(path, encoding="utf-8") as file:
                url = file.readline().strip()
        except OSError as exc:
            raise ValueError(f"PLIMSOLL_SESSION_REDIS_URL_FILE={path}: {exc.strerror}") from exc
    if not url.startswith(("redis://", "rediss://", "unix://")):
        # Never quoted: it may hold a password.
        raise ValueError("the address of Redis must start with redis://, rediss:// or unix://")
    return url


def client_from_url(url):
    return redis.Redis.from_url(
        url,
        socket_connect_timeout=TIMEOUT_S,
        socket_timeout=TIMEOUT_S,
        # Once, at once: a connection kept from before a restart of Redis is dead, the next one is not.
        retry=redis.retry.Retry(redis.backoff.NoBackoff(), 1),
        retry_on_error=[redis.exceptions.ConnectionError],
        client_name="odoo-session",
    )


def _or_503(method):
    """An unreachable Redis is an outage, not an empty store: an empty answer would log the user out."""

    @functools.wraps(method)
    def wrapped(self, *args, **kwargs):
        try:
            return method(self, *args, **kwargs)
        except (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError, redis.exceptions.ResponseError) as exc:
            raise ServiceUnavailable("The session store cannot be reached.", retry_after=RETRY_AFTER_S) from exc

    return wrapped


class RedisSessionStore(FilesystemSessionStore):
    """Odoo's store with Redis for the directory.

    Rotation, key format and the deletion of rotated sessions are inherited: they only call the
    methods below. Everything that touches a file is overridden.
    """

    def __init__(self, client, path):
        super().__init__(path, session_class=Session, renew_missing=True)
        self.client = client

    def get_session_filename(self, sid):
        raise NotImplementedError("sessions are in Redis, not in files")

    @_or_503
    def save(self, session):
        if not self.is_valid_key(session.sid):
            raise ValueError(f"Invalid session id {session.sid!r}")
        lifetime_s = self._lifetime_s()
        index = INDEX_PREFIX + session.sid[:STORED_SESSION_BYTES]
        with self.client.pipeline(transaction=True) as pipe:
            pipe.set(PREFIX + session.sid, json.dumps(dict(session)), ex=lifetime_s)
            pipe.sadd(index, session.sid)
            pipe.expire(index, lifetime_s)
            pipe.execute()

    @_or_503
    def delete(self, session):
        with self.client.pipeline(transaction=True) as pipe:
            pipe.delete(PREFIX + session.sid)
            pipe.srem(INDEX_PREFIX + session.sid[:STORED_SESSION_BYTES], session.sid)
            pipe.execute()

    @_or_503
    def get(self, sid):
        if not self.is_valid_key(sid):
            return self.new()
        found = self.client.get(PREFIX + sid)
        if found is None:
            return self.new()
        try:
            data = json.loads(found)
        except ValueError:
            # As with a damaged file: an empty session under the same id.
            data = {}
        return self.session_class(data, sid, False)

    @_or_503
    def list(self):
        return [key.decode()[len(PREFIX):] for key in self.client.scan_iter(match=PREFIX + "*", count=SCAN_COUNT)]

    @_or_503
    def vacuum(self, max_lifetime=SESSION_LIFETIME):
        """Redis expires sessions by itself; this is for a limit lowered since they were saved."""
        for prefix in (PREFIX, INDEX_PREFIX):
            for key in self.client.scan_iter(match=prefix + "*", count=SCAN_COUNT):
                if self.client.ttl(key) > max_lifetime:
                    self.client.expire(key, max_lifetime)

    @_or_503
    def get_missing_session_identifiers(self, identifiers):
        identifiers = list(set(identifiers))
        with self.client.pipeline(transaction=False) as pipe:
            for identifier in identifiers:
                pipe.exists(INDEX_PREFIX + identifier)
            found = pipe.execute()
        return {identifier for identifier, exists in zip(identifiers, found, strict=True) if not exists}

    @_or_503
    def delete_from_identifiers(self, identifiers):
        for identifier in identifiers:
            # As Odoo does: a pattern or a single string must never delete other people's sessions.
            if not odoo.http._session_identifier_re.match(identifier):
                raise ValueError("Identifier format incorrect, did you pass in a string instead of a list?")
        for identifier in identifiers:
            index = INDEX_PREFIX + identifier
            sids = self.client.smembers(index)
            self.client.delete(index, *(PREFIX + sid.decode() for sid in sids))

    def _lifetime_s(self):
        """The same limit that Odoo gives the cookie."""
        request = odoo.http.request
        return get_session_max_inactivity(getattr(request, "env", None) if request else None)
