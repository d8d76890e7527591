//! Control numbers: owned by the gateway, taken in blocks that are durable in both regions before one of them is used.
//!
//! Whoever begins to lead takes a new block, and skips as many as its predecessor may have taken alone: a gap disturbs
//! nobody, a number used twice makes the partner drop a document.

use api::Problem;
use edi::control_number::{ControlNumber, Event, Sequence};
use serde::{Deserialize, Serialize};

use super::records;
use crate::gateway::Gateway;

/// Numbers in a block.
const BLOCK: u32 = 32;
/// Skipped by a new leader: so many numbers may have gone out from a region whose journal was lost with it.
const SKIPPED: u32 = 1024;

/// What the record of a block says.
#[derive(Debug, Serialize, Deserialize)]
struct Block {
    /// The last number of it.
    through: ControlNumber,
    /// In which generation it was taken.
    generation: u64,
}

/// The numbers at hand.
#[derive(Debug, Default)]
pub struct Numbers {
    sequence: Sequence,
    through: Option<ControlNumber>,
    block: u64,
    generation: u64,
}

impl Numbers {
    /// The next number; durable as taken upon return.
    ///
    /// # Errors
    /// When a new block cannot be stored now.
    pub async fn next(&mut self, gateway: &Gateway, integration: &str) -> Result<ControlNumber, Problem> {
        let generation = gateway.state().generation.get();
        if self.generation != generation {
            *self = load(gateway, integration, generation)?;
        }
        if self.through.is_none() || self.sequence.last_number() == self.through {
            self.reserve(gateway, integration).await?;
        }
        let event = self.sequence.decide_next();
        self.sequence = self.sequence.next(event).map_err(out_of_step)?;
        self.sequence
            .last_number()
            .ok_or_else(|| Problem::failed("no control number"))
    }

    async fn reserve(&mut self, gateway: &Gateway, integration: &str) -> Result<(), Problem> {
        let Some(Event::Burned { through }) = self.sequence.decide_burn([], BLOCK) else {
            return Err(Problem::failed("no block of control numbers"));
        };
        let block = Block {
            through,
            generation: self.generation,
        };
        let body = serde_json::to_vec(&block).map_err(|error| Problem::failed(error.to_string()))?;
        let number = self.block + 1;
        records::keep(gateway, integration, &format!("numbers/{number}"), body.into()).await?;
        (self.block, self.through) = (number, Some(through));
        Ok(())
    }
}

fn load(gateway: &Gateway, integration: &str, generation: u64) -> Result<Numbers, Problem> {
    let mut numbers = Numbers {
        generation,
        block: records::last(gateway, integration, "numbers"),
        ..Numbers::default()
    };
    let id = format!("numbers/{}", numbers.block);
    let Some(record) = records::find(gateway, integration, &id)? else {
        return Ok(numbers);
    };
    let block: Block =
        serde_json::from_slice(&record.entry.body).map_err(|error| Problem::failed(error.to_string()))?;
    let taken = Event::Burned {
        through: block.through,
    };
    numbers.sequence = numbers.sequence.next(taken).map_err(out_of_step)?;
    if block.generation != generation
        && let Some(skipped) = numbers.sequence.decide_burn([], SKIPPED)
    {
        numbers.sequence = numbers.sequence.next(skipped).map_err(out_of_step)?;
    }
    Ok(numbers)
}

fn out_of_step(error: edi::control_number::Illegal) -> Problem {
    Problem::failed(format!("control numbers are out of step: {error}"))
}
