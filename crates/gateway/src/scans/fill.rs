//! From the ledger's queue through the holding to the desk.

use std::{collections::HashMap, time::Duration};

use api::gateway::scans::Event;
use journal::Record;
use lanes::Class;

use super::{
    Site, event,
    holding::{Holding, Scan},
};
use crate::{
    gateway::{Gateway, now},
    lanes::Desk,
    lock,
};

/// Scans read from the journal at once.
const READ_MAX: usize = 64;
/// Scans that wait in the holding; the others are numbers in the ledger. Twice as many as a number may be ahead of the
/// count, so that what fills a gap is found however long the ERP is away.
const HELD_MAX: usize = 1 << 17;
/// Scans in hand that could be delivered; the others wait in the holding.
const IN_HAND_MAX: usize = 512;

/// Takes what waits in the ledger's queue; when it has everything, gives the desk what may be delivered. Says whether there
/// is more to take.
pub fn fill(
    gateway: &Gateway,
    desk: &Desk,
    site: &Site,
    holding: &mut Holding,
    attempts: &mut HashMap<u64, u32>,
) -> bool {
    // What is delivered again was there before: taken whole, so that a live one does not overtake it.
    let read_max = READ_MAX.min(HELD_MAX.saturating_sub(holding.len()));
    let (again, live) = lock(&gateway.ledger).lanes[desk.lane].take(read_max, read_max, true);
    for (class, sequences) in [(Class::Replay, again), (Class::Live, live)] {
        for sequence in sequences {
            if let Err(sequence) = hold(gateway, site, holding, class, sequence) {
                // Delivery says why.
                desk.add(sequence, sequence, class, attempts.remove(&sequence).unwrap_or(0));
            }
        }
    }
    let (room, now) = (IN_HAND_MAX.saturating_sub(desk.deliverable()), now().as_micros());
    let released = site.with(gateway, |known| {
        // Nothing is counted while what is known is locked. So if nothing is left in the queue now, everything that counts
        // as arrived is here, and none of it can come behind what goes; if something is, it is taken first.
        let left = holding.len() < HELD_MAX && lock(&gateway.ledger).lanes[desk.lane].has_next();
        (!left).then(|| holding.release(now, room, known))
    });
    let (gone, next) = match released {
        Ok(Some(released)) => released,
        Ok(None) => return true,
        Err(error) => {
            tracing::warn!(site = %site.settings.site, %error, "scans wait: what lacks of them is not known");
            (Vec::new(), Some(now + 1_000_000))
        }
    };
    for (sequence, class) in gone {
        desk.add(sequence, sequence, class, attempts.remove(&sequence).unwrap_or(0));
    }
    let left = |at: i64| Duration::from_micros(u64::try_from(at - now).unwrap_or(0));
    holding.due = next.map(|at| desk.now() + left(at));
    false
}

/// Puts one into the holding; one that cannot be read is given back.
fn hold(
    gateway: &Gateway,
    site: &Site,
    holding: &mut Holding,
    class: Class,
    sequence: u64,
) -> Result<(), u64> {
    let record = gateway.reader.read_one(sequence).ok().flatten().ok_or(sequence)?;
    let event = read(&record).ok_or(sequence)?;
    let agent = site
        .counted(gateway, &event.incarnation)
        .ok()
        .flatten()
        .ok_or(sequence)?;
    // Also what came in another way than through the entrance: the other region offers what it alone has.
    let noted = site.with(gateway, |known| known.arrived(agent, event.sequence));
    noted.map_err(|_| sequence)?;
    let scan = Scan {
        sequence,
        class,
        lines: event::lines(&event),
        after: event.after,
        arrived: record.entry.time,
    };
    holding.add((agent, event.sequence), scan);
    Ok(())
}

fn read(record: &Record) -> Option<Event> {
    serde_json::from_slice(&record.entry.body).ok()
}
