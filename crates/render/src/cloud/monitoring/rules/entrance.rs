//! What stands between people and Odoo: front door, ingress, certificates, credentials, sessions.

use super::super::model::{Alert, Case, Layer, Record, RuleFile, Severity, series};
use super::super::watched::Watched;
use crate::cloud::runbooks::{Page, Scenario};

const DAY: u64 = 86_400;

pub(super) fn rules(watched: &Watched) -> RuleFile {
    let region = watched.a_region();
    RuleFile {
        name: "entrance",
        about: "What stands between people and Odoo: front door, ingress, certificates, credentials, sessions.",
        needs: &["plan"],
        records: records(),
        alerts: vec![
            errors(watched, region),
            slow(region),
            origin(watched),
            certificate("CertificateExpires", Severity::Ticket, 21),
            certificate("CertificateExpiresNow", watched.worst(), 3),
            certificate_not_ready(),
            served_certificate(watched),
            credential("CredentialExpires", Severity::Ticket, 14),
            credential("CredentialExpiresNow", watched.worst(), 2),
            cache_down(watched, region),
            cache_full(region),
            cache_evicts(region),
        ],
    }
}

fn records() -> Vec<Record> {
    vec![
        Record::new(
            "plimsoll:ingress:requests:rate5m",
            "sum by (region) (rate(traefik_entrypoint_requests_total[5m]))",
        ),
        Record::new(
            "plimsoll:ingress:error_ratio:rate5m",
            "sum by (region) (rate(traefik_entrypoint_requests_total{code=~\"5..\"}[5m])) / sum by (region) (rate(traefik_entrypoint_requests_total[5m]))",
        ),
        Record::new(
            "plimsoll:ingress:duration_seconds:p95",
            "histogram_quantile(0.95, sum by (region, le) (rate(traefik_entrypoint_request_duration_seconds_bucket[5m])))",
        ),
        Record::new(
            "plimsoll:cache:memory_used:ratio",
            "max by (region, instance) (redis_memory_used_bytes) / (max by (region, instance) (redis_memory_max_bytes) > 0)",
        ),
    ]
}

fn errors(watched: &Watched, region: &str) -> Alert {
    let requests = |code| {
        series(
            "traefik_entrypoint_requests_total",
            [("region", region), ("code", code)],
        )
    };
    let case = |name, fine: u32, failed: u32| {
        Case::at(15, name)
            .growing(requests("200"), fine)
            .growing(requests("502"), failed)
    };
    Alert::new(
        "IngressErrors",
        watched.worst(),
        Layer::Stamp,
        Page::Section(Scenario::ComponentLoss, "ingress"),
    )
    .when(
        "plimsoll:ingress:error_ratio:rate5m > 0.05 and on (region) plimsoll:ingress:requests:rate5m > 0.1",
        5,
    )
    .says(
        "More than one request in twenty fails in {{ $labels.region }}",
        "The ingress answers with server errors. A page load that fails in the wrong moment logs people out.",
    )
    .fires(case("one in five", 80, 20), [("region", region)])
    .silent(case("one in a hundred", 99, 1))
}

fn slow(region: &str) -> Alert {
    let bucket = |le| {
        series(
            "traefik_entrypoint_request_duration_seconds_bucket",
            [("region", region), ("le", le)],
        )
    };
    let case = |name, quick: u32| {
        Case::at(40, name)
            .growing(bucket("1"), quick)
            .growing(bucket("10"), 100)
            .growing(bucket("+Inf"), 100)
    };
    Alert::new(
        "IngressSlow",
        Severity::Ticket,
        Layer::Stamp,
        Page::Section(Scenario::Capacity, "work-waits-for-workers"),
    )
    .when("plimsoll:ingress:duration_seconds:p95 > 5", 15)
    .says(
        "Answers take long in {{ $labels.region }}",
        "One request in twenty takes longer than five seconds.",
    )
    .fires(case("most take up to ten seconds", 10), [("region", region)])
    .silent(case("all are quick", 100))
}

fn origin(watched: &Watched) -> Alert {
    let metric = "azure_microsoft_cdn_profiles_originhealthpercentage_average_percent";
    let health = series(metric, [("resourceName", "a-front-door")]);
    Alert::new("OriginUnhealthy", watched.worst(), Layer::Recovery, Page::Section(Scenario::ComponentLoss, "ingress"))
        .when(format!("max by (resourceName) ({metric}) < 50"), 5)
        .says(
            "The front door finds most of its origins unhealthy",
            "Front Door's own probes fail for the region that serves. People see errors although everything behind may work.",
        )
        .fires(Case::at(10, "none answers").always(&health, 0), [("resourceName", "a-front-door")])
        .silent(Case::at(10, "all answer").always(&health, 100))
}

fn certificate(name: &'static str, severity: Severity, days: u64) -> Alert {
    let labels = [("namespace", "traefik"), ("name", "wildcard")];
    let expiry = series("certmanager_certificate_expiration_timestamp_seconds", labels);
    let expr = format!(
        "min by (namespace, name) (certmanager_certificate_expiration_timestamp_seconds) - time() < {}",
        days * DAY
    );
    Alert::new(name, severity, Layer::Platform, Page::Section(Scenario::Expiry, "a-certificate"))
        .when(expr, 10)
        .says(
            format!("Certificate {{{{ $labels.name }}}} ends in less than {days} days"),
            "It should have been renewed by itself a month before. When it ends, browsers, partners and scanners refuse to talk to us.",
        )
        .fires(Case::at(15, "half of that is left").always(&expiry, days * DAY / 2), labels)
        .silent(Case::at(15, "two months are left").always(&expiry, 60 * DAY))
}

