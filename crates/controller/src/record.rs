//! The durable record of who leads, as a port, with the latest at hand for every heartbeat.

use std::sync::{Mutex, PoisonError};

use driver::{Answer, Error, Reign, Reigns};

use crate::store::{self, Store};

/// The record.
#[derive(Debug)]
pub struct Record {
    store: Store,
    latest: Mutex<Option<Reign>>,
}

impl Record {
    /// Reads the record.
    ///
    /// # Errors
    /// What the store reports.
    pub async fn open(store: Store) -> Result<Self, store::Error> {
        let latest = Mutex::new(store.reign().await?);
        Ok(Self { store, latest })
    }

    /// Who leads.
    pub fn latest(&self) -> Option<Reign> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Reigns for Record {
    fn current(&self) -> Answer<'_, Option<Reign>> {
        Box::pin(async { Ok(self.latest()) })
    }

    fn record<'a>(&'a self, reign: &'a Reign) -> Answer<'a, ()> {
        Box::pin(async move {
            let failed = |error: store::Error| Error::Failed {
                whom: "the record".to_owned(),
                why: error.to_string(),
            };
            let now = self.store.record_reign(reign.clone()).await.map_err(failed)?;
            *self.latest.lock().unwrap_or_else(PoisonError::into_inner) = now.clone();
            match now {
                Some(known) if known.generation > reign.generation => Err(Error::Stale {
                    whom: "the record".to_owned(),
                    known: known.generation,
                }),
                _ => Ok(()),
            }
        })
    }
}
