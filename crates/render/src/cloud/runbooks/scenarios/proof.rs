//! Nobody can show that something would work: treated like a failure, in office hours.

use super::super::ground::Ground;
use super::super::page::Scenario;
use super::{BY_HAND, Opening, REHEARSE, open, told};
use crate::markdown::{Markdown, Step, code, word};

pub(super) fn missing_proof(ground: &Ground<'_>) -> Markdown {
    let mut page = open(
        ground,
        &Opening {
            scenario: Scenario::MissingProof,
            when: &[
                "Alarms `Backup…`, `RestoreProof…`, `WalArchivingStopped`, `DrillOverdue`, `DatabaseUnwatched`, `GatewayUnwatched`.",
                "Nothing is broken that anybody feels. What is missing is the reason to believe that it could be repaired.",
            ],
            by_itself: &[
                BY_HAND,
                "Plimsoll does not take or verify backups on Azure yet: Azure and CloudNativePG take them, and people restore on trial.",
                REHEARSE,
            ],
            never: &[
                "Never silence such an alarm for longer than a week.",
                "Never delete an old backup because a new one has the word `completed` beside it.",
            ],
        },
    );
    page.section("No backup");
    for pair in ground.pairs() {
        let place = &pair.active;
        page.part(&format!("Backups of stamp {}", place.stamp.name));
        let plan = &place.placement.database.backup;
        let containers: Vec<String> = plan.containers.iter().map(|one| code(one)).collect();
        page.say(&[format!(
            "A full backup begins at {} (UTC), point-in-time recovery reaches {} back, daily backups are kept {}, in {}.",
            code(&plan.schedule),
            plan.point_in_time,
            plan.keep,
            containers.join(" and ")
        )]);
        page.step(&Step::new("See what is there", 2).run(place.backups()).right(
            "last night's is complete: the alarm's source is broken, not the backup.",
            "go on.",
        ));
        let now = place.cloud_native_pg().map_or_else(Vec::new, |one| {
            vec![format!(
                "printf '%s\\n' 'apiVersion: postgresql.cnpg.io/v1' 'kind: Backup' 'metadata: {{generateName: by-hand-}}' 'spec: {{cluster: {{name: {}}}, method: plugin, pluginConfiguration: {{name: barman-cloud.cloudnative-pg.io}}}}' | {}",
                one.name,
                place.kubectl("create --filename -")
            )]
        });
        let server = place.flexible_server().map(|one| {
            format!(
                "az postgres flexible-server backup create --resource-group {} --server-name {} --backup-name by-hand",
                word(&place.region.resource_groups.data),
                word(&one.name)
            )
        });
        page.step(
            &Step::new("Take one now", 30)
                .run(now.into_iter().chain(server))
                .right(
                    "it is listed, complete, with today's date.",
                    "the reason is in its events: a right, an account, a full container.",
                ),
        );
    }
    page.section("Archiving has stopped");
    for pair in ground.pairs() {
        let place = &pair.active;
        if place.cloud_native_pg().is_none() {
            continue;
        }
        page.part(&format!("Archive of stamp {}", place.stamp.name));
        page.step(
            &Step::new("Ask the database", 2)
                .run(place.ask("SELECT archived_count, last_archived_time, failed_count, last_failed_time, last_failed_wal FROM pg_stat_archiver"))
                .right("the last archived time is minutes ago.", "the operator's log says why; most often the identity may not write, or the account is not reachable."),
        );
        page.step(
            &Step::new("When it archives again, begin a new line", 30)
                .know("A gap cannot be closed: take a full backup, and point-in-time recovery reaches from there.")
                .right("the new backup is complete.", "watch the disk of the log meanwhile: [Too slow, or too full](capacity.md#a-disk-fills)."),
        );
    }
    page.section("No restore proof");
    page.say(&["A restore on trial, in the recovery environment where there is one, never in production's namespace."]);
    page.step(&Step::new("Restore the newest backup beside", 90).know("[Restore one tenant](single-tenant-restore.md), the steps until it is whole.").right("invariants hold: stock agrees with movements, the ledger balances, sampled attachments open.", "treat it as no backup since the last proof: take a full one now, and restore that."));
    page.step(
        &Step::new("Write it down", 10)
            .know("Which backup, how long each step took, who looked: the next person needs the times."),
    );
    page.section("No drill");
    page.step(
        &Step::new("Rehearse on one machine, today", 30)
            .run([format!(
                "plimsoll drill region-loss {} --runs 3",
                ground.blueprint.estate
            )])
            .know("It needs the estate running there: `plimsoll up FILE`.")
            .right(
                "every run says 0 lost and 0 duplicated.",
                "that is a fault of the platform: tell whoever runs it.",
            ),
    );
    page.step(
        &Step::new("Rehearse on Azure, on a planned day", 0)
            .know("[Planned switchover](planned-switchover.md), in staging first."),
    );
    told(
        ground,
        &mut page,
        &[
            "The owner of the stamp's strictest capability, when proof has been missing for a week.",
            "Auditors, when it has been missing for a month.",
        ],
    );
    page
}
