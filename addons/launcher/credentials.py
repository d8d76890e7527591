"""Secrets in, SQL out: the platform pipes the result into psql as the database's superuser.

Pure: no database connection and nothing of Odoo imported, so it takes well under a second and can
be run while Odoo is down. The formats are those of passlib's pbkdf2_sha512, which Odoo 19 reads:
$pbkdf2-sha512$<rounds>$<salt>$<digest>, both in base64 with '.' for '+' and without padding.
"""
import argparse
import base64
import hashlib
import hmac
import json
import os
import re
import sys

# Odoo's own figures (base/models/res_users.py): fewer rounds would be accepted, then replaced at the
# next login by a write that a standby cannot make.
PASSWORD_ROUNDS = 600_000
KEY_ROUNDS = 6_000
# The first digits of a key are stored in clear and find its row.
KEY_INDEX_DIGITS = 8
KEY_NAME = "plimsoll integration"
INTEGRATION_LOGIN = "plimsoll_integration"
# Odoo's keys are 20 random bytes; fewer would make the clear-text index a large part of the secret.
KEY_PATTERN = re.compile(r"^[0-9a-f]{40,128}$")
PASSWORD_LENGTH_MIN = 8


def pbkdf2_sha512(secret: str, rounds: int, salt: bytes) -> str:
    digest = hashlib.pbkdf2_hmac("sha512", secret.encode(), salt, rounds)

    def encode(raw: bytes) -> str:
        return base64.b64encode(raw).decode().rstrip("=").replace("+", ".")

    return f"$pbkdf2-sha512${rounds}${encode(salt)}${encode(digest)}"


def literal(text: str) -> str:
    """An SQL string constant that means the same whatever standard_conforming_strings says."""
    if "\\" in text or "\0" in text:
        raise ValueError("backslash or NUL in a value")
    return "'" + text.replace("'", "''") + "'"


def password_salt(database: str, integration_key: str | None) -> bytes:
    """The same secrets give the same salt, so that running this again changes nothing.

    A new salt would be a new hash, and Odoo ends all sessions of a user whose hash changes. The salt
    comes from the key, which cannot be guessed, and never from the password: that would let a thief
    of the table try passwords at the price of one HMAC each.
    """
    if integration_key is None:
        return os.urandom(16)
    return hmac.digest(integration_key.encode(), f"admin password of {database}".encode(), "sha256")[:16]


def read_secrets(document: str) -> dict[str, str]:
    secrets = json.loads(document)
    if not isinstance(secrets, dict) or not secrets:
        raise ValueError("expected a JSON object with admin_password, integration_key or both")
    unknown = set(secrets) - {"admin_password", "integration_key"}
    if unknown:
        raise ValueError(f"unknown keys: {', '.join(sorted(unknown))}")
    password, key = secrets.get("admin_password"), secrets.get("integration_key")
    if password is not None and (not isinstance(password, str) or len(password) < PASSWORD_LENGTH_MIN):
        raise ValueError(f"admin_password must be a string of {PASSWORD_LENGTH_MIN} characters or more")
    if key is not None and (not isinstance(key, str) or not KEY_PATTERN.match(key)):
        raise ValueError("integration_key must be 40 to 128 lower-case hexadecimal digits")
    return secrets


def render_sql(database: str, secrets: dict[str, str], expiry_days: int) -> str:
    lines = [
        "\\set ON_ERROR_STOP on",
        "BEGIN;",
        # A key written into the wrong tenant would be a leak, so the SQL checks where it is run.
        "DO $$ BEGIN",
        f"  IF current_database() <> {literal(database)} THEN",
        f"    RAISE EXCEPTION 'these credentials are for database %, not %', {literal(database)}, current_database();",
        "  END IF;",
        "END $$;",
    ]
    if "admin_password" in secrets:
        salt = password_salt(database, secrets.get("integration_key"))
        password = literal(pbkdf2_sha512(secrets["admin_password"], PASSWORD_ROUNDS, salt))
        admin = "SELECT res_id FROM ir_model_data WHERE module = 'base' AND name = 'user_admin'"
        lines.append(f"UPDATE res_users SET password = {password} WHERE id = ({admin}) AND password IS DISTINCT FROM {password};")
    if "integration_key" in secrets:
        key = secrets["integration_key"]
        hashed = literal(pbkdf2_sha512(key, KEY_ROUNDS, os.urandom(16)))
        user = f"SELECT id FROM res_users WHERE login = {literal(INTEGRATION_LOGIN)} AND active"
        lines += [
            "DO $$ BEGIN",
            f"  IF NOT EXISTS ({user}) THEN",
            f"    RAISE EXCEPTION 'user % is missing: is plimsoll_bridge installed?', {literal(INTEGRATION_LOGIN)};",
            "  END IF;",
            "END $$;",
            f"DELETE FROM res_users_apikeys WHERE name = {literal(KEY_NAME)} AND user_id = ({user});",
            "INSERT INTO res_users_apikeys (name, user_id, scope, expiration_date, index, key)",
            f"  SELECT {literal(KEY_NAME)}, id, 'rpc', (now() AT TIME ZONE 'utc') + interval '{expiry_days} days',",
            f"    {literal(key[:KEY_INDEX_DIGITS])}, {hashed}",
            f"  FROM res_users WHERE login = {literal(INTEGRATION_LOGIN)} AND active;",
        ]
    lines.append("COMMIT;")
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="odoo_plimsoll.py credentials", description=__doc__.splitlines()[0])
    parser.add_argument("--database", required=True, help="the tenant's database; the SQL refuses to run in another")
    parser.add_argument(
        "--expiry-days",
        type=int,
        default=90,
        help="lifetime of the key; 90 days is the most Odoo grants a user that is no administrator (default: %(default)s)",
    )
    options = parser.parse_args(arguments)
    if options.expiry_days < 1:
        parser.error("--expiry-days must be 1 or more")
    try:
        sys.stdout.write(render_sql(options.database, read_secrets(sys.stdin.read()), options.expiry_days))
    except ValueError as exc:
        # The message never quotes the input: it is made of secrets.
        print(f"error: standard input: {exc}", file=sys.stderr)
        return 64
    return 0
