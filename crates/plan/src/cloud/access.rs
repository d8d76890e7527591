//! Which persona has which role in Azure. Most have none: they work in Odoo.

use estate::{Elevation, Persona, PersonaGrant};
use types::{RegionName, Span};

use super::{
    Notes,
    blueprint::{AzureRole, RoleGrant, RoleScope},
    environment::Planner,
};

/// A shift; what takes longer is asked for again.
const DURATION_MAX: Span = Span::from_hours(8);

/// Longer ones would be standing rights by another name.
const DURATION_LONGEST: Span = Span::from_hours(24);

/// Where a role is granted, for every region or for what no region owns.
#[derive(Clone, Copy)]
enum Over {
    Infrastructure,
    Data,
    Platform,
    Global,
}

/// Roles of a persona. Whatever changes things or shows data is asked for, whatever the estate says.
const fn roles(persona: Persona) -> &'static [(AzureRole, Over)] {
    match persona {
        // They have Odoo, and nothing to do in Azure.
        Persona::WarehouseOperator | Persona::Planner | Persona::Finance => &[],
        Persona::Support => &[
            (AzureRole::MonitoringReader, Over::Platform),
            (AzureRole::LogReader, Over::Platform),
            (AzureRole::ClusterReader, Over::Infrastructure),
        ],
        Persona::IntegrationAdministrator => &[
            (AzureRole::MonitoringReader, Over::Platform),
            (AzureRole::LogReader, Over::Platform),
            // Partners' keys are replaced by those who know the partners.
            (AzureRole::SecretsOfficer, Over::Infrastructure),
        ],
        Persona::PlatformOperator => &[
            (AzureRole::Reader, Over::Infrastructure),
            (AzureRole::Reader, Over::Data),
            (AzureRole::MonitoringReader, Over::Platform),
            (AzureRole::LogReader, Over::Platform),
            (AzureRole::Reader, Over::Global),
            (AzureRole::ResourceGroupContributor, Over::Infrastructure),
            (AzureRole::ResourceGroupContributor, Over::Platform),
            (AzureRole::ClusterAdmin, Over::Infrastructure),
        ],
        // What a failover moves when the platform cannot: databases, and where people are sent.
        Persona::RecoveryAuthority => &[
            (AzureRole::Reader, Over::Data),
            (AzureRole::Reader, Over::Global),
            (AzureRole::MonitoringReader, Over::Platform),
            (AzureRole::ResourceGroupContributor, Over::Data),
            (AzureRole::ResourceGroupContributor, Over::Global),
            (AzureRole::ObjectReader, Over::Data),
        ],
        Persona::Auditor => &[
            (AzureRole::Reader, Over::Infrastructure),
            (AzureRole::Reader, Over::Data),
            (AzureRole::Reader, Over::Platform),
            (AzureRole::Reader, Over::Global),
            (AzureRole::LogReader, Over::Platform),
        ],
    }
}

/// Whether a role changes things, or shows what people entered.
pub(crate) const fn must_be_asked_for(role: AzureRole) -> bool {
    match role {
        AzureRole::Reader | AzureRole::MonitoringReader | AzureRole::LogReader | AzureRole::ClusterReader => {
            false
        }
        AzureRole::ResourceGroupContributor
        | AzureRole::ClusterAdmin
        | AzureRole::SecretsOfficer
        | AzureRole::ObjectReader => true,
    }
}

impl Planner<'_, '_> {
    pub(super) fn access(&self, notes: &mut Notes) -> Vec<RoleGrant> {
        let personas = &self.survey.estate.access.personas;
        let mut grants = Vec::new();
        for (persona, grant) in personas {
            for &(role, over) in roles(*persona) {
                let elevation = elevation(*persona, role, grant);
                for scope in self.scopes(over) {
                    grants.push(RoleGrant {
                        persona: *persona,
                        group: grant.group.clone(),
                        role,
                        scope,
                        elevation: elevation.clone(),
                    });
                }
            }
        }
        if !grants.is_empty() {
            notes.report.decide_at(
                "access",
                self.name.as_str(),
                "roles that change things or show data are asked for, with a reason and an end",
                "rights that are always there are used by whoever steals them; nobody owns a subscription",
            );
        }
        grants
    }

    fn scopes(&self, over: Over) -> Vec<RoleScope> {
        let every = |scope: fn(RegionName) -> RoleScope| {
            let regions = self.places.iter().map(|place| place.region.name.clone());
            regions.map(scope).collect()
        };
        match over {
            Over::Infrastructure => every(RoleScope::Infrastructure),
            Over::Data => every(RoleScope::Data),
            Over::Platform => every(RoleScope::Platform),
            Over::Global => vec![RoleScope::Global],
        }
    }
}

fn elevation(persona: Persona, role: AzureRole, grant: &PersonaGrant) -> Elevation {
    match &grant.elevation {
        Elevation::Standing if must_be_asked_for(role) => Elevation::JustInTime {
            duration_max: DURATION_MAX,
            approved_by: None,
        },
        Elevation::Standing => Elevation::Standing,
        Elevation::JustInTime {
            duration_max,
            approved_by,
        } => Elevation::JustInTime {
            duration_max: (*duration_max).min(DURATION_LONGEST),
            // Whoever approves its own wishes approves nothing.
            approved_by: approved_by.filter(|approver| *approver != persona),
        },
    }
}
