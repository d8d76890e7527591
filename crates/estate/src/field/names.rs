//! Names: the same rule for everything that is called something.

use schemars::{Schema, SchemaGenerator, json_schema};

use super::{Field, text_of};
use crate::{
    code,
    node::Node,
    problems::{Problems, clip},
};

macro_rules! name_fields {
    ($($name:ident: $example:literal),* $(,)?) => {$(
        impl Field for types::$name {
            fn read(node: &Node, problems: &mut Problems<'_>) -> Option<Self> {
                let text = text_of(node, "a name", problems)?;
                let made = Self::new(text).ok();
                if made.is_none() {
                    problems
                        .error(code::BAD_NAME, node.span, format!("`{}` cannot be a name", clip(text)))
                        .help(name_help(text))
                        .done();
                }
                made
            }

            fn schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": "^[a-z][a-z0-9]*(-[a-z0-9]+)*$", "maxLength": 63 })
            }

            fn example() -> Option<&'static str> {
                Some($example)
            }
        }
    )*};
}

name_fields! {
    EstateName: "acme",
    EnvironmentName: "staging",
    RegionName: "westeurope",
    StampName: "shared-west",
    TenantName: "distributor",
    CapabilityName: "order-capture",
    TierName: "critical",
    IntegrationName: "acme-edi",
    PartnerName: "acme",
    SiteName: "warehouse-north",
    CalendarName: "warehouses",
    SecretName: "acme-edi-token",
}

/// The rule, and the nearest name that keeps it.
fn name_help(text: &str) -> String {
    let rule = "use 1 to 63 lowercase letters, digits and single hyphens, starting with a letter";
    let lower = clip(text).to_lowercase();
    let words: Vec<&str> = lower
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let near = words.join("-");
    match types::SiteName::new(near) {
        Ok(near) => format!("{rule}, for instance `{near}`"),
        Err(_) => rule.to_owned(),
    }
}
