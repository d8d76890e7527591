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
    code,
    field::{Field, Given, Line, Located, object_schema, text_of},
    model::RegionRole,
    node::{Node, Value},
    reader::{Keys, Need, Problems, clip, did_you_mean, list},
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
        /// Messages delivered to the ERP at the same time; by default 2. With 1 they stay in order.
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

/// The version of the format that this program reads.
const API_VERSION: &str = "plimsoll.dev/v1";
const KIND: &str = "Estate";

/// The right `apiVersion`.
#[derive(Clone, Debug)]
pub(crate) struct ApiVersion;

/// The right `kind`.
#[derive(Clone, Debug)]
pub(crate) struct Kind;

macro_rules! constant_fields {
    ($($name:ident = $value:ident),*) => {$(
        impl Field for $name {
            fn read(node: &Node, problems: &mut Problems<'_>) -> Option<Self> {
                let text = text_of(node, &format!("`{}`", $value), problems)?;
                if text != $value {
                    problems
                        .error(code::NOT_AN_ESTATE, node.span, format!("`{}` is not read by this program", clip(text)))
                        .help(format!("write `{}`", $value))
                        .done();
                    return None;
                }
                Some(Self)
            }

            fn schema(_: &mut SchemaGenerator) -> Schema {
                schemars::json_schema!({ "type": "string", "const": $value })
            }

            fn example() -> Option<&'static str> {
                Some($value)
            }
        }
    )*};
}

constant_fields!(ApiVersion = API_VERSION, Kind = KIND);

/// What the inbox calls a kind of message.
#[derive(Clone, Debug)]
pub(crate) struct MessageKind(pub(crate) String);

/// Name of a PostgreSQL database.
#[derive(Clone, Debug)]
pub(crate) struct DatabaseName(pub(crate) String);

/// Databases PostgreSQL has already.
const RESERVED_DATABASES: &[&str] = &["postgres", "template0", "template1"];

impl Field for MessageKind {
    fn read(node: &Node, problems: &mut Problems<'_>) -> Option<Self> {
        let text = text_of(node, "a kind of message such as `order.create`", problems)?;
        let word = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        if text.len() > 64 || !text.contains('.') || !text.split('.').all(word) {
            problems
                .error(
                    code::BAD_VALUE,
                    node.span,
                    format!("`{}` is not a kind of message", clip(text)),
                )
                .help("write what and how in lowercase, such as `order.create`")
                .done();
            return None;
        }
        Some(Self(text.to_owned()))
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^[a-z_]+(\\.[a-z_]+)+$", "maxLength": 64 })
    }

    fn example() -> Option<&'static str> {
        Some("order.create")
    }
}

impl Field for DatabaseName {
    fn read(node: &Node, problems: &mut Problems<'_>) -> Option<Self> {
        let text = text_of(node, "the name of a database", problems)?;
        let inside = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-';
        let begins = text.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
        if !begins || text.len() > 63 || !text.bytes().all(inside) || RESERVED_DATABASES.contains(&text) {
            problems
                .error(code::BAD_VALUE, node.span, format!("`{}` cannot be the tenant's database", clip(text)))
                .help(format!(
                    "use 1 to 63 lowercase letters, digits, `_` and `-`, starting with a letter; {} are PostgreSQL's own",
                    list(RESERVED_DATABASES)
                ))
                .done();
            return None;
        }
        Some(Self(text.to_owned()))
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({
            "type": "string", "pattern": "^[a-z][a-z0-9_-]*$", "maxLength": 63,
            "not": { "enum": RESERVED_DATABASES },
        })
    }
}

const IDEMPOTENCY: &[&str] = &["header", "pointer"];

impl Field for IdempotencySource {
    fn read(node: &Node, problems: &mut Problems<'_>) -> Option<Self> {
        let Value::Map(pairs) = &node.value else {
            crate::reader::wrong_type(node, "`{ header: NAME }` or `{ pointer: /path }`", problems);
            return None;
        };
        let [(key, value)] = pairs.as_slice() else {
            problems
                .error(
                    code::BAD_VALUE,
                    node.span,
                    "the idempotency key is found in exactly one place",
                )
                .help("write either `{ header: NAME }` or `{ pointer: /path }`")
                .done();
            return None;
        };
        let name = text_of(key, "`header` or `pointer`", problems)?;
        let build = match name {
            "header" => header,
            "pointer" => pointer,
            _ => {
                problems
                    .error(
                        code::UNKNOWN_KEY,
                        key.span,
                        format!("idempotency has no key `{}`", clip(name)),
                    )
                    .help(
                        did_you_mean(name, IDEMPOTENCY.iter().copied())
                            .unwrap_or_else(|| format!("it may have {}", list(IDEMPOTENCY))),
                    )
                    .done();
                return None;
            }
        };
        let text = text_of(value, "text", problems)?;
        let source = build(text);
        if source.is_none() {
            problems
                .error(
                    code::BAD_VALUE,
                    value.span,
                    format!("`{}` is no {name}", clip(text)),
                )
                .help(
                    "a header is a name such as `Idempotency-Key`, a pointer a path such as `/order/number`",
                )
                .done();
        }
        source
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "oneOf": [
            {
                "type": "object", "additionalProperties": false, "required": ["header"],
                "properties": { "header": { "type": "string", "pattern": "^[A-Za-z0-9-]+$", "maxLength": 64 } },
            },
            {
                "type": "object", "additionalProperties": false, "required": ["pointer"],
                "properties": { "pointer": { "type": "string", "pattern": "^(/[^/]+)+$", "maxLength": 200 } },
            },
        ] })
    }

    fn example() -> Option<&'static str> {
        Some("{ header: Idempotency-Key }")
    }
}

fn header(text: &str) -> Option<IdempotencySource> {
    let inside = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    let fine = (1..=64).contains(&text.len()) && text.bytes().all(inside);
    fine.then(|| IdempotencySource::Header(text.to_owned()))
}

/// RFC 6901, without the empty pointer: the whole document is no key.
fn pointer(text: &str) -> Option<IdempotencySource> {
    let tail_is_escaped = |part: &str| part.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
    let fine = text.len() <= 200
        && text.strip_prefix('/').is_some_and(|path| {
            path.split('/')
                .all(|part| !part.is_empty() && tail_is_escaped(part))
        })
        && !text.contains(char::is_control);
    fine.then(|| IdempotencySource::Pointer(text.to_owned()))
}
