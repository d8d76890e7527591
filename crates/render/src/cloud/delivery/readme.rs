//! The page that tells a newcomer what the pipelines do and what they need.

use std::fmt::Write as _;

use plan::cloud::blueprint::Blueprint;

use super::{is_approved, promoted, rehearsal, stacks::Stacks};

/// `delivery/README.md`
pub(super) fn page(blueprint: &Blueprint, stacks: &[Stacks]) -> String {
    let mut page = format!(
        "# Delivery of {estate}\n\n\
         Three pipelines, once for GitHub Actions (`github/workflows/`) and once for Azure DevOps (`azure-devops/`).\n\
         Every step is a call of `bin/`, so that it can be tried at a desk.\n\n\
         | pipeline | when | what it does |\n\
         | --- | --- | --- |\n\
         | `image` | addons change | builds `{repository}` from a base by digest, with SBOM and provenance; scans; signs |\n\
         | `application` | a pull request, a merge | judges the estate and the rendered tree; after a merge moves it from environment to environment |\n\
         | `infrastructure` | `terraform/` changes | plans every stack; applies exactly the plans that were approved |\n\n\
         A release never touches the network: `application` has no rights in Azure but those of trying an upgrade, and \
         Terraform's states are apart.\n\n\
         ## Environments, in the order of promotion\n\n",
        estate = blueprint.estate,
        repository = blueprint.delivery.odoo.repository,
    );
    let rehearsed = rehearsal(blueprint).map(|one| &one.name);
    for environment in promoted(blueprint) {
        let _ = write!(
            page,
            "- `{}`: its clusters follow the branch `environments/{}`",
            environment.name, environment.name
        );
        if rehearsed == Some(&environment.name) {
            page.push_str("; every upgrade is tried on its muted copy first");
        }
        if is_approved(environment) {
            page.push_str("; needs an approval, and a release window that is open when the release begins");
        }
        page.push_str(".\n");
    }
    if rehearsed.is_none() {
        page.push_str(
            "\nNo environment has a copy of production, so no upgrade is tried before production gets it: add a `staging` \
             environment to the estate.\n",
        );
    }
    page.push_str("\n## Release windows\n\n");
    if blueprint.delivery.calendars.is_empty() {
        page.push_str("The estate declares no calendar, so releases may begin at any time.\n");
    }
    for (name, calendar) in &blueprint.delivery.calendars {
        let _ = writeln!(
            page,
            "- `{name}`: {} windows and {} freezes, in {} time. `python3 delivery/bin/may-release --calendar {name}` says \
             whether it is open.",
            calendar.windows.len(),
            calendar.freezes.len(),
            calendar.time_zone
        );
    }
    page.push_str("\n## Stacks, in the order in which they are applied\n\n");
    for stack in stacks.iter().flat_map(|one| &one.stacks) {
        let _ = writeln!(page, "1. `{stack}`");
    }
    page.push_str(
        "\n## What has to be there once\n\n\
         - Runners inside the private network (label or pool `plimsoll`) with `plimsoll`, `terraform`, `az`, `docker` with buildx, \
         `trivy`, `cosign`, `jq` and `psql`.\n\
         - The base image by digest, in the variable `ODOO_BASE`.\n\
         - For each environment an identity with federated credentials for its pipeline: `NAME` for releases, `NAME-plan` may read, \
         `NAME-infrastructure` may change. Approvals are required reviewers of the GitHub environment, or checks of the Azure \
         DevOps environment.\n\
         - In Azure DevOps, service connections `plimsoll-NAME`.\n\
         - The branches `environments/NAME` protected: only the pipeline may push to them.\n",
    );
    page
}
