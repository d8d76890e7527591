//! What stands in a region and runs its processes.

pub mod clock;
pub mod durable;
pub mod process_tree;
