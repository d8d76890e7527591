//! Stamps and the tenants in them.

use types::{ByteSize, CalendarName, RegionName, Span, StampName, TenantName};

use crate::{
    field::{Domain, Line, TimeZoneName, Whole},
    model::{ClusterIsolation, Tenancy},
    words::DatabaseName,
};

use super::{
    data::{CacheDocument, DatabaseDocument, ObjectsDocument},
    mapping::mapping,
    workloads::WorkloadsDocument,
};

mapping! {
    /// A deployment unit: one tenant of its own, or many that share it.
    StampDocument "a stamp" {
        /// Name that tenants refer to.
        Required "name" name: StampName,
        /// How tenants live in it: `shared`, `dedicated` or `hybrid`.
        Required "tenancy" tenancy: Tenancy,
        /// The active region it runs in; by default the only one.
        Optional "region" region: RegionName,
        /// In the region's common cluster (`namespace`, the default), or in a `cluster` of its own.
        Optional "cluster" cluster: ClusterIsolation,
        /// Processes by class of work.
        Optional "workloads" workloads: WorkloadsDocument,
        /// Its database server.
        Optional "database" database: DatabaseDocument,
        /// Its session store.
        Optional "cache" cache: CacheDocument,
        /// Its files.
        Optional "objects" objects: ObjectsDocument,
        /// What one tenant may take.
        Optional "quota" quota: QuotaDocument,
        /// Tenants at most, for shared stamps; by default 50.
        Optional "tenantsMax" tenants_max: Whole<1, 2_000>,
    }

    /// What one tenant may take.
    QuotaDocument "a quota" {
        /// Connections of the tenant's database role.
        Optional "databaseConnectionsMax" database_connections_max: Whole<5, 5_000>,
        /// Size of the tenant's database; alerts at 80 %.
        Optional "databaseSizeMax" database_size_max: ByteSize,
        /// Size of the tenant's files.
        Optional "objectsSizeMax" objects_size_max: ByteSize,
        /// Requests per second of all its users.
        Optional "requestsPerSecondMax" requests_per_second_max: Whole<1, 100_000>,
        /// A statement that takes longer is cancelled.
        Optional "statementTimeMax" statement_time_max: Span,
        /// Messages per second of all its integrations.
        Optional "messagesPerSecondMax" messages_per_second_max: Whole<1, 100_000>,
    }

    /// One Odoo database.
    TenantDocument "a tenant" {
        /// Name of the tenant.
        Required "name" name: TenantName,
        /// Name for people; by default the tenant's name.
        Optional "displayName" display_name: Line,
        /// Name of the PostgreSQL database; by default the tenant's name.
        Optional "database" database: DatabaseName,
        /// Where it lives; by default in a dedicated stamp of its own name.
        Optional "stamp" stamp: StampName,
        /// Host name under which its users reach it; by default `NAME.` and the organisation's domain.
        Optional "host" host: Domain,
        /// IANA time zone of its business; by default the organisation's.
        Optional "timeZone" time_zone: TimeZoneName,
        /// Calendar its releases keep to; by default the only one.
        Optional "calendar" calendar: CalendarName,
        /// Processes by class of work, for tenants that name no stamp.
        Optional "workloads" workloads: WorkloadsDocument,
    }
}
