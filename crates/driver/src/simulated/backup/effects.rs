//! What each act does to the simulated stamp. What a caller must not do is noted, and refused.

use std::collections::{BTreeSet, btree_map::Entry};

use api::backup::{
    DatabaseName, Evidence, Finding, Gate, IncarnationRequest, LaneState, Measure, Proof, PutRelease,
    RestoreRequest, Restored, RunningRelease, SwapRequest, Swapped, TenantAct, TenantFence, TenantReplay,
};

use super::model::{Database, State};
use crate::Error;

/// A restore is done when it is asked for the third time.
const RESTORE_ASKS: u32 = 3;

impl State {
    pub fn restore(&mut self, request: &RestoreRequest) -> Result<Restored, Error> {
        let at = self.now;
        let tenant = self.tenant(&request.tenant)?;
        tenant.learn(request.generation)?;
        let restored = Restored {
            copy: request.copy.clone(),
            at,
        };
        if tenant.databases.contains_key(&request.copy) {
            return Ok(restored);
        }
        let unknown = tenant.refused(format!("there is no restore point {}", request.point));
        let of_that_name = tenant
            .points
            .iter()
            .find(|stored| stored.point.id == request.point);
        let stored = of_that_name.cloned().ok_or(unknown)?;
        tenant.restoring += 1;
        if tenant.restoring < RESTORE_ASKS {
            return Err(tenant.not_now("the copy is being made"));
        }
        tenant.restoring = 0;
        let copy = Database {
            accepts: false,
            mute: true,
            old_secrets: !request.new_secrets,
            ..stored.content
        };
        tenant.databases.insert(request.copy.clone(), copy);
        self.room.free_bytes = self.room.free_bytes.saturating_sub(stored.point.size_bytes);
        Ok(restored)
    }

    /// Whatever a copy looks like, damage by the business does not show.
    pub fn prove(&mut self, act: &TenantAct, copy: &DatabaseName) -> Result<Proof, Error> {
        let tenant = self.tenant(&act.tenant)?;
        tenant.learn(act.generation)?;
        let origin = tenant.databases.get(copy).and_then(|copy| copy.origin.clone());
        let Some(origin) = origin else {
            return Err(tenant.refused(format!("there is no copy {copy}")));
        };
        let mut holds = false;
        for stored in tenant
            .points
            .iter_mut()
            .filter(|stored| stored.point.id == origin)
        {
            holds = stored.holds;
            if !holds {
                stored.point.evidence = Evidence::Refuted {
                    why: "its indexes are broken".to_owned(),
                };
            }
        }
        let finding = Finding {
            question: "the indexes fit the data".to_owned(),
            found: if holds { "they do" } else { "they do not" }.to_owned(),
            holds,
        };
        Ok(Proof {
            copy: copy.clone(),
            findings: vec![finding],
        })
    }

    pub fn discard(&mut self, act: &TenantAct, copy: &DatabaseName) -> Result<(), Error> {
        let tenant = self.tenant(&act.tenant)?;
        tenant.learn(act.generation)?;
        tenant.restoring = 0;
        if tenant.served.contains(copy) {
            let refusal = tenant.refused(format!("{copy} has served"));
            self.never(format!("somebody wanted to discard {copy}, which has served"));
            return Err(refusal);
        }
        if let Some(gone) = tenant.databases.remove(copy) {
            let mut points = tenant.points.iter().map(|stored| &stored.point);
            let point = points.find(|point| gone.origin.as_ref() == Some(&point.id));
            let size = point.map_or(0, |point| point.size_bytes);
            self.room.free_bytes = self.room.free_bytes.saturating_add(size);
        }
        Ok(())
    }

    pub fn hold_outbound(&mut self, act: &TenantAct) -> Result<(), Error> {
        let tenant = self.tenant(&act.tenant)?;
        tenant.learn(act.generation)?;
        if !std::mem::replace(&mut tenant.told.held, true) {
            for held in tenant.held.values_mut() {
                *held = Some("a recovery runs".to_owned());
            }
        }
        Ok(())
    }

