//! Something runs out: time, room, workers.

use super::super::ground::Ground;
use super::super::page::Scenario;
use super::{BY_HAND, Opening, open, told};
use crate::markdown::{Markdown, Step, code, word};

pub(super) fn expiry(ground: &Ground<'_>) -> Markdown {
    let mut page = open(
        ground,
        &Opening {
            scenario: Scenario::Expiry,
            when: &[
                "Alarms `Certificate…`, `Credential…`, `TenantDatabaseNearQuota`, `TenantFilesNearQuota`, or a partner is refused since a round hour.",
            ],
            by_itself: &[
                "cert-manager renews certificates, and External Secrets brings new secrets from the vault into the cluster within its interval.",
                BY_HAND,
            ],
            never: &[
                "Never switch certificate checks off to get through the night: nobody switches them on again.",
                "Never write a secret into a ticket, a chat or the repository.",
            ],
        },
    );
    page.section("A certificate");
    for region in &ground.environment.regions {
        for cluster in &region.clusters {
            page.part(&format!("Certificates of cluster {}", cluster.name));
            page.step(
                &Step::new("Look", 2)
                    .run([
                        format!("kubectl --context {} get certificates --all-namespaces", cluster.name),
                        format!("kubectl --context {} get challenges,orders --all-namespaces", cluster.name),
                    ])
                    .right("all are `True`.", "the event of the order says why: most often the DNS challenge lost its right to write."),
            );
            page.step(
                &Step::new("Have it issued again", 5)
                    .know("Deleting the secret makes cert-manager ask again; the old one is served until then.")
                    .run([format!("kubectl --context {} --namespace ingress get secrets --field-selector type=kubernetes.io/tls", cluster.name)])
                    .right("a new one is `True`, and a browser shows its date.", "copy the secret of the other region's cluster: the wildcard is the same."),
            );
        }
    }
    page.section("A credential");
    page.say(&["Secrets by the stamp that reads them, and how often they must be replaced; values are in each region's vault."]);
    let mut rows = Vec::new();
    for pair in ground.pairs() {
        for secret in &pair.active.stamp.secrets {
            let vaults: Vec<String> = std::iter::once(&pair.active)
                .chain(&pair.standby)
                .map(|place| code(&place.region.vault))
                .collect();
            rows.push([
                code(pair.active.stamp.name.as_str()),
                code(&secret.vault_key),
                secret.rotate.to_string(),
                vaults.join(", "),
            ]);
        }
    }
    rows.truncate(ROWS_MAX);
    page.table(["stamp", "secret", "replaced every", "vaults"], &rows);
    let example = ground.pairs().iter().find_map(|pair| {
        let secret = pair.active.stamp.secrets.first()?;
        Some(
            std::iter::once(pair.active)
                .chain(pair.standby)
                .map(|place| {
                    format!(
                        "az keyvault secret set --vault-name {} --name {} --file <file with the new value>",
                        word(&place.region.vault),
                        word(&secret.vault_key)
                    )
                })
                .collect::<Vec<_>>(),
        )
    });
    page.step(
        &Step::new("Put the new value into both regions' vaults", 5)
            .know("For a partner's credential: let the partner accept the new one first, beside the old one.")
            .run(example.unwrap_or_default())
            .right(
                "`az keyvault secret show` has today's date in both.",
                "without the right to write: ask for it, with the reason.",
            ),
    );
    if let Some(pair) = ground.pairs().first() {
        page.step(
            &Step::new("Have the pods read it", 3)
                .run([
                    pair.active
                        .kubectl("annotate externalsecret --all \"force-sync=$(date +%s)\" --overwrite"),
                    pair.active.kubectl("rollout restart deployment/odoo-integration"),
                ])
                .right(
                    "the lane delivers.",
                    "the secret in the cluster is still the old one: `kubectl describe externalsecret`.",
                ),
        );
    }
    page.section("A quota");
    page.say(&["Of a tenant in a shared stamp; of Azure, see [Too slow, or too full](capacity.md#work-waits-for-workers)."]);
    page.step(
        &Step::new("See what grows", 5)
            .run(ground.pairs().first().and_then(|pair| pair.active.ask("SELECT datname, pg_size_pretty(pg_database_size(datname)) FROM pg_database ORDER BY pg_database_size(datname) DESC LIMIT 10")))
            .right("you know the tenant and its largest tables: most often attachments, mail or logs.", "ask again tomorrow: growth within a day says which."),
    );
    page.step(&Step::new("Agree with the tenant", 0).know("More quota, tidying up, or a stamp of its own; in the estate file it is `quota` of the stamp.").know("Nothing is refused by itself: PostgreSQL goes on until the disk is full, and then for everybody."));
    told(
        ground,
        &mut page,
        &[
            "The owner of what ends, a week before it does.",
            "A partner, before its credential changes.",
        ],
    );
    page
}

