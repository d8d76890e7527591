//! Reads mutated estates for as long as one likes: `nice cargo run --release -p plimsoll-estate --example fuzz -- SECONDS SEED`.
//!
//! Every text must end with an estate or with an explanation whose places are in the text, within a second. What was
//! read must be readable again: reading has no memory.

#![expect(clippy::print_stdout, reason = "a measurement is for people")]

use std::time::{Duration, Instant};

use estate::Color;
use plimsoll_estate as estate;

const EXAMPLES: [&str; 3] = [
    include_str!("../../../examples/estates/two-warehouse-distributor.yaml"),
    include_str!("../../../examples/estates/third-party-logistics.yaml"),
    include_str!("../../../examples/estates/multinational.yaml"),
];
/// Values at the edges of what is allowed, and YAML's own traps.
const PIECES: [&str; 40] = [
    "0",
    "1",
    "-1",
    "64",
    "65",
    "65535",
    "65536",
    "4294967296",
    "18446744073709551615",
    "1e999",
    ".nan",
    "0s",
    "1ms",
    "35d",
    "99999999999d",
    "16MiB",
    "17179869184TiB",
    "never",
    "none",
    "null",
    "~",
    "true",
    "[]",
    "{}",
    "*a",
    "&a x",
    "<<: *a",
    "!!str x",
    "\"\"",
    "'",
    "\u{feff}",
    "\u{0}",
    "9999-12-31",
    "0000-01-01",
    "00:00",
    "0.0.0.0/0",
    "255.255.255.255/32",
    "sat-mon",
    "\n",
    "    ",
];
const READ_TIME_MAX: Duration = Duration::from_secs(1);

/// xorshift64*: small, and the same everywhere.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() >> 16).unwrap_or(0) % end.max(1)
    }

    fn one_of<'t, T: ?Sized>(&mut self, all: &[&'t T]) -> Option<&'t T> {
        all.get(self.below(all.len())).copied()
    }
}

fn mutate(text: &str, chance: &mut Chance) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for _ in 0..=chance.below(4) {
        let count = lines.len();
        if count == 0 {
            break;
        }
        let (at, other) = (chance.below(count), chance.below(count));
        match chance.below(8) {
            0 => lines.swap(at, other),
            1 => drop(lines.remove(at)),
            2 => lines.insert(at, lines[other].clone()),
            3 => {
                // The value of another key.
                let value = lines[other].split_once(": ").map(|(_, value)| value.to_owned());
                let key = lines[at].split_once(": ").map(|(key, _)| key.to_owned());
                if let Some((key, value)) = key.zip(value) {
                    lines[at] = format!("{key}: {value}");
                }
            }
            4 => {
                let key = lines[at].split_once(": ").map(|(key, _)| key.to_owned());
                if let Some((key, piece)) = key.zip(chance.one_of(&PIECES)) {
                    lines[at] = format!("{key}: {piece}");
                }
            }
            5 => {
                let end = lines[at].ceil_char_boundary(chance.below(lines[at].len() + 1));
                let begin = lines[at].floor_char_boundary(chance.below(end + 1));
                lines[at].replace_range(begin..end, chance.one_of(&PIECES).unwrap_or_default());
            }
            6 => {
                // Numbers elsewhere in the same line.
                let digit = char::from(b'0' + u8::try_from(chance.below(10)).unwrap_or(0));
                lines[at] = lines[at].replace(|c: char| c.is_ascii_digit(), &digit.to_string());
            }
            _ => lines[at].insert_str(0, if chance.below(2) == 0 { "  " } else { "- " }),
        }
    }
    lines.join("\n")
}

fn check(text: &str, seed: u64) -> bool {
    let timed = || {
        let begun = Instant::now();
        let read = estate::read("fuzz", text);
        (read, begun.elapsed())
    };
    let (read, mut took) = timed();
    // A busy machine is slow for a moment; a slow text is slow each time.
    for _ in 0..4 {
        if took < READ_TIME_MAX {
            break;
        }
        took = timed().1;
    }
    assert!(
        took < READ_TIME_MAX,
        "seed {seed}: {took:?} for {} bytes\n{text}",
        text.len()
    );
    let (found, fine) = match &read {
        Ok(checked) => (&checked.warnings, true),
        Err(found) => (found, false),
    };
    assert!(
        fine || !found.is_empty(),
        "seed {seed}: refused without a reason\n{text}"
    );
    let shown = estate::render_diagnostics("fuzz", text, found, Color::Always);
    assert_eq!(shown.is_empty(), found.is_empty(), "seed {seed}");
    for label in found.iter().flat_map(|one| &one.labels) {
        let place = text.get(label.span.start..label.span.end);
        assert!(place.is_some(), "seed {seed}: {:?}\n{text}", label.span);
    }
    if fine {
        assert_eq!(
            estate::read("fuzz", text),
            read,
            "seed {seed}: reading again differs"
        );
    }
    fine
}

fn main() {
    let mut args = std::env::args().skip(1);
    let mut number = || args.next().and_then(|text| text.parse::<u64>().ok());
    let (seconds, first_seed) = (number().unwrap_or(60), number().unwrap_or(1));
    let end = Instant::now() + Duration::from_secs(seconds);
    let (mut seed, mut fine) = (first_seed, 0u64);
    while Instant::now() < end {
        let mut chance = Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let example = chance.one_of(&EXAMPLES).unwrap_or_default();
        let text = mutate(example, &mut chance);
        fine += u64::from(check(&text, seed));
        seed += 1;
    }
    println!(
        "{} texts read, {fine} of them estates, seeds {first_seed} to {}",
        seed - first_seed,
        seed - 1
    );
}
