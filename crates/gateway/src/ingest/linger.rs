//! What a partner still sends after its request was refused.
//!
//! A refusal is often known before the body has come. Closing a connection while bytes of it are unread resets it, and a
//! reset overtakes the answer: the partner sees a broken pipe instead of the reason. So the rest is read and thrown away
//! for a while, next to sending the answer (nginx calls this lingering close).

use std::time::Duration;

use axum::http::{HeaderMap, header};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::{Body as _, Incoming};

/// Bytes thrown away of one request; who still sends more is cut off.
const BYTES_MAX: usize = 64 << 20;
/// How long one request may take to end.
const TIME_MAX: Duration = Duration::from_secs(10);

/// Reads what is left of a refused request, on this connection's thread; the connection serves the next one afterwards.
/// Who asked first whether to send the body was told no, and has nothing more to send.
pub fn drain(headers: &HeaderMap, body: Incoming) {
    if body.is_end_stream() || headers.contains_key(header::EXPECT) {
        return;
    }
    tokio::task::spawn_local(async move {
        let mut rest = Limited::new(body, BYTES_MAX);
        let reading = async { while let Some(Ok(_)) = rest.frame().await {} };
        let _ = tokio::time::timeout(TIME_MAX, reading).await;
    });
}
