//! Commands for the things of this estate, complete and in one line each.
//!
//! Only commands that exist today: `az`, `kubectl`, `psql`. What Plimsoll will do by itself one day is done by hand here.

use plan::cloud::blueprint::{CloudNativePg, DatabaseEngine, FlexibleServer, WorkloadKind};

use super::ground::{Ground, Place};
use crate::markdown::word;

/// Namespace of Flux.
const FLUX: &str = "flux-system";

impl Place<'_> {
    fn cluster(&self) -> String {
        word(&self.placement.cluster)
    }

    /// `kubectl` for the stamp's namespace in this region.
    pub(super) fn kubectl(&self, arguments: &str) -> String {
        format!(
            "kubectl --context {} --namespace {} {arguments}",
            self.cluster(),
            word(&self.stamp.namespace)
        )
    }

    /// Gets access to the cluster.
    pub(super) fn credentials(&self) -> String {
        format!(
            "az aks get-credentials --resource-group {} --name {} --overwrite-existing",
            word(&self.region.resource_groups.infrastructure),
            self.cluster()
        )
    }

    /// Keeps Flux from undoing what is done by hand, or lets it go on.
    pub(super) fn hold(&self, hold: Hold) -> String {
        format!(
            "kubectl --context {} --namespace {FLUX} patch kustomization runtime-{} --type merge --patch '{{\"spec\":{{\"suspend\":{}}}}}'",
            self.cluster(),
            self.stamp.name,
            hold == Hold::Suspend
        )
    }

    /// Stops Odoo in this region: scaling first, or it would start it again.
    pub(super) fn stop_odoo(&self) -> Vec<String> {
        vec![
            self.kubectl("annotate scaledobject --all autoscaling.keda.sh/paused-replicas=0 --overwrite"),
            self.kubectl(&format!("scale deployment {} --replicas=0", self.deployments())),
        ]
    }

    /// Starts classes of work in this region as large as they must be where it leads.
    pub(super) fn start(&self, classes: Classes) -> Vec<String> {
        let mut commands = match classes {
            Classes::Serving => {
                vec![self.kubectl("annotate scaledobject --all autoscaling.keda.sh/paused-replicas-")]
            }
            Classes::Background => Vec::new(),
        };
        let wanted = self
            .placement
            .workloads
            .iter()
            .filter(|one| classes.has(one.kind));
        commands.extend(wanted.map(|one| {
            self.kubectl(&format!(
                "scale deployment odoo-{} --replicas={}",
                one.kind.as_str(),
                one.replicas_leading.max(1)
            ))
        }));
        commands
    }

    /// Tells this region's gateways to lead. Only the controller may, so it takes the controller's certificate.
    pub(super) fn lead(&self, peer_gone: bool) -> Vec<String> {
        let with_lanes: std::collections::BTreeSet<&str> =
            self.stamp.lanes.iter().map(|lane| lane.tenant.as_str()).collect();
        let gateway = match with_lanes.into_iter().collect::<Vec<_>>().as_slice() {
            [] => return Vec::new(),
            [one] => format!("gateway-{one}"),
            // One after the other.
            [..] => "gateway-<tenant>".to_owned(),
        };
        vec![
            self.kubectl(&format!("port-forward service/{gateway} 9443:9443 &")),
            format!(
                "curl --cert <certificate of the controller> --key <its key> --cacert <internal authority> --resolve {gateway}:9443:127.0.0.1 --header 'content-type: application/json' --data '{{\"generation\":<one more than before>,\"incarnation\":\"<new UUID>\",\"peer_gone\":{peer_gone}}}' https://{gateway}:9443/v1/lead"
            ),
        ]
    }

    /// Names of the deployments of Odoo.
    pub(super) fn deployments(&self) -> String {
        let names: Vec<String> = self
            .placement
            .workloads
            .iter()
            .map(|one| format!("odoo-{}", one.kind.as_str()))
            .collect();
        names.join(" ")
    }

    /// The CloudNativePG cluster, where it is one.
    pub(super) fn cloud_native_pg(&self) -> Option<&CloudNativePg> {
        match &self.placement.database.engine {
            DatabaseEngine::CloudNativePg(one) => Some(one),
            DatabaseEngine::FlexibleServer(_) | DatabaseEngine::RestoredWhenNeeded => None,
        }
    }

    /// The Flexible Server, where it is one.
    pub(super) fn flexible_server(&self) -> Option<&FlexibleServer> {
        match &self.placement.database.engine {
            DatabaseEngine::FlexibleServer(one) => Some(one),
            DatabaseEngine::CloudNativePg(_) | DatabaseEngine::RestoredWhenNeeded => None,
        }
    }

    /// Whether a database runs here at all.
    pub(super) fn is_cold(&self) -> bool {
        self.placement.database.engine == DatabaseEngine::RestoredWhenNeeded
    }

    /// Asks this region's database something.
    pub(super) fn ask(&self, sql: &str) -> Option<String> {
        let quoted = word(sql);
        match &self.placement.database.engine {
            // The service leads to the instance that writes, or that follows for the others.
            DatabaseEngine::CloudNativePg(one) => Some(self.kubectl(&format!(
                "exec service/{}-rw --container postgres -- psql --tuples-only --command {quoted}",
                word(&one.name)
            ))),
            DatabaseEngine::FlexibleServer(one) => Some(format!(
                "PGPASSWORD=$(az account get-access-token --resource-type oss-rdbms --query accessToken --output tsv) psql \"host={}.postgres.database.azure.com dbname=postgres user=<your Entra name> sslmode=require\" --tuples-only --command {quoted}",
                one.name
            )),
            DatabaseEngine::RestoredWhenNeeded => None,
        }
    }

    /// Fences a database that can still be reached, so that it certainly takes no more writes. A Flexible Server has no
    /// fence of its own: a planned promotion is its fence.
    pub(super) fn fence(&self) -> Option<String> {
        let one = self.cloud_native_pg()?;
        Some(self.kubectl(&format!(
            "annotate cluster.postgresql.cnpg.io {} 'cnpg.io/fencedInstances=[\"*\"]' --overwrite",
            word(&one.name)
        )))
    }

    /// Shows whether the fence holds: PostgreSQL is stopped in every instance.
    pub(super) fn fenced(&self) -> Option<String> {
        let one = self.cloud_native_pg()?;
        Some(self.kubectl(&format!(
            "get pods --selector cnpg.io/cluster={} --output wide",
            word(&one.name)
        )))
    }

    /// Makes the database of this region the primary.
    pub(super) fn promote(&self, promotion: Promotion) -> Option<String> {
        match &self.placement.database.engine {
            DatabaseEngine::CloudNativePg(one) => Some(self.kubectl(&format!(
                "patch cluster.postgresql.cnpg.io {} --type merge --patch '{{\"spec\":{{\"replica\":{{\"enabled\":false}}}}}}'",
                word(&one.name)
            ))),
            DatabaseEngine::FlexibleServer(one) => Some(format!(
                "az postgres flexible-server replica promote --resource-group {} --name {} --promote-mode switchover --promote-option {} --yes",
                word(&self.region.resource_groups.data),
                word(&one.name),
                promotion.as_str()
            )),
            DatabaseEngine::RestoredWhenNeeded => None,
        }
    }

    /// Lists the newest backups of this stamp's database in this region.
    pub(super) fn backups(&self) -> Vec<String> {
        match &self.placement.database.engine {
            DatabaseEngine::FlexibleServer(one) => vec![format!(
                "az postgres flexible-server backup list --resource-group {} --name {} --output table",
                word(&self.region.resource_groups.data),
                word(&one.name)
            )],
            DatabaseEngine::CloudNativePg(_) => {
                vec![self.kubectl("get backups.postgresql.cnpg.io --sort-by=.metadata.creationTimestamp")]
            }
            DatabaseEngine::RestoredWhenNeeded => Vec::new(),
        }
    }
}

