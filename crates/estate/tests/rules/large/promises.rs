//! What is promised, by whom, and when there is time for it.

use crate::Case;

pub(crate) const CASES: &[Case] = &[
    // What waits for what.
    ("after: [orders]", "after: [invoices]", &["PL0124"]),
    (
        "tier: critical, probe: order-capture,",
        "tier: critical, after: [invoices], probe: order-capture,",
        &["PL0124", "PL0125"],
    ),
    (
        "after: [orders] }",
        "after: [orders] }\n    - { name: ship, tier: critical, probe: web-login, dependsOn: [edi], after: [invoices] }",
        &["PL0125"],
    ),
    ("rpo: 1h, failover", "rpo: 0s, failover", &["PL0116"]),
    ("rpo: 0s, failover", "rpo: 2h, failover", &["PL0126"]),
    // Promises against what stands ready.
    ("rto: 30m", "rto: 10m", &["PL0125"]),
    ("posture: warm", "posture: cold", &["PL0125", "PL0126", "PL0137"]),
    ("rto: 3d", "rto: 2d", &["PL0125"]),
    ("support: office-hours", "support: warehouse-hours", &[]),
    (
        "quota: { databaseConnectionsMax: 40 }",
        "database: { highAvailability: none }",
        &["PL0125"],
    ),
    (
        "criticality: critical\n",
        "buffering: { outage: 20m }\n",
        &["PL0126"],
    ),
    (
        "criticality: critical\n",
        "criticality: deferrable\n",
        &["PL0153"],
    ),
    (
        "      edge: { offline: 8h }\n",
        "",
        &["PL0130", "PL0130", "PL0130"],
    ),
    // Calendars.
    (
        "from: 2026-12-10, to: 2026-12-27",
        "from: 2026-12-27, to: 2026-12-10",
        &["PL0131"],
    ),
    (
        "from: 2026-12-10, to: 2026-12-27",
        "from: 2026-09-10, to: 2026-12-27",
        &["PL0131"],
    ),
    (
        "[{ from: 2026-12-10, to: 2026-12-27,",
        "[{ from: 2026-09-10, to: 2026-11-27, why: a }, { from: 2026-11-28, to: 2026-12-27,",
        &["PL0131"],
    ),
    (
        "[{ from: 2026-12-10, to: 2026-12-27,",
        "[{ from: 2026-09-10, to: 2026-11-20, why: a }, { from: 2026-11-23, to: 2026-12-27,",
        &[],
    ),
    (
        "weekly: { days: [mon], from: \"06:00\", to: \"10:00\" }",
        "dates: []",
        &["PL0131"],
    ),
    (
        "what: Mondays, weekly",
        "what: Mondays, dates: [2026-12-01], weekly",
        &["PL0131"],
    ),
    (
        "windows: [{ days: [sat, sun], from: \"20:00\", to: \"23:00\" }]",
        "windows: []",
        &["PL0117"],
    ),
    (
        "days: [sat, sun], from: \"20:00\", to: \"23:00\"",
        "days: [sun], from: \"22:00\", to: \"06:30\"",
        &["PL0152", "PL0152"],
    ),
    (
        "days: [sat, sun], from: \"20:00\", to: \"23:00\"",
        "days: [sun], from: \"22:00\", to: \"06:00\"",
        &[],
    ),
    // People.
    (
        "elevation: { justInTime: { durationMax: 4h, approvedBy: finance } }",
        "elevation: standing",
        &["PL0132"],
    ),
    ("approvedBy: finance", "approvedBy: auditor", &["PL0132"]),
    (
        "approvedBy: finance",
        "approvedBy: platform-operator",
        &["PL0132"],
    ),
    ("durationMax: 4h", "durationMax: 7d", &["PL0132"]),
    (
        "name: finance, group",
        "name: platform-operator, group",
        &["PL0108", "PL0132"],
    ),
];
