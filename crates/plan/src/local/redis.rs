//! A region's session store.

use types::{ByteSize, RegionName, host::secret};

use super::Planner;
use crate::{Port, Redis, Refusal};

/// A session is about a kilobyte: room for a hundred thousand people.
const MEMORY_MAX: ByteSize = ByteSize::mib(128);

impl Planner<'_> {
    pub(super) fn redis(&self, region: &RegionName) -> Result<Redis, Refusal> {
        let layout = &self.host.layout;
        Ok(Redis {
            listen: self.regional(Port::Redis, region)?,
            directory: layout.region(region).join("redis"),
            secret_file: layout.secret(secret::REDIS_CONF),
            memory_max: MEMORY_MAX,
        })
    }
}
