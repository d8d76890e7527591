//! Asks the gateways how they are; unlike agents they do not report on their own.

use std::{sync::Arc, time::Duration};

use tokio::task::JoinSet;

use super::every;
use crate::Controller;

const ASK_EVERY: Duration = Duration::from_secs(1);

/// Asks until the controller is cancelled.
pub async fn poll_gateways(controller: Arc<Controller>) {
    let mut ticks = every(ASK_EVERY);
    loop {
        tokio::select! {
            () = controller.cancel.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let mut asked = JoinSet::new();
        for region in &controller.settings.regions {
            let (region, gateways) = (region.region.clone(), Arc::clone(&controller.ports.gateways));
            asked.spawn(async move {
                let status = gateways.status(&region).await.ok();
                (region, status)
            });
        }
        while let Some(Ok((region, status))) = asked.join_next().await {
            controller.hear_gateway(&region, status);
        }
    }
}
