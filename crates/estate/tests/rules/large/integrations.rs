//! Streams of messages, and where they go.

use crate::Case;

/// An integration whose partner posts.
const POSTED: &str = "idempotency: { header: Key }\n      authentication: { hmac: { header: X-Signature, secret: acme-key } }\n";
/// One that posts to its partner.
const SENT: &str = "idempotency: { header: Key }\n      address: api.carrier.example.org:443\n      outbound: { events: [shipment.done] }";

pub(crate) const CASES: &[Case] = &[
    // Integrations.
    ("tenant: one\n      partner", "partner", &["PL0119"]),
    (
        "name: carrier\n",
        "name: c123456789012345678901234567890123456789012345678901234567890\n",
        &["PL0140"],
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
        POSTED,
        "protocol: sftp\n      idempotency: file\n      address: files.acme.example.org:22\n      authentication: { sshKey: { secret: acme-key } }\n",
        &["PL0119"],
    ),
    (
        POSTED,
        "protocol: sftp\n      idempotency: file\n      address: files.acme.example.org:22\n      authentication: { sshKey: { secret: acme-key } }\n      files: { directory: /out }\n",
        &["PL0119"],
    ),
    (
        POSTED,
        "protocol: sftp\n      idempotency: file\n      address: files.acme.example.org:22\n      authentication: { sshKey: { secret: acme-key } }\n      files: { directory: ../out, hostKeys: [] }\n",
        &["PL0105"],
    ),
    (
        POSTED,
        "protocol: sftp\n      idempotency: file\n      address: files.acme.example.org:22\n      authentication: { sshKey: { secret: acme-key } }\n      files: { directory: /out, hostKeys: [\"SHA256:short\"] }\n",
        &["PL0105"],
    ),
    (
        POSTED,
        "protocol: sftp\n      idempotency: file\n      address: files.acme.example.org:22\n      authentication: { sshKey: { secret: acme-key } }\n      files: { directory: /out, every: 10ms, hostKeys: [\"SHA256:AAAAC3NzaC1lZDI1NTE5AAAAIKexampleexampleexa\"] }\n",
        &["PL0105"],
    ),
    (
        POSTED,
        "protocol: sftp\n      idempotency: file\n      address: files.acme.example.org:22\n      authentication: { sshKey: { secret: acme-key } }\n      files: { directory: /out, format: x12, hostKeys: [\"SHA256:AAAAC3NzaC1lZDI1NTE5AAAAIKexampleexampleexa\"] }\n",
        &["PL0119"],
    ),
    (
        POSTED,
        "idempotency: file\n      authentication: { hmac: { header: X-Signature, secret: acme-key } }\n",
        &["PL0142"],
    ),
    (
        POSTED,
        "idempotency: { header: Key }\n      files: { directory: /out }\n      authentication: { hmac: { header: X-Signature, secret: acme-key } }\n",
        &["PL0123"],
    ),
    (
        POSTED,
        "protocol: sftp\n      idempotency: file\n      address: files.acme.example.org:22\n      authentication: { sshKey: { secret: acme-key } }\n      files: { directory: /out, format: x12, hostKeys: [\"SHA256:AAAAC3NzaC1lZDI1NTE5AAAAIKexampleexampleexa\"] }\n      edi: { us: ZZ:EXAMPLESELLER, them: ZZ:EXAMPLEBUYER, erpPartner: ACME, send: [order-response] }\n",
        &["PL0141"],
    ),
    (
        POSTED,
        "protocol: sftp\n      idempotency: file\n      address: files.acme.example.org:22\n      authentication: { sshKey: { secret: acme-key } }\n      files: { directory: /out, format: x12, hostKeys: [\"SHA256:AAAAC3NzaC1lZDI1NTE5AAAAIKexampleexampleexa\"] }\n      edi: { us: ZZ:EXAMPLESELLER, them: ZZ:EXAMPLEBUYER, erpPartner: ACME, send: [order-response], directory: /out/ }\n",
        &["PL0141"],
    ),
    (
        POSTED,
        "protocol: sftp\n      idempotency: file\n      address: files.acme.example.org:22\n      authentication: { sshKey: { secret: acme-key } }\n      files: { directory: /out, format: x12, hostKeys: [\"SHA256:AAAAC3NzaC1lZDI1NTE5AAAAIKexampleexampleexa\"] }\n      edi: { us: ZZ:EXAMPLESELLER, them: ZZ:EXAMPLEBUYER, erpPartner: ACME, send: [order-response], directory: /in, to: \"https://edi.example.net/in\" }\n",
        &["PL0123"],
    ),
    (
        SENT,
        "idempotency: file\n      address: files.carrier.example.org:22\n      protocol: sftp\n      authentication: { sshKey: { secret: acme-key } }\n      outbound: { events: [shipment.done] }",
        &["PL0119"],
    ),
    (
        SENT,
        "idempotency: file\n      address: files.carrier.example.org:22\n      protocol: sftp\n      authentication: { sshKey: { secret: acme-key } }\n      files: { directory: /in, every: 5s, after: leave, hostKeys: [\"SHA256:AAAAC3NzaC1lZDI1NTE5AAAAIKexampleexampleexa\"] }\n      outbound: { to: \"https://files.example.org/\" }",
        &["PL0123", "PL0123", "PL0123"],
    ),
    (
        SENT,
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
