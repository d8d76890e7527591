//! What was agreed on with a partner that speaks EDI.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::Span;

/// What was agreed on with a partner that speaks EDI.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EdiSettings {
    /// In which standard what we send is written, and what comes in is expected.
    pub standard: EdiStandard,
    /// Our address.
    pub us: EdiAddress,
    /// The partner's.
    pub them: EdiAddress,
    /// The partner in the ERP: its reference or external id.
    pub partner: String,
    /// Code of the warehouse, where it is not the ERP's own choice.
    #[serde(default)]
    pub warehouse: Option<String>,
    /// Whether orders are confirmed as they come in.
    #[serde(default)]
    pub confirm: bool,
    /// Which documents are sent.
    #[serde(default)]
    pub send: Vec<EdiDocument>,
    /// Where they go: `https://…`, `http://` on this machine, or `file:///directory`.
    #[serde(default)]
    pub to: Option<String>,
    /// The partner acknowledges what we send within this time, or an alarm stands.
    pub answer_within: Span,
    /// Whether it is a test: nobody acts on what is sent.
    #[serde(default)]
    pub test: bool,
    /// Mapping files that go before the built-in ones, first match first.
    #[serde(default)]
    pub mappings: Vec<PathBuf>,
}

/// A standard of EDI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EdiStandard {
    /// ANSI ASC X12.
    X12,
    /// UN/EDIFACT.
    Edifact,
}

/// Documents that partners get of what happened in the ERP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EdiDocument {
    /// 855, ORDRSP.
    OrderResponse,
    /// 856, DESADV.
    ShipNotice,
    /// 945: what a warehouse tells the owner of the goods.
    WarehouseShipment,
    /// 810, INVOIC.
    Invoice,
    /// 846.
    StockReport,
}

/// An address of EDI with the code list it is from: `ZZ:EXAMPLEBUYER`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EdiAddress {
    /// The code list; may be empty in EDIFACT.
    pub qualifier: String,
    /// The address.
    pub id: String,
}

/// Why a text is no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no EDI address: write code list and address, such as `ZZ:EXAMPLEBUYER`")]
pub struct NotAnAddress(String);

/// The longest address that both standards have room for.
const ID_LENGTH_MAX: usize = 15;

impl std::str::FromStr for EdiAddress {
    type Err = NotAnAddress;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let not_one = || NotAnAddress(text.to_owned());
        let (qualifier, id) = text.split_once(':').ok_or_else(not_one)?;
        let word = |part: &str| {
            part.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        };
        if qualifier.len() > 4 || id.is_empty() || id.len() > ID_LENGTH_MAX || !word(qualifier) || !word(id) {
            return Err(not_one());
        }
        Ok(Self {
            qualifier: qualifier.to_owned(),
            id: id.to_owned(),
        })
    }
}

impl std::fmt::Display for EdiAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.qualifier, self.id)
    }
}

impl TryFrom<String> for EdiAddress {
    type Error = NotAnAddress;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<EdiAddress> for String {
    fn from(address: EdiAddress) -> Self {
        address.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_a_code_list_and_an_id() {
        for good in ["ZZ:EXAMPLEBUYER", "14:4000001234561", ":EXAMPLE"] {
            assert_eq!(good.parse::<EdiAddress>().unwrap().to_string(), good);
        }
        for bad in [
            "",
            "ZZ",
            "ZZ:",
            "ZZZZZ:A",
            "ZZ:A*B",
            "ZZ:A B",
            "ZZ:0123456789ABCDEF",
        ] {
            assert!(bad.parse::<EdiAddress>().is_err(), "{bad}");
        }
    }
}
