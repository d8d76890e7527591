//! Access: whatever changes things is asked for, and ends.

use estate::Elevation;
use types::Span;

use super::Findings;
use crate::cloud::blueprint::{AzureRole, Environment, RoleScope};

/// Rights that last longer are standing rights by another name.
const DURATION_MAX: Span = Span::from_hours(24);

pub(super) fn check(environment: &Environment, findings: &mut Findings) {
    for (place, grant) in environment.access.iter().enumerate() {
        let about = format!("{}/{}", environment.name, grant.persona.as_str());
        let role = grant.role.as_str();
        match &grant.elevation {
            Elevation::Standing => {
                let harmless = matches!(
                    grant.role,
                    AzureRole::Reader
                        | AzureRole::MonitoringReader
                        | AzureRole::LogReader
                        | AzureRole::ClusterReader
                );
                if !harmless {
                    findings.find(
                        &about,
                        format!("always has `{role}`, which changes things or shows data"),
                    );
                }
            }
            Elevation::JustInTime {
                duration_max,
                approved_by,
            } => {
                if duration_max.as_millis() == 0 || *duration_max > DURATION_MAX {
                    findings.find(&about, format!("may have `{role}` for {duration_max}"));
                }
                if *approved_by == Some(grant.persona) {
                    findings.find(&about, format!("approves `{role}` for itself"));
                }
            }
        }
        let region = match &grant.scope {
            RoleScope::Infrastructure(region) | RoleScope::Data(region) | RoleScope::Platform(region) => {
                Some(region)
            }
            RoleScope::Global => None,
        };
        if let Some(region) = region
            && !environment.regions.iter().any(|one| one.name == *region)
        {
            findings.find(
                &about,
                format!("has `{role}` in `{region}`, which is not in this environment"),
            );
        }
        let twice = environment.access[..place].iter().any(|other| {
            (&other.persona, other.role, &other.scope) == (&grant.persona, grant.role, &grant.scope)
        });
        if twice {
            findings.find(&about, format!("has `{role}` twice"));
        }
        if grant.group.is_empty() {
            findings.find(&about, "is nobody: it has no group");
        }
    }
}
