//! The promises to the user, each with real processes: PostgreSQL, Redis, Traefik, Odoo 19 as two regions.
//!
//! One file per promise. Run them one at a time (`--test-threads=1`): each has two regions to run on two cores.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod authority;
mod certificates;
mod components_killed;
mod controller_killed;
mod erp_taken_back;
mod frozen_database;
mod full_disk;
mod gateway_lanes;
mod mock_edi;
mod partition;
mod planned_moves;
mod region_loss;
mod standby_gateway_killed;
mod supervision;
mod up_and_down;
mod web_login;
