//! A region's PostgreSQL: control of the process, its data directory, and what it says about itself.
//!
//! The server is always started directly below a guard, never through `pg_ctl`, so that somebody who keeps time owns
//! it. Configuration lies outside the data directory, because `pg_rewind` and base backups overwrite what lies inside;
//! whom to follow is given on the command line at each start, so no file can contradict the role.

pub mod beyond;
pub mod control;
pub mod control_data;
pub mod data_directory;
pub mod history;
pub mod log_end;
pub mod observe;
pub mod primary;
pub mod rejoin;
mod room;
pub mod seed;
pub mod session;
pub mod upstream;