    pub fn fence(&mut self, act: &TenantAct) -> Result<TenantFence, Error> {
        let at = self.now;
        let tenant = self.tenant(&act.tenant)?;
        tenant.learn(act.generation)?;
        if let Some(fenced) = &tenant.told.fenced {
            return Ok(fenced.clone());
        }
        tenant.current()?.accepts = false;
        tenant.people = false;
        let fenced = TenantFence {
            generation: act.generation,
            database: tenant.serving.clone(),
            at,
        };
        tenant.told.fenced = Some(fenced.clone());
        Ok(fenced)
    }

    pub fn swap(&mut self, request: &SwapRequest) -> Result<Swapped, Error> {
        let tenant = self.tenant(&request.act.tenant)?;
        tenant.learn(request.act.generation)?;
        if let Some(swapped) = &tenant.told.swapped {
            return Ok(swapped.clone());
        }
        if tenant.told.fenced.as_ref() != Some(&request.fenced) || tenant.current()?.accepts {
            let refusal = tenant.refused("what serves is not fenced");
            self.never(format!(
                "somebody wanted to swap {} without its fence",
                request.act.tenant
            ));
            return Err(refusal);
        }
        if !tenant.databases.contains_key(&request.copy) {
            return Err(tenant.refused(format!("there is no copy {}", request.copy)));
        }
        tenant.current()?.mute = true;
        let swapped = Swapped {
            serving: request.copy.clone(),
            aside: tenant.serving.clone(),
        };
        tenant.serving = request.copy.clone();
        tenant.served.insert(request.copy.clone());
        tenant.told.swapped = Some(swapped.clone());
        Ok(swapped)
    }

    pub fn swap_back(&mut self, act: &TenantAct, swapped: &Swapped) -> Result<(), Error> {
        let tenant = self.tenant(&act.tenant)?;
        tenant.learn(act.generation)?;
        if std::mem::replace(&mut tenant.told.swapped_back, true) || tenant.serving != swapped.serving {
            return Ok(());
        }
        if tenant.current()?.accepts {
            let refusal = tenant.refused("what serves accepts writes");
            self.never(format!(
                "somebody wanted to swap {} back after it was opened",
                act.tenant
            ));
            return Err(refusal);
        }
        // It accepted nothing: it is a copy again.
        tenant.served.remove(&swapped.serving);
        tenant.serving = swapped.aside.clone();
        Ok(())
    }

    pub fn reopen(&mut self, act: &TenantAct) -> Result<(), Error> {
        let tenant = self.tenant(&act.tenant)?;
        tenant.learn(act.generation)?;
        if std::mem::replace(&mut tenant.told.reopened, true) {
            return Ok(());
        }
        let current = tenant.current()?;
        (current.accepts, current.mute) = (true, false);
        tenant.people = true;
        for held in tenant.held.values_mut() {
            *held = None;
        }
        // What waited in the journal is delivered.
        self.deliver(act)?;
        Ok(())
    }

    pub fn incarnate(&mut self, request: &IncarnationRequest) -> Result<(), Error> {
        let tenant = self.tenant(&request.act.tenant)?;
        tenant.learn(request.act.generation)?;
        if std::mem::replace(&mut tenant.told.incarnated, true) {
            return Ok(());
        }
        for message in &mut tenant.journal {
            message.left_out |= request.leave_out.contains(&message.id);
        }
        let current = tenant.current()?;
        current.incarnation.clone_from(&request.incarnation);
        current.accepts = true;
        Ok(())
    }

