//! Moving writes between regions: on purpose, in a disaster, back again, and not at all.

use super::super::commands::{Classes, Hold, Promotion};
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

/// Moves every stamp that has somewhere to go.
struct Move<'g, 'b> {
    ground: &'g Ground<'b>,
    promotion: Promotion,
}

impl Move<'_, '_> {
    fn steps(&self, page: &mut Markdown, from: &Place<'_>, to: &Place<'_>) {
        let planned = self.promotion == Promotion::Planned;
        page.step(&access(from, to));
        page.step(&hold(from, to));
        page.step(&self.close(from, to));
        page.step(&stop(from, planned));
        page.step(&self.fence(from, planned));
        page.step(&lag(to, planned));
        page.step(&self.promote(from, to));
        page.step(&start(to));
        page.step(&self.open(from, to));
        page.step(&self.prove());
        page.step(&reconcile(to, planned));
        page.step(&release(to));
    }

    fn close(&self, from: &Place<'_>, to: &Place<'_>) -> Step {
        let home = from.region.name.as_str();
        let mut commands = vec![self.ground.origin(home, home, "Disabled")];
        commands.push(self.ground.origins(home));
        Step::new("Close the front door to the old region", 2)
            .know("People see errors from here on; partners keep what they want to send and try again.")
            .know(format!(
                "This closes the region for every stamp in it: do all stamps of {} together.",
                code(home)
            ))
            .run(commands)
            .right(
                format!("the list shows {} as `Disabled` and {} is not `Enabled` yet.", code(home), code(to.region.name.as_str())),
                "Azure's portal can do the same: Front Door, origin groups. Without it, go on: the fence is what counts.",
            )
    }

    fn fence(&self, from: &Place<'_>, planned: bool) -> Step {
        let step = Step::new("Fence the old database", 2);
        match (from.fence(), from.fenced()) {
            (Some(fence), Some(fenced)) => step
                .run([fence, fenced])
                .right(
                    "every pod of the cluster shows `0/1` ready: PostgreSQL is stopped in all of them.",
                    if planned {
                        "stop here and open the old region again; nothing has been lost."
                    } else {
                        "the old side may still write. If the cluster cannot be reached, close its network (next line of defence: the region's database subnet), or two people of the authority accept a stated loss in writing."
                    },
                ),
            _ if planned => step.know("Nothing to do: the planned promotion below stops the old server before it starts the new one."),
            _ => step
                .know("A Flexible Server has no fence of its own.")
                .know("If the old server still answers, do not force: use `--promote-option planned` in the promotion below, which stops it first.")
                .know("If it does not answer, Azure makes it a replica when it comes back; until then nothing can reach it through the virtual endpoint.")
                .right("you know which of the two holds.", "ask: two people of the authority accept a stated loss in writing."),
        }
    }

    fn promote(&self, from: &Place<'_>, to: &Place<'_>) -> Step {
        let step = Step::new(
            format!("Promote the database of {}", code(to.region.name.as_str())),
            if to.flexible_server().is_some() { 5 } else { 1 },
        );
        let Some(command) = to.promote(self.promotion) else {
            return step
                .know(format!("{} is cold: there is no database to promote.", code(to.region.name.as_str())))
                .know("Restore it there first: [Restore everything, in waves](mass-restore.md), then come back to the next step.");
        };
        let check = to.ask("SELECT pg_is_in_recovery()");
        step.run(std::iter::once(command).chain(check)).right(
            "the answer is `f`: it accepts writes.",
            if from.flexible_server().is_some() {
                "wait five minutes and ask again; then open a support case with Azure (severity A) and keep the front door closed."
            } else {
                "look at the cluster's events with `kubectl describe cluster.postgresql.cnpg.io`; do not lift the fence of the old one."
            },
        )
    }

    fn open(&self, from: &Place<'_>, to: &Place<'_>) -> Step {
        let (home, away) = (from.region.name.as_str(), to.region.name.as_str());
        Step::new("Open the front door to the new region", 3)
            .run([
                self.ground.origin(away, home, "Enabled"),
                self.ground.origins(home),
            ])
            .right(
                format!("only {} is `Enabled`.", code(away)),
                "if both are enabled, disable the old one at once.",
            )
    }

    fn prove(&self) -> Step {
        let checks: Vec<String> = self
            .ground
            .environment
            .watching
            .synthetic
            .iter()
            .map(|check| check.url.clone())
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .take(3)
            .map(|url| {
                let url = crate::markdown::word(&format!("{url}/web/login"));
                format!(
                    "curl --silent --output /dev/null --write-out '%{{http_code}} %{{time_total}}\\n' {url}"
                )
            })
            .collect();
        Step::new("See that it works", 5)
            .know("In the order of recovery, on the page of each capability: a real transaction, accepted and read back.")
            .run(checks)
            .right("`200`, and the first capability's transaction is read back.", "look at the page of the capability that fails.")
    }
}

