//! Finding out whether the other side is there again.

use std::collections::HashSet;

use api::Problem;

use super::{Due, Waiting};
use crate::{gateway::Gateway, outbound::phantoms::Phantoms};

impl Waiting {
    /// The letter that decides: of those that may leave in their order, the one that has failed least. Whether it rests
    /// does not matter: it rests because of the other side.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn probe(
        &self,
        gateway: &Gateway,
        integration: &str,
        phantoms: &Phantoms,
    ) -> Result<Option<Due>, Problem> {
        let mut behind: HashSet<&str> = HashSet::new();
        let unsent = self.open.iter().filter(|(_, open)| !open.posted);
        let heads = unsent.filter(|(_, open)| {
            open.letter
                .order
                .as_deref()
                .is_none_or(|order| behind.insert(order))
        });
        let heads = heads.filter(|(number, _)| !phantoms.withholds(**number));
        match heads.min_by_key(|(number, open)| (open.failures, **number)) {
            Some((number, open)) => open.due(gateway, integration, *number),
            None => Ok(None),
        }
    }

    /// The other side is there again: what rested because of it is due.
    pub fn wake(&mut self) {
        for open in self.open.values_mut() {
            open.not_before = None;
        }
    }
}
