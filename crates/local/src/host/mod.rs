//! Prepares a machine for an estate, and starts and stops the estate's programs.
//!
//! ```text
//! Home ── finds ──► programs, user           (what the machine has)
//!   └─ Layout ──► addons, binaries, secrets, identities, ports, seed   (made once, kept)
//!                 rendered tree               (replaced as a whole)
//!                 programs: controller, front door, one agent per region
//! ```
//! Everything is idempotent: a second `up` finds what the first made, and makes what was missing.

mod addons;
mod binaries;
mod cut;
mod error;
mod files;
mod home;
mod identities;
mod ports;
mod programs;
mod running;
mod secrets;
mod seed;
mod sites;
mod tree;

pub use addons::{Addons, install as install_addons};
pub use binaries::{Binaries, install as install_binaries};
pub use cut::{CutError, check_cut, ensure_cut, ensure_whole};
pub use error::{Code, Error};
pub use files::Files;
pub use home::{Home, RunAs};
pub use identities::{
    Certificate, IDENTITY_LIFE, RENEW_BEFORE, ensure as ensure_identities, list as list_certificates,
    rotate as rotate_identities,
};
pub use ports::{Reserved as ReservedPorts, allocate as allocate_ports, busy as busy_ports};
pub use programs::{Found, find as find_programs};
pub use running::{Program, is_running_in, start, stop};
pub use secrets::{Secrets, ensure as ensure_secrets};
pub use seed::{Seed, SeedInputs, ensure_room, estate_seed};
pub use sites::{ensure as ensure_sites, read as read_sites};
pub use tree::{changes as tree_changes, write as write_tree};
