//! A stamp's database in each of its regions.

mod engines;
mod parameters;
mod size;

use estate::{Durability, Engine, Posture};
use types::StampName;

use super::{
    Notes,
    blueprint::{BackupPlan, DatabaseEngine, DatabasePlan},
    environment::{Place, Planner, Sized},
    objects,
    placement::namespace,
};
pub(super) use size::DatabaseSize;

/// What PostgreSQL listens on.
const PORT: u16 = 5432;
/// Where a Flexible Server's own pooler listens.
const POOLER_PORT: u16 = 6432;

impl<'e> Planner<'_, 'e> {
    /// The database in one region.
    pub(super) fn database(
        &self,
        place: &Place<'e>,
        sized: &Sized<'e>,
        leads: bool,
        notes: &mut Notes,
    ) -> DatabasePlan {
        let size = &sized.sizes.database;
        let asked = &sized.estate.database;
        let (engine, host) = match asked.engine {
            Engine::FlexibleServer => {
                let host = self.flexible_host(place, sized);
                let server = self.flexible_server(place, sized, leads, notes);
                (DatabaseEngine::FlexibleServer(server), host)
            }
            Engine::CloudNativePg => {
                let cluster = self.cloud_native_pg(place, sized, leads, notes);
                let service = if size.pooler.is_some() { "pooler" } else { "rw" };
                let host = service_host(&cluster.name, service, sized.name);
                (DatabaseEngine::CloudNativePg(cluster), host)
            }
        };
        let cold = !leads && place.posture == Posture::Cold;
        let engine = if cold {
            DatabaseEngine::RestoredWhenNeeded
        } else {
            engine
        };
        let reporting_hosts = match &engine {
            DatabaseEngine::FlexibleServer(server) => server
                .reporting_replicas
                .iter()
                .map(|name| format!("{name}.postgres.database.azure.com"))
                .collect(),
            DatabaseEngine::CloudNativePg(cluster) if leads && self.reporting_replicas(sized) > 0 => {
                vec![service_host(&cluster.name, "ro", sized.name)]
            }
            DatabaseEngine::CloudNativePg(_) | DatabaseEngine::RestoredWhenNeeded => Vec::new(),
        };
        self.explain_database(sized, &engine, leads, notes);
        let mut parameters = size.parameters.clone();
        if let DatabaseEngine::CloudNativePg(cluster) = &engine
            && !cluster.synchronous_remote.is_empty()
        {
            // The list of synchronous copies has the other region in it: who does not ask must not wait for it.
            parameters.insert("synchronous_commit".to_owned(), "local".to_owned());
        }
        let port = match (asked.engine, size.pooler) {
            (Engine::FlexibleServer, Some(_)) => POOLER_PORT,
            (Engine::FlexibleServer, None) | (Engine::CloudNativePg, _) => PORT,
        };
        DatabasePlan {
            version: asked.version,
            cores: size.cores,
            memory: size.memory,
            storage: size.storage,
            connections_max: size.connections_max,
            parameters,
            engine,
            pooler: size.pooler,
            host,
            port,
            reporting_hosts,
            backup: self.backup(place, sized),
        }
    }

    fn explain_database(&self, sized: &Sized<'e>, engine: &DatabaseEngine, leads: bool, notes: &mut Notes) {
        let report = &mut notes.report;
        let at = format!("{}/{}", self.name, sized.name);
        if !leads {
            return;
        }
        let size = &sized.sizes.database;
        match engine {
            DatabaseEngine::FlexibleServer(server) => {
                report.decide_at(
                    "database",
                    &at,
                    &format!("{} with {}", server.sku, size.storage),
                    "the smallest Flexible Server that has the cores and memory asked for",
                );
                if server.geo_backup {
                    report.caution_at(
                        "database",
                        &at,
                        "Azure keeps backups in the paired region too",
                        "no replica of ours runs elsewhere; this can only be chosen when the server is created",
                    );
                }
                if waits_for_remote(sized.estate) {
                    report.caution_at(
                        "durability",
                        &at,
                        "no transaction waits for the other region, though some should",
                        "replicas of a Flexible Server are asynchronous; what passes the gateway is in both regions' journals, what people type may lose its last moments with a region",
                    );
                }
            }
            DatabaseEngine::CloudNativePg(cluster) if !cluster.synchronous_remote.is_empty() => {
                report.caution_at(
                    "durability",
                    &at,
                    "transactions that ask for it wait for the other region and for one instance here; all others for their own disk",
                    "PostgreSQL has one list of copies to wait for: with the other region in it, the rest either waits as long or for none, so the loss of a zone may take the last moments of what did not ask",
                );
            }
            DatabaseEngine::CloudNativePg(_) => {
                if waits_for_remote(sized.estate) && self.is_waited_for() {
                    report.caution_at(
                        "durability",
                        &at,
                        "no transaction waits for the other region, though some should",
                        "there is no live one here",
                    );
                }
            }
            DatabaseEngine::RestoredWhenNeeded => {}
        }
    }

    fn backup(&self, place: &Place<'e>, sized: &Sized<'e>) -> BackupPlan {
        let container = objects::container(sized.name, objects::BACKUPS);
        let own = &place.region.name;
        let regions = if own == sized.home.region {
            self.backup_regions(own)
        } else {
            // What it follows may hold its data, because it does already.
            vec![own, sized.home.region]
        };
        BackupPlan {
            containers: regions
                .into_iter()
                .map(|region| {
                    let account = self.account_name(region, objects::BACKUPS_SHORT);
                    format!("{account}/{container}")
                })
                .collect(),
            schedule: self.survey.backup_schedule(sized.name).to_owned(),
            point_in_time: sized.estate.database.point_in_time,
            // A point in time needs the full backup before it.
            keep: self
                .survey
                .estate
                .retention
                .backups
                .max(sized.estate.database.point_in_time),
        }
    }
}

fn service_host(cluster: &str, service: &str, stamp: &StampName) -> String {
    format!("{cluster}-{service}.{}.svc", namespace(stamp))
}

fn waits_for_remote(stamp: &estate::Stamp) -> bool {
    let mut all = stamp.database.durability.values();
    all.any(|durability| *durability == Durability::RemoteApply)
}
