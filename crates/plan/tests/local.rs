//! Planning the example estate for one machine: sound, repeatable, and refused where it must be.

#![expect(clippy::unwrap_used, reason = "helpers of tests, which may")]

use std::{collections::BTreeMap, path::Path};

use estate::Estate;
use plan::{Blueprint, Refusal, Workload};
use plimsoll_plan as plan;
use types::{
    Span, TenantName,
    host::{Host, Layout, Programs},
    settings::{Authority, Payloads, RunsWhen, SiteRole},
};

fn read(text: &str) -> Estate {
    match estate::read("test", text) {
        Ok(checked) => checked.estate,
        Err(found) => panic!(
            "{}",
            estate::render_diagnostics("test", text, &found, estate::Color::Never)
        ),
    }
}

fn text() -> String {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/estates/two-warehouse-distributor.yaml");
    std::fs::read_to_string(path).unwrap()
}

fn host(estate: &Estate) -> Host {
    Host {
        layout: Layout::new("/srv/plimsoll/estates/example"),
        programs: Programs {
            postgres_bin_dir: "/usr/lib/postgresql/15/bin".into(),
            postgres_major: 15,
            redis_server: "/usr/bin/redis-server".into(),
            traefik: "/usr/bin/traefik".into(),
            odoo_python: "/opt/odoo/venv/bin/python".into(),
            odoo_dist: "/opt/odoo/dist".into(),
            addons: "/opt/addons".into(),
            odoo_launcher: "/opt/addons/launcher/odoo_plimsoll.py".into(),
            gateway: "/opt/bin/plimsoll-gateway".into(),
        },
        ports: plan::ports(estate).into_iter().zip(20_001..).collect(),
        sites: types::host::Sites::default(),
        seed: "/srv/plimsoll/estates/example/seed".into(),
    }
}

fn example() -> (Estate, Host, Blueprint) {
    let estate = read(&text());
    let host = host(&estate);
    let (blueprint, _) = plan::local(&estate, None, &host).unwrap();
    (estate, host, blueprint)
}

#[test]
fn the_example_is_planned_soundly_and_planning_again_changes_nothing() {
    let (estate, host, blueprint) = example();
    assert_eq!(plan::audit(&blueprint), []);
    let (again, report) = plan::local(&estate, None, &host).unwrap();
    assert_eq!(again, blueprint);
    assert!(report.decisions.len() > 8, "{report:?}");
    assert!(report.decisions.iter().all(|one| !one.why.is_empty()));
}

#[test]
fn an_estate_of_one_region_has_no_peers_and_no_upstream() {
    let text = "
apiVersion: plimsoll.dev/v1
kind: Estate
metadata: { name: small }
spec:
  regions: [{ name: westeurope, role: active }]
  tiers: [{ name: slow, rto: 8h, rpo: 24h, failover: { authority: one-person, authorisedBy: [Ines] } }]
  capabilities: [{ name: portal, tier: slow, probe: web-login }]
  tenants: [{ name: small }]
";
    let estate = read(text);
    let (blueprint, _) = plan::local(&estate, None, &host(&estate)).unwrap();
    assert_eq!(plan::audit(&blueprint), []);
    let region = &blueprint.regions[0];
    assert_eq!((&region.gateway.peer, &region.postgres.upstream), (&None, &None));
    assert_eq!(blueprint.controller.failover.authority, Authority::OnePerson);
}

#[test]
fn the_strictest_tier_in_use_decides_who_may_start_a_failover() {
    let (_, _, blueprint) = example();
    assert_eq!(blueprint.controller.failover.authority, Authority::Automatic);
    // Without its users the tier does not count.
    let text = text()
        .replace("tier: critical", "tier: deferrable")
        .replace("tier: standard", "tier: deferrable");
    let estate = read(&text);
    let (blueprint, _) = plan::local(&estate, None, &host(&estate)).unwrap();
    assert_eq!(blueprint.controller.failover.authority, Authority::OnePerson);
}

