//! Every rule: a sound estate broken in one place is complained about under exactly the codes that say so.

mod large;
mod small;

use std::{collections::BTreeSet, fs, path::Path};

use estate::Color;
use plimsoll_estate as estate;

type Case = (&'static str, &'static str, &'static [&'static str]);

fn suites() -> Vec<(&'static str, &'static [Case])> {
    let large = large::CASES.map(|cases| (large::SOUND, cases));
    [&[(small::SOUND, small::CASES)][..], &large].concat()
}

fn codes_of(text: &str) -> (Vec<String>, String) {
    let found = match estate::read("case", text) {
        Ok(checked) => checked.warnings,
        Err(found) => found,
    };
    let shown = estate::render_diagnostics("case", text, &found, Color::Never);
    for one in &found {
        let first = one.labels.first().expect("a place");
        assert!(first.span.line > 0 && first.span.column > 0, "{shown}");
    }
    let codes: Vec<String> = found.iter().map(|one| one.code.to_string()).collect();
    (codes, shown)
}

#[test]
fn nothing_is_wrong_with_the_sound_estates() {
    for (sound, _) in suites() {
        let (codes, shown) = codes_of(sound);
        assert!(codes.is_empty(), "{shown}");
    }
}

#[test]
fn each_mistake_is_reported_once_and_under_its_own_code() {
    let mut wrong = String::new();
    for (sound, cases) in suites() {
        for (good, bad, expected) in cases {
            assert!(sound.contains(good), "{good}");
            let (codes, shown) = codes_of(&sound.replacen(good, bad, 1));
            let (mut codes, mut expected) = (codes, expected.to_vec());
            codes.sort_unstable();
            expected.sort_unstable();
            if codes != expected {
                wrong += &format!("=== {bad}\nexpected {expected:?}, found {codes:?}\n{shown}\n");
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_code_has_a_case_and_a_page() {
    let tried: BTreeSet<&str> = suites()
        .iter()
        .flat_map(|(_, cases)| *cases)
        .flat_map(|(_, _, codes)| *codes)
        .copied()
        .collect();
    for code in estate::CODES {
        assert!(tried.contains(code.as_str()), "{code} has no case");
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../docs/errors/{code}.md"));
        let text = fs::read_to_string(&page).unwrap_or_default();
        assert!(
            text.starts_with(&format!("# {code}: ")),
            "{} does not explain the code",
            page.display()
        );
    }
}
