//! People during a move: one who is logged in and keeps clicking, and one who takes orders in the ERP itself.

use std::{
    fs,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use reqwest::{StatusCode, header};
use serde_json::json;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use types::host::secret;

use super::{probe, public::Public};
use crate::{failure::Failure, open_estate::OpenEstate};

/// A person's pause between two clicks; small against the times that are measured.
const PAUSE: Duration = Duration::from_millis(50);
/// A browser waits longer than any move takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// What people met with.
#[derive(Clone, Copy, Debug, Default)]
pub struct Met {
    /// Requests that were answered as they should be.
    pub answered: u64,
    /// Requests that were refused or failed.
    pub refused: u64,
    /// Whether the login page came instead.
    pub logged_out: bool,
    /// The longest that one request took.
    pub longest: Duration,
    /// The longest time between two answers.
    pub gap: Duration,
}

/// A person at work; stops when dropped.
pub struct AtWork {
    met: Arc<Mutex<Met>>,
    cancel: CancellationToken,
    task: JoinHandle<()>,
}

impl AtWork {
    fn begin<R: Future<Output = Clicked> + Send>(mut click: impl FnMut(u64) -> R + Send + 'static) -> Self {
        let (met, cancel) = (Arc::new(Mutex::new(Met::default())), CancellationToken::new());
        let (shared, until) = (Arc::clone(&met), cancel.clone());
        let task = tokio::spawn(async move {
            let mut last = Instant::now();
            for number in 1_u64.. {
                let began = Instant::now();
                let clicked = click(number).await;
                {
                    let mut met = shared.lock().unwrap_or_else(PoisonError::into_inner);
                    met.longest = met.longest.max(began.elapsed());
                    match clicked {
                        Clicked::Answered => {
                            met.answered += 1;
                            met.gap = met.gap.max(last.elapsed());
                            last = Instant::now();
                        }
                        Clicked::Refused => met.refused += 1,
                        Clicked::LoggedOut => met.logged_out = true,
                    }
                }
                if until.is_cancelled() {
                    return;
                }
                tokio::time::sleep(PAUSE).await;
            }
        });
        Self { met, cancel, task }
    }

    /// Lets the last request end, and tells what was met with.
    pub async fn finish(mut self) -> Met {
        self.cancel.cancel();
        let _ = (&mut self.task).await;
        *self.met.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

enum Clicked {
    Answered,
    Refused,
    LoggedOut,
}

/// Somebody who is logged in and looks at the web client again and again.
pub async fn browse(estate: &OpenEstate, public: &Public) -> Result<AtWork, Failure> {
    let http = public.browser(PATIENCE)?;
    let cookie = log_in(estate, &http, public.url()).await?;
    let url = format!("{}/odoo", public.url());
    Ok(AtWork::begin(move |_| {
        let request = http.get(&url).header(header::COOKIE, &cookie);
        async move {
            match request.send().await.map(|answer| answer.status()) {
                Ok(StatusCode::OK) => Clicked::Answered,
                Ok(status) if status.is_redirection() => Clicked::LoggedOut,
                Ok(_) | Err(_) => Clicked::Refused,
            }
        }
    }))
}

/// Logs in as a browser does; returns the session's cookie.
async fn log_in(estate: &OpenEstate, http: &reqwest::Client, url: &str) -> Result<String, Failure> {
    let failed = |why: String| Failure::machine("PL0406", format!("nobody can log in: {why}"));
    let path = estate.layout.secret(secret::ODOO_ADMIN);
    let password = fs::read_to_string(&path).map_err(Failure::file("read", &path))?;
    let page = http.get(format!("{url}/web/login")).send().await;
    let page = page.map_err(|error| failed(error.to_string()))?;
    let visitor = session(&page).ok_or_else(|| failed("the login page sets no session".to_owned()))?;
    let text = page.text().await.map_err(|error| failed(error.to_string()))?;
    let token = text
        .split("name=\"csrf_token\" value=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .ok_or_else(|| failed("the login page has no form".to_owned()))?;
    // All three are letters and digits, so they need no quoting.
    let form = format!("login=admin&password={}&csrf_token={token}", password.trim());
    let answer = http
        .post(format!("{url}/web/login"))
        .header(header::COOKIE, visitor)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(form)
        .send()
        .await
        .map_err(|error| failed(error.to_string()))?;
    let status = answer.status();
    session(&answer)
        .filter(|_| status.is_redirection())
        .ok_or_else(|| failed(format!("the login form was answered with {status}")))
}

fn session(answer: &reqwest::Response) -> Option<String> {
    answer
        .headers()
        .get_all(header::SET_COOKIE)
        .iter()
        .filter_map(|cookie| cookie.to_str().ok()?.split(';').next())
        .find(|cookie| cookie.starts_with("session_id="))
        .map(str::to_owned)
}

/// Somebody who takes orders in the ERP itself, one after the other, each accepted before the next begins.
pub fn take_orders(public: &Public, id: &str) -> AtWork {
    let (public, id) = (public.clone(), id.to_owned());
    AtWork::begin(move |number| {
        let (public, reference) = (public.clone(), format!("{id}-erp-{number}"));
        async move {
            let order = json!({
                "client_order_ref": reference, "partner": "GLOBEX",
                "lines": [{"sku": "PLS-0003", "quantity": 1}],
            });
            match probe::try_apply(&public, &reference, "order.create", &order).await {
                Some(_) => Clicked::Answered,
                None => Clicked::Refused,
            }
        }
    })
}
