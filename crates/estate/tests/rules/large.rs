//! An estate that says something about everything, and what can be wrong with it.

/// Nothing is wrong with it.
pub(crate) const SOUND: &str = "\
apiVersion: plimsoll.dev/v1
kind: Estate
metadata: { name: large }
spec:
  organisation:
    displayName: Example
    domain: erp.example.com
    timeZone: Europe/Amsterdam
    contact: operations@example.com
    tags: { owner: logistics }
    residency: [europe]
  environments:
    - { stage: test, scalePercent: 20, runs: { days: [mon-fri], from: \"07:00\", to: \"20:00\" } }
    - { stage: production, name: live }
    - { stage: recovery, regions: [north] }
  regions:
    - { name: west, location: West Europe, role: active, addressSpace: 10.1.0.0/16 }
    - { name: north, location: northeurope, role: standby, standbyFor: west, posture: hot, addressSpace: 10.2.0.0/16 }
    - { name: paris, location: francecentral, role: active, zones: [1, 2] }
    - { name: madrid, location: spaincentral, role: standby, standbyFor: paris, posture: warm }
  tiers:
    - { name: critical, rto: 30m, rpo: 0s, failover: { authority: automatic } }
    - { name: slow, rto: 3d, rpo: 1h, failover: { authority: one-person, authorisedBy: [Ines] }, support: office-hours }
  capabilities:
    - { name: orders, tier: critical, probe: order-capture, dependsOn: [edi], sites: [dock] }
    - { name: invoices, tier: slow, probe: invoicing, after: [orders] }
  stamps:
    - name: many
      tenancy: shared
      region: west
      tenantsMax: 3
      quota: { databaseConnectionsMax: 40 }
    - name: own
      tenancy: dedicated
      region: paris
      cluster: cluster
      workloads:
        web:
          replicasMax: 8
          signals: [{ listenQueue: { above: 4 } }, { requestLatency: { above: 2s } }]
          peaks: [{ why: Mondays, window: { days: mon, from: \"06:00\", to: \"10:00\" }, replicas: 6 }]
        heavyJobs: { window: { days: [mon-sun], from: \"22:00\", to: \"04:00\" } }
      database:
        engine: cloud-native-pg
        cores: 4
        storage: 256GiB
        durability: { orders: remote-apply }
        maintenance: { day: sun, hour: 3 }
        pointInTime: 21d
      objects:
        backups: { immutable: { period: 40d, locked: true } }
  tenants:
    - { name: one, stamp: many, calendar: weekends }
    - { name: two, stamp: many, database: second, host: two.example.com }
    - { name: three, stamp: own, timeZone: Europe/Paris }
  ingress:
    public: { rate: { average: 60, burst: 120 } }
    admin: { allow: [198.51.100.0/28] }
    tlsMin: 1.3
  partners:
    - { name: acme, contact: edi@acme.example.org }
  integrations:
    - name: edi
      tenant: one
      partner: acme
      kind: order.create
      idempotency: { header: Key }
      authentication: { hmac: { header: X-Signature, secret: acme-key } }
      criticality: critical
    - name: labels
      tenant: one
      direction: outbound
      protocol: printer
      kind: label.print
      idempotency: { pointer: /label }
      address: 10.9.0.40:9100
    - name: carrier
      tenant: three
      direction: outbound
      kind: shipment.confirm
      idempotency: { header: Key }
      address: api.carrier.example.org:443
      outbound: { events: [shipment.done] }
      retry: { first: 2s, longest: 10m, giveUp: 3d }
      buffering: { outage: 2d, messagesPerHour: 500 }
    - name: scans
      tenant: one
      protocol: scanner
      kind: stock.scan
      idempotency: sequence
      scanner: { site: dock, waitForGap: 2m, warehouse: WH1 }
  sites:
    - name: dock
      region: west
      tenants: [one]
      link: { kind: vpn, gateway: 192.0.2.1, addresses: [10.9.0.0/24] }
      devices: [label printer, { kind: scanner, label: wrist readers }]
      edge: { offline: 8h }
  calendars:
    - name: weekends
      windows: [{ days: [sat, sun], from: \"20:00\", to: \"23:00\" }]
      freezes: [{ from: 2026-12-10, to: 2026-12-27, why: holidays }]
      events: [{ kind: peak, what: Mondays, weekly: { days: [mon], from: \"06:00\", to: \"10:00\" } }]
      drillsApart: 2d
      drills: [{ scenario: region-loss, every: 30d }, { scenario: switchover, every: 14d }]
  access:
    personas:
      - { name: finance, group: erp-finance }
      - { name: platform-operator, group: erp-platform, elevation: { justInTime: { durationMax: 4h, approvedBy: finance } } }
  secrets:
    - { name: acme-key, vaultKey: Acme-Key, rotate: 60d }
    - { name: pager }
  retention: { logs: 30d, backups: 40d }
  observability: { page: { webhook: pager }, ticket: { mail: queue@example.com } }
  budget: { monthly: 9000, currency: EUR, alertAtPercent: [60, 100] }
  release: { registry: registry.example.com, odoo: { digest: \"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\", scanned: 2026-05-01 } }
  waivers:
    - { policy: PL0810, at: \"region/*\", person: Ines, reason: agreed, expires: 2027-01-31 }
";

/// Each row breaks it in one place; exactly these codes must come of it.
pub(crate) const CASES: &[super::Case] = &[
    // What values look like.
    (
        "domain: erp.example.com",
        "domain: https://erp.example.com",
        &["PL0105"],
    ),
    (
        "timeZone: Europe/Amsterdam",
        "timeZone: Europe/Amsterdamm",
        &["PL0105"],
    ),
    (
        "timeZone: Europe/Amsterdam",
        "timeZone: europe/amsterdam",
        &["PL0105"],
    ),
    (
        "contact: operations@example.com",
        "contact: operations",
        &["PL0105"],
    ),
    (
        "{ owner: logistics }",
        "{ owner: logistics, owner: sales }",
        &["PL0107"],
    ),
    ("days: [mon-fri], from", "days: [monday], from", &["PL0105"]),
    ("days: [mon-fri], from", "days: [], from", &["PL0104"]),
    ("from: \"07:00\"", "from: \"7:00\"", &["PL0105"]),
    ("to: \"20:00\" } }", "to: \"24:00\" } }", &["PL0105"]),
    (
        "addressSpace: 10.1.0.0/16",
        "addressSpace: 10.1.0.1/16",
        &["PL0105"],
    ),
    ("zones: [1, 2]", "zones: [1, 4]", &["PL0105"]),
    ("tlsMin: 1.3", "tlsMin: 1.1", &["PL0105"]),
    ("gateway: 192.0.2.1", "gateway: vpn.example.com", &["PL0105"]),
    ("address: 10.9.0.40:9100", "address: 10.9.0.40", &["PL0105"]),
    ("from: 2026-12-10", "from: 2026-12-32", &["PL0105"]),
    ("sha256:0123456789a", "sha256:", &["PL0105"]),
    ("policy: PL0810", "policy: 810", &["PL0104"]),
    ("locked: true", "locked: perhaps", &["PL0104"]),
    (
        "{ listenQueue: { above: 4 } }",
        "{ listenQueu: { above: 4 } }",
        &["PL0105"],
    ),
    ("{ listenQueue: { above: 4 } }", "listenQueue", &["PL0105"]),
    (
        "{ listenQueue: { above: 4 } }",
        "{ listenQueue: { over: 4 } }",
        &["PL0102", "PL0103"],
    ),
    (
        "page: { webhook: pager }",
        "page: { webhook: pager, mail: a@example.com }",
        &["PL0105"],
    ),
    ("monthly: 9000", "monthly: 0", &["PL0105"]),
    ("currency: EUR", "currency: euro", &["PL0105"]),
    // References.
    (
        "stage: test, scale",
        "stage: test, regions: [nowhere], scale",
        &["PL0109"],
    ),
    ("after: [orders]", "after: [order]", &["PL0109"]),
    ("sites: [dock]", "sites: [dok]", &["PL0109"]),
    (
        "region: west\n      tenantsMax",
        "region: wets\n      tenantsMax",
        &["PL0109"],
    ),
    ("durability: { orders:", "durability: { order:", &["PL0109"]),
    ("stamp: own", "stamp: none-such", &["PL0109"]),
    ("calendar: weekends", "calendar: weekdays", &["PL0109"]),
    ("scenario: switchover", "scenario: fire", &["PL0105"]),
    ("scenario: switchover", "scenario: region-loss", &["PL0131"]),
    ("every: 30d", "every: 400d", &["PL0131"]),
    ("every: 14d", "every: 9d", &["PL0131"]),
    ("drillsApart: 2d", "drillsApart: 3d", &["PL0131"]),
    ("partner: acme", "partner: acne", &["PL0109"]),
    ("secret: acme-key", "secret: acme", &["PL0109"]),
    ("tenant: three", "tenant: tree", &["PL0109"]),
    ("webhook: pager", "webhook: pagger", &["PL0109"]),
    ("tenants: [one]", "tenants: [onne]", &["PL0109"]),
    // Names once.
    (
        "stage: production, name: live",
        "stage: production, name: test",
        &["PL0108"],
    ),
    ("host: two.example.com", "host: one.erp.example.com", &["PL0108"]),
    (
        "name: three, stamp: own,",
        "name: many,",
        &["PL0108", "PL0109", "PL0119", "PL0151"],
    ),
    // Regions.
    (
        "role: active, addressSpace",
        "role: active, posture: warm, addressSpace",
        &["PL0120"],
    ),
    ("standbyFor: paris", "standbyFor: north", &["PL0120"]),
    ("location: northeurope", "location: westeurope", &["PL0120"]),
    ("standbyFor: west, ", "", &["PL0119"]),
    ("standbyFor: paris", "standbyFor: west", &["PL0111"]),
    // Stamps.
    (
        "region: west\n      tenantsMax",
        "region: north\n      tenantsMax",
        &["PL0121"],
    ),
    (
        "      region: west\n      tenantsMax",
        "      tenantsMax",
        &["PL0119"],
    ),
    ("stamp: many, calendar", "stamp: own, calendar", &["PL0122"]),
    ("tenantsMax: 3", "tenantsMax: 1", &["PL0122"]),
    ("cluster: cluster", "tenantsMax: 5", &["PL0122"]),
    (
        "{ name: three, stamp: own,",
        "{ name: three, stamp: own, workloads: { web: { workers: 3 } },",
        &["PL0123"],
    ),
    // Residency.
    (
        "residency: [europe]",
        "residency: [eurasia]",
        &["PL0127", "PL0127", "PL0127", "PL0127", "PL0127"],
    ),
    ("location: spaincentral", "location: uksouth", &["PL0127"]),
    (
        "location: spaincentral",
        "location: spaincentrall",
        &["PL0127", "PL0154"],
    ),
    ("residency: [europe]", "residency: [france, europe]", &[]),
    // Integrations.
    ("tenant: one\n      partner", "partner", &["PL0119"]),
    (
        "name: carrier\n",
        "name: c123456789012345678901234567890123456789012345678901234567890\n",
        &["PL0140"],
    ),
    // Unused.
    ("secret: acme-key", "secret: pager", &["PL0151"]),
    ("partner: acme", "criticality: important", &["PL0107", "PL0151"]),
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
    // Addresses and links.
    (
        "addressSpace: 10.2.0.0/16",
        "addressSpace: 10.1.0.0/16",
        &["PL0128"],
    ),
    (
        "addressSpace: 10.2.0.0/16",
        "addressSpace: 10.9.0.0/16",
        &["PL0128"],
    ),
    (
        "addressSpace: 10.2.0.0/16",
        "addressSpace: 10.2.0.0/24",
        &["PL0128"],
    ),
    (
        "addressSpace: 10.2.0.0/16",
        "addressSpace: 12.2.0.0/16",
        &["PL0128"],
    ),
    ("addressSpace: 10.2.0.0/16", "addressSpace: 100.64.0.0/16", &[]),
    ("gateway: 192.0.2.1, ", "", &["PL0129"]),
    ("gateway: 192.0.2.1, ", "gateway: 192.168.0.1, ", &["PL0129"]),
    ("kind: vpn", "kind: internet", &["PL0129"]),
    (
        "kind: vpn, gateway: 192.0.2.1, addresses: [10.9.0.0/24]",
        "kind: express-route",
        &["PL0129", "PL0141"],
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
    // Servers and processes.
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
    // Names that become too long.
    (
        "metadata: { name: large }",
        "metadata: { name: an-estate-with-a-name-that-nobody-wants-to-type-twice }",
        &["PL0140"],
    ),
    (
        "name: paris, location",
        "name: paris-the-capital-of-france-where-we-have-been-since-the-start, location",
        &["PL0109", "PL0109", "PL0140"],
    ),
    (
        "{ name: two, stamp: many, database: second, host: two.example.com }",
        "{ name: t234567890123456789012345678901234567890123456789012345678901, stamp: many }\n    - { name: solo }",
        &["PL0119"],
    ),
    (
        "domain: erp.example.com",
        "domain: a234567890123456789012345678901234567890123456789012345678901.a234567890123456789012345678901234567890123456789012345678901.a234567890123456789012345678901234567890123456789012345678901.a2345678901234567890123456789012345678901234567890123.example.com",
        &["PL0140", "PL0140"],
    ),
    // Where messages go.
    (
        "address: api.carrier.example.org:443",
        "address: localhost:443",
        &["PL0141"],
    ),
    (
        "address: api.carrier.example.org:443",
        "address: 10.3.4.5:443",
        &["PL0141"],
    ),
    (
        "address: api.carrier.example.org:443",
        "address: carrier.internal:443",
        &["PL0141"],
    ),
    ("      address: api.carrier.example.org:443\n", "", &["PL0141"]),
    ("address: 10.9.0.40:9100", "address: 10.8.0.40:9100", &["PL0141"]),
    (
        "address: 10.9.0.40:9100",
        "address: printer.example.org:9100",
        &["PL0141"],
    ),
    (
        "tenants: [one]\n      link",
        "tenants: [two]\n      link",
        &["PL0141", "PL0141"],
    ),
    (
        "criticality: critical\n",
        "address: edi.acme.example.org:443\n",
        &["PL0123"],
    ),
    ("protocol: printer", "protocol: sftp", &["PL0141"]),
    ("site: dock, wait", "site: dok, wait", &["PL0109"]),
    ("waitForGap: 2m", "waitForGap: 2d", &["PL0105"]),
    (
        "idempotency: sequence",
        "idempotency: { header: Key }",
        &["PL0142"],
    ),
    (
        "idempotency: { header: Key }\n      auth",
        "idempotency: sequence\n      auth",
        &["PL0142"],
    ),
    (
        "      scanner: { site: dock, waitForGap: 2m, warehouse: WH1 }\n",
        "",
        &["PL0119"],
    ),
    (
        "protocol: scanner\n      kind: stock.scan\n      idempotency: sequence\n",
        "kind: stock.scan\n      idempotency: { header: Key }\n",
        &["PL0123"],
    ),
    (
        "warehouse: WH1 }\n",
        "warehouse: WH1 }\n      ordering: /document\n",
        &["PL0123"],
    ),
    (
        "  sites:\n    - name: dock\n",
        "    - { name: more-scans, tenant: one, protocol: scanner, kind: stock.scan, idempotency: sequence, scanner: { site: dock } }\n  sites:\n    - name: dock\n",
        &["PL0123"],
    ),
    (
        "  sites:\n    - name: dock\n",
        "    - { name: yard-scans, tenant: one, protocol: scanner, kind: stock.scan, idempotency: sequence, scanner: { site: yard } }\n  sites:\n    - { name: yard, region: west, tenants: [one] }\n    - name: dock\n",
        &["PL0130"],
    ),
    (
        "      direction: outbound\n      protocol: printer",
        "      protocol: printer",
        &["PL0123", "PL0142"],
    ),
    (
        "kind: shipment.confirm\n",
        "kind: shipment.confirm\n      authentication: none\n",
        &["PL0142"],
    ),
    (
        "kind: shipment.confirm\n",
        "kind: shipment.confirm\n      protocol: sftp\n",
        &["PL0119", "PL0142"],
    ),
    (
        "{ hmac: { header: X-Signature, secret: acme-key } }",
        "{ sshKey: { secret: acme-key } }",
        &["PL0142"],
    ),
    (
        "idempotency: { header: Key }\n      authentication: { hmac: { header: X-Signature, secret: acme-key } }\n",
        "protocol: sftp\n      idempotency: file\n      address: files.acme.example.org:22\n      authentication: { sshKey: { secret: acme-key } }\n",
        &["PL0119"],
    ),
    (
        "idempotency: { header: Key }\n      authentication: { hmac: { header: X-Signature, secret: acme-key } }\n",
        "protocol: sftp\n      idempotency: file\n      address: files.acme.example.org:22\n      authentication: { sshKey: { secret: acme-key } }\n      files: { directory: /out }\n",
        &["PL0119"],
    ),
    (
        "idempotency: { header: Key }\n      authentication: { hmac: { header: X-Signature, secret: acme-key } }\n",
        "protocol: sftp\n      idempotency: file\n      address: files.acme.example.org:22\n      authentication: { sshKey: { secret: acme-key } }\n      files: { directory: ../out, hostKeys: [] }\n",
        &["PL0105"],
    ),
    (
        "idempotency: { header: Key }\n      authentication: { hmac: { header: X-Signature, secret: acme-key } }\n",
        "protocol: sftp\n      idempotency: file\n      address: files.acme.example.org:22\n      authentication: { sshKey: { secret: acme-key } }\n      files: { directory: /out, hostKeys: [\"SHA256:short\"] }\n",
        &["PL0105"],
    ),
    (
        "idempotency: { header: Key }\n      authentication: { hmac: { header: X-Signature, secret: acme-key } }\n",
        "protocol: sftp\n      idempotency: file\n      address: files.acme.example.org:22\n      authentication: { sshKey: { secret: acme-key } }\n      files: { directory: /out, every: 10ms, hostKeys: [\"SHA256:AAAAC3NzaC1lZDI1NTE5AAAAIKexampleexampleexa\"] }\n",
        &["PL0105"],
    ),
    (
        "idempotency: { header: Key }\n      authentication: { hmac: { header: X-Signature, secret: acme-key } }\n",
        "protocol: sftp\n      idempotency: file\n      address: files.acme.example.org:22\n      authentication: { sshKey: { secret: acme-key } }\n      files: { directory: /out, format: x12, hostKeys: [\"SHA256:AAAAC3NzaC1lZDI1NTE5AAAAIKexampleexampleexa\"] }\n",
        &["PL0119"],
    ),
    (
        "idempotency: { header: Key }\n      authentication: { hmac: { header: X-Signature, secret: acme-key } }\n",
        "idempotency: file\n      authentication: { hmac: { header: X-Signature, secret: acme-key } }\n",
        &["PL0142"],
    ),
    (
        "idempotency: { header: Key }\n      authentication: { hmac: { header: X-Signature, secret: acme-key } }\n",
        "idempotency: { header: Key }\n      files: { directory: /out }\n      authentication: { hmac: { header: X-Signature, secret: acme-key } }\n",
        &["PL0123"],
    ),
    (
        "idempotency: { header: Key }\n      authentication: { hmac: { header: X-Signature, secret: acme-key } }\n",
        "protocol: sftp\n      idempotency: file\n      address: files.acme.example.org:22\n      authentication: { sshKey: { secret: acme-key } }\n      files: { directory: /out, format: x12, hostKeys: [\"SHA256:AAAAC3NzaC1lZDI1NTE5AAAAIKexampleexampleexa\"] }\n      edi: { us: ZZ:EXAMPLESELLER, them: ZZ:EXAMPLEBUYER, erpPartner: ACME, send: [order-response] }\n",
        &["PL0141"],
    ),
    (
        "idempotency: { header: Key }\n      authentication: { hmac: { header: X-Signature, secret: acme-key } }\n",
        "protocol: sftp\n      idempotency: file\n      address: files.acme.example.org:22\n      authentication: { sshKey: { secret: acme-key } }\n      files: { directory: /out, format: x12, hostKeys: [\"SHA256:AAAAC3NzaC1lZDI1NTE5AAAAIKexampleexampleexa\"] }\n      edi: { us: ZZ:EXAMPLESELLER, them: ZZ:EXAMPLEBUYER, erpPartner: ACME, send: [order-response], directory: /out/ }\n",
        &["PL0141"],
    ),
    (
        "idempotency: { header: Key }\n      authentication: { hmac: { header: X-Signature, secret: acme-key } }\n",
        "protocol: sftp\n      idempotency: file\n      address: files.acme.example.org:22\n      authentication: { sshKey: { secret: acme-key } }\n      files: { directory: /out, format: x12, hostKeys: [\"SHA256:AAAAC3NzaC1lZDI1NTE5AAAAIKexampleexampleexa\"] }\n      edi: { us: ZZ:EXAMPLESELLER, them: ZZ:EXAMPLEBUYER, erpPartner: ACME, send: [order-response], directory: /in, to: \"https://edi.example.net/in\" }\n",
        &["PL0123"],
    ),
    (
        "idempotency: { header: Key }\n      address: api.carrier.example.org:443\n      outbound: { events: [shipment.done] }",
        "idempotency: file\n      address: files.carrier.example.org:22\n      protocol: sftp\n      authentication: { sshKey: { secret: acme-key } }\n      outbound: { events: [shipment.done] }",
        &["PL0119"],
    ),
    (
        "idempotency: { header: Key }\n      address: api.carrier.example.org:443\n      outbound: { events: [shipment.done] }",
        "idempotency: file\n      address: files.carrier.example.org:22\n      protocol: sftp\n      authentication: { sshKey: { secret: acme-key } }\n      files: { directory: /in, every: 5s, after: leave, hostKeys: [\"SHA256:AAAAC3NzaC1lZDI1NTE5AAAAIKexampleexampleexa\"] }\n      outbound: { to: \"https://files.example.org/\" }",
        &["PL0123", "PL0123", "PL0123"],
    ),
    (
        "idempotency: { header: Key }\n      address: api.carrier.example.org:443\n      outbound: { events: [shipment.done] }",
        "idempotency: file\n      address: files.carrier.example.org:22\n      protocol: sftp\n      authentication: { sshKey: { secret: acme-key } }\n      files: { directory: /in }\n      outbound: {}",
        &["PL0119"],
    ),
    (
        "outbound: { events: [shipment.done] }",
        "outbound: { duplicates: ask }",
        &["PL0123"],
    ),
    (
        "outbound: { events: [shipment.done] }",
        "outbound: { templates: [nothing] }",
        &["PL0105"],
    ),
    (
        "address: 10.9.0.40:9100",
        "address: 10.9.0.40:9100\n      outbound: { printer: ipp, status: true }",
        &["PL0123"],
    ),
    (
        "address: 10.9.0.40:9100",
        "address: 10.9.0.40:9100\n      outbound: { printer: ipp, certificates: [\"00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF\"] }",
        &["PL0123"],
    ),
    (
        "address: 10.9.0.40:9100",
        "address: 10.9.0.40:9100\n      outbound: { printer: ipps, certificates: [\"00:11\"] }",
        &["PL0105"],
    ),
    (
        "address: 10.9.0.40:9100",
        "address: 10.9.0.40:9100\n      outbound: { to: \"https://print.example.net/\" }",
        &["PL0123"],
    ),
    (
        "kind: order.create\n      idempotency: { header: Key }\n",
        "kind: order.create\n      idempotency: { header: Key }\n      outbound: {}\n",
        &["PL0123"],
    ),
    (
        "kind: shipment.confirm\n",
        "kind: shipment.confirm\n      authentication: { mutualTls: { secret: acme-key } }\n",
        &["PL0142"],
    ),
    ("giveUp: 3d", "giveUp: 1d", &["PL0144"]),
    ("first: 2s", "first: 1h", &["PL0144"]),
];
