//! One part is broken: of the estate, or of what looks after it.

use super::super::commands::Hold;
use super::super::ground::Ground;
use super::super::page::Scenario;
use super::{BY_HAND, Opening, open, told};
use crate::markdown::{Markdown, Step, code};

pub(super) fn component_loss(ground: &Ground<'_>) -> Markdown {
    let mut page = open(
        ground,
        &Opening {
            scenario: Scenario::ComponentLoss,
            when: &[
                "One part is broken and the region around it works.",
                "Each section below is one part; alarms lead to the right one.",
            ],
            by_itself: &[
                "Kubernetes restarts and moves what it can; CloudNativePG and Azure fail over inside the region by themselves.",
                BY_HAND,
            ],
            never: &[
                "Never move to the other region for one broken part that comes back sooner than the move takes.",
                "Never restart everything at once: what works keeps messages and sessions.",
            ],
        },
    );
    database(ground, &mut page);
    replication(ground, &mut page);
    gateway(ground, &mut page);
    odoo(ground, &mut page);
    entrance(ground, &mut page);
    cache(ground, &mut page);
    storage(ground, &mut page);
    nodes(ground, &mut page);
    told(
        ground,
        &mut page,
        &[
            "When a capability does not work for longer than a quarter of its RTO: its owner.",
            "When it will not be back within its RTO: whoever may authorise a move.",
        ],
    );
    page
}

fn database(ground: &Ground<'_>, page: &mut Markdown) {
    page.section("Database");
    page.say(&["Within the region a copy takes over by itself: within seconds for CloudNativePG, one to two minutes for a zone-redundant Flexible Server.", "Wait that long first."]);
    for pair in ground.pairs() {
        let place = &pair.active;
        page.part(&format!("Database of stamp {}", place.stamp.name));
        let look = match (place.cloud_native_pg(), place.flexible_server()) {
            (Some(one), _) => vec![
                place.kubectl(&format!("get cluster.postgresql.cnpg.io {}", one.name)),
                place.kubectl(&format!(
                    "get pods --selector cnpg.io/cluster={} --output wide",
                    one.name
                )),
            ],
            (None, Some(one)) => vec![format!(
                "az postgres flexible-server show --resource-group {} --name {} --query '[state,highAvailability.state]' --output tsv",
                place.region.resource_groups.data, one.name
            )],
            (None, None) => Vec::new(),
        };
        page.step(
            &Step::new("See what it says of itself", 1)
                .run(look)
                .right("it is healthy, or says that it fails over.", "go on."),
        );
        let switch = match (place.cloud_native_pg(), place.flexible_server()) {
            (Some(one), _) => {
                vec![place.kubectl(&format!("describe cluster.postgresql.cnpg.io {}", one.name))]
            }
            (None, Some(one)) => vec![format!(
                "az postgres flexible-server restart --resource-group {} --name {} --failover Forced",
                place.region.resource_groups.data, one.name
            )],
            (None, None) => Vec::new(),
        };
        page.step(
            &Step::new("Help it to fail over inside the region", 3)
                .know("For CloudNativePG read the events: a full disk, a missing quorum and a node that is gone look alike from outside.")
                .know("A Flexible Server without high availability is only restarted: leave out `--failover Forced`.")
                .run(switch)
                .right("Odoo serves again within two minutes.", "[A region is lost](region-loss.md): the database is the region."),
        );
    }
}

fn replication(ground: &Ground<'_>, page: &mut Markdown) {
    page.section("Replication");
    page.say(&["The ERP works; the other region does not follow, or is too far behind."]);
    for pair in ground.pairs() {
        let Some(standby) = &pair.standby else { continue };
        page.part(&format!("Replication of stamp {}", pair.active.stamp.name));
        page.step(
            &Step::new("Ask both sides", 1)
                .run(pair.active.ask("SELECT application_name, state, pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn) AS behind_bytes FROM pg_stat_replication"))
                .run(standby.ask("SELECT status, latest_end_time FROM pg_stat_wal_receiver"))
                .right(
                    "the standby's line says `streaming`, and the bytes shrink.",
                    "no line: look at the link, [The regions do not see each other](partition.md). Bytes grow: the standby is too small or its disk too slow.",
                ),
        );
        page.step(
            &Step::new("See how much log the primary keeps for it", 1)
                .run(pair.active.ask("SELECT slot_name, active, pg_size_pretty(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)) AS kept FROM pg_replication_slots"))
                .right("it is small against the disk.", "before the primary's disk is full, drop the slot and build the standby anew: `SELECT pg_drop_replication_slot('<slot>')`."),
        );
    }
}

