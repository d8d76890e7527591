//! A shape, written down as an estate file that people go on with.
//!
//! It is written by hand and not by a serialiser, because its comments are half of it: they say why, and what to change.

use std::fmt::Write as _;

use types::Span;

use super::{
    answers::{Answers, Decider},
    choose::{SHARED_MAX, Shape, Size, Standby, Tenancy},
};

/// What every line of a section is indented by.
struct File {
    text: String,
}

impl File {
    fn line(&mut self, indent: usize, line: impl AsRef<str>) {
        let _ = writeln!(self.text, "{}{}", "  ".repeat(indent), line.as_ref());
    }

    fn section(&mut self, why: &[&str], name: &str) {
        self.text.push('\n');
        for line in why {
            self.line(1, format!("# {line}"));
        }
        self.line(1, format!("{name}:"));
    }
}

/// Text in double quotes, as JSON and YAML both read it.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            letter if letter.is_control() => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(letter));
            }
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

fn list(all: &[String]) -> String {
    let quoted: Vec<String> = all.iter().map(|one| quoted(one)).collect();
    format!("[{}]", quoted.join(", "))
}

pub(super) fn write(answers: &Answers, shape: &Shape) -> String {
    let mut file = File { text: String::new() };
    file.line(
        0,
        format!(
            "# The estate of {}, as recommended from answers.",
            answers.organisation.replace(char::is_control, " ")
        ),
    );
    file.line(0, "#");
    file.line(0, "# Read it, change what is not so, and check it: `plimsoll check`. Names of warehouses, companies and partners are");
    file.line(0, "# placeholders.");
    file.line(0, "apiVersion: plimsoll.dev/v1");
    file.line(0, "kind: Estate");
    file.line(0, "metadata:");
    file.line(1, format!("name: {}", answers.name));
    file.line(0, "");
    file.line(0, "spec:");
    organisation(answers, &mut file);
    regions(answers, shape, &mut file);
    environments(answers, shape, &mut file);
    tiers(answers, shape, &mut file);
    capabilities(answers, &mut file);
    stamps(answers, shape, &mut file);
    tenants(answers, shape, &mut file);
    integrations(answers, shape, &mut file);
    sites(answers, &mut file);
    file.text
}

fn organisation(answers: &Answers, file: &mut File) {
    file.line(1, "organisation:");
    file.line(2, format!("displayName: {}", quoted(&answers.organisation)));
    match &answers.domain {
        Some(domain) => file.line(2, format!("domain: {}", quoted(domain))),
        None => file.line(
            2,
            "# domain: erp.example.com, as soon as there is one; nothing is deployed without",
        ),
    }
    file.line(2, format!("timeZone: {}", quoted(&answers.time_zone)));
    if !answers.residency.is_empty() {
        file.line(2, format!("residency: {}", list(&answers.residency)));
    }
}

/// The location that stands by: the one that was chosen, or Azure's pair, or any other one, for people to replace.
fn standby_location(answers: &Answers) -> &str {
    answers
        .standby_location
        .as_deref()
        .or_else(|| estate::pair_of(&answers.location))
        .unwrap_or(if answers.location == "westeurope" {
            "northeurope"
        } else {
            "westeurope"
        })
}

/// A region's name is its location, as names are written.
fn region_name(location: &str) -> String {
    let letters = location.chars().filter(char::is_ascii_alphanumeric);
    letters.map(|letter| letter.to_ascii_lowercase()).collect()
}

fn regions(answers: &Answers, shape: &Shape, file: &mut File) {
    file.section(
        &["One region serves. What stands by takes over when it is lost."],
        "regions",
    );
    let active = region_name(&answers.location);
    file.line(2, format!("- name: {active}"));
    file.line(3, "role: active");
    let posture = match shape.standby {
        Standby::None => {
            file.line(
                2,
                "# No other region stands by: after a loss, backups are restored somewhere else.",
            );
            return;
        }
        Standby::Cold => "cold",
        Standby::Warm => "warm",
        Standby::Hot => "hot",
    };
    file.line(2, format!("- name: {}", region_name(standby_location(answers))));
    file.line(3, "role: standby");
    file.line(3, format!("posture: {posture}"));
}