fn certificate_not_ready() -> Alert {
    let labels = [("namespace", "traefik"), ("name", "wildcard")];
    let of = series(
        "certmanager_certificate_ready_status",
        [labels[0], labels[1], ("condition", "True")],
    );
    Alert::new("CertificateNotReady", Severity::Ticket, Layer::Platform, Page::Section(Scenario::Expiry, "a-certificate"))
        .when("max by (namespace, name) (certmanager_certificate_ready_status{condition=\"True\"}) == 0", 30)
        .says(
            "Certificate {{ $labels.name }} cannot be issued",
            "cert-manager has tried for half an hour. There is time until the old one ends, if there is an old one.",
        )
        .fires(Case::at(40, "not issued").always(&of, 0), labels)
        .silent(Case::at(40, "issued").always(&of, 1))
}

fn served_certificate(watched: &Watched) -> Alert {
    let labels = [("cn", "erp.example.com"), ("region", watched.a_region())];
    let of = series("traefik_tls_certs_not_after", labels);
    Alert::new(
        "OldCertificateServed",
        watched.worst(),
        Layer::Platform,
        Page::Section(Scenario::Expiry, "a-certificate"),
    )
    .when(
        format!(
            "min by (cn, region) (traefik_tls_certs_not_after) - time() < {}",
            2 * DAY
        ),
        10,
    )
    .says(
        "The ingress of {{ $labels.region }} serves a certificate that ends within two days",
        "A newer one may be there and not be loaded: what counts is what is served.",
    )
    .fires(Case::at(15, "one day is left").always(&of, DAY), labels)
    .silent(Case::at(15, "two months are left").always(&of, 60 * DAY))
}

fn credential(name: &'static str, severity: Severity, days: u64) -> Alert {
    let labels = [("credential", "odoo-api-key"), ("stamp", "main")];
    let expiry = series("plimsoll_credential_expiry_timestamp_seconds", labels);
    let expr = format!(
        "min by (credential, stamp) (plimsoll_credential_expiry_timestamp_seconds) - time() < {}",
        days * DAY
    );
    Alert::new(name, severity, Layer::Platform, Page::Section(Scenario::Expiry, "a-credential"))
        .when(expr, 10)
        .says(
            format!("Credential {{{{ $labels.credential }}}} ends in less than {days} days"),
            "When it ends, whoever uses it is refused: the gateway at the ERP, or we at a partner. Odoo's API keys live three months at most.",
        )
        .fires(Case::at(15, "half of that is left").always(&expiry, days * DAY / 2), labels)
        .silent(Case::at(15, "two months are left").always(&expiry, 60 * DAY))
}

fn cache_down(watched: &Watched, region: &str) -> Alert {
    let labels = [("region", region), ("instance", "sessions")];
    let up = series("redis_up", labels);
    Alert::new("CacheDown", watched.worst(), Layer::Stamp, Page::Section(Scenario::ComponentLoss, "cache"))
        .when("max by (region, instance) (redis_up) == 0", 2)
        .says(
            "The session store {{ $labels.instance }} in {{ $labels.region }} is down",
            "People are logged out and cannot log in. Nothing that was posted is lost, and partners are not affected.",
        )
        .fires(Case::at(5, "it does not answer").always(&up, 0), labels)
        .silent(Case::at(5, "it answers").always(&up, 1))
}

fn cache_full(region: &str) -> Alert {
    let labels = [("region", region), ("instance", "sessions")];
    let case = |name, used: u32| {
        Case::at(25, name)
            .always(series("redis_memory_used_bytes", labels), used)
            .always(series("redis_memory_max_bytes", labels), 1_000)
    };
    Alert::new(
        "CacheFills",
        Severity::Ticket,
        Layer::Stamp,
        Page::Section(Scenario::ComponentLoss, "cache"),
    )
    .when("plimsoll:cache:memory_used:ratio > 0.85", 15)
    .says(
        "The session store {{ $labels.instance }} is almost full",
        "More than 85 % of its memory is in use. When it is full, sessions are thrown out or refused.",
    )
    .fires(case("nine tenths", 900), labels)
    .silent(case("a third", 333))
}

fn cache_evicts(region: &str) -> Alert {
    let labels = [("region", region), ("instance", "sessions")];
    let evicted = series("redis_evicted_keys_total", labels);
    Alert::new(
        "SessionsThrownOut",
        Severity::Ticket,
        Layer::Stamp,
        Page::Section(Scenario::ComponentLoss, "cache"),
    )
    .when(
        "sum by (region, instance) (increase(redis_evicted_keys_total[15m])) > 0",
        5,
    )
    .says(
        "The session store {{ $labels.instance }} throws sessions out",
        "It has run out of memory and removes sessions: people are logged out in the middle of their work.",
    )
    .fires(Case::at(20, "ten a minute").growing(&evicted, 10), labels)
    .silent(Case::at(20, "none").growing(&evicted, 0))
}
