//! HTTP/1.1, as far as a load needs it.

use crate::load::{Answer, Protocol};

/// Posts one message per request.
#[derive(Clone)]
pub struct Post {
    head: std::sync::Arc<str>,
    body: std::sync::Arc<[u8]>,
    status: u16,
}

impl Post {
    /// To this path; `status` is the right answer.
    pub fn new(path: &str, token: &str, body: Vec<u8>, status: u16) -> Self {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Type: \
             application/json\r\nContent-Length: {}\r\nIdempotency-Key: ",
            body.len()
        );
        Self {
            head: head.into(),
            body: body.into(),
            status,
        }
    }
}

impl Protocol for Post {
    fn request(&self, number: u64, out: &mut Vec<u8>) {
        use std::io::Write as _;
        out.extend_from_slice(self.head.as_bytes());
        // 32 bytes, as the work unit has it. Writing into a vector cannot fail.
        let _ = write!(out, "{number:032}\r\n\r\n");
        out.extend_from_slice(&self.body);
    }

    fn answer(&self, input: &[u8]) -> Answer {
        let Some(head) = find(input, b"\r\n\r\n") else {
            return Answer::Incomplete;
        };
        let text = std::str::from_utf8(&input[..head]).unwrap_or_default();
        let status = text.get(9..12).and_then(|code| code.parse::<u16>().ok());
        let length = text
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .and_then(|(_, value)| value.trim().parse::<usize>().ok())
            .unwrap_or_default();
        let whole = head + 4 + length;
        if input.len() < whole {
            Answer::Incomplete
        } else if status == Some(self.status) {
            Answer::Done(whole)
        } else {
            Answer::Wrong(whole)
        }
    }
}

fn find(input: &[u8], wanted: &[u8]) -> Option<usize> {
    input.windows(wanted.len()).position(|window| window == wanted)
}