/// Classes of work that are started together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Classes {
    /// What people and partners wait for.
    Serving,
    /// What sends and calculates by itself: last, because mail and documents leave by it.
    Background,
}

impl Classes {
    const fn has(self, kind: WorkloadKind) -> bool {
        match kind {
            WorkloadKind::Integration | WorkloadKind::Web | WorkloadKind::Live => {
                matches!(self, Self::Serving)
            }
            WorkloadKind::Worker | WorkloadKind::Scheduler => matches!(self, Self::Background),
        }
    }
}

/// Whether Flux is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hold {
    /// Flux does nothing.
    Suspend,
    /// Flux goes on.
    Resume,
}

/// How a standby is promoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Promotion {
    /// The old primary is reachable: it stops first, and nothing is lost.
    Planned,
    /// It is not: what the standby lacks is lost.
    Forced,
}

impl Promotion {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Forced => "forced",
        }
    }
}

impl Ground<'_> {
    /// Opens or closes a region at the front door.
    pub(super) fn origin(&self, region: &str, serves_for: &str, state: &str) -> String {
        let door = &self.environment.front_door;
        format!(
            "az afd origin update --resource-group {} --profile-name {} --origin-group-name {serves_for} --origin-name {region} --enabled-state {state}",
            word(&door.resource_group),
            word(&door.name)
        )
    }

    /// Shows which regions are open.
    pub(super) fn origins(&self, serves_for: &str) -> String {
        let door = &self.environment.front_door;
        format!(
            "az afd origin list --resource-group {} --profile-name {} --origin-group-name {serves_for} --query '[].[name,enabledState,priority]' --output table",
            word(&door.resource_group),
            word(&door.name)
        )
    }
}
