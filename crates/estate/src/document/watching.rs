//! How an estate is watched, how long what is kept, what it may cost, and which exceptions were granted.

use jiff::civil::Date;
use types::{SecretName, Span};

use crate::{
    field::{Line, List, Mail, PolicyCode, Whole, tagged},
    model::Currency,
};

use super::mapping::mapping;

mapping! {
    /// How the estate is watched, and who hears of it.
    ObservabilityDocument "observability" {
        /// A real transaction of every capability this often; by default 1m.
        Optional "syntheticEvery" synthetic_every: Span,
        /// Metrics are read this often; by default 15s.
        Optional "scrapeEvery" scrape_every: Span,
        /// Whoever is woken; by default the organisation's contact by mail.
        Optional "page" page: RouteDocument,
        /// Whoever works through a queue; by default the organisation's contact by mail.
        Optional "ticket" ticket: RouteDocument,
    }

    /// How long what is kept.
    RetentionDocument "retention" {
        /// Logs that can be searched; by default 90d.
        Optional "logs" logs: Span,
        /// Metrics; by default 395d.
        Optional "metrics" metrics: Span,
        /// Applied messages of the gateway; by default 35d.
        Optional "journal" journal: Span,
        /// Daily backups; by default 35d.
        Optional "backups" backups: Span,
        /// Documents the law asks for; by default 3653d.
        Optional "documents" documents: Span,
        /// Evidence of drills, releases and access; by default 1096d.
        Optional "evidence" evidence: Span,
        /// Who did what; by default 400d.
        Optional "audit" audit: Span,
    }

    /// What the estate may cost.
    BudgetDocument "a budget" {
        /// Per month, all environments together, in whole units of the currency.
        Required "monthly" monthly: Whole<1, 1_000_000_000>,
        /// The currency.
        Required "currency" currency: Currency,
        /// Percentages at which somebody hears of it; by default 50, 80 and 100.
        Optional "alertAtPercent" alert_at_percent: List<Whole<1, 200>>,
    }

    /// An exception from a policy.
    WaiverDocument "a waiver" {
        /// Code of the policy.
        Required "policy" policy: PolicyCode,
        /// What it is granted for: a place in the blueprint or a file, or a beginning that ends with `*`.
        Required "at" at: Line,
        /// Who granted it.
        Required "person" person: Line,
        /// Why.
        Required "reason" reason: Line,
        /// The last day it holds.
        Required "expires" expires: Date,
    }
}

tagged! {
    /// Where alerts go.
    RouteDocument "an alert route" {
        words {}
        keys {
            /// A mail address.
            "mail" Mail(Mail),
            /// A webhook; the secret holds its address.
            "webhook" Webhook(SecretName),
        }
    }
}
