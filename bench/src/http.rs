//! HTTP/1.1, as far as a load needs it.

use std::{fmt::Write as _, sync::Arc};

use crate::load::{Answer, Protocol};

/// A body of so many bytes: JSON, because the ERP's inbox takes that, and always the same, so that a duplicate is none of
/// another body; opaque to the gateway.
pub fn body(bytes: usize) -> Vec<u8> {
    let mut body = br#"{"lines":""#.to_vec();
    body.resize(bytes.saturating_sub(2).max(body.len()), b'x');
    body.extend_from_slice(br#""}"#);
    body
}

/// Posts one message per request.
#[derive(Clone)]
pub struct Post {
    head: Arc<str>,
    body: Arc<[u8]>,
    /// Every so many requests, an earlier one comes again; 0: never.
    again_every: u64,
    /// Where the earlier ones are: the last few thousand, or numbers below this one.
    earlier: Option<u64>,
}

impl Post {
    /// To this path.
    pub fn new(path: &str, token: &str, body: Vec<u8>) -> Self {
        let mut head = head(path, token, body.len());
        head.push_str("Idempotency-Key: ");
        Self {
            head: head.into(),
            body: body.into(),
            again_every: 0,
            earlier: None,
        }
    }

    /// With duplicates.
    pub fn again_every(self, again_every: u64) -> Self {
        Self { again_every, ..self }
    }

    /// Duplicates are of messages with numbers below this one, drawn evenly.
    pub fn of_earlier(self, earlier: u64) -> Self {
        Self {
            earlier: Some(earlier),
            ..self
        }
    }
}

impl Post {
    fn key(&self, number: u64) -> u64 {
        let again = self.again_every > 0 && number.is_multiple_of(self.again_every);
        match self.earlier {
            _ if !again => number,
            // Fibonacci's multiplier scatters consecutive numbers.
            Some(earlier) => number.wrapping_mul(0x9e37_79b9_7f4a_7c15) % earlier,
            // One less, so that it is not a duplicate's own number.
            None => number - BACK - 1,
        }
    }
}

/// How far back a duplicate lies: far enough that the first has been answered.
const BACK: u64 = 5_000;

impl Protocol for Post {
    fn id(&self, number: u64) -> String {
        format!("{:032}", self.key(number))
    }

    fn request(&self, number: u64, out: &mut Vec<u8>) {
        use std::io::Write as _;
        let number = self.key(number);
        out.extend_from_slice(self.head.as_bytes());
        // 32 bytes, as the work unit has it. Writing into a vector cannot fail.
        let _ = write!(out, "{number:032}\r\n\r\n");
        out.extend_from_slice(&self.body);
    }

    fn answer(&self, input: &[u8]) -> Answer {
        match whole(input) {
            None => Answer::Incomplete,
            // 200: stored before, which is what a duplicate must hear.
            Some((202, _, end)) => Answer::Done(end),
            Some((200, _, end)) if self.again_every > 0 => Answer::Done(end),
            Some((_, _, end)) => Answer::Wrong(end),
        }
    }
}

/// Posts many messages per request.
#[derive(Clone)]
pub struct PostMany {
    head: Arc<str>,
    body: Arc<str>,
    messages: u64,
}

impl PostMany {
    /// To the batch endpoint of this integration.
    pub fn new(path: &str, token: &str, body: &[u8], messages: u64) -> Self {
        let body = String::from_utf8_lossy(body);
        let length = messages as usize * line(0, &body).len();
        let mut head = head(path, token, length);
        head.push_str("\r\n");
        Self {
            head: head.into(),
            body: body.into(),
            messages,
        }
    }
}

fn line(number: u64, body: &str) -> String {
    format!("{{\"id\":\"{number:032}\",\"body\":{body}}}\n")
}

impl Protocol for PostMany {
    fn messages(&self) -> u64 {
        self.messages
    }

    fn request(&self, number: u64, out: &mut Vec<u8>) {
        use std::io::Write as _;
        out.extend_from_slice(self.head.as_bytes());
        for number in number..number + self.messages {
            // Writing into a vector cannot fail.
            let _ = write!(out, "{{\"id\":\"{number:032}\",\"body\":");
            out.extend_from_slice(self.body.as_bytes());
            out.extend_from_slice(b"}\n");
        }
    }

    fn answer(&self, input: &[u8]) -> Answer {
        let Some((status, body, end)) = whole(input) else {
            return Answer::Incomplete;
        };
        let accepted = input[body..end].split(|byte| *byte == b'\n');
        let accepted = accepted.filter(|line| find(line, br#""status":"accepted""#).is_some());
        if status == 200 && accepted.count() as u64 == self.messages {
            Answer::Done(end)
        } else {
            Answer::Wrong(end)
        }
    }
}

fn head(path: &str, token: &str, length: usize) -> String {
    let mut head = String::new();
    // Writing into a string cannot fail.
    let _ = write!(
        head,
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Type: \
         application/json\r\nContent-Length: {length}\r\n"
    );
    head
}

/// Status of a whole answer, where its body begins and where it ends.
fn whole(input: &[u8]) -> Option<(u16, usize, usize)> {
    let body = find(input, b"\r\n\r\n")? + 4;
    let head = &input[..body];
    let status = std::str::from_utf8(head.get(9..12)?).ok()?.parse().ok()?;
    let length = head.split(|byte| *byte == b'\n').find_map(|line| {
        let name = line.get(..15)?;
        name.eq_ignore_ascii_case(b"content-length:").then(|| &line[15..])
    });
    let length = length.map_or("0", |value| std::str::from_utf8(value).unwrap_or_default());
    let end = body + length.trim().parse::<usize>().ok()?;
    (input.len() >= end).then_some((status, body, end))
}

fn find(input: &[u8], wanted: &[u8]) -> Option<usize> {
    memchr::memmem::find(input, wanted)
}
