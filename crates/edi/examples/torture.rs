//! Reads mutated interchanges for as long as it is told, and measures how fast orders are read.
//!
//! `cargo run --release -p plimsoll-edi --example torture -- SECONDS [SEED]`
//!
//! Every input is read, answered, converted to JSON and back, and mapped; a panic, an answer that is not valid, JSON that
//! does not lead back, or an input that takes too long ends it with the seed that leads there.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a tool for developers")]

use std::time::{Duration, Instant};

use jiff::civil::date;
use plimsoll_edi::{
    Address, Usage,
    documents::{Mapping, read_850, read_940, read_orders},
    duplicate::Identity,
    edifact,
    json::Document,
    limits::Limits,
    outgoing::Segment,
    x12,
};

const SAMPLES: [&str; 5] = [
    include_str!("../tests/samples/850-4010.edi"),
    include_str!("../tests/samples/940-5010.edi"),
    include_str!("../tests/samples/997-4010.edi"),
    include_str!("../tests/samples/orders-d96a.edi"),
    include_str!("../tests/samples/contrl.edi"),
];
/// Bytes that mean something to either reader.
const TELLING: &[u8] = b"*~>:^'+?|\n\r UISAGSTEBNHZ0129\0\xff\xc3\xbf";
/// No input of these sizes may take longer, however hostile and however busy the machine.
const LONGEST: Duration = Duration::from_secs(2);

fn main() {
    let mut arguments = std::env::args()
        .skip(1)
        .filter_map(|argument| argument.parse::<u64>().ok());
    let seconds = arguments.next().unwrap_or(10);
    let mut chance = Chance(arguments.next().unwrap_or(1).max(1));
    println!(
        "reading 850s: {:.0} MB/s as segments, {:.0} MB/s checked as a whole",
        speed(Depth::Tokens),
        speed(Depth::Whole)
    );
    println!(
        "reading ORDERS: {:.0} MB/s checked as a whole",
        speed(Depth::Edifact)
    );
    let (started, mut runs, mut longest, mut read) = (Instant::now(), 0_u64, Duration::ZERO, 0_u64);
    while started.elapsed() < Duration::from_secs(seconds) {
        let seed = chance.0;
        let input = chance.input();
        let began = Instant::now();
        let outcome = std::panic::catch_unwind(|| attempt(&input));
        // On a busy machine a pause is nobody's fault: what is slow is slow three times.
        let again = || {
            let began = Instant::now();
            let _ = attempt(&input);
            began.elapsed()
        };
        let took = Some(began.elapsed()).filter(|took| *took <= LONGEST);
        let took = took.unwrap_or_else(|| again().min(again()).min(again()));
        match outcome {
            Ok(Ok(was_read)) => read += u64::from(was_read),
            Ok(Err(why)) => return fail(seed, &why, &input),
            Err(_) => return fail(seed, "it panicked", &input),
        }
        if took > LONGEST {
            return fail(seed, "it took too long", &input);
        }
        longest = longest.max(took);
        runs += 1;
    }
    println!("{runs} inputs in {seconds} s, {read} of them readable, the longest took {longest:?}");
}

fn fail(seed: u64, why: &str, input: &[u8]) {
    println!(
        "{why}; seed {seed}, {} bytes: {:?}",
        input.len(),
        String::from_utf8_lossy(&input[..input.len().min(2000)])
    );
    std::process::exit(1);
}

/// Whether the input had a header, or what is wrong with us.
fn attempt(input: &[u8]) -> Result<bool, String> {
    let limits = Limits::PARTNER;
    if let Ok(document) = Document::from_bytes(input, &limits) {
        let json = serde_json::to_string(&document).map_err(|error| error.to_string())?;
        let read: Document = serde_json::from_str(&json).map_err(|error| error.to_string())?;
        if read.to_bytes(&limits).as_deref() != Ok(input) {
            return Err("JSON does not lead back".to_owned());
        }
    }
    Ok(attempt_x12(input)? | attempt_edifact(input)?)
}

fn attempt_x12(input: &[u8]) -> Result<bool, String> {
    let Ok(interchange) = x12::read(input, &x12::Profile::everything()) else {
        return Ok(false);
    };
    let _ = Identity::of_x12(&interchange);
    for (_, set) in interchange.accepted() {
        let _ = x12::FunctionalAnswer::read(&interchange, set);
        let _ = read_940(&interchange, set);
        let _ =
            read_850(&interchange, set).and_then(|order| order.to_order_create(&Mapping::pieces("EXAMPLE")));
    }
    let answer = x12::answer(&interchange, None);
    let answers: Vec<Segment> = answer.interchange.into_iter().collect();
    for functional in answer.functional {
        let set = x12::OutSet {
            id: functional.form.set_id().into(),
            control: 1,
            implementation: None,
            body: functional.body,
        };
        let group = x12::OutGroup {
            functional_id: "FA".into(),
            sender: "US".into(),
            receiver: "THEM".into(),
            control: 1,
            version_text: functional.version.group_text().into(),
            sets: vec![set],
        };
        let address = |id: &str| Address {
            qualifier: "ZZ".into(),
            id: id.into(),
        };
        let envelope = x12::Envelope {
            sender: address("US"),
            receiver: address("THEM"),
            written_at: date(2026, 11, 21).at(12, 0, 0, 0),
            version: functional.version,
            control: 1,
            ack_requested: false,
            usage: Usage::Test,
        };
        match x12::write(&envelope, &answers, &[group]) {
            Ok(_) | Err(x12::WriteError::NoDelimiter { .. }) => {}
            Err(error) => return Err(format!("the acknowledgement is not valid: {error}")),
        }
    }
    Ok(true)
}

