//! Delivery to the ERP: one lane per integration, each with its own workers, queue and back-off, so that one partner's
//! trouble is nobody else's.
//!
//! A message has one idempotency key and is in its lane once, so two deliveries of one key never overlap; different
//! keys are independent and may overtake each other.

mod worker;

use std::sync::Arc;

use crate::{
    erp::Erp,
    gateway::{Gateway, Term},
    reconcile,
};

/// What a leader does towards the ERP: fence, compare, deliver.
pub async fn lead(gateway: Arc<Gateway>, term: Arc<Term>, erp: Erp) {
    reconcile::run(&gateway, &term, &erp).await;
    for lane in 0..gateway.integrations.len() {
        for _ in 0..gateway.integrations[lane].settings.concurrency.max(1) {
            let worker = worker::run(Arc::clone(&gateway), Arc::clone(&term), erp.clone(), lane);
            gateway.spawn(&term, worker);
        }
    }
}
