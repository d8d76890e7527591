//! How a piece of text is written so that every reader takes it for that text.

use std::fmt::Write as _;

/// Words that YAML 1.1 or 1.2 take for something else than text, in lower case.
const WORDS: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];

/// Units after which a number is text: quantities and lengths of time.
const UNITS: [&str; 9] = ["m", "s", "h", "d", "ms", "Ki", "Mi", "Gi", "Ti"];

/// Writes text on one line, plain if possible and in double quotes otherwise.
pub(super) fn inline(value: &str, text: &mut String) {
    if is_plain(value) {
        text.push_str(value);
    } else {
        quoted(value, text);
    }
}

/// Whether the text needs no quotes, in a block context.
fn is_plain(value: &str) -> bool {
    let bytes = value.as_bytes();
    let (Some(&first), Some(&last)) = (bytes.first(), bytes.last()) else {
        return false;
    };
    if !(first.is_ascii_alphabetic() || matches!(first, b'/' | b'_') || value.starts_with("./")) {
        return first.is_ascii_digit() && is_quantity(value);
    }
    if matches!(last, b' ' | b':') {
        return false;
    }
    let mut previous = first;
    for &byte in &bytes[1..] {
        let fine = match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => true,
            b'_' | b'.' | b'/' | b'-' | b'@' | b'+' | b'=' | b',' | b'(' | b')' | b':' | b';' | b'$' => true,
            // A colon before it would begin a value.
            b' ' => previous != b':',
            _ => false,
        };
        if !fine {
            return false;
        }
        previous = byte;
    }
    bytes.len() > 5 || !WORDS.contains(&value.to_ascii_lowercase().as_str())
}

/// Whether the text is a whole number with a unit, such as `250m` or `4Gi`.
fn is_quantity(value: &str) -> bool {
    let unit = value.trim_start_matches(|c: char| c.is_ascii_digit());
    UNITS.contains(&unit)
}

/// Writes text in double quotes.
fn quoted(value: &str, text: &mut String) {
    text.push('"');
    for c in value.chars() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\t' => text.push_str("\\t"),
            '\r' => text.push_str("\\r"),
            c if !is_printable(c) => {
                let code = u32::from(c);
                let _ = if code <= 0xFF {
                    write!(text, "\\x{code:02X}")
                } else {
                    write!(text, "\\u{code:04X}")
                };
            }
            c => text.push(c),
        }
    }
    text.push('"');
}

/// Whether a character may stand in a document as it is. The rest of those that may not is in the basic plane.
pub(super) const fn is_printable(c: char) -> bool {
    !matches!(c, '\0'..='\x1F' | '\x7F'..='\u{A0}' | '\u{2028}' | '\u{2029}' | '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}')
}
