//! The reference of the estate file, made of the same descriptions as its schema: what it says cannot be out of date.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings};
use serde_json::Value as Json;
use types::{ByteSize, EstateName, Span};

use crate::{
    defaults,
    document::EstateDocument,
    field::{
        Days, Digest, Domain, Endpoint, Field, HeaderName, Key, Mail, Pointer, PolicyCode, TimeZoneName,
    },
    locations,
    words::{DatabaseName, MessageKind, Repository},
};

const BEGIN: &str = "# The estate file: every key

Made from the descriptions in the program: `BLESS=1 cargo test -p plimsoll-estate --test reading`.
[The guide](../guide/estate-file.md) explains how the parts belong together; `plimsoll schema` prints the same as JSON Schema, for editors.

## Types

| type | how it is written |
| --- | --- |
| name | 1 to 63 lowercase letters, digits and single hyphens, beginning with a letter: `order-capture` |
| time | whole numbers with a unit, in falling order: `500ms`, `10s`, `15m`, `4h`, `7d`, `1h30m`; zero too needs a unit |
| size | `512KiB`, `1MiB`, `8GiB`, `1TiB`, or a bare number of bytes |
| text | one line of 1 to 200 characters |
| days | `mon`, or a list with ranges: `[mon-fri, sun]` |
| clock | hours and minutes with quotes: `\"20:00\"` |
| date | `2026-12-24` |
| addresses | a range of IPv4 addresses: `10.20.0.0/16` |
| address | one IPv4 address: `192.0.2.10` |
| host:port | a DNS name or an IPv4 address, and a port: `edi.example.com:443` |
| DNS name | lowercase labels with dots: `erp.example.com` |
| time zone | a name of the IANA database: `Europe/Amsterdam` |
| pointer | a JSON pointer (RFC 6901): `/order/number` |

Where several kinds are possible, one of them is written as a mapping with one key: `{ mail: ops@example.com }`.
";

/// The reference as Markdown; ends with a newline.
pub fn reference() -> String {
    let mut generator = SchemaSettings::draft07().into_generator();
    let root = EstateDocument::json_schema(&mut generator);
    let names = Names::new(&mut generator);
    let mut page = BEGIN.to_owned();
    let definitions = generator.definitions().clone();
    let mut open = vec![("Estate".to_owned(), root.as_value().clone())];
    let mut seen = BTreeSet::new();
    while let Some((title, schema)) = open.pop() {
        let Some(properties) = schema.get("properties").and_then(Json::as_object) else {
            continue;
        };
        // Whether JSON keeps the order of keys depends on who else is compiled along.
        let properties: BTreeMap<&String, &Json> = properties.iter().collect();
        section(&mut page, &title, &schema, &properties, &names);
        let mut referred = Vec::new();
        properties.values().for_each(|one| references(one, &mut referred));
        for name in referred.into_iter().rev() {
            if let Some(definition) = definitions.get(&name).filter(|_| !seen.contains(&name)) {
                open.retain(|(other, _)| *other != name);
                open.push((name.clone(), definition.clone()));
            }
        }
        seen.insert(title);
        open.retain(|(name, _)| !seen.contains(name));
    }
    page += &reasons();
    page += &geographies();
    page
}

fn section(
    page: &mut String,
    title: &str,
    schema: &Json,
    properties: &BTreeMap<&String, &Json>,
    names: &Names,
) {
    let about = schema
        .get("description")
        .and_then(Json::as_str)
        .unwrap_or_default();
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Json::as_array)
        .into_iter()
        .flatten()
        .filter_map(Json::as_str)
        .collect();
    // Writing to a String cannot fail.
    let _ = write!(
        page,
        "\n## {title}\n\n{about}\n\n| key | type | needed | meaning |\n| --- | --- | --- | --- |\n"
    );
    for (key, one) in properties {
        let needed = if required.contains(&key.as_str()) {
            "yes"
        } else {
            ""
        };
        let meaning = one.get("description").and_then(Json::as_str).unwrap_or_default();
        let _ = writeln!(
            page,
            "| `{key}` | {} | {needed} | {} |",
            names.of(one),
            meaning.replace('|', "\\|")
        );
    }
}

