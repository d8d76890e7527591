//! The estate as a person writes it: keys, their types, and what may be left out. Nothing is resolved here.
//!
//! Everything is [`Given`](crate::field::Given) or not in these types, required or not: a broken part must not keep us
//! from checking the others, and must not be complained about twice.

mod access;
mod calendars;
mod data;
mod environments;
mod idempotency;
mod ingress;
mod integrations;
mod mapping;
mod organisation;
mod promises;
mod regions;
mod release;
mod sites;
mod tenancy;
mod watching;
mod workloads;

use types::EstateName;

use crate::{
    field::List,
    words::{ApiVersion, Kind},
};

pub(crate) use access::{AccessDocument, ElevationDocument, PersonaDocument, SecretDocument};
pub(crate) use calendars::{CalendarDocument, WindowDocument};
pub(crate) use data::{
    CacheDocument, ContainerDocument, DatabaseDocument, ImmutabilityDocument, ObjectsDocument,
};
pub(crate) use environments::EnvironmentDocument;
pub(crate) use ingress::{IngressDocument, PathDocument};
pub(crate) use integrations::{
    AuthenticationDocument, EdiDocumentAgreement, FilesDocument, IntegrationDocument, OutboundDocument,
    PartnerDocument, ScannerDocument,
};
pub(crate) use organisation::OrganisationDocument;
pub(crate) use promises::{CapabilityDocument, TierDocument};
pub(crate) use regions::RegionDocument;
pub(crate) use release::{ImageDocument, ReleaseDocument};
pub(crate) use sites::{LinkDocument, SiteDocument};
pub(crate) use tenancy::{QuotaDocument, StampDocument, TenantDocument};
pub(crate) use watching::{
    BudgetDocument, ObservabilityDocument, RetentionDocument, RouteDocument, WaiverDocument,
};
pub(crate) use workloads::{ClassDocument, SignalDocument, WorkloadsDocument};

use mapping::mapping;

mapping! {
    /// Everything one organisation declares about its ERP.
    EstateDocument "an estate" {
        /// Version of this format: `plimsoll.dev/v1`.
        Required "apiVersion" api_version: ApiVersion,
        /// Always `Estate`.
        Required "kind" kind: Kind,
        /// Who this is.
        Required "metadata" metadata: MetadataDocument,
        /// What is declared.
        Required "spec" spec: SpecDocument,
    }

    /// Who this is.
    MetadataDocument "metadata" {
        /// Name of the estate.
        Required "name" name: EstateName,
    }

    /// What is declared.
    SpecDocument "spec" {
        /// Who the estate belongs to.
        Optional "organisation" organisation: OrganisationDocument,
        /// Environments beside production: the same estate, smaller or elsewhere.
        Optional "environments" environments: List<EnvironmentDocument>,
        /// Where the ERP can run: active regions, and at most one standby for each.
        Required "regions" regions: List<RegionDocument>,
        /// Recovery promises that capabilities refer to.
        Required "tiers" tiers: List<TierDocument>,
        /// Business processes that must come back, each with its promise.
        Required "capabilities" capabilities: List<CapabilityDocument>,
        /// Deployment units: one tenant of its own, or many that share it. Tenants that name none have one each.
        Optional "stamps" stamps: List<StampDocument>,
        /// Odoo databases.
        Required "tenants" tenants: List<TenantDocument>,
        /// The public entrance.
        Optional "ingress" ingress: IngressDocument,
        /// Partner systems; when left out, those that integrations name.
        Optional "partners" partners: List<PartnerDocument>,
        /// Streams of messages between partners and the ERP.
        Optional "integrations" integrations: List<IntegrationDocument>,
        /// Warehouses and other places where people work.
        Optional "sites" sites: List<SiteDocument>,
        /// When the business must not be disturbed, and when it may be.
        Optional "calendars" calendars: List<CalendarDocument>,
        /// Who may do what.
        Optional "access" access: AccessDocument,
        /// Where secrets are; never what they are.
        Optional "secrets" secrets: List<SecretDocument>,
        /// How long what is kept.
        Optional "retention" retention: RetentionDocument,
        /// How the estate is watched, and who hears of it.
        Optional "observability" observability: ObservabilityDocument,
        /// What the estate may cost.
        Optional "budget" budget: BudgetDocument,
        /// What runs: images, and where they come from.
        Optional "release" release: ReleaseDocument,
        /// Exceptions from policies.
        Optional "waivers" waivers: List<WaiverDocument>,
    }
}
