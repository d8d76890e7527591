//! Units of quantities, which the two standards call differently.

use serde::{Deserialize, Serialize};

/// A unit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Pieces.
    Each,
    /// Cases.
    Case,
    /// Cartons.
    Carton,
    /// Boxes.
    Box,
    /// Pallets.
    Pallet,
    /// Dozens.
    Dozen,
    /// Kilograms.
    Kilogram,
    /// Pounds.
    Pound,
    /// A code we have no word for, as it was sent.
    Other(String),
}

/// Word, code of X12 (355), code of EDIFACT (6411), other codes that mean the same.
const UNITS: &[(Unit, &str, &str, &[&str])] = &[
    (Unit::Each, "EA", "PCE", &["PC", "C62", "EA"]),
    (Unit::Case, "CA", "CS", &["CS"]),
    (Unit::Carton, "CT", "CT", &[]),
    (Unit::Box, "BX", "BX", &[]),
    (Unit::Pallet, "PL", "PF", &[]),
    (Unit::Dozen, "DZ", "DZN", &[]),
    (Unit::Kilogram, "KG", "KGM", &[]),
    (Unit::Pound, "LB", "LBR", &[]),
];

impl Unit {
    /// Of an X12 code.
    pub fn of_x12(code: &str) -> Self {
        let known = UNITS
            .iter()
            .find(|(_, x12, _, others)| *x12 == code || others.contains(&code));
        known.map_or_else(|| Self::Other(code.to_owned()), |(unit, ..)| unit.clone())
    }

    /// Of an EDIFACT code. Where none is given, pieces are meant.
    pub fn of_edifact(code: &str) -> Self {
        if code.is_empty() {
            return Self::Each;
        }
        let known = UNITS
            .iter()
            .find(|(_, _, edifact, others)| *edifact == code || others.contains(&code));
        known.map_or_else(|| Self::Other(code.to_owned()), |(unit, ..)| unit.clone())
    }

    /// As X12 calls it.
    pub fn x12(&self) -> &str {
        match (self, UNITS.iter().find(|(unit, ..)| unit == self)) {
            (Self::Other(code), _) => code,
            (_, Some((_, x12, ..))) => x12,
            // Every word is in the table; a test holds it.
            (_, None) => "EA",
        }
    }

    /// As EDIFACT calls it.
    pub fn edifact(&self) -> &str {
        match (self, UNITS.iter().find(|(unit, ..)| unit == self)) {
            (Self::Other(code), _) => code,
            (_, Some((_, _, edifact, _))) => edifact,
            (_, None) => "PCE",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_comes_back_in_both_standards() {
        let all = [
            Unit::Each,
            Unit::Case,
            Unit::Carton,
            Unit::Box,
            Unit::Pallet,
            Unit::Dozen,
            Unit::Kilogram,
            Unit::Pound,
            Unit::Other("ZZ".into()),
        ];
        assert_eq!(all.len(), UNITS.len() + 1);
        for unit in all {
            assert_eq!(Unit::of_x12(unit.x12()), unit);
            assert_eq!(Unit::of_edifact(unit.edifact()), unit);
        }
        assert_eq!(Unit::of_x12("PC"), Unit::Each);
        assert_eq!(Unit::of_edifact(""), Unit::Each);
    }
}
