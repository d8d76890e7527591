//! Out of a backup: one tenant of many, or everything in waves.

use super::super::commands::{Classes, Hold};
use super::super::ground::{Ground, Place};
use super::super::page::Scenario;
use super::{BY_HAND, Opening, afterwards, authority, open, told};
use crate::markdown::{Markdown, Step, code, link, text, word};

const MUTE: &str =
    "Never let a restored copy start before it is mute: it would send old mail, EDI and payments again.";
const BESIDE: &str =
    "Never restore over what is there: beside it, under another name, and exchange names at the end.";

/// The statements that make a copy mute, from the bridge addon.
const NEUTRALISE: &str = "addons/plimsoll_bridge/data/neutralize.sql";

fn restore_steps(place: &Place<'_>, page: &mut Markdown) {
    let name = place.stamp.name.as_str();
    match (place.cloud_native_pg(), place.flexible_server()) {
        (Some(one), _) => page.step(
            &Step::new("Restore the server beside the old one", 60)
                .know("A new cluster that recovers from the backups of the old one, with archiving off: a copy that archives writes into the good line.")
                .know(format!("Copy the manifest of {} under the name {}, with `bootstrap.recovery` from its object store and `recoveryTarget.targetTime`, and without `plugins`.", code(&one.name), code(&format!("{}-restored", one.name))))
                .run(place.backups())
                .run([
                    place.kubectl(&format!("get cluster.postgresql.cnpg.io {} --output yaml > restored.yaml", one.name)),
                    place.kubectl("apply --filename restored.yaml"),
                ])
                .right("the new cluster says `Cluster in healthy state`.", "an older target time; then the copy in the partner region's account."),
        ),
        (None, Some(one)) => page.step(
            &Step::new("Restore the server beside the old one", 45)
                .know("Always a new server, in the same region, to a time within the last days that the plan keeps.")
                .run(place.backups())
                .run([format!(
                    "az postgres flexible-server restore --resource-group {} --name {} --source-server {} --restore-time <UTC time like 2026-01-31T02:15:00Z>",
                    word(&place.region.resource_groups.data),
                    word(&format!("{}-r1", one.name)),
                    word(&one.name)
                )])
                .right("it is `Ready`.", "an older time; then the logical backups in the backup containers."),
        ),
        (None, None) => page.step(
            &Step::new("Build the server, then restore into it", 120)
                .know("The region is cold. Apply its data stack with the database's engine set, then restore from the containers below.")
                .run(place.placement.database.backup.containers.iter().map(|container| {
                    let (account, container) = container.split_once('/').unwrap_or(("", container));
                    format!("az storage blob list --auth-mode login --account-name {} --container-name {} --output table", word(account), word(container))
                }))
                .right("the newest backup is in the new server.", "the other container has a copy under another identity."),
        ),
    }
    page.step(
        &Step::new("Make it mute before any Odoo can reach it", 3)
            .know(format!("The statements are in {} of the platform's repository; run them in every restored database.", code(NEUTRALISE)))
            .run(["psql \"host=<restored server> dbname=<database> sslmode=require\" --set ON_ERROR_STOP=1 --file neutralize.sql".to_owned()])
            .right("it ends without an error.", "do not start Odoo."),
    );
    page.step(
        &Step::new("See that it is whole", 20)
            .run(["psql \"host=<restored server> dbname=<database> sslmode=require\" --command \"SELECT max(write_date) FROM stock_move\" --command \"SELECT count(*) FROM ir_attachment WHERE store_fname IS NOT NULL\"".to_owned()])
            .know(format!("Attachments are in container {}: versions and soft delete bring back what is missing.", code(&place.placement.attachments_container)))
            .right(format!("the newest movement in {} is as old as the target time says, and sampled attachments open.", code(name)), "an older time."),
    );
}