fn access(from: &Place<'_>, to: &Place<'_>) -> Step {
    let commands = vec![to.credentials(), from.credentials(), to.kubectl("get pods")];
    Step::new("Get access to both clusters", 2)
        .know("Ask for your rights first (they are granted for a limited time), and say why.")
        .run(commands)
        .right(
            "pods are listed. In a disaster the second command may fail: that is what happened.",
            "look at [The control plane is lost](control-plane-loss.md): access without the usual way in.",
        )
}

fn hold(from: &Place<'_>, to: &Place<'_>) -> Step {
    Step::new("Keep Flux from undoing it", 1)
        .know("In both regions: a region that comes back would start Odoo again.")
        .run([to.hold(Hold::Suspend), from.hold(Hold::Suspend)])
        .right(
            "each command answers `patched`; the second may fail where the region is gone.",
            "do not go on before the first one does: Flux would scale back what you do next.",
        )
}

fn stop(from: &Place<'_>, planned: bool) -> Step {
    let otherwise = if planned {
        "stop here; nothing has been lost."
    } else {
        "if the region cannot be reached, go on: the fence decides."
    };
    Step::new("Stop Odoo in the old region", 2)
        .run(from.stop_odoo())
        .right(
            "`kubectl get pods` shows no `odoo-` pods after two minutes.",
            otherwise,
        )
}

fn lag(to: &Place<'_>, planned: bool) -> Step {
    let step = Step::new("See how much the standby lacks", 1);
    let sql = "SELECT pg_is_in_recovery(), pg_last_wal_replay_lsn(), now() - pg_last_xact_replay_timestamp()";
    match to.ask(sql) {
        Some(command) => step
            .know("Write the three values down: they are the stated loss.")
            .run([command])
            .right(
                if planned {
                    "`t`, and the time is that of the last commit before Odoo stopped."
                } else {
                    "`t`, and a time that whoever may say so accepts."
                },
                "a standby that stopped streaming hours ago is not promoted: wait for the region, or restore.",
            ),
        None => step.know("There is no standby database: the newest backup says what is lost."),
    }
}

fn start(to: &Place<'_>) -> Step {
    Step::new("Start what people and partners wait for", 3)
        .know("Not the scheduler and not the workers: mail and documents leave by them, so they are the hold.")
        .know("A warm standby starts small: these numbers are what it must have while it leads.")
        .run(to.start(Classes::Serving))
        .run([to.kubectl("get deployments")])
        .right(
            "`odoo-web` and `odoo-integration` are ready.",
            "if pods are `Pending`, the region has no room: start `odoo-integration` and `odoo-web` first and leave the others at 0.",
        )
}

fn reconcile(to: &Place<'_>, planned: bool) -> Step {
    let step = Step::new("Reconcile messages", 10);
    let lead = to.lead(!planned);
    if lead.is_empty() {
        return step.know("This stamp has no integration: there is nothing to reconcile.");
    }
    step.know("A gateway delivers only after it has been told to lead, with a generation larger than any before.")
        .know("The controller does that by itself where it runs; on Azure it is by hand, with the controller's certificate from the internal authority, for each gateway of the stamp.")
        .know("Then the gateway asks the database which messages it has, and applies what is missing, in order, by itself.")
        .run(lead)
        .run([to.kubectl("logs --selector app.kubernetes.io/name=gateway --tail=200 --prefix")])
        .right(
            "the log says for each integration how many were missing, applied and already there, and dead letters are 0.",
            "an older generation is refused: take a larger one. Leave the scheduler at 0 and give what is missing to the owners.",
        )
}

fn release(to: &Place<'_>) -> Step {
    let lanes: Vec<String> = to
        .stamp
        .lanes
        .iter()
        .filter(|lane| lane.direction == estate::Direction::Outbound)
        .map(|lane| code(lane.name.as_str()))
        .collect();
    let step = Step::new("Release what the ERP sends", 5)
        .know("Only after reconciliation. Look first at what waits: Settings, Technical, Emails; and each outbox.")
        .know("What was sent before the loss and whose record is gone must not be sent again: cancel it there.");
    let step = if lanes.is_empty() {
        step
    } else {
        step.know(format!("Outbound integrations here: {}.", lanes.join(", ")))
    };
    step.run(to.start(Classes::Background)).right(
        "nothing was sent twice: numbers of partners' acknowledgements go on without a gap.",
        "scale `odoo-scheduler` and `odoo-worker` to 0 again and call the partner.",
    )
}

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
