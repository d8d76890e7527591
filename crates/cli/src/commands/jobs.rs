//! `plimsoll jobs list` and `release`: scheduled jobs of the ERP that are held since a recovery.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    erp::{CallError, Erp, failed},
    gateway::{leader, words},
    table::table,
};
use crate::{
    args::{Jobs, JobsClass, Output, ReleaseJobs, Which},
    failure::{Exit, Failure},
    open_estate::OpenEstate,
    talk::Talk,
};

/// A job as the ERP tells it.
#[derive(Debug, Serialize, Deserialize)]
struct Held {
    incarnation: String,
    #[serde(flatten)]
    job: api::gateway::reconciliation::HeldJob,
}

/// Runs what was asked.
pub async fn run(
    request: &Jobs,
    open: impl Fn(&Which) -> Result<OpenEstate, Failure>,
    talk: &Talk,
) -> Result<Exit, Failure> {
    match request {
        Jobs::List { which, output } => list(&open(which)?, *output, talk).await,
        Jobs::Release(request) => release(&open(&request.which)?, request, talk).await,
    }
}

async fn list(estate: &OpenEstate, output: Output, talk: &Talk) -> Result<Exit, Failure> {
    let leader = leader::find(estate).await?;
    let region = &leader.status.region;
    let held: Vec<Held> = Erp::of(estate, region)?
        .call("plimsoll.recovery/held_jobs", &json!({}))
        .await
        .map_err(|error| failed(region, &error))?;
    if output == Output::Json {
        anstream::println!("{}", serde_json::to_string_pretty(&held).unwrap_or_default());
    } else if held.is_empty() {
        talk.say("no job is held");
    } else {
        let mut rows = table(["job", "what", "runs again"]);
        for Held { job, .. } in &held {
            rows.add_row([job.name.clone(), job.title.clone(), when(job.class).to_owned()]);
        }
        anstream::println!("{rows}");
        talk.say("`plimsoll jobs release JOB… --reason TEXT` lets them run again");
    }
    Ok(if held.is_empty() { Exit::Done } else { Exit::No })
}

const fn when(class: api::gateway::reconciliation::JobClass) -> &'static str {
    match class {
        api::gateway::reconciliation::JobClass::NeedsKey => "when journal and ERP agree",
        api::gateway::reconciliation::JobClass::Never => "when a person says so",
    }
}

async fn release(estate: &OpenEstate, request: &ReleaseJobs, talk: &Talk) -> Result<Exit, Failure> {
    #[derive(Deserialize)]
    struct Released {
        released: Vec<String>,
    }
    let leader = leader::find(estate).await?;
    let region = &leader.status.region;
    let mut arguments = json!({ "by": words::person(), "why": request.reason });
    match request.class {
        Some(JobsClass::NeedsKey) => arguments["job_class"] = Value::from("needs-key"),
        Some(JobsClass::Never) => arguments["job_class"] = Value::from("never"),
        None => arguments["names"] = Value::from(request.jobs.clone()),
    }
    let released: Released = Erp::of(estate, region)?
        .call("plimsoll.recovery/release_jobs", &arguments)
        .await
        .map_err(|error| match error {
            CallError::Refused(_) => failed(region, &error).hint("`plimsoll jobs list` lists what is held"),
            CallError::Unavailable(_) | CallError::Unknown(_) => failed(region, &error),
        })?;
    for job in &released.released {
        anstream::println!("{job}");
    }
    talk.say(format_args!(
        "{} released; they run soon",
        released.released.len()
    ));
    Ok(Exit::Done)
}
