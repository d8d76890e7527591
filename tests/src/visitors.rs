//! Somebody who opens the login page again and again, through the public address.

use std::{
    path::PathBuf,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use crate::TestEstate;

/// Pause between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// What one look got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// HTTP status; 0 when there was no answer.
    pub status: u16,
    /// The header that says when to come again.
    pub retry_after: Option<String>,
}

/// Looks until told to stop.
pub struct Visitors {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Vec<Page>>,
}

impl Visitors {
    /// Begins.
    pub fn start(estate: &TestEstate) -> Self {
        let stop = Arc::<AtomicBool>::default();
        let (url, ca, told) = (
            format!("{}/web/login", estate.public_url()),
            estate.layout().identity("cli").ca,
            Arc::clone(&stop),
        );
        let thread = std::thread::spawn(move || {
            let mut pages = Vec::new();
            while !told.load(Ordering::Relaxed) {
                pages.push(look(&url, &ca));
                #[expect(
                    clippy::disallowed_methods,
                    reason = "the pause of a person between two looks"
                )]
                std::thread::sleep(LOOK_EVERY);
            }
            pages
        });
        Self { stop, thread }
    }

    /// Ends, and returns every look in order.
    pub fn finish(self) -> Vec<Page> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

fn look(url: &str, ca: &PathBuf) -> Page {
    let mut curl = Command::new("curl");
    curl.args([
        "--silent",
        "--output",
        "/dev/null",
        "--max-time",
        "5",
        "--write-out",
        "%{http_code} %header{retry-after}",
    ]);
    let output = curl.arg("--cacert").arg(ca).arg(url).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let (status, retry_after) = text.split_once(' ').unwrap_or((&text, ""));
    let retry_after = Some(retry_after.trim().to_owned()).filter(|text| !text.is_empty());
    Page {
        status: status.parse().unwrap_or(0),
        retry_after,
    }
}
