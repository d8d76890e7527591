//! A stream has stopped: a partner's, or a site's link.

use estate::{DeviceKind, LinkKind};

use super::super::ground::Ground;
use super::super::page::Scenario;
use super::{Opening, open, told};
use crate::markdown::{Markdown, Step, link, text};

pub(super) fn integration_outage(ground: &Ground<'_>) -> Markdown {
    let mut page = open(
        ground,
        &Opening {
            scenario: Scenario::IntegrationOutage,
            when: &[
                "Alarm `LaneBlocked`, `LaneBufferHalfUsed`, `LaneSilent`, `DeadLetters`, `MessagesQuarantined`, `PhantomsFound`, `OutboundHeld` or `ScansPassedOver`.",
                "A partner calls and says that nothing arrives, or that it cannot send.",
            ],
            by_itself: &[
                "The gateway keeps every acknowledged message in two regions, delivers again and again with growing pauses, and never blocks other lanes.",
                "A message that was sent twice is applied once.",
                "What goes out waits in the gateway until the partner or the printer takes it, and is held back for as long as what the ERP has lost is not known.",
            ],
            never: &[
                "Never delete a journal or its volume to make room: it is the truth about what was accepted.",
                "Never enter messages by hand while they wait in the gateway: they would be there twice, with other numbers.",
                "Never reset a partner's control numbers.",
            ],
        },
    );
    page.section("Which one");
    page.say(&["Each integration has its own section, with its partner, contact, what is buffered for how long, and what people do meanwhile."]);
    for stamp in ground
        .environment
        .stamps
        .iter()
        .filter(|stamp| !stamp.lanes.is_empty())
    {
        page.say(&[link(
            &format!("Integrations of stamp {}", stamp.name),
            &format!("../integrations/{}.md", stamp.name),
        )]);
        // A shared stamp has thousands: its page is searched, not listed here.
        if stamp.lanes.len() <= LISTED_MAX {
            let lanes: Vec<String> = stamp
                .lanes
                .iter()
                .map(|lane| {
                    let partner = lane
                        .partner_name
                        .as_deref()
                        .map_or_else(|| "no partner".to_owned(), text);
                    format!(
                        "{} ({partner}, {})",
                        link(
                            lane.name.as_str(),
                            &format!("../integrations/{}.md#{}", stamp.name, lane.name)
                        ),
                        super::super::integrations::criticality(lane.criticality)
                    )
                })
                .collect();
            page.list(&lanes);
        }
    }
    page.section("What it is");
    page.step(
        &Step::new("Is it one, or all of one partner, or all", 2)
            .know("One lane: its own section. All lanes of one partner: the partner. All lanes of a stamp: the ERP or the gateway, [A component is lost](component-loss.md#gateway).")
            .right("you know which.", "begin with the gateway's log."),
    );
    page.step(
        &Step::new("Is it us or them", 5)
            .know("401 or 403 from them: a credential, [something runs out](expiry.md#a-credential). Time-outs: them or the way. 422 from the ERP: the message or the last release.")
            .right("you know whom to call.", "call the partner's contact anyway: they may know more."),
    );
    told(
        ground,
        &mut page,
        &[
            "The partner's contact: before half of the buffered time is used.",
            "The owner of each capability that cannot do without it: when the lane is critical, at once.",
        ],
    );
    page
}

/// More lanes than this are not listed on the page of the scenario.
const LISTED_MAX: usize = 40;

