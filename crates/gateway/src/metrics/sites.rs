//! Gauges of warehouse sites whose scans come in; only the gateway that leads has them.

use std::fmt;

use api::gateway::scans::SiteStatus;
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeGaugeValue},
};

use super::gauges;
use crate::{gateway::Gateway, scans};

/// All sites at one moment.
#[derive(Debug)]
pub struct Sites(Vec<SiteStatus>);

impl Sites {
    /// As they are now; none where another gateway leads.
    pub fn of(gateway: &Gateway) -> Self {
        let term = gateway.term().filter(|_| gateway.leads());
        let told = term.map(|term| scans::all(gateway, &term));
        Self(told.and_then(Result::ok).unwrap_or_default())
    }

    fn tell<V: EncodeGaugeValue>(
        &self,
        encoder: &mut DescriptorEncoder<'_>,
        name: &str,
        help: &str,
        value: fn(&SiteStatus) -> Option<V>,
    ) -> Result<(), fmt::Error> {
        let values = self.0.iter().filter_map(|one| {
            let labels = [("lane", one.integration.as_str()), ("site", one.site.as_str())];
            Some((labels, value(one)?))
        });
        gauges(encoder, name, help, values)
    }
}

impl Collector for Sites {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let to = &mut encoder;
        self.tell(
            to,
            "plimsoll_gateway_site_last_sequence",
            "the highest number of a site's scans that is there",
            |one| Some(one.highest),
        )?;
        self.tell(
            to,
            "plimsoll_gateway_site_durable_sequence",
            "everything up to this number is on disk in every region",
            |one| Some(one.durable),
        )?;
        self.tell(
            to,
            "plimsoll_gateway_site_lacking",
            "numbers that lack below the highest",
            |one| Some(one.lacking),
        )?;
        self.tell(
            to,
            "plimsoll_gateway_site_passed",
            "lacking numbers that scans behind them no longer wait for",
            |one| Some(one.passed),
        )?;
        self.tell(
            to,
            "plimsoll_gateway_site_held",
            "scans that wait for what lacks before them, or for their turn",
            |one| Some(one.held),
        )?;
        self.tell(
            to,
            "plimsoll_gateway_site_incarnations",
            "how many times the site's agent began to count",
            |one| Some(one.incarnations),
        )?;
        self.tell(
            to,
            "plimsoll_gateway_site_last_age_seconds",
            "for how long no scan of the site came",
            |one| Some(one.last.as_ref()?.age_ms / 1000),
        )?;
        self.tell(
            to,
            "plimsoll_gateway_site_lag_seconds",
            "from the last scan by its device's clock to its arrival",
            |one| Some(one.last.as_ref()?.lag_ms / 1000),
        )?;
        self.tell(
            to,
            "plimsoll_gateway_site_clock_skew_seconds",
            "the least lag of the last scans: how far clocks there are behind, below 0 ahead",
            |one| Some(one.last.as_ref()?.skew_ms / 1000),
        )
    }
}