fn environments(answers: &Answers, shape: &Shape, file: &mut File) {
    file.section(
        &["Production is always there; these are the same estate, smaller or asleep."],
        "environments",
    );
    let active = region_name(&answers.location);
    file.line(2, "- stage: test");
    file.line(3, format!("regions: [{active}]"));
    file.line(3, "scalePercent: 25");
    file.line(3, "runs: { days: [mon-fri], from: \"07:00\", to: \"20:00\" }");
    if shape.staging {
        file.line(
            2,
            "# Releases meet a copy of production here first, mute and anonymous.",
        );
        file.line(2, "- stage: staging");
        file.line(3, format!("regions: [{active}]"));
        file.line(3, "scalePercent: 50");
        file.line(3, "copiesProduction: true");
    }
    if shape.recovery {
        file.line(
            2,
            "# Backups are restored and drills are done here, cut off from the world.",
        );
        file.line(2, "- stage: recovery");
        file.line(
            3,
            format!("regions: [{}]", region_name(standby_location(answers))),
        );
        file.line(3, "scalePercent: 50");
    }
}

const fn authority(decider: Decider) -> &'static str {
    match decider {
        Decider::Controller => "automatic",
        Decider::OnePerson => "one-person",
        Decider::TwoPeople => "two-people",
    }
}

fn failover(decider: Decider, people: &[String]) -> String {
    match decider {
        Decider::Controller => "{ authority: automatic }".to_owned(),
        Decider::OnePerson | Decider::TwoPeople => {
            format!(
                "{{ authority: {}, authorisedBy: {} }}",
                authority(decider),
                list(people)
            )
        }
    }
}

fn tiers(answers: &Answers, shape: &Shape, file: &mut File) {
    file.section(
        &["Recovery promises, from the loss of a region until a real transaction works again."],
        "tiers",
    );
    let people = &answers.people;
    let mut tier = |name: &str, rto: Span, rpo: Span, decider| {
        file.line(2, format!("- name: {name}"));
        file.line(3, format!("rto: {rto}"));
        file.line(3, format!("rpo: {rpo}"));
        file.line(3, format!("failover: {}", failover(decider, people)));
    };
    tier("critical", shape.rto, shape.rpo, shape.decider);
    let typed = Span::from_minutes(1);
    tier(
        "standard",
        shape.rto.max(Span::from_minutes(1)),
        shape.rpo.max(typed),
        shape.decider,
    );
    // What can wait is never failed over by a machine alone.
    let office = match shape.decider {
        Decider::Controller | Decider::OnePerson => Decider::OnePerson,
        Decider::TwoPeople => Decider::TwoPeople,
    };
    tier(
        "office",
        shape.rto.max(Span::from_hours(8)),
        shape.rpo.max(Span::from_hours(1)),
        office,
    );
}

/// Names of the streams that bring orders, and of those that report shipments.
fn streams(answers: &Answers) -> (Vec<String>, Vec<String>) {
    let named = |what: &str, count: u32| (1..=count).map(|number| format!("{what}-{number}")).collect();
    let inbound = answers.integrations.div_ceil(2);
    (
        named("orders", inbound),
        named("shipments", answers.integrations - inbound),
    )
}

fn capabilities(answers: &Answers, file: &mut File) {
    file.section(
        &["What the business does, and which promise each process is held to."],
        "capabilities",
    );
    let (inbound, outbound) = streams(answers);
    let mut capability = |name: &str, tier: &str, probe: &str, streams: &[String]| {
        file.line(2, format!("- name: {name}"));
        file.line(3, format!("tier: {tier}"));
        file.line(3, format!("probe: {probe}"));
        if !streams.is_empty() {
            file.line(3, format!("dependsOn: [{}]", streams.join(", ")));
        }
    };
    capability("order-capture", "critical", "order-capture", &inbound);
    capability(
        "shipment-confirmation",
        "standard",
        "shipment-confirmation",
        &outbound,
    );
    capability("invoicing", "office", "invoicing", &[]);
    capability("portal", "office", "web-login", &[]);
}

/// Names of companies; one has the name of what there is.
fn companies(answers: &Answers) -> Vec<String> {
    if answers.companies == 1 {
        return vec!["main".to_owned()];
    }
    (1..=answers.companies)
        .map(|number| format!("company-{number}"))
        .collect()
}

/// The stamp of the company with this number, from 0.
fn stamp_of(shape: &Shape, number: u32) -> String {
    match shape.tenancy {
        Tenancy::Single => "main".to_owned(),
        Tenancy::Shared => format!("shared-{}", number / SHARED_MAX + 1),
        Tenancy::Mixed if number > 0 => format!("shared-{}", (number - 1) / SHARED_MAX + 1),
        Tenancy::Mixed | Tenancy::Hybrid | Tenancy::Dedicated => format!("own-{}", number + 1),
    }
}

