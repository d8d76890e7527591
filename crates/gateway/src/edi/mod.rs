//! Partners that speak EDI: what comes in, what is answered, what is waited for.
//!
//! ```text
//! POST ─► read ─► kept raw ─► each accepted set ─► mapped ─► one command in the lane ─► ERP
//!                    │              └ refused, or no command: a dead letter with its reason
//!                    └─► TA1 · 997 · 999 · CONTRL, kept before it is answered ─► answered again, byte for byte
//! ```
//!
//! Everything is a record of the journal, so that a region can be lost at any moment: the commands in the lane's own
//! stream, and what belongs to the partner as a whole (raw interchanges, acknowledgements, control numbers, what was
//! sent) in the stream `edi:INTEGRATION`, which is no lane's. Ids there are names that can be computed, so nothing has
//! to be searched for: see [`records`].

mod acknowledge;
mod command;
mod desk;
mod inbound;
mod numbers;
pub mod records;
mod transport;

pub use command::Order;
pub use desk::{Desk, DeskError};
pub use inbound::take_in;
pub use numbers::Numbers;
pub use transport::{Envelopes, written_at};
