//! Environments: typed overlays. What is not a key here cannot differ from production.

use types::{EnvironmentName, RegionName};

use crate::{
    field::{List, Whole},
    model::Stage,
};

use super::{calendars::WindowDocument, mapping::mapping};

mapping! {
    /// One environment. Everything that is not said here is as in production.
    EnvironmentDocument "an environment" {
        /// Name; by default the stage.
        Optional "name" name: EnvironmentName,
        /// What it is for.
        Required "stage" stage: Stage,
        /// Regions it exists in; by default all, for `development` and `test` the first active one.
        Optional "regions" regions: List<RegionName>,
        /// Size relative to production, in percent of replicas and of the database; by default 100.
        Optional "scalePercent" scale_percent: Whole<1, 100>,
        /// When it runs; by default always. Production and recovery always run.
        Optional "runs" runs: WindowDocument,
        /// Whether its data comes from production, made mute and anonymous first; by default not, in `recovery` always.
        Optional "copiesProduction" copies_production: bool,
    }
}
