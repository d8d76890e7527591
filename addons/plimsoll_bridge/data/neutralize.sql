-- What Odoo's own neutralization leaves open on a copy of a production database. Apply it before any
-- Odoo process can connect to the copy.

-- API keys stay valid in Odoo's version: whoever holds production's key could write to the copy.
DELETE FROM res_users_apikeys;

-- Another incarnation, so that production's gateway is refused even with a key of its own.
UPDATE plimsoll_fence
   SET incarnation = gen_random_uuid()::text, changed_at = now() AT TIME ZONE 'utc';

-- Effects waiting to be sent belong to production, which sends them itself.
UPDATE plimsoll_outbox
   SET published_at = now() AT TIME ZONE 'utc'
 WHERE published_at IS NULL;

-- Signed links and session tokens of production must not open the copy, nor the other way round.
UPDATE ir_config_parameter
   SET value = gen_random_uuid()::text
 WHERE key IN ('database.secret', 'database.uuid');

-- Mail and text messages already queued; only their servers are switched off otherwise.
UPDATE mail_mail
   SET state = 'cancel'
 WHERE state IN ('outgoing', 'exception');
DO $$
BEGIN
    IF to_regclass('sms_sms') IS NOT NULL THEN
        UPDATE sms_sms SET state = 'canceled' WHERE state IN ('outgoing', 'process', 'pending', 'error');
    END IF;
END $$;
