//! What is answered to which path.

use std::panic::{AssertUnwindSafe, catch_unwind};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::{Health, Metrics, Standing};

/// <https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md#protocol-negotiation>. Every
/// Prometheus since 2.5 reads it, and it is what is answered when another is asked for, too.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

/// The three paths; whatever else is asked for is not found.
pub(crate) fn router(health: Health, metrics: Metrics) -> Router {
    let probes = Router::new()
        .route(
            "/livez",
            get(|State(health): State<Health>, request: Request| async move {
                contained(|| standing(&health.live(), &request))
            }),
        )
        .route(
            "/readyz",
            get(|State(health): State<Health>, request: Request| async move {
                contained(|| standing(&health.ready(), &request))
            }),
        )
        .with_state(health);
    let metrics = Router::new()
        .route(
            "/metrics",
            get(|State(metrics): State<Metrics>| async move {
                contained(|| with_type(StatusCode::OK, OPEN_METRICS, metrics.text()))
            }),
        )
        .with_state(metrics);
    let missing = || async { with_type(StatusCode::NOT_FOUND, TEXT, "not found\n".to_owned()) };
    probes.merge(metrics).fallback(missing).layer(middleware::from_fn(guarded))
}

fn standing(standing: &Standing, request: &Request) -> Response {
    let verbose =
        request.uri().query().is_some_and(|query| query.split(['&', '=']).any(|part| part == "verbose"));
    let status = if standing.holds() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    with_type(status, TEXT, standing.text(verbose))
}

fn with_type(status: StatusCode, kind: &'static str, text: String) -> Response {
    (status, [(header::CONTENT_TYPE, HeaderValue::from_static(kind))], text).into_response()
}

/// A panic of one answer ends in that answer.
fn contained(answer: impl FnOnce() -> Response) -> Response {
    catch_unwind(AssertUnwindSafe(answer)).unwrap_or_else(|_| {
        with_type(
            StatusCode::INTERNAL_SERVER_ERROR,
            TEXT,
            "this answer failed; the controller goes on\n".to_owned(),
        )
    })
}

/// Nothing here takes a body, so none is read: who sends one is cut off.
async fn guarded(request: Request, next: Next) -> Response {
    let mut response = if sends_body(request.headers()) {
        let mut refusal = with_type(StatusCode::PAYLOAD_TOO_LARGE, TEXT, "no body is read here\n".to_owned());
        refusal.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        refusal
    } else {
        let (head, _) = request.into_parts();
        next.run(Request::from_parts(head, Body::empty())).await
    };
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn sends_body(headers: &HeaderMap) -> bool {
    let length = headers.get(header::CONTENT_LENGTH).is_some_and(|length| length.as_bytes() != b"0");
    length || headers.contains_key(header::TRANSFER_ENCODING)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_ends_in_its_own_answer() {
        let answer = contained(|| panic!("a fault of ours"));
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    }
}
