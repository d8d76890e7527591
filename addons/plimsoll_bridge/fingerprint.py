"""64 bits of a message and its body, as the gateway computes them too (`Print` in its ledger)."""
import hashlib

_WORD = 1 << 64


def fingerprint(source, message_id, body_hash):
    name = source.encode()
    key = hashlib.sha256(len(name).to_bytes(2, "little") + name + message_id.encode()).digest()
    low, high = int.from_bytes(key[:8], "little"), int.from_bytes(key[8:16], "little")
    body = int.from_bytes(bytes.fromhex(body_hash)[:8], "little")
    mark = (low + body * (high | 1)) % _WORD
    # PostgreSQL's bigint has a sign.
    return mark - _WORD if mark >= _WORD // 2 else mark
