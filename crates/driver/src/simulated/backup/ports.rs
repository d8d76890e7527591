//! The simulated stamp behind the ports. What was asked is copied, because a call may arrive after its caller is gone.

use api::backup::{
    Agreed, DatabaseName, Gate, IncarnationRequest, LaneState, Measure, Proof, PutRelease, RestorePoint,
    RestoreRequest, Restored, Room, RunningRelease, Serving, SwapRequest, Swapped, TenantAct, TenantFence,
    TenantPhantom, TenantReplay,
};
use types::{TenantName, Timestamp};

use super::{Stamp, model::Tenant};
use crate::{
    Answer, Clock,
    backup::{Approvals, Backups, Containment, Releases, Tenants},
};

impl Backups for Stamp {
    fn points<'a>(&'a self, tenant: &'a TenantName) -> Answer<'a, Vec<RestorePoint>> {
        let asked = tenant.clone();
        Box::pin(async move {
            self.call("points", tenant, move |state| {
                let points = state.tenant(&asked)?.points.iter();
                Ok(points.map(|stored| stored.point.clone()).collect())
            })
        })
    }

    fn room<'a>(&'a self, tenant: &'a TenantName) -> Answer<'a, Room> {
        Box::pin(async move { self.call("room", tenant, |state| Ok(state.room)) })
    }

    fn restore<'a>(&'a self, request: &'a RestoreRequest) -> Answer<'a, Restored> {
        let asked = request.clone();
        Box::pin(async move { self.call("restore", &request.tenant, move |state| state.restore(&asked)) })
    }

    fn prove<'a>(&'a self, act: &'a TenantAct, copy: &'a DatabaseName) -> Answer<'a, Proof> {
        let (asked, copy) = (act.clone(), copy.clone());
        Box::pin(async move { self.call("prove", &act.tenant, move |state| state.prove(&asked, &copy)) })
    }

    fn discard<'a>(&'a self, act: &'a TenantAct, copy: &'a DatabaseName) -> Answer<'a, ()> {
        let (asked, copy) = (act.clone(), copy.clone());
        Box::pin(async move { self.call("discard", &act.tenant, move |state| state.discard(&asked, &copy)) })
    }
}

impl Tenants for Stamp {
    fn serving<'a>(&'a self, tenant: &'a TenantName) -> Answer<'a, Serving> {
        let asked = tenant.clone();
        Box::pin(async move {
            self.call("serving", tenant, move |state| {
                state.tenant(&asked).map(|tenant| tenant.told_serving())
            })
        })
    }

    fn hold_outbound<'a>(&'a self, act: &'a TenantAct) -> Answer<'a, ()> {
        let asked = act.clone();
        Box::pin(async move { self.call("hold", &act.tenant, move |state| state.hold_outbound(&asked)) })
    }

    fn fence<'a>(&'a self, act: &'a TenantAct) -> Answer<'a, TenantFence> {
        let asked = act.clone();
        Box::pin(async move { self.call("fence", &act.tenant, move |state| state.fence(&asked)) })
    }

    fn swap<'a>(&'a self, request: &'a SwapRequest) -> Answer<'a, Swapped> {
        let asked = request.clone();
        Box::pin(async move { self.call("swap", &request.act.tenant, move |state| state.swap(&asked)) })
    }

    fn swap_back<'a>(&'a self, act: &'a TenantAct, swapped: &'a Swapped) -> Answer<'a, ()> {
        let (asked, swapped) = (act.clone(), swapped.clone());
        Box::pin(async move {
            self.call("swap-back", &act.tenant, move |state| {
                state.swap_back(&asked, &swapped)
            })
        })
    }

    fn reopen<'a>(&'a self, act: &'a TenantAct) -> Answer<'a, ()> {
        let asked = act.clone();
        Box::pin(async move { self.call("reopen", &act.tenant, move |state| state.reopen(&asked)) })
    }

    fn incarnate<'a>(&'a self, request: &'a IncarnationRequest) -> Answer<'a, ()> {
        let asked = request.clone();
        Box::pin(async move {
            self.call("incarnate", &request.act.tenant, move |state| {
                state.incarnate(&asked)
            })
        })
    }

    fn replay<'a>(&'a self, act: &'a TenantAct) -> Answer<'a, TenantReplay> {
        let asked = act.clone();
        Box::pin(async move { self.call("replay", &act.tenant, move |state| state.replay(&asked)) })
    }

    fn phantoms<'a>(&'a self, act: &'a TenantAct) -> Answer<'a, Vec<TenantPhantom>> {
        let asked = act.clone();
        Box::pin(async move {
            self.call("phantoms", &act.tenant, move |state| {
                let tenant: &mut Tenant = state.tenant(&asked.tenant)?;
                tenant.learn(asked.generation)?;
                let listed = tenant.phantoms().into_iter();
                Ok(listed
                    .map(|(what, lane)| TenantPhantom {
                        what,
                        lane: lane.to_owned(),
                    })
                    .collect())
            })
        })
    }

    fn open<'a>(&'a self, act: &'a TenantAct, gate: Gate) -> Answer<'a, ()> {
        let asked = act.clone();
        Box::pin(async move { self.call("open", &act.tenant, move |state| state.open(&asked, gate)) })
    }

    fn open_lanes<'a>(&'a self, act: &'a TenantAct) -> Answer<'a, Vec<LaneState>> {
        let asked = act.clone();
        Box::pin(async move { self.call("open-lanes", &act.tenant, move |state| state.open_lanes(&asked)) })
    }
}

impl Containment for Stamp {
    fn contain<'a>(&'a self, act: &'a TenantAct, measure: Measure) -> Answer<'a, ()> {
        let asked = act.clone();
        Box::pin(async move {
            self.call("contain", &act.tenant, move |state| {
                state.contain(&asked, measure)
            })
        })
    }
}

impl Releases for Stamp {
    fn running<'a>(&'a self, tenant: &'a TenantName) -> Answer<'a, RunningRelease> {
        let asked = tenant.clone();
        Box::pin(async move {
            self.call("running", tenant, move |state| {
                let tenant = state.tenant(&asked)?;
                let schema = tenant.current()?.schema;
                Ok(RunningRelease {
                    image: tenant.image.clone(),
                    schema,
                })
            })
        })
    }

    fn put<'a>(&'a self, request: &'a PutRelease) -> Answer<'a, RunningRelease> {
        let asked = request.clone();
        Box::pin(async move { self.call("put", &request.act.tenant, move |state| state.put(&asked)) })
    }
}

impl Approvals for Stamp {
    fn agreed<'a>(&'a self, question: &'a str) -> Answer<'a, Vec<Agreed>> {
        let mut state = self.lock();
        state.go_on();
        let times = state.asked.entry(question.to_owned()).or_default();
        *times += 1;
        let times = *times;
        let agreed = state.agreeing.iter().filter(|(after, _)| *after <= times);
        let agreed: Vec<_> = agreed.map(|(_, agreed)| agreed.clone()).collect();
        state.say(|| format!("{} people agree to: {question}", agreed.len()));
        state.judge();
        Box::pin(async { Ok(agreed) })
    }
}

impl Clock for Stamp {
    fn now(&self) -> Timestamp {
        self.wall()
    }
}
