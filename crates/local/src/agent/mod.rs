//! What stands in a region and runs its processes.

pub mod candidacy;
pub mod clock;
pub mod decide_rejoin;
pub mod decide_role;
pub mod durable;
pub mod keeper;
pub mod postgres;
pub mod process_tree;
pub mod role;
pub mod supervise;
pub mod voting;
