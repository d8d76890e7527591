//! Storage accounts: one for what the ERP writes, one for backups under another identity.
//!
//! ```text
//!   region A                              region B
//!   objects ── attachments ─(replicated)─► objects
//!   backups ◄──── the engine writes ─────► backups      two accounts, two regions, one identity that may only write
//! ```
//!
//! Two accounts are preferred over one that Azure fails over: that takes an hour and leaves a single copy.

use estate::{Container, Engine, Immutability, Posture};
use types::{RegionName, Span, StampName};

use super::{
    Notes,
    blueprint::{ContainerKind, ContainerPlan, StorageAccount, StoragePurpose},
    environment::{Place, Planner, Sized},
    names::{self, longest},
};

pub(super) const ATTACHMENTS: &str = "attachments";
pub(super) const EXPORTS: &str = "exports";
pub(super) const BACKUPS: &str = "backups";
pub(super) const OBJECTS_SHORT: &str = "obj";
pub(super) const BACKUPS_SHORT: &str = "bak";
/// What Azure allows for soft delete.
const SOFT_DELETE_DAYS: (u64, u64) = (1, 365);

/// Name of a stamp's container.
pub(super) fn container(stamp: &StampName, kind: &str) -> String {
    names::joined(&[stamp.as_str(), kind], longest::CONTAINER)
}

