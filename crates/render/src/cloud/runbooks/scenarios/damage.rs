//! Something is there that should not be: wrong data, a bad release, somebody hostile.

use plan::cloud::blueprint::StoragePurpose;

use super::super::commands::{Classes, Hold};
use super::super::ground::Ground;
use super::super::page::Scenario;
use super::{BY_HAND, Opening, afterwards, authority, open, told};
use crate::markdown::{Markdown, Step, code};

pub(super) fn data_corruption(ground: &Ground<'_>) -> Markdown {
    let mut page = open(
        ground,
        &Opening {
            scenario: Scenario::DataCorruption,
            when: &[
                "Stock, orders or books are wrong, and nobody did it on purpose.",
                "An import, a script, a person or a fault of the disk changed what it should not have.",
                "Replication has carried it to the other region within seconds: moving there does not help.",
            ],
            by_itself: &[BY_HAND],
            never: &[
                "Never restore over the database that is damaged: restore beside it and compare.",
                "Never go on posting into wrong stock: every movement makes it harder to undo.",
                "Never run the copy before it is mute: it would send mail and EDI.",
            ],
        },
    );
    for pair in ground.pairs() {
        let place = &pair.active;
        page.section(&format!("Stamp {}", place.stamp.name));
        page.step(
            &Step::new("Stop what makes it worse", 2)
                .know("The gateway goes on accepting messages of partners and keeps them; people see the maintenance page.")
                .run([place.hold(Hold::Suspend)])
                .run(place.stop_odoo())
                .right("no `odoo-` pod is left.", "if only one job or one integration is the cause, stop that one alone and leave people working."),
        );
        page.step(
            &Step::new("Mark where you are", 1)
                .know("This is the point to which nothing is lost, and before which the damage happened.")
                .run(
                    place
                        .ask("SELECT pg_create_restore_point('before-repair'), now()")
                        .into_iter()
                        .filter(|_| place.cloud_native_pg().is_some()),
                )
                .run(["date --utc --iso-8601=seconds".to_owned()])
                .right(
                    "you have written the time down, in UTC.",
                    "the time alone is enough.",
                ),
        );
        page.step(
            &Step::new("Find out since when, and what", 15)
                .know("Ask who noticed it: which document, which figure, when was it last right.")
                .know("A fault of the disk or of an index is found by PostgreSQL itself; anything else only by people.")
                .run(place.ask("CREATE EXTENSION IF NOT EXISTS amcheck; SELECT bt_index_check(c.oid, true) FROM pg_class c JOIN pg_am a ON a.oid = c.relam WHERE a.amname = 'btree' AND c.relkind = 'i' LIMIT 1000"))
                .right("you know the time before which it was right.", "take the last time somebody is sure of."),
        );
        page.step(
            &Step::new("Restore beside it, to just before that time", 60)
                .know("[Restore one tenant](single-tenant-restore.md) says how, for one tenant or the whole stamp.")
                .right("the copy runs, is mute, and the figure in question is right in it.", "go further back."),
        );
        page.step(
            &Step::new("Let the owner choose", 15)
                .know("Repair: take the right values out of the copy and enter them, when few records are wrong.")
                .know("Set back: make the copy the database, and replay partners' messages since then; what people typed since then is lost and must be entered again.")
                .right("the owner of the data has said which, in writing.", "repair is the default: it loses nothing."),
        );
        page.step(
            &Step::new("Open again", 5)
                .run(place.start(Classes::Serving))
                .run(place.start(Classes::Background))
                .run([place.hold(Hold::Resume)])
                .right(
                    "the capability's own test on its page succeeds, and the figure is right.",
                    "stop again.",
                ),
        );
    }
    authority(ground, &mut page);
    told(
        ground,
        &mut page,
        &[
            "At once: the owner of the data that is wrong, and every site that works with it.",
            "Before a set back: finance, because posted documents disappear.",
        ],
    );
    afterwards(
        &mut page,
        &["Keep the damaged database for as long as somebody may ask how it happened."],
    );
    page
}