#[test]
fn the_gateway_is_told_of_each_integration_how_long_it_is_kept_and_what_is_shown_of_it() {
    let text = text()
        .replace(
            "  integrations:\n",
            "  retention: { journal: 40d }\n  integrations:\n",
        )
        .replace(
            "      bodyMax: 256KiB\n",
            "      bodyMax: 256KiB\n      payloads: visible\n      masked: [/customer/name, '/lines/*/note']\n",
        )
        .replace(
            "      rateMax: 20\n",
            "      rateMax: 20\n      payloads: hidden\n      keep: 36d\n      outbound: { to: 'https://api.parcels.example.net/in' }\n",
        );
    let estate = read(&text);
    let (blueprint, _) = plan::local(&estate, None, &host(&estate)).unwrap();
    let gateway = &blueprint.regions[0].gateway;
    let kept = &gateway.journal.retention.as_ref().unwrap().lanes;
    let kept: BTreeMap<&str, Span> = kept.iter().map(|(name, keep)| (name.as_str(), *keep)).collect();
    assert_eq!(
        kept,
        BTreeMap::from([
            ("acme-edi", Span::from_days(35)),
            ("parcel-labels", Span::from_days(36)),
            ("web-shop", Span::from_days(35)),
        ])
    );
    let shown = gateway.integrations.iter();
    let shown: BTreeMap<&str, (Payloads, usize)> = shown
        .map(|one| (one.name.as_str(), (one.payloads.show, one.payloads.masked.len())))
        .collect();
    assert_eq!(
        shown,
        BTreeMap::from([
            ("acme-edi", (Payloads::Redacted, 0)),
            ("parcel-labels", (Payloads::Hidden, 0)),
            ("web-shop", (Payloads::Visible, 2)),
        ])
    );
}

#[test]
fn drills_keep_to_the_calendar_of_the_tenant() {
    let (_, _, blueprint) = example();
    let calendar = blueprint.controller.drills.unwrap();
    assert_eq!(calendar.time_zone, "Europe/Amsterdam");
    let planned: Vec<_> = calendar
        .drills
        .iter()
        .map(|drill| drill.scenario.as_str())
        .collect();
    assert_eq!(
        planned,
        ["region-loss", "switchover", "component", "integration-outage"]
    );
    assert_eq!(calendar.windows[0].days, [5], "Saturdays");
    assert_eq!(calendar.busy[0].what, "last parcel truck");
    assert_eq!(calendar.busy[0].weekly.as_ref().unwrap().days, [0, 1, 2, 3, 4]);
    assert_eq!(calendar.freezes[0].why, "the weeks before the holidays");
    // A calendar that plans none asks nobody for proof.
    let text = text();
    let without: String = text
        .lines()
        .filter(|line| !line.contains("scenario:") && line.trim() != "drills:")
        .map(|line| format!("{line}\n"))
        .collect();
    let estate = read(&without);
    let (blueprint, _) = plan::local(&estate, None, &host(&estate)).unwrap();
    assert_eq!(blueprint.controller.drills, None);
}

#[test]
fn only_the_scheduler_waits_for_its_region_to_be_active() {
    let (_, _, blueprint) = example();
    for region in &blueprint.regions {
        let waiting: Vec<&str> = region
            .site
            .processes
            .iter()
            .filter(|process| process.runs == RunsWhen::Active)
            .map(|process| process.name.as_str())
            .collect();
        assert_eq!(waiting, ["odoo-scheduler"]);
        let forked =
            |process: &&plan::OdooProcess| process.workload != Workload::Live && process.workers == 0;
        assert_eq!(
            region.odoo.iter().find(forked),
            None,
            "threaded cron dies silently"
        );
    }
}

#[test]
fn both_regions_are_configured_alike_so_that_each_may_lead() {
    let (_, _, blueprint) = example();
    let [first, second] = blueprint.regions.as_slice() else {
        panic!("two regions")
    };
    assert_eq!(first.postgres.wal, second.postgres.wal);
    assert_eq!(first.postgres.connections_max, second.postgres.connections_max);
    assert_eq!(first.postgres.hba, second.postgres.hba);
    assert_eq!(first.site.processes.len(), second.site.processes.len());
}

