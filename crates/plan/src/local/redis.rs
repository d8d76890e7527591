//! A region's session store.

use types::{
    ByteSize, RegionName,
    host::secret,
    settings::{SessionStoreSettings, Upstream},
};

use super::Planner;
use crate::{Port, Redis, Refusal};

/// A session is about a kilobyte: room for a hundred thousand people.
const MEMORY_MAX: ByteSize = ByteSize::mib(128);

impl Planner<'_> {
    pub(super) fn redis(&self, region: &RegionName) -> Result<Redis, Refusal> {
        let layout = &self.host.layout;
        Ok(Redis {
            listen: self.regional(Port::Redis, region)?,
            copy_listen: self.regional(Port::RedisCopy, region)?,
            tls: layout.identity(&format!("{region}-redis")),
            directory: layout.region(region).join("redis"),
            secret_file: layout.secret(secret::REDIS_CONF),
            memory_max: MEMORY_MAX,
        })
    }

    /// What the region's agent must know to keep the store in its role.
    pub(super) fn session_store(&self, region: &RegionName) -> Result<SessionStoreSettings, Refusal> {
        let layout = &self.host.layout;
        let upstreams = self.others(region).map(|other| {
            let address = self.regional(Port::RedisCopy, &other.name)?;
            let upstream = Upstream {
                host: address.ip().to_string(),
                port: address.port(),
            };
            Ok((other.name.clone(), upstream))
        });
        Ok(SessionStoreSettings {
            listen: self.regional(Port::Redis, region)?,
            password_file: layout.secret(secret::REDIS),
            role_command_file: layout.secret(secret::REDIS_ROLE_COMMAND),
            upstreams: upstreams.collect::<Result<_, _>>()?,
        })
    }
}
