"""A savepoint whose rollback also forgets what was to be done after the commit.

Odoo forgets what waits for the flush when a savepoint is rolled back, and keeps what waits for the commit: a webhook, a
mail, a call to somebody's API would be made for a record that does not exist.
"""
from odoo.tools.misc import Callbacks


class Attempt:
    """Begins at once; ends with `keep` or with `take_back`."""

    def __init__(self, cr):
        self._cr = cr
        # Writes what the ORM still holds, which belongs to what went before.
        self._savepoint = cr.savepoint()
        self._before = cr.postcommit
        # Of its own, and not a part of the others': what is gathered for several records is gathered under one name.
        self._ours = cr.postcommit = Callbacks()

    def keep(self):
        """What was done stays. It may raise: what the ORM still holds is written here."""
        self._savepoint.close(rollback=False)
        self._cr.postcommit = self._before
        if self._ours:
            self._before.add(self._run)

    def take_back(self):
        """Nothing was done. It raises where the connection is gone: nothing will be committed then."""
        self._cr.postcommit = self._before
        self._savepoint.close(rollback=True)

    def _run(self):
        # They look at the cursor for what they have gathered.
        before, self._cr.postcommit = self._cr.postcommit, self._ours
        try:
            self._ours.run()
        finally:
            self._cr.postcommit = before