pub(super) fn bad_release(ground: &Ground<'_>) -> Markdown {
    let mut page = open(
        ground,
        &Opening {
            scenario: Scenario::BadRelease,
            when: &[
                "Something broke within hours of a release: errors, restarts, slow pages, wrong documents.",
                "Alarm `ContainersRestart` or `ReleaseNotApplied`.",
            ],
            by_itself: &[
                "Kubernetes keeps the old pods while the new ones do not become ready.",
                "Flux goes on trying to apply what the repository says.",
                BY_HAND,
            ],
            never: &[
                "Never take a database back because of a release: code goes back, data goes forward.",
                "Never take code back across a database migration without the one who wrote it: old code answers errors that look like business errors.",
            ],
        },
    );
    for pair in ground.pairs() {
        let place = &pair.active;
        page.section(&format!("Stamp {}", place.stamp.name));
        page.step(
            &Step::new("See what was released, and when", 2)
                .run([
                    format!("kubectl --context {} --namespace flux-system get kustomization runtime-{} --output wide", place.placement.cluster, place.stamp.name),
                    place.kubectl("rollout history deployment/odoo-web"),
                ])
                .right("the time fits.", "it is not the release: [A component is lost](component-loss.md)."),
        );
        page.step(
            &Step::new("Hold Flux, or it brings the release back", 1)
                .run([place.hold(Hold::Suspend)])
                .right("it answers `patched`.", "do not go on."),
        );
        page.step(
            &Step::new(
                "If the database was migrated: stop the lanes and call whoever wrote it",
                5,
            )
            .know("The gateway keeps messages while the ERP is stopped.")
            .run(place.stop_odoo())
            .right(
                "nobody writes with code that does not fit the tables.",
                "the next step is not for you alone.",
            ),
        );
        page.step(
            &Step::new("If it was not: take the code back", 5)
                .run(
                    place.placement.workloads.iter().map(|one| {
                        place.kubectl(&format!("rollout undo deployment/odoo-{}", one.kind.as_str()))
                    }),
                )
                .run([place.kubectl("rollout status deployment/odoo-web --timeout=300s")])
                .right(
                    "errors end, and the first capability's test succeeds.",
                    "the cause is elsewhere: configuration, an integration, data.",
                ),
        );
        page.step(
            &Step::new("Take it back in the repository", 10)
                .know("Revert the commit that set the image, let the pipeline check it, and then let Flux go on.")
                .run([place.hold(Hold::Resume)])
                .right("Flux says `Applied` with the reverted revision.", "hold it again."),
        );
    }
    told(
        ground,
        &mut page,
        &[
            "At once: whoever released it, and the owners of what does not work.",
            "Messages that went wrong in the meantime are in the dead letters: their owners hear of each.",
        ],
    );
    afterwards(&mut page, &["The next release waits until the cause has a test."]);
    page
}

