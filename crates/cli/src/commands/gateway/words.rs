//! How states and times of the gateway read.

use api::gateway::{
    MessageState,
    lanes::{Claim, Delivery, ErpLoad, Waits},
};
use types::Timestamp;

use crate::commands::table::age;

/// Whether a lane delivers, in a word.
pub const fn delivery(delivery: &Delivery) -> &'static str {
    match delivery {
        Delivery::Elsewhere => "elsewhere",
        Delivery::Closed => "delivering",
        Delivery::Open { .. } => "waiting",
        Delivery::Probation { .. } => "probation",
        Delivery::Paused(_) => "PAUSED",
    }
}

/// What a lane waits for.
pub const fn waits(waits: Waits) -> &'static str {
    match waits {
        Waits::Concurrency => "its own concurrency",
        Waits::Rate => "its rate",
        Waits::Retry => "the next try",
        Waits::Erp => "the ERP",
        Waits::People => "people in the ERP",
        Waits::Others => "its turn",
    }
}

/// What a lane had lately of the ERP's time that lanes had.
pub fn share(claim: &Claim) -> String {
    format!("{} %", claim.share_permille.div_ceil(10))
}

/// What the ERP takes.
pub fn load(load: &ErpLoad) -> String {
    let people = match load.people_waiting {
        None => String::new(),
        Some(0) => ", nobody waits there".to_owned(),
        Some(waiting) => format!(", {waiting} requests of people wait there"),
    };
    let hanging = if load.hanging == 0 {
        String::new()
    } else {
        format!(", {} more hang", load.hanging)
    };
    format!(
        "the ERP takes {} calls at once, {} are under way{hanging}; it answers in {} % of its quickest{people}",
        load.slots,
        load.under_way.saturating_sub(load.hanging),
        load.slowness_percent
    )
}

/// The same with who and why.
pub fn delivery_with_reason(delivery: &Delivery) -> String {
    match delivery {
        Delivery::Elsewhere => "this gateway does not lead".to_owned(),
        Delivery::Closed => "delivering".to_owned(),
        Delivery::Open {
            why,
            since_ms,
            again_ms,
        } => format!(
            "stopped by the gateway {} ago: {why}; it tries again in {}",
            age(*since_ms),
            age(*again_ms)
        ),
        Delivery::Probation { why, since_ms } => {
            format!(
                "on probation, one message at a time, for {}: {why}",
                age(*since_ms)
            )
        }
        Delivery::Paused(hold) => format!("paused by {} since {}: {}", hold.by, hold.since, hold.why),
    }
}

/// What became of a message.
pub const fn state(state: MessageState) -> &'static str {
    match state {
        MessageState::Pending => "waiting to be delivered",
        MessageState::Applied => "applied by the ERP",
        MessageState::Rejected => "DEAD LETTER",
        MessageState::Quarantined => "SET ASIDE: the same key with another body",
    }
}

/// Who gives an order: the person behind `sudo`, or the user of this process.
pub fn person() -> String {
    let named = ["SUDO_USER", "USER", "LOGNAME"]
        .into_iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|name| !name.trim().is_empty());
    named.unwrap_or_else(|| format!("user {}", rustix::process::getuid().as_raw()))
}

/// How long ago something was.
pub fn ago(then: Timestamp) -> String {
    let now = Timestamp::from_system(std::time::SystemTime::now());
    age(u64::try_from(now.since(then).as_millis()).unwrap_or(u64::MAX))
}
