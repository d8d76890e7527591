//! One page for every capability: what is promised, what it stands on, how to see that it works, how to go on without.

use estate::Direction;
use plan::cloud::blueprint::{CapabilityPlan, Lane, SitePlan};
use types::settings::Probe;

use super::ground::Ground;
use crate::cloud::monitoring::proves;
use crate::markdown::{Markdown, Step, code, link, text};

/// The page of a capability.
pub(super) fn page(ground: &Ground<'_>, of: &CapabilityPlan) -> String {
    let mut page = Markdown::new(&text(&of.display_name));
    page.say(&["[All runbooks](../README.md)"]);
    promise(ground, of, &mut page);
    stands_on(ground, of, &mut page);
    works(ground, of, &mut page);
    down(of, &mut page);
    without(ground, of, &mut page);
    tell(ground, of, &mut page);
    page.finish()
}

fn promise(ground: &Ground<'_>, of: &CapabilityPlan, page: &mut Markdown) {
    page.section("Promise");
    let strictest = ground.strictest().is_some_and(|one| one.name == of.name);
    page.list(&[
        format!(
            "Tier {}: works again within {}, loses at most {}.",
            text(of.tier.as_str()),
            of.rto,
            of.rpo
        ),
        format!(
            "Place in the order of recovery: {}{}.",
            of.order,
            if strictest {
                ", and no other promise is stricter"
            } else {
                ""
            }
        ),
        format!("Somebody answers: {}.", of.support.as_str().replace('-', " ")),
        format!(
            "Who answers for it: {}.",
            of.owner.as_deref().map_or_else(|| ground.contact(), text)
        ),
    ]);
}

fn lanes<'b>(ground: &Ground<'b>, of: &CapabilityPlan) -> Vec<(&'b str, &'b Lane)> {
    let stamps = ground.environment.stamps.iter();
    stamps
        .flat_map(|stamp| stamp.lanes.iter().map(move |lane| (stamp.name.as_str(), lane)))
        .filter(|(_, lane)| of.integrations.contains(&lane.name))
        .collect()
}

fn sites<'b>(ground: &Ground<'b>, of: &CapabilityPlan) -> Vec<&'b SitePlan> {
    let mut found: Vec<&SitePlan> = Vec::new();
    for site in ground.environment.stamps.iter().flat_map(|stamp| &stamp.sites) {
        if of.sites.contains(&site.name) && !found.iter().any(|one| one.name == site.name) {
            found.push(site);
        }
    }
    found
}

fn stands_on(ground: &Ground<'_>, of: &CapabilityPlan, page: &mut Markdown) {
    page.section("What it stands on");
    let before: Vec<String> = ground
        .capabilities()
        .iter()
        .filter(|one| of.after.contains(&one.name))
        .map(|one| {
            format!(
                "{} must work first",
                link(&one.display_name, &format!("{}.md", one.name))
            )
        })
        .collect();
    page.list(&before);
    let integrations: Vec<String> = lanes(ground, of)
        .into_iter()
        .map(|(stamp, lane)| {
            format!(
                "integration {} ({})",
                link(
                    lane.name.as_str(),
                    &format!("../integrations/{stamp}.md#{}", lane.name)
                ),
                super::integrations::criticality(lane.criticality)
            )
        })
        .collect();
    page.list(&integrations);
    let places: Vec<String> = sites(ground, of)
        .into_iter()
        .map(|site| {
            format!(
                "site {}",
                link(
                    &site.display_name,
                    &format!("../scenarios/site-cut-off.md#site-{}", site.name)
                )
            )
        })
        .collect();
    page.list(&places);
    page.list(&[format!(
        "the database, and Odoo's processes, of every stamp: {}",
        link("A component is lost", "../scenarios/component-loss.md")
    )]);
}

fn works(ground: &Ground<'_>, of: &CapabilityPlan, page: &mut Markdown) {
    page.section("How to see that it works");
    let Some(probe) = of.probe else {
        page.say(&[
            "Nothing measures it: no synthetic transaction is declared.",
            "Ask somebody who does it every day to do it once, and to look whether the result is there.",
        ]);
        return;
    };
    let checks: Vec<_> = ground
        .environment
        .watching
        .synthetic
        .iter()
        .filter(|one| one.capability == of.name)
        .collect();
    page.say(&[proves(probe)]);
    if let Some(first) = checks.first() {
        page.say(&[format!(
            "It is planned every {} in {} place(s); by hand until Plimsoll does it on Azure:",
            first.every,
            checks.len()
        )]);
    }
    for check in checks.iter().take(CHECKS_MAX) {
        page.step(&by_hand(probe, &check.url));
    }
}

/// More places than this are not listed.
const CHECKS_MAX: usize = 10;

