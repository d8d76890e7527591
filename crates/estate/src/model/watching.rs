//! How an estate is watched, how long what is kept, and which exceptions were granted.

use jiff::civil::Date;
use serde::Serialize;
use types::{SecretName, Span};

/// How an estate is watched, and who hears of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Observability {
    /// A real transaction of every capability this often.
    pub synthetic_every: Span,
    /// Metrics are read this often.
    pub scrape_every: Span,
    /// Whoever is woken.
    pub page: AlertRoute,
    /// Whoever works through a queue.
    pub ticket: AlertRoute,
}

/// Where alerts go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AlertRoute {
    /// A mail address.
    Mail(String),
    /// A webhook, whose address is a secret.
    Webhook(SecretName),
}

/// How long what is kept: first because work needs it, then because the law does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Retention {
    /// Logs that can be searched.
    pub logs: Span,
    /// Metrics.
    pub metrics: Span,
    /// Applied messages of the gateway.
    pub journal: Span,
    /// Daily backups.
    pub backups: Span,
    /// Documents the law asks for: invoices, delivery notes.
    pub documents: Span,
    /// Evidence of drills, releases and access.
    pub evidence: Span,
    /// Who did what.
    pub audit: Span,
}

/// An exception from a policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Waiver {
    /// Code of the policy, such as `PL0810`.
    pub policy: String,
    /// What it is granted for: a place in the blueprint or a file, or a prefix that ends with `*`.
    pub at: String,
    /// Who granted it.
    pub person: String,
    /// Why.
    pub reason: String,
    /// The last day it holds.
    pub expires: Date,
}
