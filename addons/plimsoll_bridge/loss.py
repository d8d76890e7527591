"""Whether a database that took over lacks anything, by where the log of the old one ended. Pure; any doubt is a loss."""
import re

_POSITION = re.compile(r"^([0-9A-Fa-f]{1,8})/([0-9A-Fa-f]{1,8})$")
WHY_LENGTH_MAX = 500


def decide_loss(old_end, replayed):
    """Whether nothing is lost, and why it is thought so.

    `old_end` is what the recovery knows of the old database: `{"position": ...}` in its last record, when that was fenced,
    its log was read to the end and its standby followed that timeline; `{"unknown": why}`; or nothing at all. `replayed` is
    what this database had replayed of it when it was promoted. Nonsense is a doubt, not an error: the first write of a
    recovery must not wait for whoever talks nonsense.
    """
    if old_end is None:
        return False, "nobody said where the old database's log ended"
    known = old_end if isinstance(old_end, dict) else {}
    if isinstance(known.get("unknown"), str):
        return False, _line(known["unknown"])
    end, here = _position(known.get("position")), _position(replayed)
    if end is None:
        return False, "what was said of the old database's end is not understood"
    if here is None:
        return False, "the database was started anew since it took over, and does not know what it had replayed"
    if here < end:
        return False, f"the old database's log ended at {known['position']}, and this one had replayed up to {replayed} only"
    return True, f"the old database's log ended at {known['position']}, and this one had replayed up to {replayed}"


def _line(text):
    """What can be stored and shown in one line."""
    return "".join(one if one.isprintable() else " " for one in text)[:WHY_LENGTH_MAX]


def _position(text):
    """A position in a log as a number; `None` where there is none."""
    found = _POSITION.match(text) if isinstance(text, str) else None
    return int(found[1], 16) << 32 | int(found[2], 16) if found else None
