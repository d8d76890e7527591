//! Delivery to the ERP: one lane per integration, each with its own scheduler, limits and breaker, so that one partner's
//! trouble is nobody else's.
//!
//! ```text
//! ledger (what is durable) ─► desk: scheduler, pure ◄── operators: pause, resume
//!                               │ deliver 17, second try
//!                               ▼
//!                            worker ─► attempt, together ─► ERP
//!                               │ applied, refused, unknown
//!                               └──► ledger's marks, register (dead letters, holds), history (for people)
//! ```
//!
//! What is decided is decided by the crate `lanes`, which has no task and no clock; here is what acts on it.
//!
//! What the ERP can do is one budget, shared by all lanes by their priority: a desk asks it before each delivery.
//!
//! Where more is ready than calls may be made, several messages travel in one (`together`).
//!
//! A message is in hand once, so two deliveries of one key never overlap. Where the integration says what orders its
//! messages, those with the same value are delivered one after the other; all others may overtake each other.

mod attempt;
mod desk;
mod history;
mod intake;
pub mod keep;
mod meter;
mod people;
mod register;
mod together;
mod worker;

use std::sync::Arc;

use crate::{
    erp::Erp,
    gateway::{Gateway, Term},
    outbound, personal, reconcile,
};

pub use desk::Desk;
pub use history::History;
pub use meter::Meter;
pub use register::{Register, Version};

/// What a leader does towards the ERP: fence, then each lane by itself compares and delivers.
pub async fn lead(gateway: Arc<Gateway>, term: Arc<Term>, erp: Erp) {
    let Some(end) = reconcile::begin(&gateway, &term, &erp).await else {
        return;
    };
    {
        let (gateway, erp, tasks) = (Arc::clone(&gateway), erp.clone(), Arc::clone(&gateway));
        let of = Arc::clone(&term);
        tasks.spawn(
            &term,
            async move { reconcile::check(&gateway, &of, &erp, end).await },
        );
    }
    if let Some(meter) = term.meter.clone() {
        let people = gateway.settings.erp.people;
        gateway.spawn(&term, meter.run(people));
    }
    gateway.spawn(&term, personal::run(Arc::clone(&gateway), Arc::clone(&term)));
    for desk in &term.desks {
        let (gateway, desk, erp) = (Arc::clone(&gateway), Arc::clone(desk), erp.clone());
        let (lane, sending) = (desk.lane, erp.clone());
        let of = Arc::clone(&term);
        let tasks = Arc::clone(&gateway);
        tasks.spawn(&term, async move {
            reconcile::lane(&gateway, &erp, desk.lane, end).await;
            worker::run(&gateway, &of, &erp, &desk).await;
        });
        let (gateway, erp, of) = (Arc::clone(&tasks), sending, Arc::clone(&term));
        tasks.spawn(
            &term,
            async move { outbound::run(&gateway, &of, &erp, lane).await },
        );
    }
}
