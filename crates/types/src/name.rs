//! Typed names: a region is never passed where a tenant is meant.

use serde::{Deserialize, Deserializer, Serialize};

/// The longest name allowed: a DNS label, because names become host names, directories and Kubernetes objects.
pub const NAME_LENGTH_MAX: usize = 63;

/// Text that cannot be a name.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
#[error(
    "`{text}` cannot be a name: use 1 to 63 lowercase letters, digits and single hyphens, starting with a letter"
)]
pub struct InvalidName {
    /// What was written.
    pub text: String,
}

/// RFC 1123 label, beginning with a letter.
fn is_name(text: &str) -> bool {
    let inside = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    text.len() <= NAME_LENGTH_MAX
        && text.bytes().next().is_some_and(|b| b.is_ascii_lowercase())
        && text.bytes().all(inside)
        && !text.ends_with('-')
        && !text.contains("--")
}

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Checks and wraps a name.
            ///
            /// # Errors
            /// [`InvalidName`] when the text is not a DNS label that begins with a letter.
            pub fn new(text: impl Into<String>) -> Result<Self, InvalidName> {
                let text = text.into();
                if is_name(&text) { Ok(Self(text)) } else { Err(InvalidName { text }) }
            }

            /// The bare text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidName;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::new(text)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
            }
        }
    )*};
}

names! {
    /// Name of an estate: everything one organisation declares.
    EstateName;
    /// Name of a region.
    RegionName;
    /// Name of a tenant: one Odoo database with its filestore.
    TenantName;
    /// Name of a business capability, such as `order-capture`.
    CapabilityName;
    /// Name of a recovery tier.
    TierName;
    /// Name of an integration stream, such as `acme-edi`.
    IntegrationName;
    /// Name of a partner system.
    PartnerName;
    /// Name of a warehouse site.
    SiteName;
    /// Name of a stamp: a deployment unit that hosts one tenant or many.
    StampName;
    /// Name of an environment, such as `production`.
    EnvironmentName;
    /// Name of a business calendar.
    CalendarName;
    /// Name under which a secret is known; never the secret.
    SecretName;
    /// Name of a running part of a region: `postgres`, `odoo-web`, `gateway`.
    ComponentName;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_dns_labels() {
        for good in ["a", "west-europe", "acme-edi2", "x".repeat(63).as_str()] {
            assert_eq!(RegionName::new(good).unwrap().as_str(), good);
        }
        for bad in [
            "",
            "-a",
            "a-",
            "A",
            "a_b",
            "1a",
            "a--b",
            "a/b",
            "..",
            "x".repeat(64).as_str(),
        ] {
            assert_eq!(RegionName::new(bad), Err(InvalidName { text: bad.to_owned() }));
        }
    }
}