impl<'e> Planner<'_, 'e> {
    pub(super) fn account_name(&self, region: &RegionName, kind: &str) -> String {
        let parts = [
            self.survey.estate.name.as_str(),
            self.name.as_str(),
            region.as_str(),
            kind,
        ];
        let begin = self.survey.estate.name.as_str();
        names::compact(self.survey.salt, begin, kind, &parts, longest::STORAGE_ACCOUNT)
    }

    /// Regions whose backup accounts hold a region's backups: its own, and one in another failure domain.
    pub(super) fn backup_regions<'s>(&'s self, region: &'s RegionName) -> Vec<&'s RegionName> {
        let others = || self.places.iter().filter(|place| place.region.name != *region);
        let partner = self.place(region).and_then(|place| place.partner);
        let other = partner
            .and_then(|partner| self.place(partner))
            .filter(|place| self.may_hold_data(place))
            .or_else(|| others().find(|place| self.may_hold_data(place)));
        let mut regions = vec![region];
        regions.extend(other.map(|place| &place.region.name));
        regions
    }

    /// Whether data may be in a region. Where residency is asked for, a region of unknown geography may not.
    fn may_hold_data(&self, place: &Place<'_>) -> bool {
        self.may_be_in(place.region.geography.as_deref())
    }

    fn may_be_in(&self, geography: Option<&str>) -> bool {
        let allowed = &self.survey.residency;
        allowed.is_empty() || geography.is_some_and(|geography| allowed.iter().any(|one| one == geography))
    }

    /// Whether Azure's own copies in the paired region are possible and allowed.
    pub(super) fn may_use_pair(&self, place: &Place<'_>) -> bool {
        let pair = estate::geography_of_pair(&place.region.location);
        pair.is_some() && self.may_be_in(pair)
    }

    /// What holds for all accounts, and what cannot be undone.
    pub(super) fn explain_objects(&self, sized: &[Sized<'e>], notes: &mut Notes) {
        notes.report.decide_at(
            "objects",
            self.name.as_str(),
            "one account for what the ERP writes, one for backups under an identity of their own, in each region",
            "whoever steals the ERP's identity cannot delete backups; two accounts need no failover by Azure, which takes an hour",
        );
        for one in sized {
            let backups = self.immutable(one.estate.objects.backups.immutable);
            if backups.is_some_and(|immutable| immutable.locked) {
                notes.report.caution_at(
                    "backups",
                    &format!("{}/{}", self.name, one.name),
                    "locked: nobody can delete or shorten them, and they are paid for to the end",
                    "as the estate says; a lock cannot be undone",
                );
            }
        }
    }

    pub(super) fn storage(
        &self,
        place: &Place<'e>,
        sized: &[Sized<'e>],
        notes: &mut Notes,
    ) -> Vec<StorageAccount> {
        let region = &place.region.name;
        let mut objects = Vec::new();
        let mut backups = Vec::new();
        for one in sized {
            let leads = one.home.region == region;
            if leads || one.home.standby == Some(region) {
                objects.push(self.container_plan(one, ContainerKind::Attachments, leads, notes));
                objects.push(self.container_plan(one, ContainerKind::Exports, leads, notes));
            }
            if leads
                || one.home.standby == Some(region)
                || self.backup_regions(one.home.region).contains(&region)
            {
                backups.push(self.container_plan(one, ContainerKind::Backups, leads, notes));
            }
        }
        vec![
            self.account(place, StoragePurpose::Objects, objects, sized, notes),
            self.account(place, StoragePurpose::Backups, backups, sized, notes),
        ]
    }

    fn account(
        &self,
        place: &Place<'e>,
        purpose: StoragePurpose,
        containers: Vec<ContainerPlan>,
        sized: &[Sized<'e>],
        notes: &mut Notes,
    ) -> StorageAccount {
        let region = &place.region.name;
        let kind = match purpose {
            StoragePurpose::Objects => OBJECTS_SHORT,
            StoragePurpose::Backups => BACKUPS_SHORT,
        };
        let sends = containers.iter().any(|container| container.replicate);
        // What arrives needs versions too.
        let receives = place.role == estate::RegionRole::Standby;
        let immutable = containers.iter().any(|container| container.immutable.is_some());
        let (least, most) = SOFT_DELETE_DAYS;
        let keep = sized
            .iter()
            .flat_map(|one| {
                let objects = &one.estate.objects;
                match purpose {
                    StoragePurpose::Objects => {
                        [objects.attachments.keep_deleted, objects.exports.keep_deleted]
                    }
                    StoragePurpose::Backups => [objects.backups.keep_deleted; 2],
                }
            })
            .max()
            .unwrap_or_default();
        let keep_days = keep.as_millis().div_ceil(Span::from_days(1).as_millis());
        StorageAccount {
            name: self.account_name(region, kind),
            purpose,
            redundancy: self.redundancy(place, purpose, notes).to_owned(),
            replica_account: place
                .partner
                .filter(|_| sends)
                .map(|partner| self.account_name(partner, kind)),
            containers,
            soft_delete_days: u16::try_from(keep_days.clamp(least, most)).unwrap_or(365),
            versioning: sends || receives || immutable,
            change_feed: sends,
        }
    }

    /// Copies within the region; backups of a region that has no other one also get Azure's copy in the paired one.
    fn redundancy(&self, place: &Place<'_>, purpose: StoragePurpose, notes: &mut Notes) -> &'static str {
        let zones = place.region.zones.len() > 1;
        let alone = self.backup_regions(&place.region.name).len() == 1;
        if purpose == StoragePurpose::Backups && alone && self.is_production() {
            let at = format!("{}/{}", self.name, place.region.name);
            if self.may_use_pair(place) {
                notes.report.decide_at(
                    "backups",
                    &at,
                    "Azure keeps a further copy in the paired region",
                    "there is no other region of ours that may hold it, and backups must not burn with what they protect",
                );
                return if zones { "GZRS" } else { "GRS" };
            }
            notes.report.caution_at(
                "backups",
                &at,
                "in one region only",
                "no other region may hold them; the loss of this one loses production and backups together",
            );
        }
        if zones { "ZRS" } else { "LRS" }
    }

    fn container_plan(
        &self,
        one: &Sized<'e>,
        kind: ContainerKind,
        leads: bool,
        notes: &mut Notes,
    ) -> ContainerPlan {
        let objects = &one.estate.objects;
        let (asked, suffix): (&Container, &str) = match kind {
            ContainerKind::Attachments => (&objects.attachments, ATTACHMENTS),
            ContainerKind::Exports => (&objects.exports, EXPORTS),
            ContainerKind::Backups => (&objects.backups, BACKUPS),
        };
        ContainerPlan {
            name: container(one.name, suffix),
            kind,
            stamp: one.name.clone(),
            replicate: leads && self.replicates(one, kind, asked, notes),
            cool_after: asked.cool_after,
            // What is immutable cannot be deleted before.
            delete_after: asked.delete_after.map(|delete| {
                let immutable = asked.immutable.map(|immutable| immutable.period);
                delete.max(immutable.unwrap_or_default())
            }),
            immutable: self.immutable(asked.immutable),
        }
    }

    fn replicates(&self, one: &Sized<'e>, kind: ContainerKind, asked: &Container, notes: &mut Notes) -> bool {
        let Some(standby) = one.home.standby.and_then(|region| self.place(region)) else {
            return false;
        };
        if !self.may_hold_data(standby) {
            if asked.replicate {
                notes.report.caution_at(
                    "objects",
                    &format!("{}/{}", self.name, one.name),
                    "not copied to the standby region",
                    "it is not known to be in a geography that data may be in",
                );
            }
            return false;
        }
        match kind {
            ContainerKind::Attachments | ContainerKind::Exports => asked.replicate,
            // The engine writes to both accounts by itself, but CloudNativePG to one: in a warm standby the replica
            // writes the other one, in a cold one nobody does.
            ContainerKind::Backups => {
                one.estate.database.engine == Engine::CloudNativePg && standby.posture == Posture::Cold
            }
        }
    }

    /// Only production is locked: a test that cannot be taken down would stay for years.
    fn immutable(&self, asked: Option<Immutability>) -> Option<Immutability> {
        asked.map(|immutable| Immutability {
            period: immutable.period,
            locked: immutable.locked && self.is_production(),
        })
    }
}
