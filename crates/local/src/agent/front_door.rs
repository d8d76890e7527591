//! The one public entrance above all regions: puts the right route in place for its ingress.

use std::{
    fs, io,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use api::{
    Problem,
    site::{Done, LeaseState, Observation, Role, Route, RouteRequest, Site},
};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use types::{
    Generation,
    settings::{FrontDoorSettings, SiteSettings},
};
use uuid::Uuid;

use super::{
    clock,
    reach::Reach,
    supervise::{component::Conditions, guarded::Launcher, supervisor::Supervisor},
    waiting_room,
};

/// The route on disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RouteRecord {
    generation: Generation,
    route: Option<Route>,
}

/// The front door.
pub struct FrontDoor {
    settings: FrontDoorSettings,
    run: Uuid,
    path: PathBuf,
    record: Mutex<RouteRecord>,
    /// The estate's authority, to look at the public entrance.
    authority: PathBuf,
    reach: Arc<Reach>,
    /// Tells the waiting room.
    tell: watch::Sender<Option<Route>>,
    supervisor: Supervisor,
}

impl FrontDoor {
    /// Puts the remembered route in place, or the maintenance page while there is none, and starts the ingress.
    ///
    /// # Errors
    /// When the memory cannot be read or the route cannot be put in place.
    pub fn new(
        site: &SiteSettings,
        settings: FrontDoorSettings,
        run: Uuid,
        launcher: &Launcher,
        tell: watch::Sender<Option<Route>>,
    ) -> anyhow::Result<Self> {
        let path = site.directory.join("state/route.json");
        let record: RouteRecord = durable::read(&path)?.unwrap_or_default();
        let door = Self {
            reach: Arc::default(),
            settings,
            run,
            path,
            record: Mutex::new(record.clone()),
            authority: site.tls.ca.clone(),
            tell,
            supervisor: Supervisor::start(&site.processes, launcher),
        };
        door.put(record.route.as_ref().unwrap_or(&Route::Maintenance))?;
        door.tell.send_replace(record.route);
        // A front door has no database to wait for and no role to wait in.
        door.supervisor.set(|conditions| {
            *conditions = Conditions {
                active: true,
                database: true,
                ..*conditions
            };
        });
        Ok(door)
    }

    fn source(&self, route: &Route) -> Option<&PathBuf> {
        match route {
            Route::Region(region) => self.settings.regions.get(region),
            // For the ingress it is the same; whether people wait or are told to come back is the agent's part.
            Route::FailingOverTo(region) | Route::HoldingFor(region) => {
                self.settings.failing_over_to.get(region)
            }
            Route::Maintenance => Some(&self.settings.maintenance),
        }
    }

    /// The ingress watches the live file's directory and sees the old route or the new one, nothing between.
    fn put(&self, route: &Route) -> io::Result<()> {
        let source = self
            .source(route)
            .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no such route"))?;
        let live = &self.settings.live_file;
        if let Some(directory) = live.parent() {
            fs::create_dir_all(directory)?;
        }
        durable::replace(live, &fs::read(source)?)
    }

    /// "Send traffic there." Requests that shall wait do so for certain when it returns.
    ///
    /// # Errors
    /// A [`Problem`]: an older generation, an unknown region, or a file that cannot be written.
    pub async fn route(&self, request: &RouteRequest) -> Result<Done, Problem> {
        let done = self.change(request)?;
        if matches!(request.route, Route::HoldingFor(_)) {
            waiting_room::opened(&self.authority, &self.settings.public_url)
                .await
                .map_err(Problem::not_now)?;
        }
        Ok(done)
    }

    fn change(&self, request: &RouteRequest) -> Result<Done, Problem> {
        let mut record = self.record.lock().unwrap_or_else(PoisonError::into_inner);
        if request.generation < record.generation {
            return Err(Problem::stale(request.generation, record.generation));
        }
        if self.source(&request.route).is_none() {
            return Err(Problem::refused("no route to that region was rendered"));
        }
        let next = RouteRecord {
            generation: request.generation,
            route: Some(request.route.clone()),
        };
        // Remembered first: after a crash between the two, the start puts the remembered route in place.
        durable::write(&self.path, &next).map_err(|error| Problem::failed(error.to_string()))?;
        *record = next;
        // Those who wait go on at once; the ingress needs a moment longer to take the route up.
        self.tell.send_replace(Some(request.route.clone()));
        self.put(&request.route)
            .map_err(|error| Problem::failed(format!("cannot put the route in place: {error}")))?;
        Ok(Done {
            at: clock::timestamp(),
        })
    }

    /// What it sees right now.
    pub fn observe(&self) -> Observation {
        let record = self.record.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Observation {
            site: Site::FrontDoor,
            at: clock::timestamp(),
            run: self.run,
            role: Role::Routing(record.route),
            generation: record.generation,
            lease: LeaseState::None,
            database: None,
            leader: None,
            unreached: self.reach.unreached(),
            room: None,
            components: self.supervisor.observe(),
        }
    }

    /// Tries again and again whether the regions' ingresses can be reached, for ever.
    pub async fn try_the_regions(&self) {
        self.reach.keep_trying(&self.settings.ingresses).await;
    }

    /// Stops the ingress.
    pub async fn stop(&self) {
        self.supervisor.stop().await;
    }
}
