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
    - { name: slow, rto: 8h, rpo: 1h, failover: { authority: one-person, authorisedBy: [Ines] }, support: office-hours }
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
      retry: { first: 2s, longest: 10m, giveUp: 3d }
      buffering: { outage: 2d, messagesPerHour: 500 }
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
    ("location: spaincentral", "location: spaincentrall", &["PL0127"]),
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
];
