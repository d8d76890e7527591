//! Who runs PostgreSQL in a region, and as what: primary, replica, or nothing until it is restored.

use estate::{HighAvailability, Posture};
use types::{RegionName, Span, StampName};

use super::{
    super::{
        Notes,
        blueprint::{CloudNativePg, FlexibleServer, FlexibleServerUpstream, ReplicaSource},
        environment::{Home, Place, Planner, Sized},
        names::{self, longest},
        postgres_images,
    },
    size::wal_storage,
    waits_for_remote,
};

/// What a Flexible Server keeps for point-in-time recovery, in days.
const BACKUP_DAYS: (u64, u64) = (7, 35);
/// A quorum of three survives the loss of one and still knows every acknowledged commit.
const INSTANCES_STRICT: u8 = 3;
/// Seconds of a polite shutdown, in which the old primary would still take writes.
const SMART_SHUTDOWN_SECONDS: u32 = 0;
/// Zones that a region of Azure has.
const ZONES: u8 = 3;

impl<'e> Planner<'_, 'e> {
    fn server_name(&self, region: &RegionName, stamp: &StampName) -> String {
        self.regional_global(region, &[stamp.as_str()], longest::FLEXIBLE_SERVER)
    }

    /// The name that follows the primary; there is one where there is another server that could be it.
    fn virtual_endpoint(&self, stamp: &StampName, home: Home<'_>) -> Option<String> {
        let standby = self.place(home.standby?)?;
        if standby.posture == Posture::Cold {
            return None;
        }
        let parts = [
            self.survey.estate.name.as_str(),
            self.name.as_str(),
            stamp.as_str(),
        ];
        Some(names::global(self.survey.salt, &parts, longest::FLEXIBLE_SERVER))
    }

    /// What Odoo connects to, the same in both regions: a standby's processes follow the primary too.
    pub(super) fn flexible_host(&self, place: &Place<'_>, sized: &Sized<'_>) -> String {
        match self.virtual_endpoint(sized.name, sized.home) {
            Some(endpoint) => format!("{endpoint}.writer.postgres.database.azure.com"),
            None => {
                let server = self.server_name(&place.region.name, sized.name);
                format!("{server}.postgres.database.azure.com")
            }
        }
    }

    pub(super) fn flexible_server(
        &self,
        place: &Place<'e>,
        sized: &Sized<'e>,
        leads: bool,
        notes: &mut Notes,
    ) -> FlexibleServer {
        let size = &sized.sizes.database;
        let name = self.server_name(&place.region.name, sized.name);
        let (zone, other_zone) = zones(&place.region.zones, sized.name);
        let high_availability = if leads {
            self.high_availability(place, sized, notes)
        } else {
            // A replica has none until it is promoted.
            HighAvailability::None
        };
        let replicas = if leads { self.reporting_replicas(sized) } else { 0 };
        let (least, most) = BACKUP_DAYS;
        let days = days(sized.estate.database.point_in_time).clamp(least, most);
        FlexibleServer {
            sku: size.sku.unwrap_or_default().to_owned(),
            storage_mib: size.storage_mib,
            high_availability,
            zone,
            standby_zone: other_zone.filter(|_| high_availability == HighAvailability::ZoneRedundant),
            upstream: (!leads).then(|| self.upstream(sized)),
            reporting_replicas: (1..=replicas)
                .map(|number| format!("{name}-ro{number}"))
                .collect(),
            virtual_endpoint: self.virtual_endpoint(sized.name, sized.home).filter(|_| leads),
            backup_days: u8::try_from(days).unwrap_or(35),
            geo_backup: leads && self.geo_backup(place, sized.home),
            maintenance: sized.estate.database.maintenance,
            name,
        }
    }

    fn upstream(&self, sized: &Sized<'_>) -> FlexibleServerUpstream {
        let region = sized.home.region;
        FlexibleServerUpstream {
            region: region.clone(),
            name: self.server_name(region, sized.name),
            resource_group: self.regional(region, &["data"], longest::RESOURCE_GROUP),
        }
    }

    /// Azure's own copy in the paired region: where nothing of ours runs there. It can only be chosen at creation.
    fn geo_backup(&self, place: &Place<'_>, home: Home<'_>) -> bool {
        let warm = home
            .standby
            .and_then(|region| self.place(region))
            .is_some_and(|standby| standby.posture != Posture::Cold);
        self.is_production() && !warm && self.may_use_pair(place)
    }

    pub(super) fn cloud_native_pg(
        &self,
        place: &Place<'e>,
        sized: &Sized<'e>,
        leads: bool,
        notes: &mut Notes,
    ) -> CloudNativePg {
        let asked = &sized.estate.database;
        let strict = self.survey.strict && self.is_waited_for();
        let by_availability = match self.high_availability(place, sized, notes) {
            HighAvailability::None => 1,
            HighAvailability::SameZone | HighAvailability::ZoneRedundant => 2,
        };
        let instances: u8 = if strict { INSTANCES_STRICT } else { by_availability };
        if strict {
            notes.report.decide_at(
                "database",
                &format!("{}/{}", self.name, sized.name),
                "three instances; a commit is on two of them before it is acknowledged",
                "a tier may lose nothing or recovers by itself, and a quorum of three always knows what was acknowledged",
            );
        }
        let name = self.cluster_name(&place.region.name, sized.name);
        let remote = self.synchronous_remote(sized, leads, instances);
        CloudNativePg {
            // A replica cluster's synchronous replication begins when it is promoted, as its settings already say.
            instances: instances + self.reporting_replicas(sized),
            synchronous: if remote.is_empty() { u8::from(strict) } else { 2 },
            synchronous_remote: remote,
            failover_quorum: strict,
            smart_shutdown_seconds: SMART_SHUTDOWN_SECONDS,
            wal_storage: wal_storage(sized.sizes.database.storage),
            image: postgres_images::image(&self.survey.estate.release.registry, asked.version),
            source: (!leads).then(|| {
                let region = sized.home.region;
                let cluster = self.cluster_name(region, sized.name);
                ReplicaSource {
                    region: region.clone(),
                    host: format!("{cluster}.{}", self.internal_domain(region)),
                    cluster,
                }
            }),
            name,
        }
    }

    /// The replica cluster that commits of some capabilities wait for. Only where the stamp leads first: after a failover
    /// the other region is gone, and they would wait for ever.
    fn synchronous_remote(&self, sized: &Sized<'_>, leads: bool, instances: u8) -> Vec<String> {
        let standby = sized.home.standby.and_then(|region| self.place(region));
        let live = standby.filter(|place| place.posture != Posture::Cold);
        match live {
            Some(place) if leads && instances > 1 && waits_for_remote(sized.estate) => {
                vec![self.cluster_name(&place.region.name, sized.name)]
            }
            Some(_) | None => Vec::new(),
        }
    }

    fn cluster_name(&self, region: &RegionName, stamp: &StampName) -> String {
        names::joined(&[stamp.as_str(), region.as_str()], longest::CLOUD_NATIVE_PG)
    }

    fn high_availability(&self, place: &Place<'_>, sized: &Sized<'_>, notes: &mut Notes) -> HighAvailability {
        let asked = sized.estate.database.high_availability;
        if !self.is_waited_for() {
            return HighAvailability::None;
        }
        if asked == HighAvailability::ZoneRedundant && place.region.zones.len() < 2 {
            notes.report.caution_at(
                "database",
                &format!("{}/{}", self.name, place.region.name),
                "survives the loss of a machine, not of a zone as was asked",
                "the region has a single zone",
            );
            return HighAvailability::SameZone;
        }
        asked
    }

    pub(super) fn reporting_replicas(&self, sized: &Sized<'_>) -> u8 {
        if self.is_waited_for() {
            sized.estate.database.reporting_replicas
        } else {
            0
        }
    }
}

/// A zone for a server, and another one for its copy: by name, so that not all servers are in the first, and so that
/// a zone that goes moves only what was in it.
fn zones(zones: &[u8], stamp: &StampName) -> (u8, Option<u8>) {
    let first = names::spread(&[stamp.as_str()]) % u64::from(ZONES);
    let mut turned = (0..u64::from(ZONES))
        .map(|step| ((first + step) % u64::from(ZONES)) as u8 + 1)
        .filter(|zone| zones.contains(zone));
    let zone = turned.next();
    (zone.unwrap_or(1), turned.next())
}

fn days(span: Span) -> u64 {
    span.as_millis().div_ceil(Span::from_days(1).as_millis())
}
