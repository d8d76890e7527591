import logging

from psycopg2 import IntegrityError

from odoo import api, models
from odoo.exceptions import ConcurrencyError, UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from ..attempt import Attempt
from ..checks import check_keys, check_list, check_payload, check_text, refuse
from .inbox import PAYLOAD_BYTES_MAX

_logger = logging.getLogger(__name__)

# So many of the largest payloads still fit into what Odoo takes as a request's body; a gateway sends far fewer bytes.
MESSAGES_MAX = 100


class PlimsollInbox(models.Model):
    _inherit = "plimsoll.inbox"

    @api.model
    def _handlers_together(self):
        """kind -> method that takes several payloads and returns what each caller gets back, in their order.

        Only for kinds whose work is much less together. It does for all what the kind's handler does for one, or raises.
        """
        return {}

    @api.model
    def process_messages(self, source, messages, generation, incarnation=None):
        """Apply several messages of one source once each, in their order. See addons/README.md for the statuses.

        One transaction. All at once where their kind has a handler for that; where one of them does not go through, or
        there is no such handler, a savepoint for each: a message that is refused or fails takes back what it did, also what
        it had Odoo do after the commit, and nothing else. The fence is asked once; it cannot move before the transaction ends. What a message alone would
        have Odoo run again (it met another transaction) is not run again here, because the snapshot is the same: the
        caller sends it again.

        An answer that does not arrive says nothing about any of them. Sent again, each is applied or a duplicate.
        """
        self.env["plimsoll.fence"]._check_caller()
        check_text(source, "source", 64)
        check_list(messages, "messages", MESSAGES_MAX)
        for index, message in enumerate(messages):
            # Without its id nobody could be told what became of it: that is the caller's mistake, not the message's.
            where = f"messages[{index}]"
            check_keys(message, where, ("message_id", "body_hash", "kind", "payload"), ("place",))
            check_text(message["message_id"], f"{where}.message_id")
        fenced = self._fenced(generation, incarnation)
        if fenced:
            return fenced
        answers = self._apply_at_once(source, messages, generation)
        if answers is None:
            answers = [self._apply_apart(source, one, generation) for one in messages]
        named = [{"message_id": one["message_id"], **answer} for one, answer in zip(messages, answers, strict=True)]
        return {"status": "answered", "messages": named}

    @api.model
    def _apply_at_once(self, source, messages, generation):
        """What is answered to each, or None: then nothing has happened, and each is tried apart."""
        kind = messages[0]["kind"]
        handler = self.with_context(plimsoll_source=source)._handlers_together().get(kind) if isinstance(kind, str) else None
        if handler is None or len(messages) == 1:
            return None
        attempt = Attempt(self.env.cr)
        try:
            rows, payloads = {}, []
            for message in messages:
                if message["kind"] != kind or message["message_id"] in rows:
                    refuse("messages", "are not of one kind, or name one id twice")
                row_id = self._take_in(source, message, generation)
                rows[message["message_id"]] = row_id
                if row_id is not None:
                    payloads.append(message["payload"])
            results = iter(handler(payloads)) if payloads else iter(())
            answers = [self._settle(source, one, rows[one["message_id"]], results) for one in messages]
            attempt.keep()
            return answers
        except Exception as error:
            # Where the connection is gone this raises, and the whole call fails as it must: nothing will be committed.
            attempt.take_back()
            _logger.info("%d messages of %s are applied one by one: %s", len(messages), source, error)
            return None

    @api.model
    def _take_in(self, source, message, generation):
        """The message's new row, or None: it is there already."""
        place = message.get("place")
        self._check_message(message["message_id"], message["body_hash"], message["kind"], place)
        if self._find(source, message["message_id"]) is not None:
            return None
        check_payload(message["payload"], "payload", PAYLOAD_BYTES_MAX)
        return self._insert(
            source, message["message_id"], message["body_hash"], message["kind"], message["payload"], generation, place
        )

    @api.model
    def _settle(self, source, message, row_id, results):
        if row_id is None:
            return self._known_answer(self._find(source, message["message_id"]), message["body_hash"])
        result = next(results)
        self._finish(row_id, result)
        return {"status": "done", "result": result}

    @api.model
    def _apply_apart(self, source, message, generation):
        """What `process_message` answers, or why this one has left nothing behind: refused, again, failed."""
        attempt = Attempt(self.env.cr)
        try:
            place = message.get("place")
            self._check_message(message["message_id"], message["body_hash"], message["kind"], place)
            answer = self._apply(
                source, message["message_id"], message["body_hash"], message["kind"], message["payload"], generation, place
            )
            # Writes what the ORM still holds: what the database then refuses is this message's doing too.
            attempt.keep()
            return answer
        except Exception as error:
            # Where the connection is gone this raises, and the whole call fails as it must: nothing will be committed.
            attempt.take_back()
            return self._why_not(message["message_id"], error)

    @api.model
    def _why_not(self, message_id, error):
        """As Odoo itself answers a call with one message that ends like this."""
        if isinstance(error, (ConcurrencyError, *PG_CONCURRENCY_EXCEPTIONS_TO_RETRY)):
            return {"status": "again", "message": str(error).strip()}
        if isinstance(error, IntegrityError):
            return {"status": "refused", "message": f"The operation cannot be completed: {error.diag.message_primary}"}
        if isinstance(error, UserError) and error.http_status == UserError.http_status:
            return {"status": "refused", "message": str(error)}
        _logger.error("message %s failed", message_id, exc_info=error)
        return {"status": "failed", "message": f"{type(error).__name__}: {error}"}
