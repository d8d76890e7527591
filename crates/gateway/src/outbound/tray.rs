//! What one lane has on its way out.

use std::sync::Mutex;

use api::gateway::lanes::Documents;

use super::{
    guard::Guard,
    phantoms::Phantoms,
    waiting::{NONE, Waiting},
};
use crate::{edi::Numbers, lock};

/// What one lane has on its way out.
pub struct Tray {
    /// One step at a time, in or out: control numbers and acknowledgements follow each other.
    pub work: tokio::sync::Mutex<Work>,
    /// Whether anything leaves, as far as the other side goes.
    pub guard: Guard,
    documents: Mutex<Documents>,
}

/// What changes with every letter; derived from the journal at the beginning of a term.
#[derive(Default)]
pub struct Work {
    /// Control numbers.
    pub numbers: Numbers,
    /// What was not settled yet.
    pub waiting: Waiting,
    /// What the ERP does not know any more.
    pub phantoms: Phantoms,
}

impl Default for Tray {
    fn default() -> Self {
        Self {
            work: tokio::sync::Mutex::default(),
            guard: Guard::default(),
            documents: Mutex::new(NONE),
        }
    }
}

impl Tray {
    /// Shows operators how it stands.
    pub fn show(&self, work: &Work) {
        let mut documents = work.waiting.documents();
        documents.held = work.phantoms.holds();
        *lock(&self.documents) = documents;
    }

    /// How it stands.
    pub fn documents(&self) -> Documents {
        *lock(&self.documents)
    }
}
