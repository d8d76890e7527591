//! Who hears of what, and when.
//!
//! ```text
//! Watchdog ───────────────────────────────► heartbeat       (alarms when it stops)
//! PagesStand ─────────────────────────────► escalation      and on
//! owner = a mail address ─────────────────► that owner      and on
//! page, somebody answers always ──────────► page
//! page, in the hours of its tier ─────────► page            and on
//! page outside of them, ticket ───────────► ticket, in office hours
//! log ────────────────────────────────────► nobody: it is on the dashboards
//! ```
//!
//! Credentials are files of the pod; none is written here.

use std::collections::BTreeSet;

use estate::{AlertRoute, SupportWindow};
use plan::cloud::blueprint::{Blueprint, Environment};
use serde::Serialize;
use types::FileTree;

use super::intervals::{TimeInterval, support, weekly};
use super::model::Severity;
use super::rules::{ESCALATION, WATCHDOG};
use super::watched::Watched;
use crate::{Error, cloud::yaml};

/// Where the operator mounts secrets: `SECRET/KEY` below it, both named like the secret.
const SECRETS: &str = "/etc/alertmanager/secrets";
/// The relay that takes mail from the cluster. Plimsoll does not install one: see `docs/reference/monitoring.md`.
const MAIL_RELAY: &str = "mail-relay.monitoring.svc:25";
/// The secret with the address that is called while alarms work.
const HEARTBEAT: &str = "alerts-heartbeat-url";
/// When an environment that is switched off at night runs.
const RUNS: &str = "runs";

#[derive(Serialize)]
struct Config {
    global: Global,
    route: Route,
    inhibit_rules: Vec<Inhibition>,
    receivers: Vec<Receiver>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    time_intervals: Vec<TimeInterval>,
}

#[derive(Serialize)]
struct Global {
    smtp_smarthost: &'static str,
    smtp_from: String,
    smtp_require_tls: bool,
}

#[derive(Default, Serialize)]
struct Route {
    receiver: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    matchers: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    group_by: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group_wait: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group_interval: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repeat_interval: Option<&'static str>,
    #[serde(rename = "continue", skip_serializing_if = "std::ops::Not::not")]
    and_on: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    active_time_intervals: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    routes: Vec<Self>,
}

#[derive(Serialize)]
struct Inhibition {
    source_matchers: Vec<String>,
    target_matchers: Vec<String>,
    equal: Vec<&'static str>,
}

#[derive(Serialize)]
struct Receiver {
    name: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    email_configs: Vec<Email>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    webhook_configs: Vec<Webhook>,
}

#[derive(Serialize)]
struct Email {
    to: String,
    send_resolved: bool,
}

#[derive(Serialize)]
struct Webhook {
    url_file: String,
    send_resolved: bool,
}

/// Writes `alertmanager.yaml`.
pub(super) fn insert(
    tree: &mut FileTree,
    folder: &str,
    blueprint: &Blueprint,
    environment: &Environment,
    watched: &Watched,
) -> Result<(), Error> {
    let people = People::new(blueprint, environment, watched);
    let config = Config {
        global: Global {
            smtp_smarthost: MAIL_RELAY,
            smtp_from: format!("alerts@{}", environment.domain),
            // The relay is a service of the same cluster; it speaks TLS to the outside.
            smtp_require_tls: false,
        },
        route: routes(&people),
        inhibit_rules: inhibitions(),
        receivers: receivers(&people, environment),
        time_intervals: people.intervals.clone(),
    };
    let about = "Who hears of what, and when. Credentials are files of the pod.";
    yaml::insert(tree, &format!("{folder}/alertmanager.yaml"), about, &config)
}

/// Who there is, and when.
struct People {
    /// Mail addresses among the owners of capabilities and lanes.
    owners: Vec<String>,
    /// Who hears of pages that stand.
    contact: Option<String>,
    /// Whether anybody is woken.
    pages: bool,
    /// Support windows that are not "always", as they are named.
    windows: Vec<String>,
    /// All named times.
    intervals: Vec<TimeInterval>,
    /// Times to which everything is limited: none outside of the hours in which the environment runs.
    only: Vec<String>,
    /// Times in which tickets are told.
    office: String,
}

