//! Finding the gateway that leads: it alone delivers, so it alone knows.

use api::gateway::{GatewayClient, GatewayRole, GatewayStatus};

use crate::{
    failure::{Exit, Failure},
    open_estate::OpenEstate,
};

/// The gateway that leads, with what it just said of itself.
pub struct Leader {
    pub gateway: GatewayClient,
    pub status: GatewayStatus,
}

/// Asks every region's gateway; the newest generation wins, should two believe that they lead.
pub async fn find(estate: &OpenEstate) -> Result<Leader, Failure> {
    let mut leader: Option<Leader> = None;
    let mut silent = Vec::new();
    for (region, gateway) in estate.gateways()? {
        match gateway.status().await {
            Ok(status) if status.role == GatewayRole::Leading => {
                let newer = leader
                    .as_ref()
                    .is_none_or(|known| known.status.generation < status.generation);
                if newer {
                    leader = Some(Leader { gateway, status });
                }
            }
            Ok(_) => {}
            Err(error) => silent.push((region, error)),
        }
    }
    leader.ok_or_else(|| {
        let mut failure = Failure {
            exit: Exit::Failed,
            ..Failure::no("PL0605", "no gateway of the estate leads now")
        };
        for (region, error) in &silent {
            failure.causes.push(format!("{region}: {error}"));
        }
        failure.hint("`plimsoll status` tells what runs; during a failover, ask again in a moment")
    })
}

/// A refusal for a reason that asking again does not change is an answer: no.
pub fn refused(error: api::client::Error) -> Failure {
    let no = error
        .problem()
        .is_some_and(|problem| matches!(problem.status, 404 | 409));
    let failure = Failure::from(error);
    if no {
        Failure {
            exit: Exit::No,
            ..failure
        }
    } else {
        failure
    }
}
