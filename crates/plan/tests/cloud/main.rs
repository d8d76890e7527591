//! Planning for Azure and Kubernetes: sound, repeatable, explained, priced, and refused where it must be.

#![expect(clippy::unwrap_used, reason = "helpers of tests, which may")]

mod advice;
mod arbitrary;
mod audit;
mod cost;
mod diff;
mod golden;
mod planning;
mod world;

use plimsoll_plan as plan;
