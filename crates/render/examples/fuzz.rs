//! Compiles mutated estates for as long as one likes: `nice cargo run --release -p plimsoll-render --example fuzz -- SECONDS SEED`.
//!
//! Every text must end with a rendered tree or with an explanation whose places are in the text, each step within a
//! second. The auditor must find nothing in what was planned, and the same text must give the same tree: compiling has
//! no memory. Run it under `ulimit -v` to bound what it may take.

#![expect(clippy::print_stdout, reason = "a measurement is for people")]
#![expect(clippy::panic, reason = "what is found ends the search")]

use std::time::{Duration, Instant};

use estate::Color;
use plan::cloud;

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
const STEP_TIME_MAX: Duration = Duration::from_secs(1);

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

/// How far a text came.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reached {
    Refused,
    Unplannable,
    Rendered,
}

/// Runs a step, which must not take long. A busy machine is slow for a moment; a slow text is slow each time.
fn timed<T>(text: &str, seed: u64, what: &str, step: impl Fn() -> T) -> T {
    for _ in 0..4 {
        let begun = Instant::now();
        let result = step();
        if begun.elapsed() < STEP_TIME_MAX {
            return result;
        }
    }
    panic!("seed {seed}: {what} takes more than {STEP_TIME_MAX:?}\n{text}");
}

fn check(text: &str, seed: u64) -> Reached {
    let read = timed(text, seed, "reading", || estate::read("fuzz", text));
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
    let Ok(checked) = &read else {
        return Reached::Refused;
    };
    let Ok((blueprint, _report)) = timed(text, seed, "planning", || cloud::plan(&checked.estate)) else {
        return Reached::Unplannable;
    };
    let findings = timed(text, seed, "auditing", || cloud::audit(&blueprint));
    assert!(findings.is_empty(), "seed {seed}: {findings:?}\n{text}");
    let rendered = timed(text, seed, "rendering", || plimsoll_render::cloud(&blueprint));
    let rendered = rendered.unwrap_or_else(|error| panic!("seed {seed}: {error}\n{text}"));
    // Twice for one text in sixteen: it is the same code, and the time is better spent on other texts.
    if seed.is_multiple_of(16) {
        let again = estate::read("fuzz", text);
        assert_eq!(again, read, "seed {seed}: reading again differs");
        let again = plimsoll_render::cloud(&blueprint).ok();
        assert!(again == Some(rendered), "seed {seed}: rendering again differs");
    }
    Reached::Rendered
}

fn main() {
    let mut args = std::env::args().skip(1);
    let mut number = || args.next().and_then(|text| text.parse::<u64>().ok());
    let (seconds, first_seed) = (number().unwrap_or(60), number().unwrap_or(1));
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut seed = first_seed;
    let (mut refused, mut unplannable, mut rendered) = (0_u64, 0_u64, 0_u64);
    while Instant::now() < end {
        let mut chance = Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let example = chance.one_of(&EXAMPLES).unwrap_or_default();
        let text = mutate(example, &mut chance);
        match check(&text, seed) {
            Reached::Refused => refused += 1,
            Reached::Unplannable => unplannable += 1,
            Reached::Rendered => rendered += 1,
        }
        seed += 1;
    }
    println!(
        "seeds {first_seed} to {}: {refused} refused, {unplannable} without a plan, {rendered} rendered",
        seed - 1
    );
}