pub(super) fn site_cut_off(ground: &Ground<'_>) -> Markdown {
    let mut page = open(
        ground,
        &Opening {
            scenario: Scenario::SiteCutOff,
            when: &[
                "Alarm `SiteSilent`, `SiteRunsOutOfTime`, `FallbackPackOld` or `LabelsNotPrinted`, or the site calls.",
            ],
            by_itself: &[
                "The edge agent, which lets a site go on working without a link, does not exist yet: until it does, a site without a link works on paper from the first minute.",
            ],
            never: &[
                "Never post by hand at another site what the cut-off site will post itself.",
                "Never throw paper away before every line of it is in the ERP and read back.",
            ],
        },
    );
    let mut seen = std::collections::BTreeSet::new();
    for site in ground.environment.stamps.iter().flat_map(|stamp| &stamp.sites) {
        if !seen.insert(&site.name) {
            continue;
        }
        page.section(&format!("Site {}", site.name));
        let offline = site.offline.map_or_else(
            || "It has no edge agent planned: paper at once.".to_owned(),
            |span| format!("With its edge agent it is planned to work {span} without a link."),
        );
        page.say(&[
            format!(
                "{}, connected by {}, times in {}.",
                text(&site.display_name),
                connected(site.link),
                text(&site.time_zone)
            ),
            offline,
            format!(
                "Its fallback pack (`plimsoll fallback-pack --site {}`) may be {} old: open work, and labels that nobody else gets.",
                site.name, site.pack_age
            ),
        ]);
        let devices: Vec<String> = site.devices.iter().map(|device| text(&device.label)).collect();
        page.list(&devices);
        page.step(
            &Step::new("Look at the link", 5)
                .run(tunnels(ground, site))
                .know("Then the provider: ask for the number of the fault.")
                .right(
                    "`Connected`, or the provider says when.",
                    "a second way: a phone's hotspot carries scanners and one printer.",
                ),
        );
        page.step(
            &Step::new("Begin on paper", 10)
                .know("Pick lists of the last hours are on the station's printer queue or in the folder of the shift; number every sheet.")
                .know("Write for each movement: time, order or delivery, product, quantity, from, to, who.")
                .right("the shift leader has the first numbered sheet.", "stop the flow rather than move goods without writing it down."),
        );
        if site
            .devices
            .iter()
            .any(|device| device.kind == DeviceKind::Printer)
        {
            page.step(&Step::new("Labels", 0).know("Carriers' own pages print labels by hand; note the number on the sheet, or the parcel is announced twice."));
        }
        page.step(
            &Step::new("When the link is back", 30)
                .know(
                    "Two people: one reads, one types, in the order of the sheets, and each line is ticked.",
                )
                .right(
                    "stock of the moved products is counted and agrees.",
                    "do not open the next shift on wrong stock: [Data is wrong](data-corruption.md).",
                ),
        );
    }
    page.section("Labels are not printed");
    page.step(
        &Step::new("Walk to the printer", 5)
            .know("Paper, ribbon, network light: nine in ten times it is one of these.")
            .right(
                "a label comes out.",
                "use the neighbouring printer, and tell the shift which one.",
            ),
    );
    told(
        ground,
        &mut page,
        &[
            "At once: the shift leader of the site.",
            "At half of the time it can work without a link: the owners of the capabilities done there.",
        ],
    );
    page
}

const fn connected(link: LinkKind) -> &'static str {
    match link {
        LinkKind::Internet => "the internet",
        LinkKind::Vpn => "VPN",
        LinkKind::ExpressRoute => "a private circuit",
    }
}

fn tunnels(ground: &Ground<'_>, site: &plan::cloud::blueprint::SitePlan) -> Vec<String> {
    let mut commands = Vec::new();
    for region in &ground.environment.regions {
        for connection in region
            .site_gateways
            .iter()
            .flat_map(|gateway| &gateway.connections)
        {
            if connection.site == site.name {
                commands.push(format!(
                    "az network vpn-connection show --resource-group {} --name {} --query connectionStatus --output tsv",
                    region.resource_groups.infrastructure, connection.name
                ));
            }
        }
    }
    if commands.is_empty() {
        let host = ground
            .environment
            .stamps
            .iter()
            .flat_map(|stamp| &stamp.tenants)
            .find(|tenant| site.tenants.contains(&tenant.name));
        commands.extend(
            host.map(|tenant| format!("curl --head https://{}/web/login  # from the site", tenant.host)),
        );
    }
    commands
}
