//! By which codes a line names its product.

use serde::{Deserialize, Serialize};

use super::{error::Error, gs1::Gtin};

/// Whose code it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scheme {
    /// GS1's trade item number.
    Gtin,
    /// The seller's.
    Seller,
    /// The buyer's.
    Buyer,
    /// A stock keeping unit that both know.
    Sku,
}

/// A code of a product.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ProductId {
    /// Whose.
    pub scheme: Scheme,
    /// The code.
    pub code: String,
}

/// Schemes with their qualifiers in X12 (235) and EDIFACT (7143); the first of each is the one we write.
const SCHEMES: &[(Scheme, &[&str], &[&str])] = &[
    (
        Scheme::Gtin,
        &["UP", "EN", "UK", "UI", "UA"],
        &["EN", "SRV", "UP"],
    ),
    (Scheme::Seller, &["VP", "VN", "VC"], &["SA", "VP"]),
    (Scheme::Buyer, &["BP", "IN", "CB"], &["IN", "BP"]),
    (Scheme::Sku, &["SK"], &["SK"]),
];

impl ProductId {
    /// Of X12. Nothing for a qualifier we have no word for.
    pub(crate) fn of_x12(qualifier: &str, code: &str) -> Result<Option<Self>, Error> {
        let scheme = SCHEMES.iter().find(|(_, x12, _)| x12.contains(&qualifier));
        Self::of(scheme.map(|(scheme, ..)| *scheme), code)
    }

    /// Of EDIFACT.
    pub(crate) fn of_edifact(qualifier: &str, code: &str) -> Result<Option<Self>, Error> {
        let scheme = SCHEMES
            .iter()
            .find(|(_, _, edifact)| edifact.contains(&qualifier));
        Self::of(scheme.map(|(scheme, ..)| *scheme), code)
    }

    fn of(scheme: Option<Scheme>, code: &str) -> Result<Option<Self>, Error> {
        let Some(scheme) = scheme.filter(|_| !code.is_empty()) else {
            return Ok(None);
        };
        if scheme == Scheme::Gtin {
            Gtin::new(code)?;
        }
        Ok(Some(Self {
            scheme,
            code: code.to_owned(),
        }))
    }

    /// The qualifier that X12 has for it. A GTIN has one by its length.
    pub(crate) fn x12_qualifier(&self) -> &'static str {
        match (self.scheme, self.code.len()) {
            (Scheme::Gtin, 12) => "UP",
            (Scheme::Gtin, 14) => "UK",
            (Scheme::Gtin, _) => "EN",
            (Scheme::Seller, _) => "VP",
            (Scheme::Buyer, _) => "BP",
            (Scheme::Sku, _) => "SK",
        }
    }

    /// The qualifier that EDIFACT has for it.
    pub(crate) fn edifact_qualifier(&self) -> &'static str {
        match self.scheme {
            Scheme::Gtin => "EN",
            Scheme::Seller => "SA",
            Scheme::Buyer => "IN",
            Scheme::Sku => "SK",
        }
    }

    /// A GTIN that is none is not sent.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.scheme == Scheme::Gtin {
            Gtin::new(self.code.clone())?;
        }
        Ok(())
    }
}
