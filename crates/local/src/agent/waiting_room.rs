//! Where people's requests wait while writes move as planned: they are taken in, held, and sent to the region that leads
//! then. Nobody is refused, and nobody is logged out by an error page.
//!
//! A request that waited was sent to nobody before, so it is safe to send it once. One that cannot be sent in time gets
//! the maintenance page, as during a failover.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use api::{site::Route, tls};
use axum::{
    body::{Body, to_bytes},
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use tokio::sync::{Semaphore, watch};
use types::{RegionName, settings::TlsFiles};

/// How an ingress tells of a partner's certificate.
const CERTIFICATE_HEADER: HeaderName = HeaderName::from_static("x-forwarded-tls-client-cert");
/// A move that takes longer than this has gone wrong; people are then told so.
const WAIT_TIME_MAX: Duration = Duration::from_secs(10);
/// The answer of the region afterwards: as long as its ingress waits for Odoo.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(120);
/// Requests that wait at the same time. Each holds its body in memory.
const SEATS: usize = 512;
/// Bodies larger than this are not held; an upload can be tried again.
const BODY_BYTES_MAX: usize = 8 << 20;
/// Asked through the public entrance to see whether the waiting room has been opened.
const SIGN: &str = "/.plimsoll/waiting-room";
/// Answered there.
const SIGN_HEADER: HeaderName = HeaderName::from_static("x-plimsoll-waiting-room");
/// Pause between two looks at the sign.
const LOOK_EVERY: Duration = Duration::from_millis(25);
/// The ingress reads a new route in a quarter of a second; ten times that means that it does not.
const OPEN_TIME_MAX: Duration = Duration::from_millis(2_500);
/// Headers of one connection, which the next one has of its own.
const HOP_BY_HOP: [HeaderName; 7] = [
    header::CONNECTION,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::CONTENT_LENGTH,
];

/// Why there is no waiting room.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The estate's authority cannot be used.
    #[error("cannot trust the regions")]
    Trust(#[from] tls::Error),
    /// There is no HTTP client.
    #[error("cannot build an HTTP client")]
    Client(#[from] reqwest::Error),
}

/// The waiting room of the front door.
#[derive(Debug)]
pub struct WaitingRoom {
    http: reqwest::Client,
    ingresses: BTreeMap<RegionName, String>,
    route: watch::Receiver<Option<Route>>,
    seats: Semaphore,
}

impl WaitingRoom {
    /// A waiting room that follows the front door's route.
    ///
    /// # Errors
    /// [`Error`].
    pub fn new(
        identity: &TlsFiles,
        ingresses: BTreeMap<RegionName, String>,
        route: watch::Receiver<Option<Route>>,
    ) -> Result<Self, Error> {
        Ok(Self {
            // An ingress that is told of partners' certificates asks who tells it.
            http: client(tls::mutual_client(identity)?, ANSWER_TIME_MAX)?,
            ingresses,
            route,
            seats: Semaphore::new(SEATS),
        })
    }

    /// The answer to a request, after waiting if need be; `None` when it gets the maintenance page.
    pub async fn answer(&self, request: Request) -> Option<Response> {
        let holding = matches!(*self.route.borrow(), Some(Route::HoldingFor(_)));
        if request.uri().path() == SIGN {
            return holding.then(|| {
                let open = [(SIGN_HEADER, HeaderValue::from_static("open"))];
                (StatusCode::NO_CONTENT, open).into_response()
            });
        }
        // A connection that is to become something else cannot be held; whoever wants one tries again by itself.
        if request.headers().contains_key(header::UPGRADE) {
            return None;
        }
        let _seat = self.seats.try_acquire().ok()?;
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, BODY_BYTES_MAX).await.ok()?;
        let region = self.region().await?;
        let base = self.ingresses.get(&region)?;
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let request = self
            .http
            .request(parts.method, format!("{base}{path}"))
            .headers(end_to_end(parts.headers))
            .body(body);
        match request.send().await {
            Ok(answer) => returned(answer).await,
            Err(error) => {
                tracing::warn!(%region, %error, "a request that waited could not be sent");
                None
            }
        }
    }

    /// Waits until a region leads; `None` when that takes too long, or when it is lost meanwhile.
    async fn region(&self) -> Option<RegionName> {
        let mut route = self.route.clone();
        let settled = route.wait_for(|route| !matches!(route, Some(Route::HoldingFor(_))));
        let settled = tokio::time::timeout(WAIT_TIME_MAX, settled).await.ok()?;
        match settled.ok()?.as_ref()? {
            // The ingress may still send here what was already routed to a region.
            Route::Region(region) => Some(region.clone()),
            Route::FailingOverTo(_) | Route::HoldingFor(_) | Route::Maintenance => None,
        }
    }
}

fn client(tls: impl std::any::Any, limit: Duration) -> Result<reqwest::Client, Error> {
    Ok(reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(limit)
        .build()?)
}

fn end_to_end(mut headers: HeaderMap) -> HeaderMap {
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
    // Who posts here proves nothing to us, and the ingress believes what we say of certificates.
    headers.remove(CERTIFICATE_HEADER);
    headers
}

async fn returned(answer: reqwest::Response) -> Option<Response> {
    let (status, headers) = (answer.status(), end_to_end(answer.headers().clone()));
    let body = answer.bytes().await.ok()?;
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Some(response)
}

/// Waits until the public entrance sends requests to the waiting room: what is fenced before that is refused.
///
/// # Errors
/// When it does not in time.
pub async fn opened(authority: &PathBuf, public_url: &str) -> Result<(), String> {
    let tls = tls::public_client(authority).map_err(|error| error.to_string())?;
    let http = client(tls, OPEN_TIME_MAX).map_err(|error| error.to_string())?;
    let look = async {
        loop {
            let answer = http.get(format!("{public_url}{SIGN}")).send().await;
            if answer.is_ok_and(|answer| answer.headers().contains_key(SIGN_HEADER)) {
                return;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    tokio::time::timeout(OPEN_TIME_MAX, look)
        .await
        .map_err(|_| "the public entrance has not taken the route up yet".to_owned())
}
