//! All processes of a site beside its database.

use std::sync::Arc;

use api::site::{ComponentObservation, ComponentState};
use tokio::{sync::watch, task::JoinSet};
use types::settings::ProcessSettings;

use super::{
    component::{self, Conditions},
    guarded::Launcher,
};

struct Entry {
    settings: Arc<ProcessSettings>,
    halt: watch::Sender<bool>,
    seen: watch::Receiver<ComponentObservation>,
}

/// The processes of a site.
pub struct Supervisor {
    entries: Vec<Entry>,
    conditions: watch::Sender<Conditions>,
}

impl Supervisor {
    /// Begins to supervise, one task per process; each ends when [`Supervisor::stop`] has stopped its process.
    pub fn start(processes: &[ProcessSettings], launcher: &Launcher) -> Self {
        let (conditions, watched) = watch::channel(Conditions::default());
        let entries = processes
            .iter()
            .map(|settings| {
                let settings = Arc::new(settings.clone());
                let (halt, halted) = watch::channel(false);
                let (tell, seen) = watch::channel(ComponentObservation {
                    name: settings.name.clone(),
                    state: ComponentState::Off,
                    pid: None,
                    starts: 0,
                    detail: None,
                });
                tokio::spawn(component::run(
                    Arc::clone(&settings),
                    launcher.clone(),
                    watched.clone(),
                    halted,
                    tell,
                ));
                Entry { settings, halt, seen }
            })
            .collect();
        Self { entries, conditions }
    }

    /// Tells the processes what has changed.
    pub fn set(&self, change: impl FnOnce(&mut Conditions)) {
        self.conditions.send_if_modified(|conditions| {
            let before = *conditions;
            change(conditions);
            *conditions != before
        });
    }

    /// What each process does.
    pub fn observe(&self) -> Vec<ComponentObservation> {
        self.entries
            .iter()
            .map(|entry| entry.seen.borrow().clone())
            .collect()
    }

    /// Stops everything in reverse starting order.
    ///
    /// Neighbours that are alike in needing the database end together: they do not need each other, and one by one
    /// their graces would add up.
    pub async fn stop(&self) {
        let mut rest = self.entries.as_slice();
        while let Some(last) = rest.last() {
            let alike = |entry: &&Entry| entry.settings.needs_database == last.settings.needs_database;
            let group = rest.iter().rev().take_while(alike).count();
            let (before, ending) = rest.split_at(rest.len() - group);
            let mut stopping = JoinSet::new();
            for entry in ending {
                entry.halt.send_replace(true);
                let mut seen = entry.seen.clone();
                stopping.spawn(async move {
                    // The task drops its side when it has ended, which is as good as seeing it off.
                    while seen.changed().await.is_ok() {}
                });
            }
            stopping.join_all().await;
            rest = before;
        }
    }
}