fn attempt_edifact(input: &[u8]) -> Result<bool, String> {
    let Ok(source) = edifact::Source::of(input) else {
        return Ok(false);
    };
    let Ok(interchange) = edifact::read(&source, &edifact::Profile::everything()) else {
        return Ok(false);
    };
    let _ = Identity::of_edifact(&interchange);
    for message in interchange.accepted() {
        let _ = edifact::SyntaxReport::read(&interchange, message);
        let _ = read_orders(&interchange, message)
            .and_then(|order| order.to_order_create(&Mapping::pieces("EXAMPLE")));
    }
    if let Some(body) = edifact::answer(&interchange) {
        let address = |id: &str| Address {
            qualifier: "14".into(),
            id: id.into(),
        };
        let envelope = edifact::Envelope {
            sender: address("US"),
            receiver: address("THEM"),
            written_at: date(2026, 11, 21).at(12, 0, 0, 0),
            charset: edifact::Charset::C,
            control: 1,
            ack_requested: false,
            usage: Usage::Test,
        };
        let message = edifact::OutMessage {
            reference: 1,
            kind: "CONTRL".into(),
            version: edifact::CONTRL_VERSION.into(),
            association: None,
            body,
        };
        edifact::write(&envelope, &[message]).map_err(|error| format!("the CONTRL is not valid: {error}"))?;
    }
    Ok(true)
}

/// A small generator of chance (xorshift), so that a seed leads back to its input.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit.max(1) as u64).unwrap_or(0)
    }

    fn input(&mut self) -> Vec<u8> {
        let mut bytes = SAMPLES[self.below(SAMPLES.len())].as_bytes().to_vec();
        for _ in 0..=self.below(8) {
            self.mutate(&mut bytes);
        }
        // Now and then something large, to see that the work stays in proportion.
        if self.below(2000) == 0 {
            let header = bytes.len().min(120);
            let piece = bytes[..header.min(1 + self.below(header))].to_vec();
            let again = piece.repeat(1 + self.below(40_000));
            bytes.truncate(header);
            bytes.extend(again);
        }
        bytes
    }

    fn mutate(&mut self, bytes: &mut Vec<u8>) {
        let at = self.below(bytes.len());
        let byte = if self.below(3) == 0 {
            self.below(256) as u8
        } else {
            TELLING[self.below(TELLING.len())]
        };
        let to = (at + self.below(60)).min(bytes.len());
        match self.below(8) {
            0 | 1 if at < bytes.len() => bytes[at] = byte,
            2 => bytes.insert(at, byte),
            3 => drop(bytes.drain(at..to)),
            4 => bytes.truncate(at),
            5 => {
                let piece = bytes[at..to].to_vec();
                let target = self.below(bytes.len());
                bytes.splice(target..target, piece);
            }
            6 => bytes
                .splice(at..at, vec![byte; 1 + self.below(3000)])
                .for_each(drop),
            _ => {
                let other = SAMPLES[self.below(SAMPLES.len())].as_bytes();
                let from = self.below(other.len());
                bytes.splice(at..at, other[from..(from + 80).min(other.len())].iter().copied());
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Depth {
    Tokens,
    Whole,
    Edifact,
}

/// Millions of bytes each second, of an order of about a megabyte; the best of several.
fn speed(depth: Depth) -> f64 {
    let text = order(depth);
    let limits = Limits::PARTNER;
    let pass = || {
        let began = Instant::now();
        let segments = match depth {
            Depth::Tokens => {
                let tokens = x12::Tokens::read(text.as_bytes(), &limits).unwrap();
                tokens
                    .segments()
                    .map(|segment| segment.elements().count())
                    .sum::<usize>()
            }
            Depth::Whole => x12::read(text.as_bytes(), &x12::Profile::everything())
                .unwrap()
                .accepted()
                .count(),
            Depth::Edifact => {
                let source = edifact::Source::of(text.as_bytes()).unwrap();
                edifact::read(&source, &edifact::Profile::everything())
                    .unwrap()
                    .accepted()
                    .count()
            }
        };
        assert!(segments > 0);
        began.elapsed().as_secs_f64()
    };
    let best = (0..20).map(|_| pass()).fold(f64::INFINITY, f64::min);
    text.len() as f64 / 1e6 / best
}

fn order(depth: Depth) -> String {
    const LINES: usize = 10_000;
    if depth == Depth::Edifact {
        let lines: String = (1..=LINES)
            .map(|line| format!("LIN+{line}++4000001234561:EN'PIA+1+TST-{line:05}:SA'IMD+F++:::Example widget'QTY+21:{line}:PCE'PRI+AAA:12.50'\n"))
            .collect();
        return format!(
            "UNB+UNOC:3+BUYER:14+SELLER:14+261121:1030+1'UNH+1+ORDERS:D:96A:UN'BGM+220+PO-EXAMPLE+9'DTM+137:20261121:102'\n{lines}UNS+S'UNT+{}+1'UNZ+1+1'",
            LINES * 5 + 5
        );
    }
    let sample = SAMPLES[0]
        .lines()
        .take(4)
        .map(|line| format!("{line}\n"))
        .collect::<String>();
    let lines: String = (1..=LINES)
        .map(|line| format!("PO1*{line}*{line}*EA*12.50**VP*TST-{line:05}*UP*012345678905~\nPID*F****Example widget, blue~\nDTM*002*20261128~\n"))
        .collect();
    format!(
        "{sample}{lines}SE*{}*0001~\nGE*1*77~\nIEA*1*000000077~\n",
        LINES * 3 + 3
    )
}
