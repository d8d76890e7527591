//! Names of files: which can be used, and what a message is called that came in one. Pure.

use journal::body_hash;

use super::watch::Seen;

/// Longer names are refused: they are kept in the ERP and shown to people.
const NAME_BYTES_MAX: usize = 150;
/// Of a name, so much is in the id of its message.
const SHOWN_MAX: usize = 100;
/// Hexadecimal digits of the hash in an id.
const HASH_DIGITS: usize = 32;

/// Whether a name is one that we ask the server for: one segment of a path, printable, UTF-8.
pub fn is_usable(name: &str) -> bool {
    // What the server sent and is not UTF-8 was replaced by this character: there is no way back to the name.
    let fine = |c: char| !c.is_control() && c != '/' && c != '\\' && c != char::REPLACEMENT_CHARACTER;
    !name.is_empty() && name.len() <= NAME_BYTES_MAX && name != "." && name != ".." && name.chars().all(fine)
}

/// Whether a server can be asked for it at all, to rename it.
pub fn is_addressable(name: &str) -> bool {
    !name.contains(['/', '\0', char::REPLACEMENT_CHARACTER]) && name != "." && name != ".."
}

/// The id of the message in a file: of its directory, name, size, time and content. Printable, and short enough for a key.
pub fn id(directory: &str, file: &Seen, body: &[u8]) -> String {
    let mut made = Vec::new();
    for part in [directory.as_bytes(), file.name.as_bytes(), &body_hash(body)] {
        made.extend_from_slice(&(part.len() as u64).to_be_bytes());
        made.extend_from_slice(part);
    }
    made.extend_from_slice(&file.size.to_be_bytes());
    made.extend_from_slice(&file.modified.to_be_bytes());
    let hash = hex::encode(body_hash(&made));
    format!("{}@{}", shown(&file.name), &hash[..HASH_DIGITS])
}

/// A name as it may be shown and used for a file of our own: what is unusual in it becomes `_`.
pub fn shown(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let kept = name.chars().map(|c| if plain(c) { c } else { '_' });
    let kept: String = kept.take(SHOWN_MAX).collect();
    // Neither hidden nor a way up.
    if kept.starts_with('.') {
        format!("_{kept}")
    } else {
        kept
    }
}

/// A path below a directory; where that is the one we begin in, nothing goes before it.
pub fn below(directory: &str, name: &str) -> String {
    match directory.trim_end_matches('/') {
        "" if directory.starts_with('/') => format!("/{name}"),
        "" | "." => name.to_owned(),
        directory => format!("{directory}/{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_are_not_used() {
        for name in [
            "..",
            ".",
            "",
            "../x",
            "a/b",
            "a\nb",
            "a\0b",
            "\u{fffd}",
            "a\\b",
            &"x".repeat(151),
        ] {
            assert!(!is_usable(name), "{name:?}");
        }
        for name in ["order 17.json", "bestellung-ü.json", "x", "a..b"] {
            assert!(is_usable(name), "{name:?}");
        }
        assert!(is_addressable("a\nb") && !is_addressable("../x") && !is_addressable("a\u{fffd}"));
        assert_eq!(shown("../../etc/x\n"), "_.._.._etc_x_");
    }

    #[test]
    fn an_id_is_a_key_and_differs_with_everything_it_is_made_of() {
        let file = |name: &str, size, modified| Seen {
            modified,
            name: name.to_owned(),
            size,
        };
        let ids = [
            id("/in", &file("ü/x", 3, 7), b"abc"),
            id("/on", &file("ü/x", 3, 7), b"abc"),
            id("/in", &file("ü/y", 3, 7), b"abc"),
            id("/in", &file("ü/x", 4, 7), b"abc"),
            id("/in", &file("ü/x", 3, 8), b"abc"),
            id("/in", &file("ü/x", 3, 7), b"abd"),
        ];
        let all: std::collections::HashSet<_> = ids.iter().collect();
        assert_eq!(all.len(), ids.len());
        assert!(
            ids[0].is_ascii() && ids[0].starts_with("__x@") && ids[0].len() == 36,
            "{}",
            ids[0]
        );
        assert_eq!(ids[0], id("/in", &file("ü/x", 3, 7), b"abc"));
    }

    #[test]
    fn a_path_is_below_its_directory() {
        for (directory, expected) in [
            ("/in", "/in/a"),
            ("/in/", "/in/a"),
            (".", "a"),
            ("", "a"),
            ("/", "/a"),
        ] {
            assert_eq!(below(directory, "a"), expected);
        }
    }
}