fn stamps(answers: &Answers, shape: &Shape, file: &mut File) {
    file.section(
        &["Who shares processes and a database server with whom."],
        "stamps",
    );
    let region = region_name(&answers.location);
    let shared = (1..=shape.shared_stamps(answers)).map(|number| (format!("shared-{number}"), "shared"));
    let own = match shape.tenancy {
        Tenancy::Single => vec![("main".to_owned(), "dedicated")],
        Tenancy::Shared => Vec::new(),
        Tenancy::Mixed => vec![("own-1".to_owned(), "dedicated")],
        Tenancy::Hybrid => (1..=answers.companies)
            .map(|number| (format!("own-{number}"), "hybrid"))
            .collect(),
        Tenancy::Dedicated => (1..=answers.companies)
            .map(|number| (format!("own-{number}"), "dedicated"))
            .collect(),
    };
    for (name, tenancy) in own.into_iter().chain(shared) {
        file.line(2, format!("- name: {name}"));
        file.line(3, format!("tenancy: {tenancy}"));
        file.line(3, format!("region: {region}"));
        if shape.tenancy == Tenancy::Dedicated {
            file.line(3, "cluster: cluster");
        }
        if tenancy == "shared" {
            file.line(3, format!("tenantsMax: {}", SHARED_MAX + 10));
        }
        sizes(&shape.size, file);
    }
}

fn sizes(size: &Size, file: &mut File) {
    let most = size.web_replicas * 2;
    let integration_most = size.integration_replicas * 2;
    // Two connections for each worker and two more for each process, eighteen for each process of websockets, and room
    // for the other region's, for jobs and for people.
    let connections = most * 10 + 4 * 18 + integration_most * 6 + size.web_replicas * 10 + 130;
    file.line(3, "workloads:");
    file.line(
        4,
        format!(
            "web: {{ workers: 4, replicasMin: {}, replicasMax: {most} }}",
            size.web_replicas
        ),
    );
    file.line(
        4,
        format!(
            "integration: {{ workers: 2, replicasMin: {}, replicasMax: {integration_most} }}",
            size.integration_replicas
        ),
    );
    file.line(3, "database:");
    file.line(4, format!("cores: {}", size.cores));
    file.line(4, format!("storage: {}GiB", size.storage_gib));
    file.line(
        4,
        format!(
            "pooling: {{ connectionsMax: {} }}",
            connections.next_multiple_of(50).max(250)
        ),
    );
}

fn tenants(answers: &Answers, shape: &Shape, file: &mut File) {
    file.section(&["One database each."], "tenants");
    for (number, name) in (0..).zip(companies(answers)) {
        file.line(
            2,
            format!("- {{ name: {name}, stamp: {} }}", stamp_of(shape, number)),
        );
    }
}

fn integrations(answers: &Answers, shape: &Shape, file: &mut File) {
    if answers.integrations == 0 {
        return;
    }
    file.section(
        &["Partners post to /in/NAME; what goes out is sent to their address. Say for each how it travels and proves itself."],
        "integrations",
    );
    let companies = companies(answers);
    let (inbound, outbound) = streams(answers);
    let critical = if shape.rto < Span::from_hours(1) {
        "critical"
    } else {
        "important"
    };
    let mut stream = |number: usize, name: &str, rest: &[String]| {
        file.line(2, format!("- name: {name}"));
        file.line(3, format!("tenant: {}", companies[number % companies.len()]));
        for line in rest {
            file.line(3, line);
        }
        file.line(3, format!("criticality: {critical}"));
        file.line(
            3,
            format!(
                "buffering: {{ outage: {}, messagesPerHour: {} }}",
                shape.outage, shape.size.messages_per_hour
            ),
        );
    };
    for (number, name) in inbound.iter().enumerate() {
        let rest = ["kind: order.create", "idempotency: { header: Idempotency-Key }"].map(str::to_owned);
        stream(number, name, &rest);
    }
    for (number, name) in outbound.iter().enumerate() {
        let rest = [
            "direction: outbound".to_owned(),
            "kind: shipment.confirm".to_owned(),
            "idempotency: { pointer: /shipment/number }".to_owned(),
            format!("address: partner-{}.example.org:443", number + 1),
        ];
        stream(number, name, &rest);
    }
}

fn sites(answers: &Answers, file: &mut File) {
    if answers.warehouses == 0 {
        return;
    }
    file.section(
        &["Each warehouse goes on for half a day when its link is down."],
        "sites",
    );
    let region = region_name(&answers.location);
    for number in 1..=answers.warehouses {
        file.line(2, format!("- name: warehouse-{number}"));
        file.line(3, format!("region: {region}"));
        file.line(3, "devices: [label printers, handheld scanners]");
        file.line(3, "edge: { offline: 12h }");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_people_cannot_leave_its_quotes() {
        assert_eq!(quoted("a \"b\" \\ c"), "\"a \\\"b\\\" \\\\ c\"");
        assert_eq!(quoted("a\nb"), "\"a\\u000ab\"");
    }
}