pub(super) fn ransomware(ground: &Ground<'_>) -> Markdown {
    let mut page = open(
        ground,
        &Opening {
            scenario: Scenario::Ransomware,
            when: &[
                "Files or tables are encrypted or gone, a note asks for money, or an account does what its owner does not.",
                "When in doubt, this page: containing too much costs an hour, containing too little costs the company.",
            ],
            by_itself: &[
                "Backups are written under an identity of their own, and kept where nobody can change them for a while.",
                BY_HAND,
            ],
            never: &[
                "Never pay, answer or delete anything before the authorities and the insurer have been asked.",
                "Never restore into what is not certainly clean: new clusters, new identities, new secrets.",
                "Never connect a backup account to anything that was inside.",
                "Never switch machines off: memory is evidence. Take their network.",
            ],
        },
    );
    page.section("Contain, first quarter of an hour");
    page.step(
        &Step::new("Close the entrance", 2)
            .know("Sites go on with what they can do without a link: their page says what.")
            .run(
                ground
                    .environment
                    .front_door
                    .origins
                    .iter()
                    .map(|origin| ground.origin(origin.region.as_str(), origin.region.as_str(), "Disabled")),
            )
            .right(
                "every origin is `Disabled`.",
                "disable the whole endpoint in the portal.",
            ),
    );
    for pair in ground.pairs() {
        for place in std::iter::once(&pair.active).chain(&pair.standby) {
            page.step(
                &Step::new(format!("Cut {} in {} off", code(place.stamp.name.as_str()), code(place.region.name.as_str())), 2)
                    .know("Replication carries damage to the other region: both are stopped.")
                    .run([place.hold(Hold::Suspend)])
                    .run(place.stop_odoo())
                    .run(place.fence())
                    .right("no `odoo-` pod and no PostgreSQL is running.", "take the cluster's network: scale its node pools to 0 last of all, evidence is lost with it."),
            );
        }
    }
    page.step(
        &Step::new("Take away what was stolen", 10)
            .know("Every standing right, every session, every credential of a person or program that was inside.")
            .run(["az ad user update --id <user> --account-enabled false".to_owned(), "az rest --method post --url 'https://graph.microsoft.com/v1.0/users/<user>/revokeSignInSessions'".to_owned()])
            .right("the account cannot sign in.", "ask the directory's administrators to block everybody but the emergency accounts."),
    );
    page.section("See what is left");
    page.say(&["Backups that nobody can change:"]);
    let mut rows = Vec::new();
    for region in &ground.environment.regions {
        for account in region
            .storage
            .iter()
            .filter(|account| account.purpose == StoragePurpose::Backups)
        {
            for container in &account.containers {
                let kept = container.immutable.map_or_else(
                    || "not protected: copies may be gone".to_owned(),
                    |one| {
                        format!(
                            "for {}{}",
                            one.period,
                            if one.locked { ", not even by us" } else { "" }
                        )
                    },
                );
                rows.push([
                    code(region.name.as_str()),
                    code(&account.name),
                    code(&container.name),
                    kept,
                ]);
            }
        }
    }
    page.table(["region", "account", "container", "cannot be changed"], &rows);
    page.step(
        &Step::new("Look at backups from a machine that was never inside", 20)
            .know("Find the newest one from before the first trace of the intruder, not before the damage: weeks may lie between.")
            .run(ground.environment.regions.iter().flat_map(|region| region.storage.iter().filter(|account| account.purpose == StoragePurpose::Backups).flat_map(|account| account.containers.iter().map(|container| format!("az storage blob list --auth-mode login --account-name {} --container-name {} --query 'sort_by([].{{name:name,at:properties.lastModified}},&at)[-5:]' --output table", account.name, container.name)))))
            .right("backups are listed, and their times fit.", "the other region's account has its own copy under its own identity."),
    );
    page.section("Build anew");
    page.step(
        &Step::new(
            "New subscription or resource groups, new identities, new secrets",
            240,
        )
        .know("From the repository, at a commit from before the intruder, reviewed by two people.")
        .right(
            "nothing in it shares a credential with what was inside.",
            "do not go on.",
        ),
    );
    page.step(&Step::new("Restore, in waves by tier", 0).know(
        "[Restore everything, in waves](mass-restore.md), mute, with the recovery environment's rules.",
    ));
    page.step(&Step::new("Search the copies before anybody logs in", 120).know("Users, API keys, scheduled jobs and server actions that nobody knows; code that is not in the repository.").right("two people have signed that it is clean.", "go back to an older backup."));
    authority(ground, &mut page);
    told(
        ground,
        &mut page,
        &[
            "At once: management, security, the insurer, the data protection officer (there are 72 hours to tell the authority).",
            "Partners: before anything is sent to them again; they may have to block us.",
            "Sites: work on paper, with the page of each capability.",
        ],
    );
    afterwards(
        &mut page,
        &["Keep everything that was inside, untouched, until the investigation ends."],
    );
    page
}
