//! Reading one segment's bytes into pieces, bad ones included. Pure.

use crate::frame::{self, ALIGN, BatchHeader, MARK_LEN};

/// What was found at one place of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Everything before it was synced, up to this sequence number and chain.
    Mark {
        offset: usize,
        sequence: u64,
        chain: u32,
    },
    /// An intact batch.
    Batch { offset: usize, header: BatchHeader },
    /// Bytes that decode as nothing, up to the next thing that does.
    Bad { offset: usize, end: usize },
}

/// Splits a segment's bytes behind `start` into pieces; zeros at the end are none.
pub(crate) fn pieces(bytes: &[u8], start: usize) -> Vec<Piece> {
    let end = data_end(bytes).max(start);
    let (mut pieces, mut at) = (Vec::new(), start);
    while at < end {
        let rest = &bytes[at..];
        if let Some((sequence, chain)) = frame::decode_mark(rest) {
            pieces.push(Piece::Mark {
                offset: at,
                sequence,
                chain,
            });
            at += MARK_LEN;
        } else if let Some(header) = frame::decode_batch(rest) {
            pieces.push(Piece::Batch { offset: at, header });
            at += header.len();
        } else {
            let next = next_frame(bytes, at, end);
            pieces.push(Piece::Bad {
                offset: at,
                end: next,
            });
            at = next;
        }
    }
    pieces
}

/// Where the next mark or intact batch behind a bad frame begins.
fn next_frame(bytes: &[u8], bad: usize, end: usize) -> usize {
    // The header of a batch may be right while a record in it is not; its length then saves the search, and keeps
    // bytes inside a body from being taken for frames.
    let behind = frame::decode_batch_header(&bytes[bad..])
        .map(|header| bad + header.len())
        .filter(|behind| *behind <= bytes.len());
    let mut at = behind.unwrap_or(bad + ALIGN);
    while at < end {
        let rest = &bytes[at..];
        if frame::decode_mark(rest).is_some() || frame::decode_batch(rest).is_some() {
            return at;
        }
        at += ALIGN;
    }
    end
}

/// Offset behind the last byte that is not zero, rounded up to a frame boundary.
fn data_end(bytes: &[u8]) -> usize {
    let mut end = bytes.len();
    // In large steps first: most of a new segment is zeros.
    const STEP: usize = 4096;
    while end >= STEP && bytes[end - STEP..end].iter().all(|byte| *byte == 0) {
        end -= STEP;
    }
    let end = bytes[..end]
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |last| last + 1);
    end.next_multiple_of(ALIGN).min(bytes.len())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::frame::{Batch, Entry, body_hash, encode_mark, key_hash};

    fn batch(first: u64, previous: u32) -> Batch {
        let entry = Entry {
            kind: 1,
            stream: "s".to_owned(),
            id: first.to_string(),
            time: 0,
            key: key_hash("s", &first.to_string()),
            body_hash: body_hash(b"body"),
            body: Bytes::from_static(b"body"),
        };
        Batch::encode(&[entry], 1, first, previous)
    }

    #[test]
    fn a_damaged_batch_hides_nothing_behind_it() {
        let (one, two) = (batch(1, 0), batch(2, 7));
        let mut bytes = encode_mark(0, 0).to_vec();
        bytes.extend_from_slice(one.bytes());
        bytes.extend_from_slice(&encode_mark(1, 7));
        bytes.extend_from_slice(two.bytes());
        bytes.resize(bytes.len() + 5000, 0);
        let at = MARK_LEN + one.bytes().len();
        for damaged in MARK_LEN..at {
            let mut bytes = bytes.clone();
            bytes[damaged] ^= 0x40;
            let expected = [
                Piece::Mark {
                    offset: 0,
                    sequence: 0,
                    chain: 0,
                },
                Piece::Bad {
                    offset: MARK_LEN,
                    end: at,
                },
                Piece::Mark {
                    offset: at,
                    sequence: 1,
                    chain: 7,
                },
                Piece::Batch {
                    offset: at + MARK_LEN,
                    header: two.header,
                },
            ];
            assert_eq!(pieces(&bytes, 0), expected, "byte {damaged}");
        }
    }

    #[test]
    fn zeros_are_no_piece() {
        assert_eq!(pieces(&[0; 10_000], 64), []);
    }
}
