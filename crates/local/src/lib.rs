//! Plimsoll on one machine: real PostgreSQL, Redis, Traefik and Odoo as two regions.
//!
//! Two rooms: [`agent`] is what stands in a region and runs its processes; [`host`] prepares the machine for an estate
//! (directories, ports, secrets, certificates, the seed database) and starts the agents and the controller.

pub mod agent;
pub mod host;
