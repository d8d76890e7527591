//! Moving writes between regions: on purpose, in a disaster, back again, and not at all.

mod steps;

use steps::Move;

use super::super::commands::Promotion;
use super::super::ground::{Ground, Pair, Place};
use super::super::page::Scenario;
use super::{BY_HAND, Opening, REHEARSE, afterwards, authority, open, told};
use crate::markdown::{Markdown, Step, code, text};

const NEVER_TWO: &str =
    "Never let two databases of one stamp accept writes, not even for a minute: fence first, promote then.";
const NEVER_DELETE: &str = "Never delete or overwrite the old database before the new one has a verified backup and a standby that streams.";
const NEVER_STALE: &str =
    "Never promote a standby that has stopped streaming: it looks healthy and lacks everything since then.";
const NEVER_RELEASE: &str =
    "Never release what the ERP sends (mail, EDI, labels, payments) before reconciliation is done.";

fn each(
    ground: &Ground<'_>,
    page: &mut Markdown,
    mut steps: impl FnMut(&mut Markdown, &Pair<'_>, &Place<'_>),
) {
    for pair in ground.pairs() {
        let name = pair.active.stamp.name.as_str();
        if let Some(standby) = &pair.standby {
            page.section(&format!("Stamp {name}"));
            page.say(&[format!(
                "From {} to {} ({}).",
                code(pair.active.region.name.as_str()),
                code(standby.region.name.as_str()),
                standby.region.posture.as_str()
            )]);
            steps(page, &pair, standby);
        } else {
            page.section(&format!("Stamp {name}"));
            page.say(&[
                "This stamp has no second region.",
                "Restore it from backups: [Restore everything, in waves](mass-restore.md).",
            ]);
        }
    }
}

pub(super) fn region_loss(ground: &Ground<'_>) -> Markdown {
    let mut page = open(
        ground,
        &Opening {
            scenario: Scenario::RegionLoss,
            when: &[
                "Alarm `RegionLost`, or `NobodyLeads` for more than two minutes.",
                "Azure's status page or your own eyes say that the region is gone, and it will not be back within the time that the strictest tier allows.",
                "Not when only one part is broken: [A component is lost](component-loss.md).",
                "Not when both regions live and do not see each other: [The regions do not see each other](partition.md).",
            ],
            by_itself: &[BY_HAND, REHEARSE],
            never: &[NEVER_TWO, NEVER_STALE, NEVER_DELETE, NEVER_RELEASE],
        },
    );
    page.section("First two minutes");
    page.step(
        &Step::new("Make sure that it is the region", 2)
            .know("Look from outside of both regions: your phone's network will do.")
            .run(["az rest --method get --url 'https://management.azure.com/subscriptions/<subscription>/providers/Microsoft.ResourceHealth/events?api-version=2024-02-01' --query 'value[].properties.title'".to_owned()])
            .right("Azure reports the region, or nothing in it answers from two networks.", "if something answers, it is not the region: find the part that is broken."),
    );
    page.step(&Step::new("Ask whoever may say so", 5).know("Say what you saw, how much the standby lacks, and how long the move takes: about half an hour by hand for one stamp."));
    authority(ground, &mut page);
    let the_move = Move {
        ground,
        promotion: Promotion::Forced,
    };
    each(ground, &mut page, |page, pair, standby| {
        the_move.steps(page, &pair.active, standby)
    });
    page.section("When it does not go on");
    page.list(&[
        "A step has failed twice: stop, do not improvise, and say so to whoever may authorise.",
        "The old region comes back in the middle: leave it fenced and go on. Going back is a move of its own.",
        "The new region has no room (`Pending` pods, quota errors): start the most critical capabilities only, and ask Azure for quota with severity A.",
        "The standby stopped streaming long ago: compare with the newest backup, and let the authority choose the smaller loss.",
    ]);
    told(
        ground,
        &mut page,
        &[
            "At once: whoever is on call, and whoever may say so.",
            "After ten minutes: owners of capabilities and sites, with the time at which you will say more.",
            "After the promotion: partners of integrations, with the time from which messages are late.",
            "At the end: everybody, with the three numbers of the loss.",
        ],
    );
    afterwards(
        &mut page,
        &[
            "Make a full backup in the new region before the end of the day.",
            "Plan the way home: [Failback](failback.md).",
        ],
    );
    page
}

