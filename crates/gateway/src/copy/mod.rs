//! The copy in the other region.
//!
//! The leader sends ([`send`]) exactly the batches it writes, in order; the follower stores them ([`serve`]) as they
//! are, refusing what does not continue its own log. A follower whose log has a suffix that the leader lacks
//! ([`align`]) offers those messages to the leader as ordinary messages before it drops them from its log.

pub mod align;
pub mod send;
pub mod serve;
pub mod wire;
