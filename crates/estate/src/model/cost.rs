//! What an estate may cost.

use serde::Serialize;

/// What an estate may cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Budget {
    /// Per month, all environments together, in whole units of the currency.
    pub monthly: u32,
    /// The currency.
    pub currency: Currency,
    /// Percentages of it at which somebody hears of it, ascending.
    pub alert_at_percent: Vec<u8>,
}

/// A currency, as ISO 4217 writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Currency {
    /// Euro.
    EUR,
    /// US dollar.
    USD,
    /// Pound sterling.
    GBP,
}

impl Currency {
    /// As ISO 4217 writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EUR => "EUR",
            Self::USD => "USD",
            Self::GBP => "GBP",
        }
    }
}
