//! The public entrance: three paths that never share a limit.

use ipnet::Ipv4Net;
use serde::Serialize;
use types::{ByteSize, Span};

/// The public entrance of all tenants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ingress {
    /// People.
    pub public: IngressPath,
    /// Administrators: the database manager's paths do not exist, the rest is limited to known addresses.
    pub admin: IngressPath,
    /// Partners: `/in/…`.
    pub integration: IngressPath,
    /// Oldest TLS version that is spoken.
    pub tls_min: TlsVersion,
    /// What the web application firewall does.
    pub waf: WafMode,
    /// Whether a person stays with one process while it lives.
    pub sticky: bool,
    /// `Strict-Transport-Security` for this long.
    pub hsts: Span,
    /// Who may embed the ERP's pages.
    pub frame: FrameOptions,
}

/// One of the three paths.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IngressPath {
    /// Per client address.
    pub rate: RateLimit,
    /// Larger requests are refused.
    pub body_max: ByteSize,
    /// A backend begins to answer within this time, or not at all.
    pub timeout: Span,
    /// Only from these; empty means from everywhere (refused for `admin` in production).
    pub allow: Vec<Ipv4Net>,
}

/// Requests of one client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RateLimit {
    /// Per second, on average.
    pub average: u32,
    /// At once.
    pub burst: u32,
}

/// A TLS version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum TlsVersion {
    /// 1.2
    #[serde(rename = "1.2")]
    V12,
    /// 1.3
    #[serde(rename = "1.3")]
    V13,
}

/// What the web application firewall does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum WafMode {
    /// Refuses.
    Prevention,
    /// Only tells.
    Detection,
}

/// Who may embed the ERP's pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FrameOptions {
    /// Nobody.
    Deny,
    /// The ERP itself, as Odoo's website editor needs it.
    SameOrigin,
}
