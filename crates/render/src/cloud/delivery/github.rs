//! GitHub Actions. Actions of others are pinned by commit; credentials are exchanged by OpenID Connect, never stored.

use plan::cloud::blueprint::{Blueprint, Environment};

use super::{is_approved, promoted, rehearsal, stacks::Stacks, step, texts};
use crate::yaml::{Yaml, yaml};

/// `actions/checkout` v4.2.2
const CHECKOUT: &str = "actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683";
/// `azure/login` v2.2.0
const AZURE_LOGIN: &str = "azure/login@a65d910e8af852a8061c627c456678983e180302";
/// `actions/upload-artifact` v4.6.2
const UPLOAD: &str = "actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02";
/// `actions/download-artifact` v4.3.0
const DOWNLOAD: &str = "actions/download-artifact@d3f86a106a0bac45b974a628896c90dbdf5c8093";
/// Runs our programs; a runner of one's own, inside the private network, with Plimsoll, Terraform and the Azure CLI.
const RUNNER: &str = "plimsoll";
/// Minutes until a job that hangs is ended.
const MINUTES: u32 = 60;
const MAIN: &str = "github.ref == 'refs/heads/main'";

/// Builds, scans and signs the tenants' image.
pub(super) fn image(blueprint: &Blueprint) -> Yaml {
    let repository = format!(
        "{}/{}",
        blueprint.delivery.registry, blueprint.delivery.odoo.repository
    );
    let built = "${{ steps.build.outputs.digest }}";
    let by_digest = format!("{repository}@{built}");
    let build = step(format!(
        "build-image . {repository} \"$GITHUB_SHA\" \"$ODOO_BASE\""
    ));
    yaml!({
        name: "image",
        on: {
            push: { branches: ["main"], paths: ["addons/**", "requirements.txt", "delivery/images/**"] },
            workflow_dispatch: {},
        },
        permissions: { contents: "read", "id-token": "write" },
        concurrency: { group: "image", "cancel-in-progress": false },
        jobs: {
            build: {
                "runs-on": (runner()),
                "timeout-minutes": MINUTES,
                env: { ODOO_BASE: "${{ vars.ODOO_BASE }}" },
                steps: [
                    (checkout()),
                    (login()),
                    (run("log in to the registry", format!("az acr login --name {}", blueprint.delivery.registry_name))),
                    {
                        name: "build",
                        id: "build",
                        run: (format!("digest=$({build}) && echo \"digest=$digest\" >> \"$GITHUB_OUTPUT\"")),
                    },
                    (run("scan", step(format!("scan-image {by_digest}")))),
                    (run("sign", format!("cosign sign --yes {by_digest}"))),
                    (run(
                        "tell",
                        format!("echo \"put {built} into the estate as release.odoo.digest\" >> \"$GITHUB_STEP_SUMMARY\""),
                    )),
                ],
            },
        },
    })
}

/// Checks every change, and moves what is merged from environment to environment.
pub(super) fn application(blueprint: &Blueprint) -> Yaml {
    let mut jobs = vec![("check".into(), check())];
    let mut before = "check".to_owned();
    for environment in promoted(blueprint) {
        let name = format!("promote-{}", environment.name);
        let rehearsed = rehearsal(blueprint).is_some_and(|one| one.name == environment.name);
        jobs.push((
            name.clone().into(),
            promote(blueprint, environment, &before, rehearsed),
        ));
        before = name;
    }
    yaml!({
        name: "application",
        on: {
            pull_request: {},
            push: { branches: ["main"], "paths-ignore": ["terraform/**"] },
        },
        permissions: { contents: "read" },
        concurrency: { group: "application-${{ github.ref }}", "cancel-in-progress": false },
        jobs: (Yaml::map(jobs)),
    })
}

fn check() -> Yaml {
    yaml!({
        "runs-on": (runner()),
        "timeout-minutes": MINUTES,
        steps: [(checkout()), (run("estate, policies, drift", step("check-estate estate.yaml .")))],
    })
}

