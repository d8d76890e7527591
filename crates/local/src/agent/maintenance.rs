//! The maintenance page of the front door: a request that does not wait in the [`waiting_room`](super::waiting_room)
//! gets 503 and is told when to come back.

use std::{io, net::SocketAddr, sync::Arc};

use axum::{
    Router,
    extract::Request,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use types::Span;

use super::waiting_room::WaitingRoom;

/// What is answered.
#[derive(Clone, Debug)]
pub struct Page {
    /// The page for people.
    pub html: String,
    /// When to come back.
    pub retry_after: Span,
}

/// A bound but not yet serving page.
#[derive(Debug)]
pub struct Maintenance {
    listener: TcpListener,
    page: Page,
    room: WaitingRoom,
}

impl Maintenance {
    /// Binds its address.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn bind(address: SocketAddr, page: Page, room: WaitingRoom) -> io::Result<Self> {
        Ok(Self {
            listener: TcpListener::bind(address).await?,
            page,
            room,
        })
    }

    /// Serves until cancelled. Ends at once then: nobody needs a page of an estate that is taken down.
    ///
    /// # Errors
    /// What `axum::serve` reports.
    pub async fn serve(self, cancel: CancellationToken) -> io::Result<()> {
        let serving = Arc::new((self.page, self.room));
        let router = Router::new().fallback(move |request: Request| {
            let serving = Arc::clone(&serving);
            async move {
                let (page, room) = &*serving;
                let headers = request.headers().clone();
                let found = room.answer(request).await;
                found.unwrap_or_else(|| answer(page, &headers))
            }
        });
        tokio::select! {
            done = async { axum::serve(self.listener, router).await } => done,
            () = cancel.cancelled() => Ok(()),
        }
    }
}

fn answer(page: &Page, headers: &HeaderMap) -> Response {
    let wants_json = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("json"));
    let seconds = page.retry_after.as_millis().div_ceil(1_000);
    let (kind, body) = if wants_json {
        let body = serde_json::json!({
            "error": "maintenance",
            "message": "The service is being moved and will be back in a moment.",
            "retry_after_s": seconds,
        });
        ("application/json", body.to_string())
    } else {
        ("text/html; charset=utf-8", page.html.clone())
    };
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::RETRY_AFTER, seconds.to_string()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    (StatusCode::SERVICE_UNAVAILABLE, headers, body).into_response()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn people_get_a_page_and_programs_get_json_and_both_are_told_to_come_back() {
        let page = Page {
            html: "<p>soon</p>".to_owned(),
            retry_after: Span::from_millis(4_500),
        };
        for (accept, kind) in [
            (None, "text/html; charset=utf-8"),
            (Some("text/html,*/*"), "text/html; charset=utf-8"),
            (Some("application/json"), "application/json"),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(accept) = accept {
                headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
            }
            let response = answer(&page, &headers);
            assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
            assert_eq!(response.headers()[header::RETRY_AFTER], "5");
            assert_eq!(response.headers()[header::CONTENT_TYPE], kind, "{accept:?}");
        }
    }
}
