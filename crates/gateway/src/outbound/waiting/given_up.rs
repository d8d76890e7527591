//! Letters that were about to be printed, were given up, and are to be tried again.

use api::Problem;
use bytes::Bytes;

use super::{Agreed, Waiting, read};
use crate::{edi::records, gateway::Gateway, outbound::Held};

impl Waiting {
    /// A label is about to be printed: whoever reads this and no end of it does not know whether it was.
    ///
    /// # Errors
    /// When it cannot be stored now; then it is not to be printed.
    pub async fn tried(&mut self, gateway: &Gateway, integration: &str, number: u64) -> Result<(), Problem> {
        let held = self.open.get(&number).map_or(0, |open| open.held);
        let id = format!("try/{number}/{}", held + 1);
        if !records::is_kept(gateway, integration, &id) {
            records::keep(gateway, integration, &id, Bytes::from_static(b"{}")).await?;
        }
        Ok(())
    }

    /// What a dead letter says of a letter that is given up now.
    pub fn held(&self, number: u64) -> Held {
        let held = self.open.get(&number).map_or(0, |open| open.held);
        Held {
            letter: number,
            times: held + 1,
        }
    }

    /// A letter is given up: its dead letter is kept already, and says the same.
    ///
    /// # Errors
    /// When it cannot be stored now; it is tried again then.
    pub async fn give_up(&mut self, gateway: &Gateway, integration: &str, held: Held) -> Result<(), Problem> {
        let id = format!("gave/{}/{}", held.letter, held.times);
        if !records::is_kept(gateway, integration, &id) {
            records::keep(gateway, integration, &id, Bytes::from_static(b"{}")).await?;
        }
        self.open.remove(&held.letter);
        Ok(())
    }

    /// A person says that what was given up is to be tried again. The same again changes nothing.
    ///
    /// # Errors
    /// When it cannot be stored now.
    pub async fn again(
        &mut self,
        gateway: &Gateway,
        integration: &str,
        agreed: Option<&Agreed<'_>>,
        held: Held,
    ) -> Result<(), Problem> {
        let Held {
            letter: number,
            times,
        } = held;
        let id = format!("more/{number}/{times}");
        if records::is_kept(gateway, integration, &id) {
            return Ok(());
        }
        records::keep(gateway, integration, &id, Bytes::from_static(b"{}")).await?;
        if let Some((letter, _)) = read(gateway, integration, number)? {
            let at = letter.at;
            self.open(number, letter, agreed, at);
            if let Some(open) = self.open.get_mut(&number) {
                open.held = times;
            }
        }
        Ok(())
    }
}