/// More secrets than this are not listed: the vault lists them.
const ROWS_MAX: usize = 200;

pub(super) fn capacity(ground: &Ground<'_>) -> Markdown {
    let mut page = open(
        ground,
        &Opening {
            scenario: Scenario::Capacity,
            when: &["People wait, queues grow, a disk fills, connections run out."],
            by_itself: &[
                "KEDA scales each class of work by its own signals up to its maximum, and the cluster gets nodes.",
                "Disks of Flexible Servers grow by themselves where the plan says so; volumes in the cluster do not.",
            ],
            never: &[
                "Never add processes when the database is the bottleneck: they only wait in another place, and more transactions repeat.",
                "Never delete files in a database's or journal's volume.",
                "Never cancel a job before you know what it is: some may not run twice.",
            ],
        },
    );
    waits(ground, &mut page);
    connections(ground, &mut page);
    page.section("A disk fills");
    for pair in ground.pairs() {
        let place = &pair.active;
        page.part(&format!("Disks of stamp {}", place.stamp.name));
        let grow = match (place.cloud_native_pg(), place.flexible_server()) {
            (Some(one), _) => vec![place.kubectl(&format!(
                "patch cluster.postgresql.cnpg.io {} --type merge --patch '{{\"spec\":{{\"storage\":{{\"size\":\"<larger>Gi\"}}}}}}'",
                one.name
            ))],
            (None, Some(one)) => vec![format!(
                "az postgres flexible-server update --resource-group {} --name {} --storage-size <size in GiB>",
                place.region.resource_groups.data, one.name
            )],
            (None, None) => Vec::new(),
        };
        page.step(
            &Step::new("See which, and why", 2)
                .run([place.kubectl("get persistentvolumeclaims")])
                .run(place.ask("SELECT slot_name, active, pg_size_pretty(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)) AS kept FROM pg_replication_slots"))
                .know("A standby that does not follow and an archive that does not take anything make the log grow: [Proof is missing](missing-proof.md#archiving-has-stopped).")
                .right("you know whether it is data, log or journal.", "grow it now and look afterwards."),
        );
        page.step(
            &Step::new("Grow it", 5)
                .know("Disks can be made larger while they are in use, and never smaller.")
                .run(grow)
                .right("the alarm ends within ten minutes.", "for a journal: `kubectl patch persistentvolumeclaim`, then put the size into the estate file (`buffering`)."),
        );
    }
    page.section("A transaction does not end");
    for pair in ground.pairs() {
        page.part(&format!("Transactions of stamp {}", pair.active.stamp.name));
        page.step(
            &Step::new("Find it, and whom it blocks", 2)
                .run(pair.active.ask("SELECT pid, usename, application_name, state, now() - xact_start AS age, pg_blocking_pids(pid) AS waits_for, left(query, 80) FROM pg_stat_activity WHERE xact_start IS NOT NULL ORDER BY xact_start LIMIT 10"))
                .right("you know its process id and what it does.", "nothing is old: look at the queue instead."),
        );
        page.step(
            &Step::new("Ask its owner, then end it", 2)
                .know("A cancelled statement is rolled back whole.")
                .run(pair.active.ask("SELECT pg_cancel_backend(<pid>)"))
                .right(
                    "it is gone from the list.",
                    "`pg_terminate_backend` instead; the connection ends.",
                ),
        );
    }
    page.section("Transaction ids run out");
    page.step(
        &Step::new("Find the table, and vacuum it", 60)
            .run(ground.pairs().first().and_then(|pair| pair.active.ask("SELECT datname, age(datfrozenxid) FROM pg_database ORDER BY 2 DESC LIMIT 5")))
            .know("Most often a transaction that does not end, or a replication slot nobody uses, keeps the horizon back: end that first.")
            .right("after `VACUUM (FREEZE, VERBOSE) <table>` the age falls.", "at two thousand million PostgreSQL refuses to write: do it today."),
    );
    told(
        ground,
        &mut page,
        &[
            "The owner of a capability that is slow for longer than a quarter of an hour.",
            "Whoever pays, before something is made larger for good.",
        ],
    );
    page
}