pub(super) fn planned_switchover(ground: &Ground<'_>) -> Markdown {
    let mut page = open(
        ground,
        &Opening {
            scenario: Scenario::PlannedSwitchover,
            when: &[
                "Maintenance of a region, a rehearsal, or a warning that the region may fail.",
                "Both regions work, the standby streams, and a backup of last night is verified.",
            ],
            by_itself: &[BY_HAND, REHEARSE],
            never: &[
                NEVER_TWO,
                NEVER_DELETE,
                NEVER_RELEASE,
                "Never during a cut-off, a stock count or a period close: look at the calendar below.",
            ],
        },
    );
    calendar(ground, &mut page);
    authority(ground, &mut page);
    let the_move = Move {
        ground,
        promotion: Promotion::Planned,
    };
    each(ground, &mut page, |page, pair, standby| {
        the_move.steps(page, &pair.active, standby)
    });
    page.section("When it does not go on");
    page.list(&[
        "Before the promotion: start Odoo in the old region again (and lift the fence), open its front door, and let Flux go on. Nothing is lost.",
        "After the promotion: go on. Going back now is a second move, and takes longer than finishing.",
    ]);
    told(
        ground,
        &mut page,
        &[
            "A day before: owners of capabilities, sites and partners.",
            "At the beginning and at the end: the same.",
        ],
    );
    afterwards(
        &mut page,
        &["Build the standby in the old region again: [Failback](failback.md), first half."],
    );
    page
}

fn calendar(ground: &Ground<'_>, page: &mut Markdown) {
    page.section("When not");
    let mut rows = Vec::new();
    for (name, calendar) in &ground.blueprint.delivery.calendars {
        for freeze in &calendar.freezes {
            rows.push([
                text(name.as_str()),
                format!("{} to {}", freeze.from, freeze.to),
                text(&freeze.why),
            ]);
        }
        for event in &calendar.events {
            let weekly = event.weekly.iter().map(|window| {
                let days: Vec<&str> = window.days.iter().map(|day| day.as_str()).collect();
                format!(
                    "{} {} to {} ({})",
                    days.join(", "),
                    window.from,
                    window.to,
                    text(&calendar.time_zone)
                )
            });
            let dates = event.dates.iter().map(ToString::to_string);
            let when: Vec<String> = weekly.chain(dates).collect();
            rows.push([text(name.as_str()), when.join("; "), text(&event.what)]);
        }
    }
    if rows.is_empty() {
        page.say(&["No calendar is declared: ask the owners of the capabilities."]);
    }
    page.table(["calendar", "when", "what"], &rows);
}

pub(super) fn failback(ground: &Ground<'_>) -> Markdown {
    let mut page = open(
        ground,
        &Opening {
            scenario: Scenario::Failback,
            when: &[
                "The region that was lost is back, has been quiet for a day, and the business wants to be home.",
                "There is no hurry: the standby's region serves as well as the first one.",
            ],
            by_itself: &[
                BY_HAND,
                "On one machine the old region becomes the standby by itself when it comes back.",
            ],
            never: &[
                NEVER_TWO,
                NEVER_DELETE,
                "Never start the old primary as it is: it must come back as a standby, or it brings old data back to life.",
            ],
        },
    );
    for pair in ground.pairs() {
        let Some(standby) = &pair.standby else { continue };
        page.section(&format!(
            "Stamp {}: make the old region a standby again",
            pair.active.stamp.name
        ));
        follow_again(&mut page, &pair.active, standby);
    }
    page.section("Go home");
    page.step(
        &Step::new("Wait until all standbys have streamed for a day", 0).right(
            "`StandbyDoesNotFollow` and `RpoExposed` are silent.",
            "do not go home yet.",
        ),
    );
    page.step(&Step::new("Move on purpose", 0).know(
        "[Planned switchover](planned-switchover.md), with the two regions exchanged in every command.",
    ));
    told(
        ground,
        &mut page,
        &["A day before the way home: owners of capabilities, sites and partners."],
    );
    afterwards(&mut page, &["Rehearse the loss again within the quarter."]);
    page
}