pub(super) fn single_tenant(ground: &Ground<'_>) -> Markdown {
    let mut page = open(
        ground,
        &Opening {
            scenario: Scenario::SingleTenantRestore,
            when: &[
                "One tenant must be set back or compared with yesterday, and its neighbours must not notice.",
                "The owner of the tenant's data has asked for it, in writing.",
            ],
            by_itself: &[BY_HAND],
            never: &[
                BESIDE,
                MUTE,
                "Never set the shared server back: it takes every neighbour with it.",
            ],
        },
    );
    authority(ground, &mut page);
    for pair in ground.pairs() {
        let place = &pair.active;
        page.section(&format!("A tenant of stamp {}", place.stamp.name));
        let few = place.stamp.tenants.len() <= TENANTS_LISTED_MAX;
        if few {
            let rows: Vec<[String; 3]> = place
                .stamp
                .tenants
                .iter()
                .map(|one| [text(&one.display_name), code(&one.database), code(&one.role)])
                .collect();
            page.table(["tenant", "database", "role"], &rows);
        }
        restore_steps(place, &mut page);
        page.step(
            &Step::new("Take the tenant's database out of the copy", 20)
                .run(["pg_dump --format=directory --jobs=4 --file=tenant.dump \"host=<restored server> dbname=<database> sslmode=require\"".to_owned()])
                .right("it ends without an error.", "the copy is damaged: an older time."),
        );
        page.step(
            &Step::new("Hold the tenant's lanes and people", 2)
                .know("Only this tenant: its host shows the maintenance page, its lanes keep what arrives.")
                .run([place.hold(Hold::Suspend)])
                .run(place.ask("ALTER ROLE \"<role>\" NOLOGIN; SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '<role>'"))
                .right("nobody is connected with that role.", "again: Odoo reconnects until the role may not log in."),
        );
        page.step(
            &Step::new("Put it beside, and exchange the names", 20)
                .run(["pg_restore --create --no-owner --jobs=4 --dbname=\"host=<server> dbname=postgres sslmode=require\" tenant.dump".to_owned()])
                .run(place.ask("ALTER DATABASE \"<database>\" RENAME TO \"<database>_before\""))
                .run(place.ask("ALTER DATABASE \"<database>_restored\" RENAME TO \"<database>\""))
                .run(place.ask("ALTER ROLE \"<role>\" LOGIN"))
                .right("the login page of the tenant shows the state of that time.", "rename both back: nothing is lost."),
        );
        page.step(
            &Step::new("Replay what partners sent since then", 10)
                .know("The gateway asks the database what it has and applies the rest. Documents that the ERP numbered since then are burned: no number is given twice.")
                .right("dead letters are 0 and the owner has compared yesterday's totals.", "hold outbound lanes and list what is missing."),
        );
        page.step(
            &Step::new("Let go", 1)
                .run([place.hold(Hold::Resume)])
                .know("Keep `<database>_before` for thirty days."),
        );
    }
    told(
        ground,
        &mut page,
        &[
            "Before: the owner of the tenant's data, with what will be lost (what people typed since then).",
            "After: the same, with the replayed documents.",
        ],
    );
    afterwards(
        &mut page,
        &["Delete the copy's server when the owner has signed."],
    );
    page
}

/// More tenants than this are not listed: the page is for finding steps, not names.
const TENANTS_LISTED_MAX: usize = 50;

pub(super) fn mass(ground: &Ground<'_>) -> Markdown {
    let mut page = open(
        ground,
        &Opening {
            scenario: Scenario::MassRestore,
            when: &[
                "Both regions have lost their data, or nobody can trust what is in either of them.",
                "A cold region must be filled, or ransomware left nothing but backups.",
            ],
            by_itself: &[BY_HAND],
            never: &[
                BESIDE,
                MUTE,
                "Never restore more at once than can be checked: an unchecked tenant is not restored.",
            ],
        },
    );
    page.section("Waves");
    page.say(&["By tier: the strictest first. Within a wave the order of recovery counts, because a capability needs those before it."]);
    let mut rows = Vec::new();
    let mut capabilities: Vec<_> = ground.capabilities().iter().collect();
    capabilities.sort_by_key(|one| (one.rto, one.order));
    let mut waves: Vec<&str> = Vec::new();
    for one in capabilities {
        if !waves.contains(&one.tier.as_str()) {
            waves.push(one.tier.as_str());
        }
        rows.push([
            waves.len().to_string(),
            text(one.tier.as_str()),
            link(&one.display_name, &format!("../capabilities/{}.md", one.name)),
            one.rto.to_string(),
        ]);
    }
    page.table(["wave", "tier", "capability", "promised within"], &rows);
    page.say(&["Every stamp serves all capabilities, so the first wave brings its database back; later waves are checks and classes of work."]);
    authority(ground, &mut page);
    for pair in ground.pairs() {
        let place = pair
            .standby
            .as_ref()
            .filter(|standby| standby.is_cold())
            .unwrap_or(&pair.active);
        page.section(&format!("Stamp {} in {}", place.stamp.name, place.region.name));
        page.step(
            &Step::new("Get access, and hold Flux", 2).run([place.credentials(), place.hold(Hold::Suspend)]),
        );
        restore_steps(place, &mut page);
        page.step(
            &Step::new("Point Odoo at it, and start what the first wave needs", 10)
                .know("Set the restored server's address in the estate file, render, and apply this stamp's runtime alone.")
                .run([place.kubectl("scale deployment odoo-integration odoo-web --replicas=1")])
                .right("the first capability's transaction is read back.", "hold the wave: nothing else is started."),
        );
        page.step(
            &Step::new("The other waves", 60)
                .know("Owners sign each capability; only then the next class of work is started, schedulers last.")
                .run(place.start(Classes::Serving))
                .run(place.start(Classes::Background))
                .right("every capability is signed.", "stay with the waves that are signed: the rest works on paper."),
        );
    }
    told(
        ground,
        &mut page,
        &[
            "Before: everybody, with the time to which data goes back.",
            "After each wave: owners of its capabilities, and the sites.",
        ],
    );
    afterwards(
        &mut page,
        &["Full backups at once, and a restore proof of each within the week."],
    );
    page
}
