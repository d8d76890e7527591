//! What goes to partners, and what they say about it.

mod heard;
mod waiting;

pub use heard::{Heard, hear};
pub use waiting::Waiting;
