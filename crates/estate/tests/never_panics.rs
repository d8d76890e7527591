//! Whatever the text, reading it ends with an estate or with an explanation.

use estate::Color;
use plimsoll_estate as estate;
use proptest::prelude::*;

/// Between them they use every section of the language.
const EXAMPLES: [&str; 3] = [
    include_str!("../../../examples/estates/two-warehouse-distributor.yaml"),
    include_str!("../../../examples/estates/third-party-logistics.yaml"),
    include_str!("../../../examples/estates/multinational.yaml"),
];

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
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_text_is_read_or_refused(pieces in prop::collection::vec(piece(), 0..40)) {
        read(&pieces.concat());
    }

    #[test]
    fn a_mutated_estate_is_read_or_refused(
        example in prop::sample::select(EXAMPLES.to_vec()),
        at in any::<prop::sample::Index>(),
        drop in 0..40usize,
        insert in piece(),
        again in any::<prop::sample::Index>(),
    ) {
        let at = example.floor_char_boundary(at.index(example.len()));
        let again = example.floor_char_boundary(again.index(example.len()));
        let end = example.ceil_char_boundary(at + drop);
        let mut text = format!("{}{insert}{}", &example[..at], &example[end..]);
        read(&text);
        text.push_str(&example[again..]);
        read(&text);
    }

    #[test]
    fn swapped_lines_are_read_or_refused(
        example in prop::sample::select(EXAMPLES.to_vec()),
        first in any::<prop::sample::Index>(),
        second in any::<prop::sample::Index>(),
    ) {
        let mut lines: Vec<&str> = example.lines().collect();
        let count = lines.len();
        lines.swap(first.index(count), second.index(count));
        read(&lines.join("\n"));
    }

    #[test]
    fn values_in_the_wrong_place_are_read_or_refused(
        example in prop::sample::select(EXAMPLES.to_vec()),
        from in any::<prop::sample::Index>(),
        to in any::<prop::sample::Index>(),
    ) {
        // A value from one key after another one: well-formed, of the wrong kind, often contradictory.
        let lines: Vec<&str> = example.lines().filter(|line| line.contains(": ")).collect();
        let (from, to) = (lines[from.index(lines.len())], lines[to.index(lines.len())]);
        let value = from.split_once(": ").map_or("", |(_, value)| value);
        let key = to.split_once(": ").map_or("", |(key, _)| key);
        read(&example.replacen(to, &format!("{key}: {value}"), 1));
    }
}
