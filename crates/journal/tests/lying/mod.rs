//! Seeded lives of journals on a disk that lies. A seed says everything that happens.
#![allow(dead_code, reason = "each program uses its own part of this")]

pub mod chance;
pub mod disk;
pub mod fork;
pub mod life;
pub mod pair;
pub mod rot;
pub mod sealed;
pub mod tally;
pub mod trimmed;
pub mod trimmed_pair;