impl People {
    fn new(blueprint: &Blueprint, environment: &Environment, watched: &Watched) -> Self {
        let capabilities = blueprint.capabilities.iter().filter_map(|one| one.owner.as_ref());
        let lanes = environment.stamps.iter().flat_map(|stamp| &stamp.lanes);
        let owners: BTreeSet<&String> = capabilities
            .chain(lanes.filter_map(|lane| lane.owner.as_ref()))
            .filter(|owner| is_mail(owner))
            .collect();
        let zone = watched.time_zone.as_str();
        let used: BTreeSet<&str> = blueprint
            .capabilities
            .iter()
            .map(|one| one.support.as_str())
            .collect();
        let mut intervals: Vec<TimeInterval> = [SupportWindow::WarehouseHours, SupportWindow::OfficeHours]
            .into_iter()
            // Tickets always have office hours.
            .filter(|window| *window == SupportWindow::OfficeHours || used.contains(window.as_str()))
            .filter_map(|window| support(window, zone))
            .collect();
        let windows = intervals
            .iter()
            .map(|one| one.name.clone())
            .filter(|name| used.contains(name.as_str()))
            .collect();
        let only = environment.runs.as_ref().map(|window| weekly(RUNS, window, zone));
        intervals.extend(only.clone());
        Self {
            owners: owners.into_iter().cloned().collect(),
            contact: blueprint.contact.clone().filter(|contact| is_mail(contact)),
            pages: watched.pages,
            windows,
            intervals,
            only: only.into_iter().map(|one| one.name).collect(),
            office: SupportWindow::OfficeHours.as_str().to_owned(),
        }
    }

    /// These times, within those of the environment. Alertmanager joins several by "or", so an environment that is
    /// switched off at night tells tickets while it runs.
    fn within(&self, times: &str) -> Vec<String> {
        if self.only.is_empty() {
            vec![times.to_owned()]
        } else {
            self.only.clone()
        }
    }
}

fn is_mail(text: &str) -> bool {
    let mut parts = text.split('@');
    let complete =
        |part: Option<&str>| part.is_some_and(|part| !part.is_empty() && !part.contains(char::is_whitespace));
    complete(parts.next()) && complete(parts.next()) && parts.next().is_none()
}

