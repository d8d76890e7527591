//! Samples and ways to spoil them, shared by the tests of this crate.

#![allow(dead_code, reason = "each test file is a crate of its own and uses a part")]

pub const ORDER: &str = include_str!("../samples/850-4010.edi");
pub const DELIVERY: &str = include_str!("../samples/940-5010.edi");
pub const ACKNOWLEDGEMENT: &str = include_str!("../samples/997-4010.edi");

pub const ORDERS: &str = include_str!("../samples/orders-d96a.edi");
pub const CONTRL: &str = include_str!("../samples/contrl.edi");

/// The sample with one thing changed; fails when the thing is not in it, so that no test passes for nothing.
pub fn spoilt(sample: &str, from: &str, to: &str) -> Vec<u8> {
    assert!(sample.contains(from), "the sample has no {from:?}");
    sample.replacen(from, to, 1).into_bytes()
}