fn follow_again(page: &mut Markdown, old: &Place<'_>, new: &Place<'_>) {
    page.step(
        &Step::new("Keep the old database aside", 5)
            .know("It may hold commits that the new one lacks: the business may want to look at them.")
            .run(old.fence())
            .run(old.backups())
            .right(
                "a snapshot or backup of the old database exists and has a name.",
                "do not go on without it.",
            ),
    );
    match (old.cloud_native_pg(), old.flexible_server()) {
        (Some(one), _) => page.step(
            &Step::new("Build a new standby beside it", 60)
                .know(format!(
                    "In the estate file, make {} the standby and {} active, render, and let Flux create the cluster under a new name.",
                    code(old.region.name.as_str()),
                    code(new.region.name.as_str())
                ))
                .know("It begins with a base backup from the new primary, through the link between the regions.")
                .know(format!("The volumes of {} stay until the new standby streams.", code(&one.name)))
                .right("the new cluster shows `Cluster in healthy state`, and its lag is seconds.", "the old one is still there: delete the new one and begin again."),
        ),
        (None, Some(one)) => page.step(
            &Step::new("See that Azure has made it a replica", 30)
                .run([format!(
                    "az postgres flexible-server show --resource-group {} --name {} --query '[replicationRole,state]' --output tsv",
                    old.region.resource_groups.data, one.name
                )])
                .right(
                    "`AsyncReplica` and `Ready`.",
                    "restore it beside, under another name, then create a replica of the new primary in the old region with Terraform.",
                ),
        ),
        (None, None) => page.step(&Step::new("Nothing to follow", 0).know("The region is cold.")),
    }
    page.step(
        &Step::new("See that it follows", 2)
            .run(old.ask("SELECT pg_is_in_recovery(), now() - pg_last_xact_replay_timestamp()"))
            .right(
                "`t`, and a few seconds.",
                "it is no standby yet: leave the alarms on.",
            ),
    );
}

pub(super) fn partition(ground: &Ground<'_>) -> Markdown {
    let mut page = open(
        ground,
        &Opening {
            scenario: Scenario::Partition,
            when: &[
                "Alarm `RegionsDoNotSeeEachOther`, or `TwoPrimaries`.",
                "Both regions live, and the link between them does not.",
            ],
            by_itself: &[
                "On Azure nothing: there is no controller that could move writes, so a cut link alone moves nothing.",
                "On one machine the active region goes on while the witness confirms its lease, and stops itself when it has lost both others.",
            ],
            never: &[
                NEVER_TWO,
                "Never promote because the link is down: the active region works.",
            ],
        },
    );
    page.section("Two primaries");
    page.say(&["Only when alarm `TwoPrimaries` fires: then every second counts, and this comes first."]);
    for pair in ground.pairs() {
        let places = std::iter::once(&pair.active).chain(&pair.standby);
        page.part(&format!("Stamp {}", pair.active.stamp.name));
        page.step(
            &Step::new("Ask both who accepts writes", 1)
                .run(
                    places.clone().filter_map(|place| {
                        place.ask("SELECT pg_is_in_recovery(), pg_current_wal_insert_lsn()")
                    }),
                )
                .right(
                    "only one answers `f`.",
                    "two answer `f` (the second value fails on a standby): go on here.",
                ),
        );
        page.step(
            &Step::new("Stop the one that the front door does not lead to", 1)
                .run([ground.origins(pair.active.region.name.as_str())])
                .run(places.clone().flat_map(|place| place.fence().map(|fence| format!("{fence}  # if this is the one"))))
                .know("For a Flexible Server: `az postgres flexible-server stop`, with the name of the one that is not open.")
                .right("the other one is left, and people work on it.", "close the front door for both: no writes are better than two truths."),
        );
        page.step(
            &Step::new("Keep what was stopped", 0)
                .know("What was posted there is on no other disk. Whoever owns the data decides what is entered again: [Data is wrong](data-corruption.md)."),
        );
    }
    page.section("The link alone");
    page.step(
        &Step::new("See that work goes on", 2)
            .know("The database replicates without waiting, so people notice nothing; exposure grows.")
            .know("Transactions that wait for the other region (`remote_apply`) hang: their capabilities stand until the wait is given up or the link is back.")
            .right("capabilities work.", "set `synchronous_commit` back to `on` for the role in question: `ALTER ROLE <role> SET synchronous_commit = on`, and write it down."),
    );
    page.step(
        &Step::new("Look at the link", 5)
            .run(ground.environment.regions.iter().map(|region| {
                format!(
                    "az network vnet peering list --resource-group {} --vnet-name {} --query '[].[name,peeringState]' --output table",
                    region.resource_groups.infrastructure, region.network.name
                )
            }))
            .right("`Connected` on both sides.", "apply the Terraform stack of the region again; then a support case with Azure."),
    );
    page.step(
        &Step::new("Watch the exposure", 0)
            .know("Messages of partners are acknowledged with one copy while the link is down: `JournalCopyLost` says so.")
            .know("If the exposure passes what the strictest tier allows, tell its owner: a disaster now would lose that much."),
    );
    authority(ground, &mut page);
    told(
        ground,
        &mut page,
        &["After ten minutes: owners of capabilities whose exposure is above their promise."],
    );
    page
}
