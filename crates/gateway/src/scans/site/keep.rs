//! Writing down how far numbers are durable, so that nobody has to count from 1, nor by keys that are not known any more.

use api::Problem;

use super::{Site, encode};
use crate::{
    edi::records,
    gateway::{Gateway, now},
    scans::known::{Count, Kept},
};

impl Site {
    /// Writes down how far an agent's numbers are durable, when it is time. Without it the next term counts for longer.
    pub async fn keep_count(&self, gateway: &Gateway, agent: usize) {
        let Ok(_writing) = self.writing.try_lock() else {
            return;
        };
        let Ok(Some((number, count))) = self.with(gateway, |known| known.due(agent, now())) else {
            return;
        };
        if let Err(error) = self.keep(gateway, agent, number, count).await {
            tracing::debug!(site = %self.settings.site, %error, "how far scans are durable was not written");
        }
    }

    /// Writes down of all agents what was not written down yet, however little it is: keys are about to be forgotten, and
    /// what is counted by them alone would be a gap that nobody can fill.
    ///
    /// # Errors
    /// When it cannot be counted or stored now.
    pub async fn keep_counts(&self, gateway: &Gateway) -> Result<(), Problem> {
        let _writing = self.writing.lock().await;
        let incarnations = self.with(gateway, |known| {
            let all = known.agents.iter().map(|one| one.incarnation.clone());
            all.collect::<Vec<_>>()
        })?;
        for incarnation in incarnations {
            let Some(agent) = self.counted(gateway, &incarnation)? else {
                continue;
            };
            let look = |known: &mut super::Known| {
                let one = known.agents.get_mut(agent);
                one.is_some_and(|one| self.look(gateway, one))
            };
            while self.with(gateway, look)? {
                tokio::task::yield_now().await;
            }
            if let Some((number, count)) = self.with(gateway, |known| known.unkept(agent))? {
                self.keep(gateway, agent, number, count).await?;
            }
        }
        Ok(())
    }

    async fn keep(&self, gateway: &Gateway, agent: usize, number: u64, count: Count) -> Result<(), Problem> {
        let id = format!("counted/{}/{number}", agent + 1);
        records::keep(gateway, self.name.as_str(), &id, encode(&count)?).await?;
        let at = now().as_micros();
        self.with(gateway, |known| {
            if let Some(one) = known.agents.get_mut(agent) {
                one.kept = Kept { number, count, at };
            }
        })
    }
}