    /// Applies what the database lacks.
    fn deliver(&mut self, act: &TenantAct) -> Result<TenantReplay, Error> {
        let tenant = self.tenant(&act.tenant)?;
        let (mut delivered, mut left_out) = (0, 0);
        let journal = tenant.journal.clone();
        let current = tenant.current()?;
        for message in journal {
            if message.left_out {
                left_out += 1;
            } else if let Entry::Vacant(lacking) = current.applied.entry(message.id) {
                lacking.insert(1);
                delivered += 1;
            }
        }
        Ok(TenantReplay { delivered, left_out })
    }

    pub fn replay(&mut self, act: &TenantAct) -> Result<TenantReplay, Error> {
        let tenant = self.tenant(&act.tenant)?;
        tenant.learn(act.generation)?;
        if let Some(replayed) = tenant.told.replayed {
            return Ok(replayed);
        }
        if !tenant.current()?.accepts {
            return Err(tenant.not_now("the database accepts nothing"));
        }
        let replayed = self.deliver(act)?;
        self.tenant(&act.tenant)?.told.replayed = Some(replayed);
        Ok(replayed)
    }

    pub fn open(&mut self, act: &TenantAct, gate: Gate) -> Result<(), Error> {
        let tenant = self.tenant(&act.tenant)?;
        tenant.learn(act.generation)?;
        if !tenant.told.opened.insert(gate) {
            return Ok(());
        }
        tenant.people |= gate == Gate::People;
        let replayed = tenant.told.replayed.is_some();
        let frozen = tenant.contained.contains(&Measure::FreezeCredentials);
        let stolen = frozen && tenant.current()?.old_secrets;
        if !replayed {
            self.never(format!(
                "{gate:?} of {} opened before the journal was compared",
                act.tenant
            ));
        }
        if stolen {
            self.never(format!(
                "{gate:?} of {} opened under secrets that are in other hands",
                act.tenant
            ));
        }
        Ok(())
    }

    pub fn open_lanes(&mut self, act: &TenantAct) -> Result<Vec<LaneState>, Error> {
        let tenant = self.tenant(&act.tenant)?;
        tenant.learn(act.generation)?;
        let replayed = tenant.told.replayed.is_some();
        if !std::mem::replace(&mut tenant.told.lanes, true) {
            let undecided: BTreeSet<_> = tenant.phantoms().into_iter().map(|(_, lane)| lane).collect();
            for (lane, held) in &mut tenant.held {
                *held = undecided
                    .contains(lane)
                    .then(|| "somebody has to decide about phantoms".to_owned());
            }
            tenant.current()?.mute = false;
        }
        let lanes = tenant.held.iter().map(|(lane, held)| LaneState {
            lane: (*lane).to_owned(),
            held: held.clone(),
        });
        let lanes = lanes.collect();
        if !replayed {
            self.never(format!(
                "lanes of {} opened before the journal was compared",
                act.tenant
            ));
        }
        Ok(lanes)
    }

    pub fn contain(&mut self, act: &TenantAct, measure: Measure) -> Result<(), Error> {
        let tenant = self.tenant(&act.tenant)?;
        tenant.learn(act.generation)?;
        tenant.contained.insert(measure);
        Ok(())
    }

    pub fn put(&mut self, request: &PutRelease) -> Result<RunningRelease, Error> {
        let schemas = self.images.get(&request.image).cloned();
        let tenant = self.tenant(&request.act.tenant)?;
        tenant.learn(request.act.generation)?;
        if let Some(running) = &tenant.told.put {
            return Ok(running.clone());
        }
        let Some(schemas) = schemas else {
            return Err(tenant.refused(format!("there is no image {}", request.image)));
        };
        // While nothing accepts writes, an image may come before its database.
        let current = tenant.current()?;
        let (schema, accepts) = (current.schema, current.accepts);
        if accepts && !schemas.contains(&schema) {
            return Err(tenant.refused(format!("{} cannot read schema {schema}", request.image)));
        }
        let running = RunningRelease {
            image: request.image.clone(),
            schema,
        };
        tenant.image.clone_from(&request.image);
        tenant.told.put = Some(running.clone());
        Ok(running)
    }
}
