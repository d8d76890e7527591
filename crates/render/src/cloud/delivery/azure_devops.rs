//! Azure DevOps. The service connections use workload identity federation; approvals are checks of its environments.

use plan::cloud::blueprint::{Blueprint, Environment};

use super::{is_approved, promoted, rehearsal, stacks::Stacks, step, texts};
use crate::yaml::{Yaml, yaml};

/// A pool of agents of one's own, inside the private network, with Plimsoll, Terraform and the Azure CLI.
const POOL: &str = "plimsoll";
/// Minutes until a job that hangs is ended.
const MINUTES: u32 = 60;
const MAIN: &str = "and(succeeded(), eq(variables['Build.SourceBranch'], 'refs/heads/main'))";

/// Builds, scans and signs the tenants' image.
pub(super) fn image(blueprint: &Blueprint) -> Yaml {
    let repository = format!(
        "{}/{}",
        blueprint.delivery.registry, blueprint.delivery.odoo.repository
    );
    let by_digest = format!("\"{repository}@$(digest)\"");
    let build = step(format!(
        "build-image . {repository} \"$(Build.SourceVersion)\" \"$(ODOO_BASE)\""
    ));
    let steps = yaml!([
        { checkout: "self", persistCredentials: false },
        (azure("shared", "log in to the registry", format!("az acr login --name {}", blueprint.delivery.registry_name))),
        (script("build", format!("digest=$({build}) && echo \"##vso[task.setvariable variable=digest]$digest\""))),
        (script("scan", step(format!("scan-image {by_digest}")))),
        (script("sign", format!("cosign sign --yes {by_digest}"))),
        (script("tell", "echo \"put $(digest) into the estate as release.odoo.digest\"".to_owned())),
    ]);
    yaml!({
        trigger: {
            branches: { include: ["main"] },
            paths: { include: ["addons", "requirements.txt", "delivery/images"] },
        },
        pr: "none",
        pool: { name: POOL },
        jobs: [{ job: "build", timeoutInMinutes: MINUTES, steps: (steps) }],
    })
}

/// Checks every change, and moves what is merged from environment to environment.
pub(super) fn application(blueprint: &Blueprint) -> Yaml {
    let check = yaml!([
        { checkout: "self", persistCredentials: false },
        (script("estate, policies, drift", step("check-estate estate.yaml ."))),
    ]);
    let mut stages = vec![yaml!({
        stage: "check",
        jobs: [{ job: "check", timeoutInMinutes: MINUTES, steps: (check) }],
    })];
    let mut before = "check".to_owned();
    for environment in promoted(blueprint) {
        let rehearsed = rehearsal(blueprint).is_some_and(|one| one.name == environment.name);
        let stage = format!("promote_{}", identifier(environment.name.as_str()));
        stages.push(promote(blueprint, environment, &stage, &before, rehearsed));
        before = stage;
    }
    yaml!({
        trigger: { branches: { include: ["main"] }, paths: { exclude: ["terraform"] } },
        pr: { branches: { include: ["main"] } },
        pool: { name: POOL },
        stages: (Yaml::list(stages)),
    })
}

fn promote(
    blueprint: &Blueprint,
    environment: &Environment,
    stage: &str,
    after: &str,
    rehearsed: bool,
) -> Yaml {
    let name = environment.name.as_str();
    let mut steps = vec![yaml!({ checkout: "self", persistCredentials: true, fetchDepth: 0 })];
    if rehearsed {
        let call = step(format!(
            "check-migration {} rehearsal",
            blueprint.delivery.odoo.reference
        ));
        steps.push(azure(name, "try the upgrade on a muted copy", call));
    }
    if is_approved(environment) {
        // After the approval, so that an approval given in time does not release out of time.
        steps.push(script("release window", step("may-release")));
    }
    steps.push(script(
        "promote",
        step(format!("promote {name} \"$(Build.SourceVersion)\"")),
    ));
    deployment(stage, after, name, MAIN, steps)
}

/// Plans every stack of a change; applies, environment by environment, the plans that people have read.
pub(super) fn infrastructure(stacks: &[Stacks]) -> Yaml {
    let mut stages = vec![];
    let mut before: Option<String> = None;
    for Stacks { name, stacks } in stacks {
        let id = identifier(name);
        let (planned, applied) = (format!("plan_{id}"), format!("apply_{id}"));
        stages.push(plan_stage(&planned, before.as_deref(), name, stacks));
        let mut steps = vec![
            yaml!({ checkout: "self", persistCredentials: false }),
            yaml!({ download: "current", artifact: (format!("plans-{name}")) }),
        ];
        let plans = format!("$(Pipeline.Workspace)/plans-{name}");
        steps.extend(stacks.iter().map(|stack| {
            azure(
                name,
                stack,
                step(format!("terraform-stack apply {stack} {plans}")),
            )
        }));
        stages.push(deployment(
            &applied,
            &planned,
            &format!("{name}-infrastructure"),
            MAIN,
            steps,
        ));
        before = Some(applied);
    }
    yaml!({
        trigger: { branches: { include: ["main"] }, paths: { include: ["terraform"] } },
        pr: { branches: { include: ["main"] }, paths: { include: ["terraform"] } },
        pool: { name: POOL },
        stages: (Yaml::list(stages)),
    })
}

fn plan_stage(stage: &str, before: Option<&str>, name: &str, all: &[String]) -> Yaml {
    let mut steps = vec![yaml!({ checkout: "self", persistCredentials: false })];
    steps.extend(
        all.iter()
            .map(|stack| azure(name, stack, step(format!("terraform-stack plan {stack} plans")))),
    );
    steps.push(yaml!({ publish: "plans", artifact: (format!("plans-{name}")) }));
    yaml!({
        stage: (stage.to_owned()),
        // On a pull request nothing is applied, so what would wait for it is planned all the same.
        dependsOn: (texts(before.map(ToOwned::to_owned))),
        condition: "not(or(failed(), canceled()))",
        jobs: [{ job: "plan", timeoutInMinutes: MINUTES, steps: (Yaml::list(steps)) }],
    })
}

/// A stage that changes an environment, with the checks that people put on that environment.
fn deployment(
    stage: &str,
    after: &str,
    environment: &str,
    condition: &'static str,
    steps: Vec<Yaml>,
) -> Yaml {
    yaml!({
        stage: (stage.to_owned()),
        dependsOn: [(after.to_owned())],
        condition: condition,
        jobs: [{
            deployment: "deploy",
            timeoutInMinutes: MINUTES,
            environment: (environment.to_owned()),
            strategy: { runOnce: { deploy: { steps: (Yaml::list(steps)) } } },
        }],
    })
}

fn script(name: &str, command: String) -> Yaml {
    yaml!({ script: command, displayName: (name.to_owned()) })
}

/// A command with the rights of the environment's service connection.
fn azure(environment: &str, name: &str, command: String) -> Yaml {
    yaml!({
        task: "AzureCLI@2",
        displayName: (name.to_owned()),
        inputs: {
            azureSubscription: (format!("plimsoll-{environment}")),
            scriptType: "bash",
            scriptLocation: "inlineScript",
            inlineScript: command,
        },
    })
}

/// Letters, digits and `_`, as stages are named.
fn identifier(name: &str) -> String {
    name.replace('-', "_")
}
