//! What is watched in an environment, and who hears of it.

use estate::Stage;

use super::{
    Notes,
    blueprint::{SyntheticCheck, Watching},
    environment::{Planner, Sized},
};

impl<'e> Planner<'_, 'e> {
    pub(super) fn watching(&self, sized: &[Sized<'e>], notes: &mut Notes) -> Watching {
        let estate = self.survey.estate;
        let observability = &estate.observability;
        let pages = self.is_production();
        let synthetic = self.synthetic(sized);
        notes.report.decide_at(
            "watching",
            self.name.as_str(),
            match (pages, synthetic.is_empty()) {
                (true, _) => "people are woken; a real transaction proves every capability in every stamp",
                (false, false) => "nobody is woken; real transactions prove what production does",
                (false, true) => "nobody is woken, and no transactions are made",
            },
            "whoever is woken by a test stops listening",
        );
        Watching {
            scrape_every: observability.scrape_every,
            metrics_keep: estate.retention.metrics,
            logs_keep: estate.retention.logs,
            audit_keep: estate.retention.audit,
            page: if pages {
                observability.page.clone()
            } else {
                observability.ticket.clone()
            },
            ticket: observability.ticket.clone(),
            pages,
            synthetic,
        }
    }

    /// One for each capability with a probe and each stamp, as its first tenant: what many share is proven once.
    fn synthetic(&self, sized: &[Sized<'e>]) -> Vec<SyntheticCheck> {
        match self.environment.stage {
            Stage::Production | Stage::Staging => {}
            // Recovery environments are cut off, and nobody waits for the others.
            Stage::Development | Stage::Test | Stage::Recovery => return Vec::new(),
        }
        let probed = self
            .survey
            .estate
            .capabilities
            .iter()
            .filter_map(|capability| Some((capability, capability.probe?)));
        probed
            .flat_map(|(capability, probe)| {
                let hosts = sized.iter().filter_map(|one| one.plan.tenants.first());
                hosts.map(move |tenant| SyntheticCheck {
                    capability: capability.name.clone(),
                    probe,
                    url: format!("https://{}", tenant.host),
                    every: self.survey.estate.observability.synthetic_every,
                })
            })
            .collect()
    }
}
