//! Peers with the same durability, and the limits of the machine.

pub mod limits;
pub mod redis;
