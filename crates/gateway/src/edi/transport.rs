//! Envelopes around what goes to a partner.

use edi::{Address, Usage, edifact, x12};
use jiff::{civil::DateTime, tz::TimeZone};
use types::settings::{EdiAddress, EdiSettings};

use crate::gateway::now;

/// Envelopes as agreed on with a partner.
pub struct Envelopes<'a>(pub &'a EdiSettings);

impl Envelopes<'_> {
    /// Around groups of X12.
    pub fn x12(&self, version: x12::Version, control: u32) -> x12::Envelope {
        x12::Envelope {
            sender: address(&self.0.us),
            receiver: address(&self.0.them),
            written_at: written_at(),
            version,
            control,
            ack_requested: false,
            usage: self.usage(),
        }
    }

    /// A functional group of X12.
    pub fn group(
        &self,
        functional_id: &str,
        version_text: &str,
        control: u32,
        sets: Vec<x12::OutSet>,
    ) -> x12::OutGroup {
        x12::OutGroup {
            functional_id: functional_id.to_owned(),
            sender: self.0.us.id.clone(),
            receiver: self.0.them.id.clone(),
            control,
            version_text: version_text.to_owned(),
            sets,
        }
    }

    /// Around messages of EDIFACT.
    pub fn edifact(&self, control: u32, ack_requested: bool) -> edifact::Envelope {
        edifact::Envelope {
            sender: address(&self.0.us),
            receiver: address(&self.0.them),
            written_at: written_at(),
            charset: edifact::Charset::C,
            control,
            ack_requested,
            usage: self.usage(),
        }
    }

    fn usage(&self) -> Usage {
        if self.0.test {
            Usage::Test
        } else {
            Usage::Production
        }
    }
}

fn address(address: &EdiAddress) -> Address {
    Address {
        qualifier: address.qualifier.clone(),
        id: address.id.clone(),
    }
}

/// Now, in UTC: the zone of envelopes, unless people agree on another.
pub fn written_at() -> DateTime {
    let now = jiff::Timestamp::from_microsecond(now().as_micros()).unwrap_or_default();
    let now = now.to_zoned(TimeZone::UTC).datetime();
    // Envelopes have room for minutes and seconds.
    now.with().subsec_nanosecond(0).build().unwrap_or(now)
}