fn waits(ground: &Ground<'_>, page: &mut Markdown) {
    page.section("Work waits for workers");
    for pair in ground.pairs() {
        let place = &pair.active;
        page.part(&format!("Workers of stamp {}", place.stamp.name));
        let rows: Vec<[String; 4]> = place
            .placement
            .workloads
            .iter()
            .map(|one| {
                [
                    one.kind.as_str().to_owned(),
                    one.workers.to_string(),
                    one.replicas_min.to_string(),
                    one.replicas_max.to_string(),
                ]
            })
            .collect();
        page.table(
            [
                "class of work",
                "workers in a replica",
                "replicas at least",
                "at most",
            ],
            &rows,
        );
        page.step(
            &Step::new("See which class, and whether the database is the reason", 2)
                .run([place.kubectl("get scaledobjects,horizontalpodautoscalers,pods")])
                .run(place.ask("SELECT state, wait_event_type, count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' GROUP BY 1, 2 ORDER BY 3 DESC"))
                .right("you know: few wait for locks or disk, so workers are short.", "many wait for locks: [a transaction does not end](#a-transaction-does-not-end)."),
        );
        page.step(
            &Step::new("Raise the maximum, for tonight", 3)
                .know("KEDA's object is what counts; put the number into the estate file tomorrow, or Flux takes it back.")
                .run([place.hold(super::super::commands::Hold::Suspend), place.kubectl("patch scaledobject odoo-web --type merge --patch '{\"spec\":{\"maxReplicaCount\":<number>}}'")])
                .right("more pods run and the queue shrinks.", "pods are `Pending`: the node pool or Azure's quota is the limit: `az vm list-usage --location <location> --output table`."),
        );
    }
}

fn connections(ground: &Ground<'_>, page: &mut Markdown) {
    page.section("Database connections");
    for pair in ground.pairs() {
        page.part(&format!("Connections of stamp {}", pair.active.stamp.name));
        page.step(
            &Step::new("See who holds them", 2)
                .run(pair.active.ask("SELECT usename, application_name, state, count(*) FROM pg_stat_activity GROUP BY 1, 2, 3 ORDER BY 4 DESC LIMIT 20"))
                .know(format!("The server takes {}.", pair.active.placement.database.connections_max))
                .right("one role or program holds most of them.", "all hold their share: there are too many processes, take replicas away."),
        );
        page.step(
            &Step::new("Free those that do nothing", 2)
                .run(pair.active.ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle in transaction' AND now() - state_change > interval '10 minutes'"))
                .right("the share falls below 80 %.", "restart the class of work that holds them: `kubectl rollout restart`."),
        );
    }
}
