//! Whatever the text, reading it ends with an estate or with an explanation.

use estate::Color;
use plimsoll_estate as estate;
use proptest::prelude::*;

const EXAMPLE: &str = include_str!("../../../examples/estates/two-warehouse-distributor.yaml");

fn read(text: &str) {
    let (found, failed) = match estate::read("fuzz", text) {
        Ok(checked) => (checked.warnings, false),
        Err(found) => (found, true),
    };
    assert!(!failed || !found.is_empty(), "refused without a reason");
    let shown = estate::render_diagnostics("fuzz", text, &found, Color::Always);
    assert_eq!(shown.is_empty(), found.is_empty());
    for label in found.iter().flat_map(|one| &one.labels) {
        assert!(
            text.get(label.span.start..label.span.end).is_some(),
            "{:?}",
            label.span
        );
    }
}

/// Pieces that YAML and we find meaning in.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{0,12}",
        "\\PC{0,6}",
        prop::sample::select(vec![
            "\n", "  ", "- ", ": ", "{", "}", "[", "]", "'", "\"", "|\n", ">\n", "&a ", "*a", "<<: ",
            "!!str ", "#", "---\n", "? ", "~", "0", "-1", "1e999", ".nan", "0x7f", "spec:", "regions:",
            "name: ", "\t", "\r\n", "\u{feff}", "\0", "é",
        ])
        .prop_map(str::to_owned),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_text_is_read_or_refused(pieces in prop::collection::vec(piece(), 0..40)) {
        read(&pieces.concat());
    }

    #[test]
    fn a_mutated_estate_is_read_or_refused(
        at in 0..EXAMPLE.len(),
        drop in 0..40usize,
        insert in piece(),
        again in 0..EXAMPLE.len(),
    ) {
        let (at, again) = (EXAMPLE.floor_char_boundary(at), EXAMPLE.floor_char_boundary(again));
        let end = EXAMPLE.ceil_char_boundary(at + drop);
        let mut text = format!("{}{insert}{}", &EXAMPLE[..at], &EXAMPLE[end..]);
        read(&text);
        text.push_str(&EXAMPLE[again..]);
        read(&text);
    }

    #[test]
    fn swapped_lines_are_read_or_refused(first in 0..100usize, second in 0..100usize) {
        let mut lines: Vec<&str> = EXAMPLE.lines().collect();
        let count = lines.len();
        lines.swap(first % count, second % count);
        read(&lines.join("\n"));
    }
}
