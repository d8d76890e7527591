//! What is promised about recovery.

use types::settings::{Authority, Probe};
use types::{CapabilityName, IntegrationName, SiteName, Span, TierName};

use crate::{
    field::{Line, List},
    model::SupportWindow,
};

use super::mapping::mapping;

mapping! {
    /// A recovery promise.
    TierDocument "a tier" {
        /// Name that capabilities refer to.
        Required "name" name: TierName,
        /// It must work again this soon after a region is lost.
        Required "rto" rto: Span,
        /// At most this much work may be lost; `0s` means none.
        Required "rpo" rpo: Span,
        /// Who may start a failover.
        Required "failover" failover: FailoverDocument,
        /// When somebody answers; by default `always`.
        Optional "support" support: SupportWindow,
    }

    /// Who may start a failover.
    FailoverDocument "failover" {
        /// `automatic`, `one-person` or `two-people`.
        Required "authority" authority: Authority,
        /// The people, for the authorities that need them.
        Optional "authorisedBy" authorised_by: List<Line>,
    }

    /// A business process that must come back.
    CapabilityDocument "a capability" {
        /// Name, such as `order-capture`.
        Required "name" name: CapabilityName,
        /// Name for people; by default made of the name.
        Optional "displayName" display_name: Line,
        /// The promise it is held to.
        Required "tier" tier: TierName,
        /// The real transaction that proves it; without one it is not measured.
        Optional "probe" probe: Probe,
        /// Integrations it cannot do without.
        Optional "dependsOn" depends_on: List<IntegrationName>,
        /// Capabilities that must work first.
        Optional "after" after: List<CapabilityName>,
        /// Sites it is done at; by default it does not depend on any.
        Optional "sites" sites: List<SiteName>,
        /// Who answers for it.
        Optional "owner" owner: Line,
    }
}