fn promote(blueprint: &Blueprint, environment: &Environment, after: &str, rehearsed: bool) -> Yaml {
    let mut steps = vec![checkout_all()];
    if rehearsed {
        let image = format!("check-migration {} rehearsal", blueprint.delivery.odoo.reference);
        steps.push(login());
        steps.push(run("try the upgrade on a muted copy", step(image)));
    }
    if is_approved(environment) {
        // After the approval, so that an approval given in time does not release out of time.
        steps.push(run("release window", step("may-release")));
    }
    steps.push(run(
        "promote",
        step(format!("promote {} \"$GITHUB_SHA\"", environment.name)),
    ));
    yaml!({
        needs: (after.to_owned()),
        if: MAIN,
        "runs-on": (runner()),
        "timeout-minutes": MINUTES,
        // Its required reviewers are the approval.
        environment: (environment.name.to_string()),
        permissions: { contents: "write", "id-token": "write" },
        steps: (Yaml::list(steps)),
    })
}

/// Plans every stack of a change; applies, environment by environment, the plans that people have read.
pub(super) fn infrastructure(stacks: &[Stacks]) -> Yaml {
    let mut jobs = vec![];
    let mut before: Option<String> = None;
    for Stacks { name, stacks } in stacks {
        let (planned, applied) = (format!("plan-{name}"), format!("apply-{name}"));
        jobs.push((planned.clone().into(), plan_job(name, stacks, before.as_deref())));
        jobs.push((applied.clone().into(), apply_job(name, stacks, &planned)));
        before = Some(applied);
    }
    yaml!({
        name: "infrastructure",
        on: {
            pull_request: { paths: ["terraform/**"] },
            push: { branches: ["main"], paths: ["terraform/**"] },
        },
        permissions: { contents: "read", "id-token": "write" },
        // One at a time: two plans of one state contradict each other.
        concurrency: { group: "infrastructure-${{ github.ref }}", "cancel-in-progress": false },
        jobs: (Yaml::map(jobs)),
    })
}

fn plan_job(name: &str, stacks: &[String], before: Option<&str>) -> Yaml {
    let mut steps = vec![checkout(), login()];
    steps.extend(
        stacks
            .iter()
            .map(|stack| run(stack, step(format!("terraform-stack plan {stack} plans")))),
    );
    steps.push(yaml!({
        name: "keep the plans",
        uses: UPLOAD,
        with: { name: (format!("plans-{name}")), path: "plans", "if-no-files-found": "error", "retention-days": 5 },
    }));
    yaml!({
        needs: (before.map(ToOwned::to_owned)),
        // On a pull request nothing is applied, so what would wait for it is planned all the same.
        if: "!failure() && !cancelled()",
        "runs-on": (runner()),
        "timeout-minutes": MINUTES,
        environment: (format!("{name}-plan")),
        steps: (Yaml::list(steps)),
    })
}

fn apply_job(name: &str, stacks: &[String], planned: &str) -> Yaml {
    let mut steps = vec![
        checkout(),
        login(),
        yaml!({ name: "fetch the plans", uses: DOWNLOAD, with: { name: (format!("plans-{name}")), path: "plans" } }),
    ];
    steps.extend(
        stacks
            .iter()
            .map(|stack| run(stack, step(format!("terraform-stack apply {stack} plans")))),
    );
    yaml!({
        needs: (planned.to_owned()),
        if: MAIN,
        "runs-on": (runner()),
        "timeout-minutes": MINUTES,
        environment: (format!("{name}-infrastructure")),
        steps: (Yaml::list(steps)),
    })
}

fn runner() -> Yaml {
    texts(["self-hosted".to_owned(), RUNNER.to_owned()])
}

fn checkout() -> Yaml {
    yaml!({ uses: CHECKOUT, with: { "persist-credentials": false } })
}

/// With history and the right to push: a promotion moves a branch.
fn checkout_all() -> Yaml {
    yaml!({ uses: CHECKOUT, with: { "fetch-depth": 0 } })
}

fn login() -> Yaml {
    yaml!({
        uses: AZURE_LOGIN,
        with: {
            "client-id": "${{ vars.AZURE_CLIENT_ID }}",
            "tenant-id": "${{ vars.AZURE_TENANT_ID }}",
            "subscription-id": "${{ vars.AZURE_SUBSCRIPTION_ID }}",
        },
    })
}

fn run(name: &str, command: String) -> Yaml {
    yaml!({ name: (name.to_owned()), run: command })
}
