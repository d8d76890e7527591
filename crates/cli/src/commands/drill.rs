//! `plimsoll drill region-loss`: lose a region on purpose, measure the recovery, leave evidence.

mod fault;
mod load;
mod probe;
mod public;
mod run;

use std::time::Duration;

use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

use self::public::Public;
use crate::{
    args::RegionLoss,
    failure::{Exit, Failure},
    open_estate::OpenEstate,
    talk::Talk,
};

pub async fn region_loss(estate: &OpenEstate, request: &RegionLoss, talk: &Talk) -> Result<Exit, Failure> {
    let (earliest, latest) = (
        request.kill_after_min.as_millis(),
        request.kill_after_max.as_millis(),
    );
    if earliest > latest {
        return Err(Failure {
            exit: Exit::Usage,
            ..Failure::no("PL0404", "--kill-after-min is later than --kill-after-max")
        });
    }
    let public = Public::open(estate)?;
    let seed = request.seed.unwrap_or_else(rand::random);
    let mut random = StdRng::seed_from_u64(seed);
    let drill = uuid::Uuid::new_v4().simple().to_string();
    for number in 1..=request.runs {
        let kill_after = Duration::from_millis(random.random_range(earliest..=latest));
        let step = talk.step(format!("run {number} of {}", request.runs));
        let id = format!("DRILL-{}-{number}", &drill[..8]);
        let measured = run::once(estate, &public, request, &id, kill_after, &step).await?;
        step.done();
        anstream::println!("{:?} {:?}", measured.timeline, measured.accepted);
    }
    Ok(Exit::Done)
}
