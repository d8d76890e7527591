//! Partners with client certificates: a host of their own, past the front door, which would end their TLS.

use std::collections::BTreeSet;

use estate::{Authentication, Direction, Integration};
use ipnet::Ipv4Net;
use types::TenantName;

use super::{
    blueprint::CertificateDoor,
    environment::Planner,
    names::{self, longest},
};

impl Planner<'_, '_> {
    /// The door of one tenant, if a partner of it has a certificate.
    pub(super) fn certificate_door(
        &self,
        tenant: &TenantName,
        integrations: &[&Integration],
    ) -> Option<CertificateDoor> {
        let lanes: Vec<&Integration> = integrations
            .iter()
            .copied()
            .filter(|one| one.tenant == *tenant && one.direction == Direction::Inbound)
            .filter(|one| matches!(one.authentication, Authentication::MutualTls { .. }))
            .collect();
        if lanes.is_empty() {
            return None;
        }
        let parts = [
            self.survey.estate.name.as_str(),
            self.name.as_str(),
            tenant.as_str(),
        ];
        let label = names::joined(&["partners", tenant.as_str()], longest::NAMESPACE);
        let unique = names::global(self.survey.salt, &parts, longest::TRAFFIC_MANAGER);
        Some(CertificateDoor {
            // Below the domain itself: the authority that signs its certificate looks in the public zone.
            host: format!("{label}.{}", self.domain),
            profile: unique.clone(),
            label: unique,
            allow: self.callers(&lanes),
        })
    }

    /// Where all these partners call from; nothing when one of them may call from anywhere.
    fn callers(&self, lanes: &[&Integration]) -> Vec<Ipv4Net> {
        let mut callers = BTreeSet::new();
        for lane in lanes {
            let partner = lane.partner.as_ref();
            let partner = partner.and_then(|name| self.survey.estate.partners.get(name));
            match partner.map(|partner| partner.addresses.as_slice()) {
                None | Some([]) => return Vec::new(),
                Some(addresses) => callers.extend(addresses.iter().copied()),
            }
        }
        callers.into_iter().collect()
    }
}
