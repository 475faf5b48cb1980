//! One GET: limited in time and size, retried where that helps.
//!
//! This is the only place that sends anything, and it can only send GETs. Redirects are not followed, so the
//! credential goes nowhere but to the server of the kubeconfig (threat 13).

use std::time::Duration;

use http::header::{ACCEPT, ACCEPT_ENCODING, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use kube::client::Body;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout};

use crate::credential::Credential;
use crate::failure::{Cause, Failure};
use crate::tls;

/// The longest answer, after decompression. A page is 500 objects of at most 1.5 MiB (etcd's limit) and in practice
/// of 5 to 20 KiB; the cap only bounds what a hostile or broken server can make us hold (threat 8).
const BODY_CAP: usize = 256 * 1024 * 1024;

/// The longest answer to an error that is read: one Status object.
const ERROR_CAP: usize = 64 * 1024;

/// How often one request is tried. With the pauses below a server has 1.4 s to recover.
const TRIES: u32 = 4;

/// How often one request is tried while the server says when to come back, as it does under priority and fairness;
/// client-go tries as often.
const ASKED_TRIES: u32 = 10;

/// The pause before the second try; it doubles before each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// The longest wait that a server may ask for where the caller set no limit.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// How many requests are under way at once: enough to hide the network, few enough for API priority and fairness.
const AT_ONCE: usize = 8;

/// A client with our limits.
pub(crate) struct Api {
    client: kube::Client,
    /// The server's address without user information.
    pub(crate) server: String,
    /// The same and the proxy in between, for errors.
    pub(crate) route: String,
    /// What may be said about our credential.
    pub(crate) credential: Credential,
    limit: Option<Duration>,
    /// The longest body taken.
    cap: usize,
    permits: Semaphore,
}

impl Api {
    pub(crate) fn new(
        client: kube::Client,
        (server, proxy): (String, Option<String>),
        credential: Credential,
        limit: Option<Duration>,
    ) -> Api {
        let route = proxy.map_or_else(|| server.clone(), |proxy| format!("{server} through proxy {proxy}"));
        Api { client, server, route, credential, limit, cap: BODY_CAP, permits: Semaphore::new(AT_ONCE) }
    }

    /// The body of a GET.
    ///
    /// # Errors
    /// With how often and for how long it was tried.
    pub(crate) async fn get(&self, path: &str) -> Result<String, Failure> {
        // The permit comes first: waiting for our own turn is not the server's silence.
        let _permit = self.permits.acquire().await;
        let start = Instant::now();
        let mut tries = 0;
        loop {
            tries += 1;
            let failure = match self.within(start, self.body_of(path)).await {
                Ok(body) => return Ok(body),
                Err(failure) => failure,
            };
            let asked = failure.wait();
            let pause = asked.unwrap_or(FIRST_PAUSE * 2_u32.pow(tries - 1)).clamp(FIRST_PAUSE, LONGEST_PAUSE);
            let enough = tries >= if asked.is_some() { ASKED_TRIES } else { TRIES };
            let too_late = self.limit.is_some_and(|limit| start.elapsed() + pause >= limit);
            if !failure.may_pass() || enough || too_late {
                return Err(failure.after(tries, start.elapsed()));
            }
            sleep(pause).await;
        }
    }

    /// Opens a stream of changes; its body is the caller's to read.
    pub(crate) async fn open(&self, path: &str) -> Result<Body, Failure> {
        self.within(Instant::now(), async {
            // Kubernetes 1.37 compresses watches one gzip member an event, and tower-http reads the first member
            // only (tower-rs/tower-http#737).
            let identity = HeaderValue::from_static("identity");
            Ok(self.answer(path, Some(identity)).await?.into_body())
        })
        .await
    }

    async fn body_of(&self, path: &str) -> Result<String, Failure> {
        let body = self.answer(path, None).await?.into_body();
        let bytes = Limited::new(body, self.cap).collect().await.map_err(|error| {
            if error.is::<LengthLimitError>() {
                return Failure::TooLarge { cap: self.cap };
            }
            tls::failure_of(error.as_ref(), &self.route)
        })?;
        String::from_utf8(bytes.to_bytes().into())
            .map_err(|_| Failure::Undecodable { cause: Cause("it is not text".into()) })
    }

    /// An answer that says success.
    async fn answer(&self, path: &str, encoding: Option<HeaderValue>) -> Result<Response<Body>, Failure> {
        let mut request = Request::get(path)
            .header(ACCEPT, "application/json")
            .body(Body::empty())
            .map_err(|error| Failure::Undecodable { cause: Cause(error.to_string()) })?;
        if let Some(encoding) = encoding {
            request.headers_mut().insert(ACCEPT_ENCODING, encoding);
        }
        let response =
            self.client.send(request).await.map_err(|error| tls::failure_of(&error, &self.route))?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        let wait = retry_after(response.headers());
        let body = head_of(response.into_body()).await;
        Err(Failure::refused(status, wait, &body, &self.credential))
    }

    /// `work`, for as long as the caller allows from `start` on.
    async fn within<T>(
        &self,
        start: Instant,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let Some(limit) = self.limit else {
            return work.await;
        };
        let silent = || Failure::Silent { server: self.route.clone(), limit, tries: 1 };
        timeout(limit.saturating_sub(start.elapsed()), work).await.unwrap_or_else(|_| Err(silent()))
    }
}

/// `Retry-After` in seconds. The API server writes no dates there; a proxy's date counts as none.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// As much of an error's body as is worth reading; what breaks off is taken as far as it came.
async fn head_of(mut body: Body) -> String {
    let mut bytes = Vec::new();
    while bytes.len() < ERROR_CAP {
        let Some(Ok(frame)) = body.frame().await else { break };
        if let Some(data) = frame.data_ref() {
            bytes.extend_from_slice(data);
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    #[tokio::test]
    async fn a_body_that_never_ends_is_given_up_at_the_cap() {
        let endless = tower::service_fn(async |_: Request<Body>| {
            let more = futures::stream::repeat_with(|| {
                Ok::<_, Infallible>(http_body::Frame::data(vec![b'x'; 1024].into()))
            });
            Ok::<_, Infallible>(Response::new(http_body_util::StreamBody::new(more)))
        });
        let client = kube::Client::new(endless, "default");
        let mut api = Api::new(client, (String::new(), None), Credential::default(), None);
        api.cap = 3 * 1024 * 1024;
        let failure = api.get("/").await.unwrap_err();
        assert_eq!(failure.to_string(), "the answer is larger than 3 MiB");
    }
}
