//! One supervised process: started when wanted, watched, started again when it ended, stopped when unwanted.

use std::{sync::Arc, time::Duration};

use api::site::{ComponentObservation, ComponentState};
use rustix::process::Signal;
use tokio::sync::watch;
use types::settings::{ProcessSettings, RunsWhen, StopSignal};

use super::{
    guard::{DeathSignal, Program},
    guarded::{Guarded, Launcher},
    probe,
};

/// How often a process that does not serve is asked whether it does.
const PROBE_EVERY: Duration = Duration::from_millis(500);
/// How often one that serves is asked whether it still does: each question costs Odoo a worker for some milliseconds,
/// and nothing is decided by the answer; an end is noticed at once without any question.
const PROBE_SERVING_EVERY: Duration = Duration::from_secs(2);

/// What a site offers its processes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Conditions {
    /// The site leads and its database accepts writes.
    pub active: bool,
    /// The site's database accepts connections.
    pub database: bool,
    /// How often the site became active since the agent was started.
    pub promotions: u32,
}

/// What a process should do, given what the site offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Not in this role.
    Off,
    /// As soon as the database is there.
    Waiting,
    /// Now.
    Running,
}

/// Decides what a process should do. One that runs already is not ended because the database went away: Odoo's own
/// connection pool heals, and a cold start would cost more.
pub fn decide_wanted(settings: &ProcessSettings, conditions: Conditions, halted: bool) -> Wanted {
    let role = match settings.runs {
        RunsWhen::Always => true,
        RunsWhen::Active => conditions.active,
    };
    if halted || !role {
        Wanted::Off
    } else if settings.needs_database && !conditions.database {
        Wanted::Waiting
    } else {
        Wanted::Running
    }
}

/// The task of one process; returns when it is halted and the process is gone.
pub async fn run(
    settings: Arc<ProcessSettings>,
    launcher: Launcher,
    mut conditions: watch::Receiver<Conditions>,
    mut halted: watch::Receiver<bool>,
    observation: watch::Sender<ComponentObservation>,
) {
    loop {
        let (stop, offered) = (*halted.borrow_and_update(), *conditions.borrow_and_update());
        match decide_wanted(&settings, offered, stop) {
            Wanted::Off => {
                show(&observation, ComponentState::Off, None);
                if stop {
                    return;
                }
                changed(&mut conditions, &mut halted).await;
            }
            Wanted::Waiting => {
                show(
                    &observation,
                    ComponentState::Waiting,
                    Some("waits for the database".to_owned()),
                );
                changed(&mut conditions, &mut halted).await;
            }
            Wanted::Running => {
                let begun = Begun {
                    settings: &settings,
                    launcher: &launcher,
                    observation: &observation,
                };
                let again = begun.run(offered.promotions, &mut conditions, &mut halted).await;
                if again == Again::AfterDelay {
                    tokio::select! {
                        () = tokio::time::sleep(settings.restart_delay.as_duration()) => {}
                        _ = halted.wait_for(|halted| *halted) => {}
                    }
                }
            }
        }
    }
}

/// Waits until anything is different. A closed channel means that the site is being taken down.
async fn changed(conditions: &mut watch::Receiver<Conditions>, halted: &mut watch::Receiver<bool>) {
    tokio::select! {
        _ = conditions.changed() => {}
        _ = halted.changed() => {}
    }
}

fn show(observation: &watch::Sender<ComponentObservation>, state: ComponentState, detail: Option<String>) {
    observation.send_modify(|seen| {
        seen.state = state;
        seen.detail = detail;
        if matches!(
            state,
            ComponentState::Off | ComponentState::Waiting | ComponentState::Failed
        ) {
            seen.pid = None;
        }
    });
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Again {
    AtOnce,
    AfterDelay,
}

/// One life of the process.
struct Begun<'a> {
    settings: &'a ProcessSettings,
    launcher: &'a Launcher,
    observation: &'a watch::Sender<ComponentObservation>,
}

