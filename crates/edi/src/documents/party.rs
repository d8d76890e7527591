//! Who takes part.

use serde::{Deserialize, Serialize};

use super::error::{Error, fits};
use crate::outgoing::Segment;

/// In which role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Orders.
    Buyer,
    /// Sells.
    Seller,
    /// Gets the goods.
    ShipTo,
    /// Where the goods come from.
    ShipFrom,
    /// Gets the invoice.
    BillTo,
}

/// Roles with their codes in X12 (98) and EDIFACT (3035); the first of each is the one we write.
const ROLES: &[(Role, &[&str], &[&str])] = &[
    (Role::Buyer, &["BY", "BO"], &["BY"]),
    (Role::Seller, &["SE", "VN", "SU"], &["SU", "SE"]),
    (Role::ShipTo, &["ST"], &["DP", "ST", "CN"]),
    (Role::ShipFrom, &["SF", "WH"], &["SF", "WH"]),
    (Role::BillTo, &["BT"], &["IV"]),
];

impl Role {
    pub(crate) fn of_x12(code: &str) -> Option<Self> {
        ROLES
            .iter()
            .find(|(_, x12, _)| x12.contains(&code))
            .map(|(role, ..)| *role)
    }

    pub(crate) fn of_edifact(code: &str) -> Option<Self> {
        ROLES
            .iter()
            .find(|(_, _, edifact)| edifact.contains(&code))
            .map(|(role, ..)| *role)
    }

    fn codes(self) -> (&'static str, &'static str) {
        match self {
            Self::Buyer => ("BY", "BY"),
            Self::Seller => ("SE", "SU"),
            Self::ShipTo => ("ST", "DP"),
            Self::ShipFrom => ("SF", "SF"),
            Self::BillTo => ("BT", "IV"),
        }
    }
}

/// A party; what is not known is empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// Its role.
    pub role: Role,
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// Its identification, such as a store number or a GLN.
    #[serde(default)]
    pub id: String,
    /// Code list of the identification as the standard of the document names it (N103, 3055): `92`, `UL`, `9`.
    #[serde(default)]
    pub id_list: String,
    /// Lines of its street address.
    #[serde(default)]
    pub street: Vec<String>,
    /// City.
    #[serde(default)]
    pub city: String,
    /// State or province, two letters in X12.
    #[serde(default)]
    pub region: String,
    /// Postal code.
    #[serde(default)]
    pub postcode: String,
    /// Country, two letters.
    #[serde(default)]
    pub country: String,
}

impl Party {
    /// A party that nothing but its role is known of.
    pub fn of(role: Role) -> Self {
        Self {
            role,
            name: String::new(),
            id: String::new(),
            id_list: String::new(),
            street: Vec::new(),
            city: String::new(),
            region: String::new(),
            postcode: String::new(),
            country: String::new(),
        }
    }

    /// N1 to N4.
    pub(crate) fn x12(&self) -> Result<Vec<Segment>, Error> {
        let (code, _) = self.role.codes();
        let list = if self.id.is_empty() { "" } else { &self.id_list };
        if self.id.is_empty() {
            fits("N102", &self.name, 60)?;
        } else {
            fits("N103", list, 2)?;
        }
        let mut segments = vec![Segment::of("N1", [code, &self.name, list, &self.id])];
        if let [first, rest @ ..] = &self.street[..] {
            fits("N301", first, 55)?;
            segments.push(Segment::of(
                "N3",
                [first, rest.first().map_or("", String::as_str)],
            ));
        }
        let n4 = [self.city.as_str(), &self.region, &self.postcode, &self.country];
        if n4.iter().any(|text| !text.is_empty()) {
            segments.push(Segment::of("N4", n4));
        }
        Ok(segments)
    }

    /// NAD.
    pub(crate) fn edifact(&self) -> Result<Segment, Error> {
        let (_, code) = self.role.codes();
        if self.id.is_empty() {
            fits("NAD 3036", &self.name, 35)?;
        }
        let street = |index: usize| self.street.get(index).map_or("", String::as_str);
        Ok(Segment::of("NAD", [code])
            .with_components([&self.id, "", if self.id.is_empty() { "" } else { &self.id_list }])
            .with("")
            .with(&self.name)
            .with_components([street(0), street(1)])
            .with(&self.city)
            .with(&self.region)
            .with(&self.postcode)
            .with(&self.country))
    }
}
