//! What is kept, and what it costs: secrets, environments, retention, money, exceptions.

use crate::Case;

pub(crate) const CASES: &[Case] = &[
    // Secrets.
    (
        "vaultKey: Acme-Key",
        "vaultKey: kX9vQ2mLr8TzB4nWc7YdF1hJ6pSgA3eU",
        &["PL0133"],
    ),
    (
        "tags: { owner: logistics }",
        "tags: { owner: \"Server=db;Password=hunter2\" }",
        &["PL0133"],
    ),
    // Environments.
    (
        "stage: production, name: live",
        "stage: production, name: live, scalePercent: 50",
        &["PL0134"],
    ),
    (
        "stage: production, name: live",
        "stage: production, regions: [west]",
        &["PL0134"],
    ),
    (
        "stage: production, name: live",
        "stage: production, copiesProduction: true",
        &["PL0134"],
    ),
    (
        "stage: production, name: live",
        "stage: production }\n    - { stage: production, name: other",
        &["PL0134"],
    ),
    (
        "stage: recovery,",
        "stage: recovery, runs: { days: mon, from: \"08:00\", to: \"18:00\" },",
        &["PL0134"],
    ),
    (
        "stage: recovery,",
        "stage: recovery, copiesProduction: false,",
        &["PL0134"],
    ),
    (
        "stage: test, scale",
        "stage: test, regions: [north], scale",
        &["PL0134"],
    ),
    (
        "stage: recovery, regions: [north]",
        "stage: recovery, regions: []",
        &["PL0117"],
    ),
    // How long things are kept.
    ("period: 40d", "period: 30d", &["PL0135"]),
    ("period: 40d", "period: 40h", &["PL0135", "PL0135"]),
    (
        "backups: { immutable",
        "backups: { deleteAfter: 45d, replicate: false, immutable",
        &["PL0135"],
    ),
    (
        "backups: { immutable",
        "backups: { deleteAfter: 20d, immutable",
        &["PL0135", "PL0135"],
    ),
    (
        "backups: { immutable",
        "attachments: { keepDeleted: 7d }\n        backups: { immutable",
        &["PL0135"],
    ),
    (
        "backups: { immutable",
        "attachments: { deleteAfter: 365d }\n        backups: { immutable",
        &["PL0135"],
    ),
    (
        "backups: { immutable",
        "exports: { coolAfter: 400d, deleteAfter: 30d }\n        backups: { immutable",
        &["PL0135"],
    ),
    ("backups: 40d", "backups: 20d", &["PL0135"]),
    ("backups: 40d", "backups: 40d, journal: 20d", &["PL0135"]),
    ("logs: 30d", "logs: 30h", &["PL0135"]),
    ("criticality: critical\n", "keep: 10d\n", &["PL0135"]),
    ("criticality: critical\n", "keep: 90d\n", &["PL0135"]),
    (
        "criticality: critical\n",
        "masked: [/customer/name, '/lines/*/note']\n",
        &["PL0160"],
    ),
    // Money, exceptions, the entrance.
    (
        "alertAtPercent: [60, 100]",
        "alertAtPercent: [100, 60]",
        &["PL0136"],
    ),
    ("alertAtPercent: [60, 100]", "alertAtPercent: []", &["PL0136"]),
    ("at: \"region/*\"", "at: \"*\"", &["PL0143"]),
    ("expires: 2027-01-31", "expires: 9999-12-31", &["PL0143"]),
    (
        "waivers:\n",
        "waivers:\n    - { policy: PL0810, at: \"region/*\", person: Piet, reason: again, expires: 2027-01-31 }\n",
        &["PL0108"],
    ),
    ("burst: 120", "burst: 20", &["PL0145"]),
    ("allow: [198.51.100.0/28]", "allow: [0.0.0.0/0]", &["PL0145"]),
    ("allow: [198.51.100.0/28]", "timeout: 10m", &["PL0145"]),
    (
        "allow: [198.51.100.0/28] }",
        "bodyMax: 0 }\n    integration: { bodyMax: 512KiB }",
        &["PL0145", "PL0145"],
    ),
    (
        "page: { webhook: pager }",
        "page: { webhook: pager }, scrapeEvery: 1h",
        &["PL0105"],
    ),
    (
        "location: francecentral",
        "location: new-france, geography: france",
        &["PL0154"],
    ),
];
