//! What a person needs to know before applying an environment.

use std::fmt::Write as _;

use estate::Posture;
use plan::cloud::blueprint::{Blueprint, Environment};

/// The page of an environment.
pub(super) fn page(blueprint: &Blueprint, environment: &Environment) -> String {
    let mut page = String::new();
    let name = &environment.name;
    let _ = writeln!(page, "# {} · {name}\n", blueprint.estate);
    page.push_str(ABOUT);
    page.push_str("\n## Order\n\n| | stack | holds | applied |\n| --- | --- | --- | --- |\n");
    for (place, (stack, holds, when)) in rows(environment).into_iter().enumerate() {
        let _ = writeln!(page, "| {} | `{stack}` | {holds} | {when} |", place + 1);
    }
    page.push_str(HOW);
    page.push_str(HANDED_ON);
    page.push_str(BY_HAND);
    if environment
        .regions
        .iter()
        .any(|region| region.posture == Posture::Cold)
    {
        page.push_str(COLD);
    }
    if environment.runs.is_some() {
        page.push_str(SCHEDULE);
    }
    page.push_str(AFTER_A_FAILOVER);
    page
}

fn rows(environment: &Environment) -> Vec<(String, &'static str, &'static str)> {
    let mut rows = vec![
        (
            "../../shared/registry".to_owned(),
            "container registry of all environments",
            "once",
        ),
        (
            "global".to_owned(),
            "policies, budget, alerts about Azure itself",
            "when rules or costs change",
        ),
    ];
    let parts = [
        (
            "infrastructure",
            "networks, logs, vault, clusters, gateways of sites",
            "when the shape changes",
        ),
        ("data", "databases, caches, storage", "when sizes change"),
        (
            "platform",
            "identities of pods, Flux, schedules",
            "with a release, if it needs it",
        ),
    ];
    for (part, holds, when) in parts {
        for region in &environment.regions {
            rows.push((format!("{}/{part}", region.name), holds, when));
        }
    }
    rows.push((
        "entrance".to_owned(),
        "Front Door, firewall, domains",
        "when domains, paths or regions change",
    ));
    rows
}

const ABOUT: &str = "\
Rendered by Plimsoll; changes are overwritten.
Each stack has a state of its own, so that a mistake in one can do no harm in another.
**A release is a commit that Flux applies.** If it needs Terraform at all, it is `platform`: never the network, never data.
";

const HOW: &str = "
What joins two regions (peering, shared names, replicas, copied objects) is in the stack of the region that comes later, because only then both ends exist.

```sh
cd STACK
cp example.tfvars terraform.tfvars   # once, and fill in
terraform init -backend-config=resource_group_name=… -backend-config=storage_account_name=… -backend-config=container_name=…
terraform plan -out=plan && terraform apply plan
```

The storage account of the states is made by hand, once, outside of all environments, with versions kept and in neither of the regions alone.
The subscription needs these providers registered: Microsoft.Automation, Microsoft.Cache, Microsoft.Cdn, Microsoft.Consumption, Microsoft.ContainerRegistry, Microsoft.ContainerService, Microsoft.DBforPostgreSQL, Microsoft.Insights, Microsoft.KeyVault, Microsoft.KubernetesConfiguration, Microsoft.ManagedIdentity, Microsoft.Network, Microsoft.OperationalInsights, Microsoft.PolicyInsights, Microsoft.Storage; and the feature `Microsoft.Compute/EncryptionAtHost`.
Policies are assigned to the whole subscription: one subscription per environment.
";

const HANDED_ON: &str = "
## What is handed on

Stacks do not read each other's state: who may read a state may read every secret in it, and a region must be applied without the other.
Ids are made of names, which were decided before anything was rendered.
Only Azure knows the clusters' issuers, so they are handed on:

```sh
terraform -chdir=REGION/infrastructure output -json | jq '{oidc_issuer_urls: .oidc_issuer_urls.value}' > REGION/platform/issuers.auto.tfvars.json
```

Secrets (passwords of database administrators, keys of sites, the key of the Git repository) are variables too, set from the vault at the moment of the apply: `TF_VAR_…`.
Administrators' passwords are written to Azure and are not in the state; keys of sites are, because Azure's provider has no other way.
";

const BY_HAND: &str = "
## What people still do

- Approve the connections of Front Door at each cluster's Private Link service `CLUSTER-ingress`, once, after `entrance` was applied.
- Point the domains' CNAME records to the output `host_name`, and write the TXT records of `validation_tokens`.
- Put the certificates of wildcard domains into the first region's vault before `entrance` is applied; Azure manages none of those.
- Lock immutable storage: apply `data` with `lock_immutability = false`, look, then with `true`. Nobody can go back.
- Write secrets into the vaults. Terraform makes none.
";

const SCHEDULE: &str = "- Choose `schedule_first_day` and `schedule_time_zone`. Flexible Servers that have a replica, and Managed Redis, cannot be stopped and go on costing.
";

const COLD: &str = "\
- A cold standby has `infrastructure` without clusters, and `data`. When it is needed: set `clusters_wanted = 1` and apply `infrastructure`, then its `platform`; change its posture in the estate, render, and apply `entrance`.
";

const AFTER_A_FAILOVER: &str = "
## After a failover

The recovery sagas switch Front Door's origins, promote databases and scale clusters; Terraform ignores all of that.
It does not ignore the copying of objects: a container that is copied to cannot be written, so the saga ends the copying, and the estate's roles of regions must be exchanged before `data` is applied again.
";
