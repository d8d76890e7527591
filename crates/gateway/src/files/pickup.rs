//! What is known of one watched directory, for people and metrics.

use std::{sync::Mutex, time::Instant};

use api::gateway::lanes::Files;
use lanes::Breaker;
use prometheus_client::metrics::counter::Counter;
use types::{
    Timestamp,
    settings::{AfterFile, FilesFrom, FilesSettings},
};

use super::watch::Todo;
use crate::{gateway::now, lock};

/// One watched directory.
pub struct Pickup {
    /// Its settings.
    pub settings: FilesSettings,
    /// Files that became messages, or were known to be.
    pub taken: Counter,
    /// Files that were put aside.
    pub refused: Counter,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    waiting: u64,
    listed: Option<Timestamp>,
    cut: bool,
    away: Option<(String, Instant)>,
}

impl Pickup {
    /// Nothing is known yet.
    pub fn new(settings: FilesSettings) -> Self {
        Self {
            settings,
            taken: Counter::default(),
            refused: Counter::default(),
            state: Mutex::default(),
        }
    }

    /// The directory was looked at.
    pub(super) fn listed(&self, todo: &Todo, cut: bool) {
        let mut state = lock(&self.state);
        state.listed = Some(now());
        state.waiting = (todo.now.len() + todo.waiting) as u64;
        state.cut = cut;
    }

    /// One of those that waited does not any more.
    pub(super) fn settled(&self) {
        let mut state = lock(&self.state);
        state.waiting = state.waiting.saturating_sub(1);
    }

    /// A round is over.
    pub(super) fn rests(&self, breaker: &Breaker, began: Instant) {
        lock(&self.state).away = match breaker {
            Breaker::Open { why, since, .. } => Some((why.clone(), began + *since)),
            Breaker::Closed { .. } | Breaker::Probation { .. } | Breaker::Paused(_) => None,
        };
    }

    /// As people are told.
    pub fn told(&self) -> Files {
        let state = lock(&self.state);
        let place = match &self.settings.from {
            FilesFrom::Sftp(server) => {
                format!(
                    "sftp://{}:{}/{}",
                    server.host, server.port, self.settings.directory
                )
            }
            FilesFrom::Here => self.settings.directory.clone(),
        };
        let since =
            |(_, since): &(String, Instant)| u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
        Files {
            place,
            stays: self.settings.after == AfterFile::Leave,
            taken: self.taken.get(),
            refused: self.refused.get(),
            waiting: state.waiting,
            more: state.cut,
            listed: state.listed,
            away: state.away.as_ref().map(|(why, _)| why.clone()),
            away_ms: state.away.as_ref().map(since),
        }
    }
}