fn by_hand(probe: Probe, url: &str) -> Step {
    let step = Step::new(format!("At {}", code(url)), 3);
    match probe {
        Probe::WebLogin => step
            .run([format!("curl --silent --output /dev/null --write-out '%{{http_code}} %{{time_total}}\\n' {}", crate::markdown::word(&format!("{url}/web/login")))])
            .right("`200` within a second.", "a `503` is the maintenance page: a move is going on."),
        Probe::OrderCapture => step
            .know("Post a test order the way a partner does it (the integration's page has the address), with the reference `TEST` and today's date.")
            .know("Then find it in the ERP: Sales, Orders, search for the reference, and cancel it.")
            .right("the answer was `202` with `copies: 2`, and the order is there within ten seconds.", "`copies: 1`: the other region does not take the copy. No order: look at the lane."),
        Probe::Receiving => step
            .know("Log in, confirm a purchase of the test product (Purchase, reference `TEST`), validate its receipt, and read its state back after a reload.")
            .right("it says `Done`, and stock of the test product has grown by one.", "an error: write its text down word for word."),
        Probe::Picking => step
            .know("Log in, confirm an order of the test product (reference `TEST`), open its delivery, and read its state back after a reload; then cancel the order.")
            .right("it says `Ready`: the goods are reserved.", "`Waiting` while there is stock: the reservation does not work; look at the scheduler."),
        Probe::ShipmentConfirmation => step
            .know("Log in, open the test delivery (Inventory, Deliveries, reference `TEST`), validate it, and read its state back after a reload.")
            .right("it says `Done`, and stock of the test product has changed by one.", "an error: write its text down word for word."),
        Probe::Invoicing => step
            .know("Log in, open a test customer's draft invoice, post it, and read its number back after a reload; then reverse it.")
            .right("it has the next number without a gap.", "an error: write its text down, and tell finance before anybody posts again."),
    }
}

fn down(of: &CapabilityPlan, page: &mut Markdown) {
    page.section("When it does not work");
    page.step(
        &Step::new("Is it this one alone?", 2)
            .know("Others fail too: [A component is lost](../scenarios/component-loss.md), or [A region is lost](../scenarios/region-loss.md).")
            .know("This one alone: its integrations above, then the last release: [A release does harm](../scenarios/bad-release.md).")
            .right("you are on the right page.", "start with the database."),
    );
    page.step(&Step::new(format!("Look at the clock: {} from the beginning", of.rto), 0).know("At half of it, call whoever may authorise a move: [A region is lost](../scenarios/region-loss.md#who-may-say-so)."));
}

fn without(ground: &Ground<'_>, of: &CapabilityPlan, page: &mut Markdown) {
    page.section("Going on without it");
    let lanes = lanes(ground, of);
    let inbound = lanes
        .iter()
        .filter(|(_, lane)| lane.direction == Direction::Inbound)
        .map(|(_, lane)| lane);
    let shortest = inbound.map(|lane| lane.buffering.outage).min();
    page.part("Capture only");
    match shortest {
        Some(span) => page.say(&[format!(
            "While the ERP stands, the gateway goes on accepting what partners send, and applies it later: planned for {span}."
        )]),
        None => page.say(&["Nothing of it arrives by message: there is nothing that could be captured meanwhile."]),
    }
    page.part("Read only");
    let copies: Vec<String> = ground
        .pairs()
        .iter()
        .flat_map(|pair| {
            pair.active
                .placement
                .database
                .reporting_hosts
                .iter()
                .map(|host| code(host))
        })
        .collect();
    if copies.is_empty() {
        page.say(&["Odoo cannot run on a read-only database, and there is no reporting copy: nobody can look things up."]);
    } else {
        page.say(&[format!(
            "Odoo cannot run on a read-only database; whoever knows SQL can look things up in {}.",
            copies.join(", ")
        )]);
    }
    page.part("Paper");
    let sites = sites(ground, of);
    if sites.is_empty() {
        page.say(&["It is not tied to a site: a numbered list with time, customer or order, what, how many, who; entered by two people when it works again."]);
    }
    for site in sites {
        let edge = site.offline.map_or_else(
            || "paper from the first minute".to_owned(),
            |span| format!("planned to work {span} without a link once its edge agent exists; until then paper from the first minute"),
        );
        page.list(&[format!(
            "{}: {edge}; {}",
            text(&site.display_name),
            link(
                "what to write down",
                &format!("../scenarios/site-cut-off.md#site-{}", site.name)
            )
        )]);
    }
}

fn tell(ground: &Ground<'_>, of: &CapabilityPlan, page: &mut Markdown) {
    page.section("Whom to tell");
    let mut whom = vec![format!(
        "{}: at once, and every half hour, even if there is nothing new",
        of.owner.as_deref().map_or_else(|| ground.contact(), text)
    )];
    whom.extend(
        sites(ground, of)
            .into_iter()
            .map(|site| format!("the shift leader at {}: at once", text(&site.display_name))),
    );
    let mut partners: Vec<String> = lanes(ground, of)
        .into_iter()
        .filter_map(|(_, lane)| {
            let contact = lane.partner_contact.as_deref()?;
            Some(format!(
                "{} ({}): after a quarter of an hour",
                text(lane.partner_name.as_deref().unwrap_or("partner")),
                text(contact)
            ))
        })
        .collect();
    partners.sort();
    partners.dedup();
    whom.extend(partners);
    page.list(&whom);
}