fn gateway(ground: &Ground<'_>, page: &mut Markdown) {
    page.section("Gateway");
    page.say(&[
        "A gateway that is down refuses messages; partners keep them and try again.",
        "A gateway whose copy is gone acknowledges with one copy, and says so in its answers.",
    ]);
    for pair in ground
        .pairs()
        .iter()
        .filter(|pair| pair.active.placement.gateway.is_some())
    {
        let place = &pair.active;
        page.part(&format!("Gateways of stamp {}", place.stamp.name));
        page.step(
            &Step::new("Look", 1)
                .run([
                    place.kubectl("get pods --selector app.kubernetes.io/name=gateway --output wide"),
                    place.kubectl("logs --selector app.kubernetes.io/name=gateway --tail=100 --prefix"),
                ])
                .right(
                    "they run, and the log names what is wrong.",
                    "look at the node and the volume: `kubectl describe pod`.",
                ),
        );
        page.step(
            &Step::new("If the journal refuses to write", 5)
                .know("A disk failed to sync. The gateway does not know what is on it, and nobody should guess.")
                .know("Never delete the volume: it may hold the only copy of acknowledged messages.")
                .run([place.kubectl("delete pod --selector app.kubernetes.io/name=gateway")])
                .right("it starts, reads its journal, and asks its peer for what it lacks.", "leave it down: the peer in the other region has every message that was acknowledged with two copies. Call whoever runs the platform."),
        );
    }
}

fn odoo(ground: &Ground<'_>, page: &mut Markdown) {
    page.section("Odoo");
    for pair in ground.pairs() {
        let place = &pair.active;
        page.part(&format!("Odoo of stamp {}", place.stamp.name));
        page.step(
            &Step::new("Look", 2)
                .run([
                    place.kubectl("get pods --output wide"),
                    place.kubectl("get events --sort-by=.lastTimestamp"),
                    place.kubectl("logs deployment/odoo-web --tail=100"),
                ])
                .right("pods are ready.", "a crash after a release: [A release does harm](bad-release.md). Pods `Pending`: [Too slow, or too full](capacity.md)."),
        );
        page.step(
            &Step::new("Restart one class of work, not all", 2)
                .know("Restarts drain: people keep working on the processes that are left.")
                .run([place.kubectl("rollout restart deployment/odoo-web")])
                .right(
                    "`kubectl rollout status deployment/odoo-web` ends.",
                    "undo: `kubectl rollout undo deployment/odoo-web`.",
                ),
        );
    }
    page.section("Scheduler");
    page.say(&[
        "Scheduled jobs run in one process, in exactly one region.",
        "A job that fails for a week is switched off by Odoo.",
    ]);
    for pair in ground.pairs() {
        let place = &pair.active;
        page.part(&format!("Scheduler of stamp {}", place.stamp.name));
        page.step(
            &Step::new("Look, and restart it", 2)
                .run([
                    place.kubectl("logs deployment/odoo-scheduler --tail=100"),
                    place.kubectl("rollout restart deployment/odoo-scheduler"),
                ])
                .right("the lag on the dashboard shrinks.", "a job waits for a lock: [Too slow, or too full](capacity.md#a-transaction-does-not-end)."),
        );
    }
}

fn entrance(ground: &Ground<'_>, page: &mut Markdown) {
    page.section("Ingress");
    let mut clusters: Vec<String> = Vec::new();
    for region in &ground.environment.regions {
        clusters.extend(region.clusters.iter().map(|cluster| {
            format!(
                "kubectl --context {} --namespace ingress get pods,gateways --output wide",
                cluster.name
            )
        }));
    }
    page.step(
        &Step::new("Look at the ingress of each cluster", 2)
            .run(clusters)
            .right(
                "pods are ready and the gateway is `Programmed`.",
                "restart it: `kubectl --namespace ingress rollout restart deployment`.",
            ),
    );
    let groups: std::collections::BTreeSet<&str> = ground
        .pairs()
        .iter()
        .map(|pair| pair.active.region.name.as_str())
        .collect();
    page.step(
        &Step::new("Look at the front door", 2)
            .run(groups.into_iter().map(|home| ground.origins(home)))
            .right(
                "the region that leads is `Enabled`, the others are not.",
                "Front Door is Azure's: look at its status page, then open a support case with severity A.",
            ),
    );
}

fn cache(ground: &Ground<'_>, page: &mut Markdown) {
    page.section("Cache");
    page.say(&[
        "It holds sessions and nothing else: without it people are logged out, and nothing that was posted is lost.",
        "Partners are not affected.",
    ]);
    let mut seen = std::collections::BTreeSet::new();
    let mut commands = Vec::new();
    for pair in ground.pairs() {
        if let Some(cache) = &pair.active.placement.cache
            && seen.insert(cache.name.clone())
        {
            commands.push(format!(
                "az redisenterprise show --resource-group {} --cluster-name {} --query '[name,provisioningState,resourceState]' --output tsv",
                pair.active.region.resource_groups.data, cache.name
            ));
        }
    }
    page.step(
        &Step::new("Look", 2)
            .run(commands)
            .right("`Succeeded` and `Running`.", "open a support case. When it is full, make it larger in the estate file (`cache.memory`) and release."),
    );
}