#[test]
fn what_cannot_be_planned_is_refused_with_its_own_code() {
    let estate = read(&text());
    let second = "  tenants:\n    - name: other\n";
    let two = read(&text().replace("  tenants:\n", second));
    let good = host(&estate);
    let with = |change: &dyn Fn(&mut Host)| {
        let mut host = good.clone();
        change(&mut host);
        plan::local(&estate, None, &host).unwrap_err()
    };
    let unknown = TenantName::new("nobody").unwrap();
    let refusals = [
        plan::local(&two, None, &good).unwrap_err(),
        plan::local(&estate, Some(&unknown), &good).unwrap_err(),
        with(&|host| host.ports = BTreeMap::new()),
        with(&|host| host.programs.traefik = "relative/traefik".into()),
        with(&|host| host.layout = Layout::new(format!("/{}", "long/".repeat(20)))),
        with(&|host| host.programs.postgres_major = 14),
    ];
    let codes: Vec<&str> = refusals.iter().map(Refusal::code).collect();
    assert_eq!(codes, plan::CODES);
    for refusal in refusals {
        assert!(!refusal.to_string().is_empty());
        let page =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../docs/errors/{}.md", refusal.code()));
        assert!(page.exists(), "{} has no page in docs/errors/", refusal.code());
    }
    assert!(plan::local(&two, Some(&TenantName::new("other").unwrap()), &good).is_ok());
}

#[test]
fn a_path_that_would_break_a_configuration_file_is_refused() {
    let estate = read(&text());
    for bad in [
        "/srv/it's",
        "/srv/a,b",
        "/srv/a\nb",
        "/srv/100%",
        "/srv/\"x\"",
        "/srv/a\\b",
        "/srv/a#b",
    ] {
        let mut host = host(&estate);
        host.seed = bad.into();
        assert_eq!(
            plan::local(&estate, None, &host).unwrap_err().code(),
            "PL0304",
            "{bad}"
        );
    }
}

/// Each entry breaks a sound blueprint in one way; the auditor, which cannot know how it was made, must see it.
#[test]
fn the_audit_finds_every_contradiction() {
    type Break = fn(&mut Blueprint);
    let breaks: [(&str, Break); 14] = [
        ("as does", |b| b.controller.listen = b.front_door.listen),
        ("other machines can reach", |b| {
            b.regions[0].redis.listen.set_ip([0, 0, 0, 0].into())
        }),
        ("lead first", |b| b.regions[1].leads_first = true),
        ("same name", |b| b.regions[1].region = b.regions[0].region.clone()),
        ("outlive three renewals", |b| {
            b.controller.lease.ttl = types::Span::from_millis(1500)
        }),
        ("margin", |b| {
            b.controller.lease.margin = types::Span::from_millis(0)
        }),
        ("three heartbeats", |b| {
            b.regions[0].site.heartbeat_every = types::Span::from_secs(1)
        }),
        ("hold-off", |b| {
            b.controller.failover.hold_off = types::Span::from_secs(1)
        }),
        ("no such region", |b| {
            b.controller.regions[1].region = "elsewhere".parse().unwrap()
        }),
        ("is not where", |b| {
            b.controller.regions[0].agent = "https://127.0.0.1:1".to_owned()
        }),
        ("no second copy", |b| b.regions[0].gateway.peer = None),
        ("no two of three", |b| region(b).peers.clear()),
        ("keeps no slot", |b| {
            region(b).database.replication.downstream_slots.clear()
        }),
        ("shares its directory", |b| {
            b.regions[1].postgres.data_dir = b.regions[0].postgres.data_dir.clone()
        }),
    ];
    for (expected, break_it) in breaks {
        let (_, _, mut blueprint) = example();
        break_it(&mut blueprint);
        let found: Vec<String> = plan::audit(&blueprint).iter().map(ToString::to_string).collect();
        assert!(
            found.iter().any(|one| one.contains(expected)),
            "{expected}: {found:#?}"
        );
    }
}

fn region(blueprint: &mut Blueprint) -> &mut types::settings::RegionSettings {
    match &mut blueprint.regions[0].site.role {
        SiteRole::Region(settings) => settings,
        SiteRole::FrontDoor(_) => panic!("a region"),
    }
}
