//! The page that people see for some seconds while the ERP moves to the other region.

use plan::Blueprint;
use types::settings::SiteRole;

const PAGE: &str = include_str!("../assets/maintenance.html");

pub(crate) fn page(blueprint: &Blueprint) -> String {
    let seconds = match &blueprint.front_door.site.role {
        SiteRole::FrontDoor(settings) => settings.maintenance_retry_after.as_millis().div_ceil(1000),
        // An entrance whose agent is no front door is a finding of the audit; the page is right anyhow.
        SiteRole::Region(_) => 5,
    };
    PAGE.replace("RETRY_SECONDS", &seconds.to_string())
}
