//! What is written wrong by itself: values, references, names.

use crate::Case;

pub(crate) const CASES: &[Case] = &[
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
    // Unused.
    ("secret: acme-key", "secret: pager", &["PL0151"]),
    ("partner: acme", "criticality: important", &["PL0107", "PL0151"]),
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
];
