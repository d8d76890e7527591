//! A disk whose syncs begin to fail under a gateway.

mod world;

use std::{
    any::Any,
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use api::gateway::{GatewayRole, PeerState};
use journal::{Disk, DiskFile, RealDisk};
use world::World;

#[derive(Clone, Default)]
struct FailingDisk {
    fails: Arc<AtomicBool>,
}

struct FailingFile {
    file: Arc<dyn DiskFile>,
    fails: Arc<AtomicBool>,
}

impl FailingDisk {
    fn wrap(&self, file: Arc<dyn DiskFile>) -> Arc<dyn DiskFile> {
        let fails = Arc::clone(&self.fails);
        Arc::new(FailingFile { file, fails })
    }
}

impl Disk for FailingDisk {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        RealDisk.create_dir(path)
    }
    fn list(&self, directory: &Path) -> io::Result<Vec<PathBuf>> {
        RealDisk.list(directory)
    }
    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        RealDisk.open(path).map(|file| self.wrap(file))
    }
    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        RealDisk.create(path).map(|file| self.wrap(file))
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        RealDisk.rename(from, to)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        RealDisk.remove(path)
    }
    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        RealDisk.sync_directory(path)
    }
    fn lock(&self, path: &Path) -> io::Result<Box<dyn Any + Send + Sync>> {
        RealDisk.lock(path)
    }
}

impl DiskFile for FailingFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.file.read_at(buffer, offset)
    }
    fn write_at(&self, buffer: &[u8], offset: u64) -> io::Result<()> {
        self.file.write_at(buffer, offset)
    }
    fn sync_data(&self) -> io::Result<()> {
        if self.fails.load(Ordering::SeqCst) {
            return Err(io::Error::other("injected EIO"));
        }
        self.file.sync_data()
    }
    fn length(&self) -> io::Result<u64> {
        self.file.length()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_sync_stops_all_acknowledgements_and_the_other_region_takes_over() {
    let mut world = World::start().await;
    world.west.kill();
    let disk = FailingDisk::default();
    let west = plimsoll_gateway::start_on(Arc::new(disk.clone()), world.west.settings.clone())
        .await
        .unwrap();
    world.east.follow(1, "west").await;
    world.west.lead(1, false).await;
    world
        .west
        .until(|status| status.peer.state == PeerState::InSync)
        .await;
    world.west.order("PO-1").await;

    disk.fails.store(true, Ordering::SeqCst);
    let (status, _) = world.west.post(world::order("PO-2", 1)).await.unwrap();
    assert_eq!(status, 503);
    world
        .west
        .until(|status| status.role == GatewayRole::Poisoned)
        .await;
    // The disk seems to work again; nobody believes it.
    disk.fails.store(false, Ordering::SeqCst);
    let (status, _) = world.west.post(world::order("PO-3", 1)).await.unwrap();
    assert_eq!(status, 503);
    assert!(world.west.try_lead(2, world::INCARNATION, true).await.is_err());

    world.east.lead(2, true).await;
    // The partner sends again what was not acknowledged.
    for number in ["PO-2", "PO-3"] {
        world.east.order(number).await;
    }
    world.east.until(|status| status.lanes[0].delivered == 3).await;
    assert_eq!(world.east.ids().await, ["PO-1", "PO-2", "PO-3"]);
    west.stop().await;
}
