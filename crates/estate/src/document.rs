//! The estate as a person writes it: keys, their types, and what may be left out. Nothing is resolved here.
//!
//! Everything is [`Given`] or not in these types, required or not: a broken part must not keep us from checking the
//! others, and must not be complained about twice.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use types::settings::{Authority, IdempotencySource, Probe};
use types::{
    ByteSize, CapabilityName, EstateName, IntegrationName, PartnerName, RegionName, SiteName, Span,
    TenantName, TierName,
};

use crate::{
    field::{Field, Given, Line, Located, object_schema},
    model::RegionRole,
    node::Node,
    problems::Problems,
    reader::{Keys, Need},
    words::{ApiVersion, DatabaseName, Kind, MessageKind},
};

type List<T> = Vec<Located<T>>;

/// Declares a mapping once: the type, how it is read, and its schema.
macro_rules! mapping {
    ($(
        #[doc = $about:literal]
        $name:ident $what:literal {$(
            $(#[doc = $doc:literal])+
            $need:ident $key:literal $field:ident: $type:ty,
        )*}
    )*) => {$(
        #[doc = $about]
        #[derive(Clone, Debug)]
        pub(crate) struct $name {
            $($(#[doc = $doc])+ pub(crate) $field: Given<$type>,)*
        }

        impl Field for $name {
            fn read(node: &Node, problems: &mut Problems<'_>) -> Option<Self> {
                let keys = Keys::of(node, $what, &[$($key),*], problems)?;
                Some(Self { $($field: keys.take($key, Need::$need, problems),)* })
            }

            fn schema(generator: &mut SchemaGenerator) -> Schema {
                generator.subschema_for::<Self>()
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).trim_end_matches("Document").into()
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                let properties = vec![$((
                    $key,
                    Need::$need == Need::Required,
                    <$type as Field>::schema(generator),
                    concat!($($doc),+),
                )),*];
                object_schema($about, properties)
            }
        }
    )*};
}

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
        /// Where the ERP can run: one active region, and at most one standby.
        Required "regions" regions: List<RegionDocument>,
        /// Recovery promises that capabilities refer to.
        Required "tiers" tiers: List<TierDocument>,
        /// Business processes that must come back, each with its promise.
        Required "capabilities" capabilities: List<CapabilityDocument>,
        /// Odoo databases.
        Required "tenants" tenants: List<TenantDocument>,
        /// Streams of messages between partners and the ERP.
        Optional "integrations" integrations: List<IntegrationDocument>,
        /// Warehouses and other places where people work.
        Optional "sites" sites: List<SiteDocument>,
    }

    /// An Azure region, or its local stand-in.
    RegionDocument "a region" {
        /// Name, used for directories, certificates and replication slots.
        Required "name" name: RegionName,
        /// Azure location; by default the name.
        Optional "location" location: Line,
        /// `active` serves in the beginning, `standby` follows.
        Required "role" role: RegionRole,
    }

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
        /// The promise it is held to.
        Required "tier" tier: TierName,
        /// The real transaction that proves it; without one it is not measured.
        Optional "probe" probe: Probe,
        /// Integrations it cannot do without.
        Optional "dependsOn" depends_on: List<IntegrationName>,
    }

    /// One Odoo database.
    TenantDocument "a tenant" {
        /// Name of the tenant.
        Required "name" name: TenantName,
        /// Name of the PostgreSQL database; by default the tenant's name.
        Optional "database" database: DatabaseName,
        /// How many processes each class of work has.
        Optional "workloads" workloads: WorkloadsDocument,
    }

    /// How many processes each class of work has. (Live updates over websockets always have one event-driven process.)
    WorkloadsDocument "workloads" {
        /// People in browsers; by default 2 workers.
        Optional "web" web: WorkersDocument,
        /// Messages of the gateway; by default 2 workers.
        Optional "integration" integration: WorkersDocument,
        /// Scheduled jobs, in the active region only; by default 1 worker.
        Optional "scheduler" scheduler: WorkersDocument,
    }

    /// How many processes.
    WorkersDocument "a workload" {
        /// Processes that work at the same time, per region.
        Required "workers" workers: u16,
    }

    /// One stream of messages between a partner and the ERP.
    IntegrationDocument "an integration" {
        /// Name, the last part of the address partners post to: `/in/NAME`.
        Required "name" name: IntegrationName,
        /// The partner.
        Optional "partner" partner: PartnerName,
        /// What the ERP does with a message, such as `order.create`.
        Required "kind" kind: MessageKind,
        /// Where the key is found that makes a repeated message harmless.
        Required "idempotency" idempotency: IdempotencySource,
        /// Larger messages are refused; by default 1MiB.
        Optional "bodyMax" body_max: ByteSize,
        /// Messages delivered to the ERP at the same time; by default 2. They are begun in order; one that must be tried again falls behind.
        Optional "concurrency" concurrency: u16,
    }

    /// A place where people work.
    SiteDocument "a site" {
        /// Name of the site.
        Required "name" name: SiteName,
        /// Region nearest to it; by default the active one.
        Optional "region" region: RegionName,
        /// What stands there, in plain words.
        Optional "devices" devices: List<Line>,
    }
}
