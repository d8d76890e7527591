//! The public entrance.

use ipnet::Ipv4Net;
use types::{ByteSize, Span};

use crate::{
    field::{List, TlsNumber, Whole},
    model::{FrameOptions, WafMode},
};

use super::mapping::mapping;

mapping! {
    /// The public entrance of all tenants: three paths that never share a limit.
    IngressDocument "the ingress" {
        /// People; by default 50 requests a second and 100 at once, 25MiB, 65s.
        Optional "public" public: PathDocument,
        /// Administrators; by default 10 requests a second and 20 at once, 10MiB, 65s.
        Optional "admin" admin: PathDocument,
        /// Partners; by default 200 requests a second and 400 at once, 1MiB or what the largest integration takes, 10s.
        Optional "integration" integration: PathDocument,
        /// Oldest TLS version that is spoken; by default 1.2.
        Optional "tlsMin" tls_min: TlsNumber,
        /// What the web application firewall does; by default `prevention`.
        Optional "waf" waf: WafMode,
        /// Whether a person stays with one process while it lives; by default not.
        Optional "sticky" sticky: bool,
        /// Browsers use nothing but HTTPS for this long; by default 365d.
        Optional "hsts" hsts: Span,
        /// Who may embed the ERP's pages; by default `same-origin`.
        Optional "frame" frame: FrameOptions,
    }

    /// One of the three paths.
    PathDocument "a path" {
        /// Requests of one client address.
        Optional "rate" rate: RateDocument,
        /// Larger requests are refused.
        Optional "bodyMax" body_max: ByteSize,
        /// A backend begins to answer within this time, or not at all.
        Optional "timeout" timeout: Span,
        /// Only from these; by default from everywhere.
        Optional "allow" allow: List<Ipv4Net>,
    }

    /// Requests of one client.
    RateDocument "a rate" {
        /// Per second, on average.
        Required "average" average: Whole<1, 100_000>,
        /// At once.
        Required "burst" burst: Whole<1, 100_000>,
    }
}