/// Definitions that a schema refers to, in their order.
fn references(schema: &Json, found: &mut Vec<String>) {
    match schema {
        Json::Object(map) => {
            if let Some(name) = map
                .get("$ref")
                .and_then(Json::as_str)
                .and_then(|text| text.rsplit('/').next())
            {
                found.push(name.to_owned());
            }
            map.values().for_each(|one| references(one, found));
        }
        Json::Array(items) => items.iter().for_each(|one| references(one, found)),
        _ => {}
    }
}

/// What types are called, known by their patterns.
struct Names(Vec<(String, &'static str)>);

impl Names {
    fn new(generator: &mut SchemaGenerator) -> Self {
        let mut rows = Vec::new();
        let mut add = |schema: Schema, name: &'static str| {
            if let Some(pattern) = schema.get("pattern").and_then(Json::as_str) {
                rows.push((pattern.to_owned(), name));
            }
        };
        add(EstateName::schema(generator), "name");
        add(Span::schema(generator), "time");
        add(ByteSize::schema(generator), "size");
        add(Domain::schema(generator), "DNS name");
        add(Mail::schema(generator), "mail address");
        add(Endpoint::schema(generator), "host:port");
        add(ipnet::Ipv4Net::schema(generator), "addresses");
        add(core::net::Ipv4Addr::schema(generator), "address");
        add(jiff::civil::Time::schema(generator), "clock");
        add(jiff::civil::Date::schema(generator), "date");
        add(TimeZoneName::schema(generator), "time zone");
        add(Key::schema(generator), "letters, digits, hyphens");
        add(HeaderName::schema(generator), "header");
        add(Digest::schema(generator), "digest");
        add(PolicyCode::schema(generator), "code");
        add(Pointer::schema(generator), "pointer");
        add(MessageKind::schema(generator), "words with dots");
        add(DatabaseName::schema(generator), "database name");
        add(Repository::schema(generator), "image name");
        Self(rows)
    }

    fn of(&self, schema: &Json) -> String {
        if let Some(name) = schema
            .get("$ref")
            .and_then(Json::as_str)
            .and_then(|text| text.rsplit('/').next())
        {
            return format!("[{name}](#{})", name.to_ascii_lowercase());
        }
        // A reference with a description beside it is wrapped by draft 07.
        if let Some([one]) = schema.get("allOf").and_then(Json::as_array).map(Vec::as_slice) {
            return self.of(one);
        }
        if let Some(kinds) = schema
            .get("anyOf")
            .or_else(|| schema.get("oneOf"))
            .and_then(Json::as_array)
        {
            let days = Days::schema(&mut SchemaSettings::draft07().into_generator());
            if days.get("anyOf").and_then(Json::as_array) == Some(kinds) {
                return "days".to_owned();
            }
            let kinds: Vec<String> = kinds.iter().map(|one| self.of(one)).collect();
            return kinds.join(" or ");
        }
        if let Some(values) = schema.get("enum").and_then(Json::as_array) {
            let values: Vec<String> = values.iter().map(word).collect();
            return values.join(", ");
        }
        if let Some(value) = schema.get("const") {
            return word(value);
        }
        match schema.get("type").and_then(Json::as_str) {
            Some("array") => format!("list of {}", self.of(schema.get("items").unwrap_or(&Json::Null))),
            Some("integer") => format!(
                "{} to {}",
                schema.get("minimum").unwrap_or(&Json::Null),
                schema.get("maximum").unwrap_or(&Json::Null)
            ),
            Some("boolean") => "`true` or `false`".to_owned(),
            Some("object") => self.of_object(schema),
            Some("string") => self.of_text(schema),
            _ => "anything".to_owned(),
        }
    }

    fn of_object(&self, schema: &Json) -> String {
        if let Some(properties) = schema.get("properties").and_then(Json::as_object) {
            let properties: BTreeMap<&String, &Json> = properties.iter().collect();
            let keys: Vec<String> = properties
                .into_iter()
                .map(|(key, value)| format!("`{key}:` {}", self.of(value)))
                .collect();
            return keys.join(", ");
        }
        let values = schema.get("additionalProperties").unwrap_or(&Json::Null);
        format!("mapping to {}", self.of(values))
    }

    fn of_text(&self, schema: &Json) -> String {
        let pattern = schema.get("pattern").and_then(Json::as_str);
        let known = pattern.and_then(|pattern| self.0.iter().find(|(known, _)| known == pattern));
        known.map_or_else(|| "text".to_owned(), |(_, name)| (*name).to_owned())
    }
}

fn word(value: &Json) -> String {
    value
        .as_str()
        .map_or_else(|| format!("`{value}`"), |text| format!("`{text}`"))
}

/// Defaults that somebody may want to question, with their reasons.
fn reasons() -> String {
    let (database, work) = (defaults::database(), defaults::workloads());
    let ingress = defaults::ingress();
    let rows: Vec<(&str, String, &str)> = vec![
        (
            "a tenant without `stamp`",
            "a dedicated stamp of its own".to_owned(),
            "who says nothing about sharing does not share",
        ),
        (
            "`organisation.domain`",
            "`NAME.example.invalid`".to_owned(),
            "it never resolves, so nothing is served under a name that is somebody else's",
        ),
        (
            "`regions[].posture`",
            defaults::POSTURE.as_str().to_owned(),
            "whoever pays for a second region expects it to take over",
        ),
        (
            "`regions[].zones`",
            "all three".to_owned(),
            "the loss of a zone is what regions suffer most often",
        ),
        (
            "`tiers[].support`",
            defaults::SUPPORT.as_str().to_owned(),
            "a promise of minutes means nothing while nobody answers",
        ),
        (
            "`database.engine`",
            database.engine.as_str().to_owned(),
            "nobody has to run it",
        ),
        (
            "`database.version`",
            database.version.to_string(),
            "a year old, so that extensions and tools know it",
        ),
        (
            "`database.cores`, `memory`",
            format!("{}, {}", database.cores, database.memory),
            "about 30 orders a second, twice what one distributor has at its busiest",
        ),
        (
            "`database.storage`",
            database.storage.to_string(),
            "some years of a small distributor three times; it can grow, never shrink",
        ),
        (
            "`database.pointInTime`",
            database.point_in_time.to_string(),
            "errors are found at the end of the month more often than the next day",
        ),
        (
            "`database.pooling.connectionsMax`",
            format!("{}, 100 for each core", database.pooling.connections_max),
            "the default processes at their largest hold about 130",
        ),
        (
            "`database.pooling.pgbouncer`",
            "`false`".to_owned(),
            "Odoo pools by itself, and needs sessions: transaction mode breaks its notifications",
        ),
        (
            "`database.vacuum`",
            "write-heavy".to_owned(),
            "stock moves and queues change all day, and bloat at PostgreSQL's own pace",
        ),
        (
            "`database.durability`",
            "none".to_owned(),
            "waiting for the other region costs up to 95 % of the throughput",
        ),
        (
            "`workloads.web`",
            class(&work.web),
            "two replicas survive the loss of a machine while a long report holds one process",
        ),
        (
            "`workloads.live`",
            class(&work.live),
            "event-driven: one process carries hundreds of people",
        ),
        (
            "`workloads.integration`",
            class(&work.integration),
            "one core takes about 15 orders a second; the second replica is for restarts",
        ),
        (
            "`workloads.worker`",
            class(&work.worker),
            "what may be late needs no second replica until it is",
        ),
        (
            "`workloads.scheduler`",
            class(&work.scheduler),
            "scheduled jobs share locks and run in one place",
        ),
        (
            "`memoryPerWorker`",
            work.web.memory_per_worker.to_string(),
            "a loaded registry takes 250 MiB, a large report doubles it",
        ),
        (
            "`cache.persistence`",
            "append-only".to_owned(),
            "a lost session logs people out in the middle of a pick",
        ),
        (
            "`objects.attachments.keepDeleted`",
            format!(
                "{}, or as far as the database goes back",
                defaults::OBJECTS.attachments.keep_deleted
            ),
            "a database that went back refers to files of that time",
        ),
        (
            "`objects.backups.immutable`",
            "as long as backups are kept, not locked".to_owned(),
            "ransomware deletes backups first; a lock cannot be undone, so somebody must ask for it",
        ),
        (
            "`objects.backups.deleteAfter`",
            "never".to_owned(),
            "the engine of backups knows which of them others build upon",
        ),
        (
            "`quota` of shared stamps",
            format!(
                "{} connections, {}, {} requests/s",
                defaults::QUOTA_SHARED.database_connections_max,
                defaults::QUOTA_SHARED.database_size_max,
                defaults::QUOTA_SHARED.requests_per_second_max
            ),
            "a tenth of a small server: three busy tenants leave room for the quiet rest",
        ),
        (
            "`tenantsMax`",
            defaults::TENANTS_MAX_SHARED.to_string(),
            "more databases on one server make everybody's recovery longer",
        ),
        (
            "`ingress.public`",
            path(&ingress.public),
            "a page load is some thirty requests, and an office may share one address",
        ),
        (
            "`ingress.admin`",
            path(&ingress.admin),
            "few people, and a limit that makes guessing slow",
        ),
        (
            "`ingress.integration`",
            path(&ingress.integration),
            "the gateway answers in milliseconds",
        ),
        (
            "`ingress.sticky`",
            "`false`".to_owned(),
            "sessions are in the cache: any process serves anyone",
        ),
        (
            "`integrations[].concurrency`",
            defaults::CONCURRENCY.to_string(),
            "two deliveries keep one core busy and leave the others to people",
        ),
        (
            "`integrations[].buffering.outage`",
            defaults::BUFFERING.outage.to_string(),
            "a night, and the morning in which somebody notices",
        ),
        (
            "`integrations[].payloads`",
            "`redacted`".to_owned(),
            "who looks after deliveries needs a message's shape and fate, and seldom what it says of people",
        ),
        (
            "`integrations[].keep`",
            defaults::KEEP.to_string(),
            "longer than point-in-time recovery reaches back: what was applied since is applied again",
        ),
        (
            "`elevation`",
            format!(
                "on request for {} where the platform can be changed",
                defaults::ELEVATION_MAX
            ),
            "rights that are always there are there for whoever steals them, too",
        ),
        (
            "`secrets[].rotate`",
            defaults::ROTATE.to_string(),
            "a quarter, as Odoo's own keys must be",
        ),
        (
            "`retention.metrics`",
            defaults::RETENTION.metrics.to_string(),
            "this season against the last one",
        ),
        (
            "`retention.documents`",
            defaults::RETENTION.documents.to_string(),
            "the longest that European commercial law asks for invoices",
        ),
        (
            "`observability.syntheticEvery`",
            defaults::SYNTHETIC_EVERY.to_string(),
            "an outage is known before the first person calls",
        ),
        (
            "`release.scanAgeMax`",
            defaults::SCAN_AGE_MAX.to_string(),
            "an older scan knows nothing of this month's holes",
        ),
    ];
    let mut text =
        "\n## Defaults and their reasons\n\n| what | default | why |\n| --- | --- | --- |\n".to_owned();
    for (what, default, why) in rows {
        let _ = writeln!(text, "| {what} | {default} | {why} |");
    }
    text
}

fn class(class: &crate::model::WorkloadClass) -> String {
    let workers = class.workers;
    if class.replicas_min == class.replicas_max {
        return format!("{workers} in {} replica", class.replicas_min);
    }
    format!(
        "{workers} in {} to {} replicas",
        class.replicas_min, class.replicas_max
    )
}

fn path(path: &crate::model::IngressPath) -> String {
    format!(
        "{}/s, {} at once, {}, {}",
        path.rate.average, path.rate.burst, path.body_max, path.timeout
    )
}

fn geographies() -> String {
    let mut text = "\n## Geographies\n\n`residency` takes a geography or an area; these are the locations that are known.\n\n| location | geography | area | zones | pair |\n| --- | --- | --- | --- | --- |\n".to_owned();
    for one in locations::all() {
        let zones = if one.zones { "yes" } else { "none" };
        let _ = writeln!(
            text,
            "| `{}` | `{}` | {} | {zones} | {} |",
            one.name,
            one.geography,
            one.area.map_or_else(String::new, |area| format!("`{area}`")),
            one.pair.map_or_else(String::new, |pair| format!("`{pair}`"))
        );
    }
    text
}