fn is(label: &str, value: &str) -> String {
    format!("{label}=\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

fn routes(people: &People) -> Route {
    let mut routes = Vec::new();
    if people.pages {
        routes.push(Route {
            receiver: "heartbeat".to_owned(),
            matchers: vec![is("alertname", WATCHDOG)],
            group_wait: Some("0s"),
            group_interval: Some("1m"),
            repeat_interval: Some("1m"),
            ..Route::default()
        });
    }
    if people.contact.is_some() && people.pages {
        routes.push(Route {
            receiver: "escalation".to_owned(),
            matchers: vec![is("alertname", ESCALATION)],
            and_on: true,
            ..Route::default()
        });
    }
    for owner in &people.owners {
        routes.push(Route {
            receiver: owner_receiver(owner),
            matchers: vec![is("owner", owner), "severity=~\"page|ticket\"".to_owned()],
            and_on: true,
            active_time_intervals: people.only.clone(),
            ..Route::default()
        });
    }
    if people.pages {
        routes.extend(pages(people));
    }
    routes.push(Route {
        receiver: Severity::Ticket.as_str().to_owned(),
        matchers: vec!["severity=~\"page|ticket\"".to_owned()],
        repeat_interval: Some("1d"),
        active_time_intervals: people.within(&people.office),
        ..Route::default()
    });
    Route {
        receiver: Severity::Log.as_str().to_owned(),
        matchers: Vec::new(),
        // One message for one thing that is wrong, however many lanes, pods or tenants it hits.
        group_by: vec!["alertname", "stamp", "region", "capability", "site"],
        group_wait: Some("30s"),
        group_interval: Some("5m"),
        repeat_interval: Some("4h"),
        routes,
        ..Route::default()
    }
}

/// Pages wake whoever answers now; outside of a tier's hours they go on to the tickets.
fn pages(people: &People) -> Vec<Route> {
    let page = || Route {
        receiver: Severity::Page.as_str().to_owned(),
        group_wait: Some("10s"),
        group_interval: Some("1m"),
        repeat_interval: Some("30m"),
        ..Route::default()
    };
    let mut routes: Vec<Route> = people
        .windows
        .iter()
        .map(|window| Route {
            matchers: vec![is("severity", "page"), is("support", window)],
            active_time_intervals: vec![window.clone()],
            and_on: true,
            ..page()
        })
        .collect();
    let limited = people.windows.join("|");
    let mut matchers = vec![is("severity", "page")];
    if !limited.is_empty() {
        matchers.push(format!("support!~\"{limited}\""));
    }
    routes.push(Route { matchers, ..page() });
    routes
}

fn inhibitions() -> Vec<Inhibition> {
    let rule = |source: &[&str], target: &[&str], equal: &[&'static str]| Inhibition {
        source_matchers: source.iter().map(|one| (*one).to_owned()).collect(),
        target_matchers: target.iter().map(|one| (*one).to_owned()).collect(),
        equal: equal.to_vec(),
    };
    vec![
        // A lost region: whatever is wrong inside it is a consequence. What customers feel is never silenced.
        rule(
            &["alertname=\"RegionLost\""],
            &["layer=~\"stamp|platform|proof\""],
            &["environment", "region"],
        ),
        rule(
            &["alertname=\"RegionLost\""],
            &[
                "alertname=~\"StandbyDoesNotFollow|RpoExposed|RegionsDoNotSeeEachOther|VoterMissing|JournalCopyLost|NobodyLeads|OriginUnhealthy\"",
            ],
            &["environment"],
        ),
        // A database that is down explains what stands on it.
        rule(
            &["alertname=\"DatabaseDown\""],
            &[
                "alertname=~\"ScheduledJobs.*|RequestsWaitForWorkers|WorkloadUnavailable|LaneBlocked|LaneBufferHalfUsed|WarehouseTransactionsSlow\"",
            ],
            &["environment", "stamp"],
        ),
        // The same thing, worse.
        rule(
            &["severity=\"page\""],
            &["severity=~\"ticket|log\""],
            &[
                "environment",
                "alertname",
                "stamp",
                "region",
                "capability",
                "site",
                "lane",
            ],
        ),
        rule(
            &["alertname=\"CapabilityDown\""],
            &["alertname=~\"CapabilityFailing.*|CapabilitySlow\""],
            &["environment", "capability"],
        ),
        rule(
            &["alertname=\"CertificateExpiresNow\""],
            &["alertname=\"CertificateExpires\""],
            &["environment", "namespace", "name"],
        ),
        rule(
            &["alertname=\"CredentialExpiresNow\""],
            &["alertname=\"CredentialExpires\""],
            &["environment", "credential", "stamp"],
        ),
        rule(
            &["alertname=\"DatabaseConnectionsGone\""],
            &["alertname=\"DatabaseConnectionsScarce\""],
            &["environment", "stamp", "region"],
        ),
        rule(
            &["alertname=\"BackupMissing\""],
            &["alertname=~\"BackupStale|BackupCopyMissing\""],
            &["environment", "stamp"],
        ),
        rule(
            &["alertname=\"VolumeFull\""],
            &["alertname=\"VolumeFills\""],
            &["environment", "namespace", "persistentvolumeclaim", "region"],
        ),
        rule(
            &["alertname=\"SiteRunsOutOfTime\""],
            &["alertname=\"SiteSilent\""],
            &["environment", "site"],
        ),
    ]
}

fn owner_receiver(owner: &str) -> String {
    format!("owner {owner}")
}

fn receivers(people: &People, environment: &Environment) -> Vec<Receiver> {
    let watching = &environment.watching;
    let mut receivers = vec![Receiver::nobody(Severity::Log.as_str())];
    if people.pages {
        receivers.push(Receiver::route(Severity::Page.as_str(), &watching.page));
        receivers.push(Receiver::webhook("heartbeat", HEARTBEAT, false));
    }
    receivers.push(Receiver::route(Severity::Ticket.as_str(), &watching.ticket));
    if let Some(contact) = people.contact.as_ref().filter(|_| people.pages) {
        receivers.push(Receiver::mail("escalation", contact));
    }
    receivers.extend(
        people
            .owners
            .iter()
            .map(|owner| Receiver::mail(&owner_receiver(owner), owner)),
    );
    receivers
}

// === impl Receiver ===

impl Receiver {
    fn nobody(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            email_configs: Vec::new(),
            webhook_configs: Vec::new(),
        }
    }

    fn mail(name: &str, to: &str) -> Self {
        Self {
            email_configs: vec![Email {
                to: to.to_owned(),
                send_resolved: true,
            }],
            ..Self::nobody(name)
        }
    }

    fn webhook(name: &str, secret: &str, send_resolved: bool) -> Self {
        Self {
            webhook_configs: vec![Webhook {
                url_file: format!("{SECRETS}/{secret}/{secret}"),
                send_resolved,
            }],
            ..Self::nobody(name)
        }
    }

    fn route(name: &str, route: &AlertRoute) -> Self {
        match route {
            AlertRoute::Mail(address) => Self::mail(name, address),
            AlertRoute::Webhook(secret) => Self::webhook(name, secret.as_str(), true),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_mail_addresses_get_mail() {
        for (text, is) in [
            ("warehouse@example.com", true),
            ("Warehouse team", false),
            ("@example.com", false),
            ("a@b@c", false),
            ("Ines Almeida <ines@example.com>", false),
        ] {
            assert_eq!(is_mail(text), is, "{text}");
        }
    }
}
