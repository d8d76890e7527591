//! Stable codes of what a person may be told about an estate; each has a page in `docs/errors/`.

use serde::{Serialize, Serializer};

/// A stable code such as `PL0102`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(&'static str);

impl Code {
    /// Wraps a code; only for tables of codes.
    pub const fn new(text: &'static str) -> Self {
        Self(text)
    }

    /// The bare text.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.0)
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])* $name:ident = $text:literal;)*) => {
        $($(#[doc = $doc])* pub(crate) const $name: Code = Code($text);)*

        /// Every code this crate can report.
        pub const ALL: &[Code] = &[$($name),*];
    };
}

codes! {
    /// The text is not YAML.
    SYNTAX = "PL0100";
    /// The file is too large, too deep, or expands too much.
    LIMIT = "PL0101";
    /// A key nobody knows.
    UNKNOWN_KEY = "PL0102";
    /// A key that must be there is not.
    MISSING_KEY = "PL0103";
    /// A value of the wrong type.
    WRONG_TYPE = "PL0104";
    /// A value outside of what is allowed.
    BAD_VALUE = "PL0105";
    /// Text that cannot be a name.
    BAD_NAME = "PL0106";
    /// The same key twice in one mapping.
    DUPLICATE_KEY = "PL0107";
    /// The same name for two things.
    DUPLICATE_NAME = "PL0108";
    /// A name nobody declared.
    UNKNOWN_REFERENCE = "PL0109";
    /// A document of another kind or version.
    NOT_AN_ESTATE = "PL0110";
    /// No region, or more than a failover could choose from.
    REGION_COUNT = "PL0111";
    /// No region is active.
    ACTIVE_REGION = "PL0112";
    /// An RTO nobody can keep with that authority.
    RTO_AUTHORITY = "PL0113";
    /// An RTO or RPO that needs a standby region.
    NEEDS_STANDBY = "PL0114";
    /// An RPO that asynchronous replication cannot keep.
    RPO_REPLICATION = "PL0115";
    /// RPO zero for something that does not pass the gateway's journal.
    RPO_ZERO_PATH = "PL0116";
    /// A list that must not be empty.
    EMPTY_LIST = "PL0117";
    /// The wrong number of people for the authority.
    AUTHORISED_BY = "PL0118";
    /// Something that has no default here, and was not said.
    NOT_SAID = "PL0119";
    /// A standby region that stands by for nothing.
    STANDBY = "PL0120";
    /// A stamp in a standby region.
    STAMP_REGION = "PL0121";
    /// More tenants than a stamp holds.
    STAMP_TENANTS = "PL0122";
    /// A key that has no meaning here.
    MISPLACED = "PL0123";
    /// Capabilities that wait for each other.
    CYCLE = "PL0124";
    /// An RTO that something else makes unreachable.
    RTO_DEPENDENCY = "PL0125";
    /// An RPO that something else makes unreachable.
    RPO_DEPENDENCY = "PL0126";
    /// Data where it may not be.
    RESIDENCY = "PL0127";
    /// Addresses that others have, or that nobody can route.
    ADDRESSES = "PL0128";
    /// A link without what it needs.
    LINK = "PL0129";
    /// A site that stops with its link, and must not.
    EDGE = "PL0130";
    /// A calendar that contradicts itself.
    CALENDAR = "PL0131";
    /// Rights that must not be there always, or that nobody can approve.
    ELEVATION = "PL0132";
    /// A secret in the file.
    INLINE_SECRET = "PL0133";
    /// An environment that is not what it is for.
    ENVIRONMENT = "PL0134";
    /// Something that goes before what others build upon.
    RETENTION = "PL0135";
    /// Percentages of a budget in disorder.
    BUDGET = "PL0136";
    /// A server that nobody offers.
    DATABASE = "PL0137";
    /// More than a server holds.
    CAPACITY = "PL0138";
    /// Processes that cannot run like that.
    REPLICAS = "PL0139";
    /// A name that becomes too long.
    NAME_LENGTH = "PL0140";
    /// An address where no partner can be.
    ENDPOINT = "PL0141";
    /// A protocol and what does not go with it.
    PROTOCOL = "PL0142";
    /// A waiver without shape or end.
    WAIVER = "PL0143";
    /// Trying again in disorder.
    RETRY = "PL0144";
    /// An entrance that lets nobody in, or everybody.
    INGRESS = "PL0145";
    /// Availability zones that are not there.
    ZONES = "PL0146";
    /// A capability that nothing proves.
    NO_PROBE = "PL0150";
    /// Something declared that nothing uses.
    UNUSED = "PL0151";
    /// A release window when the business is busy.
    WINDOW_PEAK = "PL0152";
    /// A strict promise that depends on what nobody hurries for.
    WEAK_DEPENDENCY = "PL0153";
    /// A location that is not known.
    LOCATION = "PL0154";
    /// Something masked of what is not shown.
    MASKED = "PL0160";
}
