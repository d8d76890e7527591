//! One tenant of a shared stamp goes back; its neighbours are not touched. Pure.

use types::TenantName;

use super::{Asked, Damage, Ground, RestorePlan, Ruling, decide_corruption};

/// Decides how one tenant goes back. What is reserved in the stamp for those who serve there is not taken for its copy.
pub fn decide_tenant(
    ground: &Ground,
    damage: &Damage,
    neighbours: &[TenantName],
    asked: &Asked,
) -> Ruling<RestorePlan> {
    let neighbours = neighbours.iter().filter(|name| **name != ground.tenant);
    let neighbours = neighbours.cloned().collect();
    decide_corruption(ground, damage, asked).map(|plan| RestorePlan { neighbours, ..plan })
}
