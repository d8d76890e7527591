"""Strict reading of what comes from outside. Every message names the place of the mistake."""
import datetime
import json
import re

from odoo.exceptions import ValidationError

TEXT_LENGTH_MAX = 256
LINES_MAX = 1000
QUANTITY_MAX = 1_000_000
NUMBER_MAX = 1_000_000_000
IDS_PER_CALL_MAX = 50_000
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_DATE = re.compile(r"^\d{4}-\d{2}-\d{2}$")
_HASH = re.compile(r"^[0-9a-f]{64}$")
_UUID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")


def refuse(where, problem):
    raise ValidationError(f"{where}: {problem}")


def check_keys(value, where, required, optional=()):
    if not isinstance(value, dict):
        refuse(where, "must be an object")
    unknown = sorted(set(value) - set(required) - set(optional))
    if unknown:
        refuse(where, f"unknown keys: {', '.join(map(repr, unknown))}")
    absent = sorted(set(required) - set(value))
    if absent:
        refuse(where, f"missing keys: {', '.join(map(repr, absent))}")
    return value


def check_text(value, where, length_max=TEXT_LENGTH_MAX):
    if not isinstance(value, str) or not value.strip():
        refuse(where, "must be a string that is not empty")
    if len(value) > length_max:
        refuse(where, f"is longer than {length_max} characters")
    if not storable(value):
        refuse(where, "contains a NUL character or half a surrogate pair")
    return value


def storable(text):
    """JSON can express two things that PostgreSQL's text cannot hold."""
    return not _UNSTORABLE.search(text)


def check_payload(value, where, bytes_max):
    """An object that PostgreSQL can store as jsonb."""
    if not isinstance(value, dict):
        refuse(where, "must be an object")
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    except ValueError:
        refuse(where, "contains a number that is not finite")
    # Without its escaped backslashes, so that the six characters \u0000 in a text are no NUL.
    if "\\u0000" in text.replace("\\\\", "") or not storable(text):
        refuse(where, "contains a NUL character or half a surrogate pair")
    if len(text.encode()) > bytes_max:
        refuse(where, f"is larger than {bytes_max} bytes")
    return value


def check_flag(value, where):
    if not isinstance(value, bool):
        refuse(where, "must be true or false")
    return value


def check_quantity(value, where):
    # bool is an int in Python, and `true` is no quantity.
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= QUANTITY_MAX:
        refuse(where, f"must be a number above 0, at most {QUANTITY_MAX}")
    return value


def check_number(value, where):
    """A number that may be nought: a count, a price."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= NUMBER_MAX:
        refuse(where, f"must be a number from 0 to {NUMBER_MAX}")
    return value


def check_date(value, where):
    if not isinstance(value, str) or not _DATE.match(value):
        refuse(where, "must be a date such as 2026-11-21")
    try:
        return datetime.date.fromisoformat(value)
    except ValueError:
        refuse(where, "is no day of the calendar")


def check_lines(value, where="payload.lines", optional=(), quantity=check_quantity):
    """Lines of `sku` and `quantity`, and what else is said of them."""
    check_list(value, where, LINES_MAX)
    for index, line in enumerate(value):
        here = f"{where}[{index}]"
        check_keys(line, here, ("sku", "quantity"), optional)
        check_text(line["sku"], f"{here}.sku", 64)
        quantity(line["quantity"], f"{here}.quantity")
    return value


def check_list(value, where, length_max):
    if not isinstance(value, list) or not value:
        refuse(where, "must be a list that is not empty")
    if len(value) > length_max:
        refuse(where, f"has more than {length_max} entries")
    return value


def check_ids(value, where):
    """A list of message ids; an empty one is fine, there is then nothing to look for."""
    if not isinstance(value, list):
        refuse(where, "must be a list")
    if len(value) > IDS_PER_CALL_MAX:
        refuse(where, f"has more than {IDS_PER_CALL_MAX} entries; ask in several calls")
    for index, item in enumerate(value):
        if not isinstance(item, str) or not storable(item):
            refuse(f"{where}[{index}]", "must be a string without NUL characters")
    return value


def check_generation(value, where="generation"):
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**63:
        refuse(where, "must be a whole number, 0 or more")
    return value


def check_hash(value, where):
    if not isinstance(value, str) or not _HASH.match(value):
        refuse(where, "must be a SHA-256 in lower-case hexadecimal digits")
    return value


def check_incarnation(value, where="incarnation"):
    if not isinstance(value, str) or not _UUID.match(value):
        refuse(where, "must be a UUID in lower case")
    return value
