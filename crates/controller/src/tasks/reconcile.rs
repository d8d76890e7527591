//! Brings everybody to what the record says, again and again.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use api::{gateway, site};
use driver::{Error, Ports};
use recovery::reconcile::{Command, Seen, plan_commands};
use tokio::task::JoinSet;

use super::every;
use crate::{Controller, controller::Recent};

const COMPARE_EVERY: Duration = Duration::from_millis(500);
/// A command is not repeated before its effect can have shown in a heartbeat and a status.
const REPEAT_AFTER: Duration = Duration::from_millis(1_500);

/// Reconciles until the controller is cancelled.
pub async fn reconcile(controller: Arc<Controller>) {
    let mut ticks = every(COMPARE_EVERY);
    let mut at_work: JoinSet<()> = JoinSet::new();
    let mut sent: BTreeMap<String, tokio::task::AbortHandle> = BTreeMap::new();
    loop {
        tokio::select! {
            () = controller.cancel.cancelled() => return,
            _ = ticks.tick() => {}
        }
        while at_work.try_join_next().is_some() {}
        sent.retain(|_, task| !task.is_finished());
        if !may_act(&controller).await {
            continue;
        }
        for command in commands(&controller) {
            let key = format!("{command:?}");
            if sent.contains_key(&key) {
                continue;
            }
            let ports = controller.ports.clone();
            let task = at_work.spawn(async move {
                match perform(&ports, &command).await {
                    Ok(()) => tracing::info!(?command, "reconciled"),
                    Err(error) => tracing::warn!(?command, %error, "not reconciled yet"),
                }
                tokio::time::sleep(REPEAT_AFTER).await;
            });
            sent.insert(key, task);
        }
    }
}

/// Not beside a saga that has not recorded its decision: the record does not say yet what that saga is bringing about.
async fn may_act(controller: &Controller) -> bool {
    let Some(running) = controller.runner.running() else {
        return true;
    };
    // A failback moves nothing: the record stays what it was.
    if running.kind == recovery::sagas::failback::KIND {
        return true;
    }
    controller
        .store
        .has_succeeded(running.id, "record_active")
        .await
        .unwrap_or(false)
}

fn commands(controller: &Controller) -> Vec<Command> {
    let Some(reign) = controller.record.latest() else {
        return Vec::new();
    };
    let Recent {
        agents,
        gateways,
        front_door,
    } = controller.recent();
    let seen: Vec<_> = agents
        .iter()
        .map(|(region, agent)| Seen {
            region,
            agent: agent.as_deref(),
            gateway: gateways.get(region),
        })
        .collect();
    plan_commands(&reign, &seen, front_door.as_ref())
}

async fn perform(ports: &Ports, command: &Command) -> Result<(), Error> {
    match command.clone() {
        Command::LeadRegion { region, generation } => {
            let request = site::LeadRequest {
                generation,
                bootstrap: false,
                fenced: None,
            };
            ports.regions.lead(&region, &request).await.map(drop)
        }
        Command::FenceRegion { region, generation } => ports
            .regions
            .fence(&region, &site::FenceRequest { generation })
            .await
            .map(drop),
        Command::FollowRegion {
            region,
            upstream,
            generation,
        } => {
            let request = site::FollowRequest { generation, upstream };
            ports.regions.follow(&region, &request).await.map(drop)
        }
        Command::LeadGateway {
            region,
            generation,
            incarnation,
        } => {
            let request = gateway::LeadRequest {
                generation,
                incarnation,
                peer_gone: false,
                old_end: None,
            };
            ports.gateways.lead(&region, &request).await.map(drop)
        }
        Command::FollowGateway {
            region,
            leader,
            generation,
        } => {
            let request = gateway::FollowRequest { generation, leader };
            ports.gateways.follow(&region, &request).await.map(drop)
        }
        Command::Route { region, generation } => {
            let request = site::RouteRequest {
                generation,
                route: site::Route::Region(region),
            };
            ports.front_door.route(&request).await.map(drop)
        }
    }
}
