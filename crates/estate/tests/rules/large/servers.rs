//! Servers and processes.

use crate::Case;

pub(crate) const CASES: &[Case] = &[
    ("cores: 4", "cores: 6", &["PL0137"]),
    ("engine: cloud-native-pg", "engine: flexible-server", &["PL0137"]),
    (
        "quota: { databaseConnectionsMax: 40 }",
        "database: { memory: 10GiB, storage: 100GiB, pointInTime: 3d }",
        &["PL0137", "PL0137", "PL0137"],
    ),
    (
        "quota: { databaseConnectionsMax: 40 }",
        "cache: { memory: 64MiB }",
        &["PL0137"],
    ),
    (
        "databaseConnectionsMax: 40",
        "databaseConnectionsMax: 500, databaseSizeMax: 1TiB",
        &["PL0138", "PL0138"],
    ),
    (
        "quota: { databaseConnectionsMax: 40 }",
        "database: { pooling: { connectionsMax: 5000 } }",
        &["PL0138"],
    ),
    (
        "replicasMax: 8",
        "workers: 16\n          replicasMax: 20",
        &["PL0138"],
    ),
    (
        "replicasMax: 8",
        "replicasMin: 9\n          replicasMax: 8",
        &["PL0139", "PL0139"],
    ),
    ("replicasMax: 8", "replicasMax: 4", &["PL0139"]),
    ("replicas: 6", "replicas: 2", &["PL0139"]),
    (
        "replicasMax: 8",
        "memoryPerWorker: 64MiB\n          replicasMax: 8",
        &["PL0139"],
    ),
    (
        "{ requestLatency: { above: 2s } }",
        "{ listenQueue: { above: 9 } }",
        &["PL0139"],
    ),
    (
        "[{ listenQueue: { above: 4 } }, { requestLatency: { above: 2s } }]",
        "[{ databaseConnections: { abovePercent: 80 } }]",
        &["PL0139"],
    ),
    (
        "        heavyJobs",
        "        scheduler: { replicasMax: 2 }\n        heavyJobs",
        &["PL0139", "PL0139"],
    ),
    (
        "        heavyJobs",
        "        live: { workers: 2 }\n        heavyJobs",
        &["PL0139"],
    ),
    (
        "        heavyJobs",
        "        worker: { replicasMax: 1, signals: [{ cronLag: { above: 1m } }] }\n        heavyJobs",
        &["PL0151"],
    ),
    ("zones: [1, 2]", "zones: [1]", &["PL0146"]),
    (
        "location: francecentral, role: active, zones: [1, 2]",
        "location: francesouth, role: active, zones: [1, 2]",
        &["PL0146"],
    ),
    (
        "location: francecentral, role: active, zones: [1, 2]",
        "location: francesouth, role: active",
        &[],
    ),
    (
        "        cores: 4\n",
        "        cores: 4\n        memory: 1GiB\n",
        &["PL0137", "PL0138"],
    ),
    ("storage: 256GiB", "storage: 1GiB", &["PL0137"]),
    ("databaseConnectionsMax: 40", "statementTimeMax: 0s", &["PL0138"]),
    (
        "requestLatency: { above: 2s }",
        "requestLatency: { above: 0s }",
        &["PL0139"],
    ),
    ("rotate: 60d", "rotate: 0s", &["PL0105"]),
    ("offline: 8h", "offline: 0s", &["PL0105"]),
    ("release: {", "release: { scanAgeMax: 0s,", &["PL0105"]),
];