impl Begun<'_> {
    async fn run(
        &self,
        promotions: u32,
        conditions: &mut watch::Receiver<Conditions>,
        halted: &mut watch::Receiver<bool>,
    ) -> Again {
        let settings = self.settings;
        let program = Program {
            program: settings.program.clone(),
            args: settings.args.clone(),
            env: settings.env.clone(),
            directory: settings.directory.clone(),
            dies_by: DeathSignal::Kill,
            deadline: None,
        };
        let guarded = match self.launcher.launch(settings.name.as_str(), program).await {
            Ok(guarded) => guarded,
            Err(error) => {
                tracing::warn!(component = %settings.name, %error, "cannot start");
                show(self.observation, ComponentState::Failed, Some(error.to_string()));
                return Again::AfterDelay;
            }
        };
        self.observation.send_modify(|seen| {
            seen.starts += 1;
            seen.pid = Some(guarded.pid());
        });
        show(self.observation, ComponentState::Starting, None);
        let probing = probe_forever(settings, self.observation);
        tokio::pin!(probing);
        loop {
            tokio::select! {
                ended = guarded.wait() => {
                    tracing::warn!(component = %settings.name, status = ended.status, "ended on its own");
                    show(self.observation, ComponentState::Failed, Some(format!("ended ({})", ended.status)));
                    return Again::AfterDelay;
                }
                () = changed(conditions, halted) => {
                    let (now, stop) = (*conditions.borrow_and_update(), *halted.borrow_and_update());
                    let renewed = settings.restart_on_promotion && now.promotions != promotions;
                    if renewed || decide_wanted(settings, now, stop) == Wanted::Off {
                        stop_politely(settings, &guarded).await;
                        return Again::AtOnce;
                    }
                }
                () = &mut probing => {}
            }
        }
    }
}

async fn probe_forever(settings: &ProcessSettings, observation: &watch::Sender<ComponentObservation>) {
    let mut served = false;
    loop {
        let mut pause = PROBE_EVERY;
        match probe::ask(&settings.ready).await {
            Ok(()) => {
                served = true;
                pause = PROBE_SERVING_EVERY;
                show(observation, ComponentState::Ready, None);
            }
            Err(why) if served => show(observation, ComponentState::Unhealthy, Some(why)),
            Err(why) => show(observation, ComponentState::Starting, Some(why)),
        }
        tokio::time::sleep(pause).await;
    }
}

async fn stop_politely(settings: &ProcessSettings, guarded: &Guarded) {
    let signal = match settings.stop_signal {
        StopSignal::Term => Signal::TERM,
        StopSignal::Interrupt => Signal::INT,
        StopSignal::Quit => Signal::QUIT,
    };
    let ended = guarded.stop(signal, settings.stop_grace.as_duration()).await;
    tracing::info!(component = %settings.name, status = ended.status, "stopped");
}

#[cfg(test)]
mod tests {
    use types::{ComponentName, Span};

    use super::*;

    #[test]
    fn a_process_is_wanted_by_role_and_waits_for_its_database() {
        let settings = |runs, needs_database| ProcessSettings {
            name: ComponentName::new("odoo-scheduler").unwrap(),
            program: "/bin/true".into(),
            args: vec![],
            env: std::collections::BTreeMap::new(),
            directory: "/".into(),
            runs,
            needs_database,
            restart_on_promotion: false,
            ready: types::settings::ReadyWhen::Running,
            stop_signal: StopSignal::Term,
            stop_grace: Span::from_secs(1),
            restart_delay: Span::from_secs(1),
        };
        let conditions = |active, database| Conditions {
            active,
            database,
            promotions: 0,
        };
        let (always, leading) = (RunsWhen::Always, RunsWhen::Active);
        for (runs, needs, active, database, halted, wanted) in [
            (always, false, false, false, false, Wanted::Running),
            (always, true, false, false, false, Wanted::Waiting),
            (always, true, false, true, false, Wanted::Running),
            (always, false, true, true, true, Wanted::Off),
            (leading, false, false, true, false, Wanted::Off),
            (leading, true, true, false, false, Wanted::Waiting),
            (leading, true, true, true, false, Wanted::Running),
            (leading, true, true, true, true, Wanted::Off),
        ] {
            let found = decide_wanted(&settings(runs, needs), conditions(active, database), halted);
            assert_eq!(found, wanted, "{runs:?} {needs} {active} {database} {halted}");
        }
    }
}
