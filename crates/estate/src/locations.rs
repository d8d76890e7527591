//! Azure's public locations: where they are, whether they have zones, and which one Azure pairs them with.
//!
//! A table, because nothing may be asked while an estate is read. A location that is not in it is allowed: nothing is
//! known about it then, and what needs to know says so.

/// A location.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Location {
    /// As Azure's programs call it.
    pub(crate) name: &'static str,
    /// Where data in it is.
    pub(crate) geography: &'static str,
    /// The larger area with one law for data, where there is one.
    pub(crate) area: Option<&'static str>,
    /// Whether it has availability zones.
    pub(crate) zones: bool,
    /// The location Azure pairs it with: both are never updated at the same time.
    pub(crate) pair: Option<&'static str>,
}

const EUROPE: Option<&str> = Some("europe");
const ZONES: bool = true;
const NO_ZONES: bool = false;

macro_rules! locations {
    ($($name:literal $geography:literal $area:expr, $zones:ident, $pair:expr;)*) => {
        const LOCATIONS: &[Location] = &[$(Location {
            name: $name, geography: $geography, area: $area, zones: $zones, pair: $pair,
        }),*];
    };
}

locations! {
    "australiacentral" "australia" None, NO_ZONES, Some("australiacentral2");
    "australiaeast" "australia" None, ZONES, Some("australiasoutheast");
    "australiasoutheast" "australia" None, NO_ZONES, Some("australiaeast");
    "austriaeast" "austria" EUROPE, ZONES, None;
    "belgiumcentral" "belgium" EUROPE, ZONES, None;
    "brazilsouth" "brazil" None, ZONES, Some("southcentralus");
    "brazilsoutheast" "brazil" None, NO_ZONES, Some("brazilsouth");
    "canadacentral" "canada" None, ZONES, Some("canadaeast");
    "canadaeast" "canada" None, NO_ZONES, Some("canadacentral");
    "centralindia" "india" None, ZONES, Some("southindia");
    "centralus" "united-states" None, ZONES, Some("eastus2");
    "chilecentral" "chile" None, ZONES, None;
    "eastasia" "asia-pacific" None, ZONES, Some("southeastasia");
    "eastus" "united-states" None, ZONES, Some("westus");
    "eastus2" "united-states" None, ZONES, Some("centralus");
    "francecentral" "france" EUROPE, ZONES, Some("francesouth");
    "francesouth" "france" EUROPE, NO_ZONES, Some("francecentral");
    "germanynorth" "germany" EUROPE, NO_ZONES, Some("germanywestcentral");
    "germanywestcentral" "germany" EUROPE, ZONES, Some("germanynorth");
    "indonesiacentral" "indonesia" None, ZONES, None;
    "israelcentral" "israel" None, ZONES, None;
    "italynorth" "italy" EUROPE, ZONES, None;
    "japaneast" "japan" None, ZONES, Some("japanwest");
    "japanwest" "japan" None, ZONES, Some("japaneast");
    "koreacentral" "korea" None, ZONES, Some("koreasouth");
    "koreasouth" "korea" None, NO_ZONES, Some("koreacentral");
    "malaysiawest" "malaysia" None, ZONES, None;
    "mexicocentral" "mexico" None, ZONES, None;
    "newzealandnorth" "new-zealand" None, ZONES, None;
    "northcentralus" "united-states" None, NO_ZONES, Some("southcentralus");
    "northeurope" "europe" EUROPE, ZONES, Some("westeurope");
    "norwayeast" "norway" EUROPE, ZONES, Some("norwaywest");
    "norwaywest" "norway" EUROPE, NO_ZONES, Some("norwayeast");
    "polandcentral" "poland" EUROPE, ZONES, None;
    "qatarcentral" "qatar" None, ZONES, None;
    "southafricanorth" "south-africa" None, ZONES, Some("southafricawest");
    "southafricawest" "south-africa" None, NO_ZONES, Some("southafricanorth");
    "southcentralus" "united-states" None, ZONES, Some("northcentralus");
    "southeastasia" "asia-pacific" None, ZONES, Some("eastasia");
    "southindia" "india" None, NO_ZONES, Some("centralindia");
    "spaincentral" "spain" EUROPE, ZONES, None;
    "swedencentral" "sweden" EUROPE, ZONES, Some("swedensouth");
    "swedensouth" "sweden" EUROPE, NO_ZONES, Some("swedencentral");
    "switzerlandnorth" "switzerland" None, ZONES, Some("switzerlandwest");
    "switzerlandwest" "switzerland" None, NO_ZONES, Some("switzerlandnorth");
    "uaecentral" "united-arab-emirates" None, NO_ZONES, Some("uaenorth");
    "uaenorth" "united-arab-emirates" None, ZONES, Some("uaecentral");
    "uksouth" "united-kingdom" None, ZONES, Some("ukwest");
    "ukwest" "united-kingdom" None, NO_ZONES, Some("uksouth");
    "westcentralus" "united-states" None, NO_ZONES, Some("westus2");
    "westeurope" "europe" EUROPE, ZONES, Some("northeurope");
    "westus" "united-states" None, NO_ZONES, Some("eastus");
    "westus2" "united-states" None, ZONES, Some("westcentralus");
    "westus3" "united-states" None, ZONES, Some("eastus");
}

/// The location, however it is written: `West Europe` or `westeurope`.
pub(crate) fn location(text: &str) -> Option<&'static Location> {
    let name: String = text
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| c.to_ascii_lowercase())
        .collect();
    let at = LOCATIONS
        .binary_search_by(|one| one.name.cmp(name.as_str()))
        .ok()?;
    LOCATIONS.get(at)
}

/// The area that a geography is in.
pub(crate) fn area_of(geography: &str) -> Option<&'static str> {
    LOCATIONS.iter().find(|one| one.geography == geography)?.area
}

/// Geographies and areas, each once.
pub(crate) fn geographies() -> impl Iterator<Item = &'static str> {
    let all = LOCATIONS.iter().flat_map(|one| [Some(one.geography), one.area]);
    all.flatten()
        .collect::<std::collections::BTreeSet<_>>()
        .into_iter()
}

/// All of them, by name.
pub(crate) const fn all() -> &'static [Location] {
    LOCATIONS
}

/// A geography, or the geographies of an area: where data is that may be in one of that name. A name that is not known
/// stands for itself.
pub fn geographies_in(name: &str) -> Vec<String> {
    let inside = LOCATIONS
        .iter()
        .filter(|one| one.area == Some(name))
        .map(|one| one.geography);
    let all: std::collections::BTreeSet<&str> = inside.chain([name]).collect();
    all.into_iter().map(str::to_owned).collect()
}

/// Where data of the location is that Azure pairs with this one; `None` where it has no pair, or nobody knows.
pub fn geography_of_pair(name: &str) -> Option<&'static str> {
    location(location(name)?.pair?).map(|pair| pair.geography)
}

/// The location that Azure pairs with this one; `None` where it has no pair, or nobody knows.
pub fn pair_of(name: &str) -> Option<&'static str> {
    location(name)?.pair
}

/// Names of all locations.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    LOCATIONS.iter().map(|one| one.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations_are_found_however_they_are_written() {
        assert_eq!(location("West Europe").map(|one| one.name), Some("westeurope"));
        assert_eq!(location("atlantis"), None);
        for one in LOCATIONS {
            assert_eq!(location(one.name), Some(one), "the table is sorted by name");
        }
    }

    #[test]
    fn a_pair_is_another_location() {
        for one in LOCATIONS {
            assert_ne!(one.pair, Some(one.name));
        }
    }
}
