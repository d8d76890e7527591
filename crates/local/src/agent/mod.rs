//! What stands in a region and runs its processes.
//!
//! One program, `plimsoll-agent`, per site: a region, or the front door above the regions. It starts, watches and stops
//! everything there, keeps the region's right to write (see the `lease` crate), and obeys four orders: lead, follow,
//! fence, release. It decides nothing about other regions; that is the controller's part.
//!
//! Pure decisions are in `decide_*`; everything around them gathers what they need or does what they say.

pub mod candidacy;
pub mod clock;
pub mod decide_rejoin;
pub mod decide_role;
pub mod front_door;
pub mod http;
pub mod keeper;
pub mod maintenance;
pub mod postgres;
pub mod process_tree;
mod reach;
pub mod region;
pub mod role;
mod room;
pub mod run;
pub mod sessions;
pub mod supervise;
pub mod voting;
mod waiting_room;
