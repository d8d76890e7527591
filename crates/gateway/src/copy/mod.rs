//! The copy in the other region.
//!
//! The leader sends ([`send`]) exactly the batches it writes, several requests at a time ([`flight`]), and acknowledges by
//! what the answers say ([`standing`]); the follower lets them in in order (`log::gate`) and stores them ([`serve`]) as
//! they are, refusing what does not continue its own log. A follower whose log has a suffix that the leader lacks
//! ([`align`]) offers those messages to the leader as ordinary messages before it drops them from its log; the leader
//! ([`offered`]) answers when it can read all of them.
//! A leader whose own journal is damaged gets it back from the follower first ([`mend`]).

pub mod align;
pub mod flight;
mod mend;
mod offered;
pub mod retain;
pub mod send;
pub mod serve;
pub mod standing;
pub mod wire;
