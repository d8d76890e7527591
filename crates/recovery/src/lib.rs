//! Recovery: what to do, how to do it, and the proof of what was done.
//!
//! - [`decide`] is pure: a snapshot of what was heard goes in, one decision with its reason comes out.
//! - [`sagas`] carry out fixed, partly irreversible steps over the ports of `driver`. **Only they promote, fence or
//!   repoint**, and every such call carries a generation.
//! - [`reconcile`] is for goals that may change while they are worked on: it compares the record of who leads with what
//!   is seen and says what to ask of whom, again and again. It runs beside no saga that has not recorded its decision.
//! - [`evidence`] is what a drill leaves behind, with its page for people.
//!
//! Nothing here runs processes, opens files or keeps time: the controller does.

pub mod decide;
pub mod evidence;
pub mod reconcile;
pub mod sagas;