fn storage(ground: &Ground<'_>, page: &mut Markdown) {
    page.section("Storage");
    page.say(&["Attachments, exports and backups are in accounts of their own: see which one it is."]);
    let accounts: Vec<String> = ground
        .environment
        .regions
        .iter()
        .flat_map(|region| region.storage.iter().map(move |account| (region, account)))
        .map(|(region, account)| {
            format!(
                "az storage account show --resource-group {} --name {} --query '[name,statusOfPrimary]' --output tsv",
                region.resource_groups.data, account.name
            )
        })
        .collect();
    page.step(
        &Step::new("Look", 2)
            .run(accounts)
            .know("Never fail an account over by Azure's own switch: the account stays locally redundant afterwards, and replication between accounts ends.")
            .right("`available`.", "the partner region's account has a copy of what is replicated; backups are in both regions."),
    );
}

fn nodes(ground: &Ground<'_>, page: &mut Markdown) {
    page.section("Nodes");
    let mut clusters = Vec::new();
    for region in &ground.environment.regions {
        clusters.extend(region.clusters.iter().map(|cluster| {
            format!(
                "kubectl --context {} get nodes --label-columns topology.kubernetes.io/zone",
                cluster.name
            )
        }));
    }
    page.step(
        &Step::new("Look at nodes by zone", 1)
            .run(clusters)
            .right("one node is missing: Azure replaces it, wait.", "a whole zone is missing: databases and ingress have a copy in another one; watch that pods find room."),
    );
}

pub(super) fn control_plane_loss(ground: &Ground<'_>) -> Markdown {
    let mut page = open(
        ground,
        &Opening {
            scenario: Scenario::ControlPlaneLoss,
            when: &[
                "Alarm `ControllerGone`, `VoterMissing`, `AlarmsNotDelivered`, `MetricsMissing`, or the outside heartbeat says that alarms have stopped.",
                "Kubernetes' API, Flux, or the way in to Azure does not answer.",
            ],
            by_itself: &[
                "Nothing that is healthy stops because of it: ERP, gateway and sites go on.",
                "On Azure there is no controller yet, so alarm `ControllerGone` fires until there is one.",
            ],
            never: &[
                "Never move writes while the one who keeps the generation is unknown.",
                "Never restore an old copy of the controller's store: its generations are in the past.",
            ],
        },
    );
    page.section("Monitoring");
    let mut commands = Vec::new();
    for region in &ground.environment.regions {
        commands.extend(region.clusters.iter().map(|cluster| {
            format!(
                "kubectl --context {} --namespace monitoring get pods",
                cluster.name
            )
        }));
    }
    page.step(
        &Step::new("Look at monitoring in each cluster", 2)
            .run(commands)
            .know("While it is blind, somebody looks every quarter of an hour: the login page of each tenant, and the queue on the gateway.")
            .right("Prometheus and Alertmanager are ready.", "the other region's monitoring has the recorded series as long as the link stands."),
    );
    page.section("A voter is missing");
    page.say(&[
        "Three vote: the active region, the standby region, the witness.",
        "Two are enough to go on, so this is not an outage; one more, and the active region stops itself.",
    ]);
    page.step(
        &Step::new(
            "Find out which, and bring it back before anything else is changed",
            10,
        )
        .right(
            "`plimsoll_lease_voters_reachable` is 3 everywhere.",
            "postpone every release and every planned move.",
        ),
    );
    page.section("Kubernetes' API");
    for region in &ground.environment.regions {
        for cluster in &region.clusters {
            page.part(&format!("Cluster {}", cluster.name));
            page.step(
                &Step::new("Ask Azure", 2)
                    .run([format!(
                        "az aks show --resource-group {} --name {} --query '[provisioningState,powerState.code]' --output tsv",
                        region.resource_groups.infrastructure, cluster.name
                    )])
                    .know("Pods go on without the API; they are only not moved, scaled or changed.")
                    .right("`Succeeded` and `Running`.", "a support case with severity A. If it needs a change now: `az aks command invoke` runs one command inside."),
            );
        }
    }
    page.section("GitOps");
    page.say(&["Without Flux or the repository nothing new is released, and nothing else changes."]);
    let holds: Vec<String> = ground
        .pairs()
        .iter()
        .map(|pair| pair.active.hold(Hold::Suspend))
        .collect();
    page.step(&Step::new("If it does harm, hold it", 1).run(holds).right(
        "each command answers `patched`.",
        "remove the extension's write access: scale its controllers to 0 in `flux-system`.",
    ));
    page.section("The way in");
    page.step(
        &Step::new("Access without the usual way in", 10)
            .know("If Entra or the request for rights does not work: the emergency accounts, sealed, two people, written down.")
            .know(format!("Every use of them is an incident of its own: {} hears of it.", code("security")))
            .right("`az account show` answers.", "wait: what runs goes on without you."),
    );
    told(
        ground,
        &mut page,
        &[
            "At once: whoever may authorise a failover, because a disaster now would have to be recovered by hand.",
        ],
    );
    page
}
