//! The smallest estate that promises something, and what can be wrong with it.

/// Nothing is wrong with it.
pub(crate) const SOUND: &str = "\
apiVersion: plimsoll.dev/v1
kind: Estate
metadata: { name: example }
spec:
  regions:
    - { name: west, role: active }
    - { name: north, role: standby }
  tiers:
    - { name: critical, rto: 10s, rpo: 0s, failover: { authority: automatic } }
  capabilities:
    - { name: orders, tier: critical, probe: order-capture, dependsOn: [edi] }
  tenants:
    - { name: main }
  integrations:
    - { name: edi, kind: order.create, idempotency: { header: Key } }
";

/// Each row breaks it in one place; exactly these codes must come of it.
pub(crate) const CASES: &[(&str, &str, &[&str])] = &[
    (
        "metadata: { name: example }",
        "metadata: { name: [ }",
        &["PL0100"],
    ),
    (
        "metadata: { name: example }",
        "metadata: [[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
        &["PL0101"],
    ),
    ("role: standby", "role: standby, colour: red", &["PL0102"]),
    ("role: standby", "rolle: standby", &["PL0102"]),
    (", role: standby", "", &["PL0103"]),
    ("dependsOn: [edi]", "dependsOn: edi", &["PL0104"]),
    (
        "tenants:\n    - { name: main }",
        "tenants:\n    - main",
        &["PL0104"],
    ),
    (
        "- { name: critical",
        "- [critical]\n    - { name: critical",
        &["PL0104"],
    ),
    ("tiers:\n", "teirs:\n", &["PL0102"]),
    ("rto: 10s", "rto: quickly", &["PL0105"]),
    ("rto: 10s", "rto: 99999999999999999999d", &["PL0105"]),
    ("authority: automatic", "authority: nobody", &["PL0105"]),
    (
        "{ name: main }",
        "{ name: main, database: template1 }",
        &["PL0105"],
    ),
    (
        "{ name: main }",
        "{ name: main, workloads: { web: { workers: 0 } } }",
        &["PL0105"],
    ),
    ("header: Key", "pointer: order", &["PL0105"]),
    ("header: Key", "header: 'a b'", &["PL0105"]),
    (
        "kind: order.create",
        "kind: order.create, bodyMax: 1GiB",
        &["PL0105"],
    ),
    ("name: west", "name: West Europe", &["PL0106"]),
    ("kind: Estate", "kind: Estate\nkind: Estate", &["PL0107"]),
    ("name: north", "name: west", &["PL0108"]),
    (
        "{ name: main }",
        "{ name: main }\n    - { name: other, database: main }",
        &["PL0108", "PL0119"],
    ),
    ("tier: critical", "tier: criticle", &["PL0109"]),
    ("dependsOn: [edi]", "dependsOn: [eddi]", &["PL0109"]),
    ("plimsoll.dev/v1", "plimsoll.dev/v2", &["PL0110"]),
    (
        "name: north, role: standby }",
        "name: north, role: standby }\n    - { name: south, role: standby }",
        &["PL0111"],
    ),
    ("role: active", "role: standby", &["PL0112"]),
    ("rto: 10s", "rto: 2s", &["PL0113"]),
    (
        "authority: automatic",
        "authority: one-person, authorisedBy: [Ines]",
        &["PL0113"],
    ),
    (
        "\n    - { name: north, role: standby }",
        "",
        &["PL0114", "PL0114"],
    ),
    ("rpo: 0s", "rpo: 10ms", &["PL0115"]),
    (", dependsOn: [edi]", "", &["PL0116"]),
    (", dependsOn: [edi]", ", dependsOn: []", &["PL0116"]),
    ("tenants:\n    - { name: main }", "tenants: []", &["PL0117"]),
    (
        "rto: 10s, rpo: 0s, failover: { authority: automatic }",
        "rto: 1h, rpo: 0s, failover: { authority: two-people, authorisedBy: [A, A] }",
        &["PL0118"],
    ),
    (
        "authority: automatic",
        "authority: automatic, authorisedBy: [Ines]",
        &["PL0118"],
    ),
    (", probe: order-capture", "", &["PL0150"]),
    (
        "tiers:\n",
        "tiers:\n    - { name: spare, rto: 1h, rpo: 1h, failover: { authority: automatic } }\n",
        &["PL0151"],
    ),
];
