//! An estate that says something about everything, and what can be wrong with it.

mod integrations;
mod keeping;
mod places;
mod promises;
mod servers;
mod values;

use crate::Case;

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

/// By subject, rows that break it in one place each; exactly these codes must come of it.
pub(crate) const CASES: [&[Case]; 6] = [
    values::CASES,
    places::CASES,
    promises::CASES,
    keeping::CASES,
    servers::CASES,
    integrations::CASES,
];
