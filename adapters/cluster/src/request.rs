//! One request: limited in time and size, counted, retried where that helps.
//!
//! This is the only place that sends anything. Redirects are not followed, so the credential goes nowhere but to the
//! server of the kubeconfig (threat 13).

use std::time::Duration;

use http::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use kube::client::Body;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout};

use crate::counts::{Counts, Verb};
use crate::credential::Credential;
use crate::failure::{Cause, Failure};
use crate::tls;
use crate::token::TokenFile;

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

/// What answers are taken as.
pub(crate) const JSON: &str = "application/json";

/// One request.
pub(crate) struct Ask<'a> {
    /// What it counts as.
    pub(crate) verb: Verb,
    pub(crate) method: Method,
    pub(crate) path: &'a str,
    /// The `Accept` header.
    pub(crate) accept: &'static str,
    /// Content type and body; `None` for a request without one.
    pub(crate) body: Option<(&'static str, Vec<u8>)>,
}

impl<'a> Ask<'a> {
    /// A GET.
    pub(crate) fn get(verb: Verb, path: &'a str) -> Ask<'a> {
        Ask { verb, method: Method::GET, path, accept: JSON, body: None }
    }
}

/// Any answer to a request, its body as far as [`ERROR_CAP`] goes: an object of ours, or a Status.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    /// How long the server asks to wait.
    pub(crate) wait: Option<Duration>,
    pub(crate) body: String,
}

/// A client with our limits.
pub(crate) struct Api {
    client: kube::Client,
    /// The server's address without user information.
    pub(crate) server: String,
    /// The same and the proxy in between, for errors.
    pub(crate) route: String,
    /// What may be said about our credential.
    pub(crate) credential: Credential,
    /// The token where it is a file's; `None` where the client brings its own credential.
    token: Option<TokenFile>,
    limit: Option<Duration>,
    /// The longest body taken.
    cap: usize,
    permits: Semaphore,
    /// What was sent so far.
    pub(crate) counts: Counts,
}

impl Api {
    pub(crate) fn new(
        client: kube::Client,
        (server, proxy): (String, Option<String>),
        (credential, token): (Credential, Option<TokenFile>),
        limit: Option<Duration>,
    ) -> Api {
        let route = proxy.map_or_else(|| server.clone(), |proxy| format!("{server} through proxy {proxy}"));
        let (cap, permits, counts) = (BODY_CAP, Semaphore::new(AT_ONCE), Counts::default());
        Api { client, server, route, credential, token, limit, cap, permits, counts }
    }

    /// One object.
    pub(crate) async fn get(&self, path: &str) -> Result<String, Failure> {
        self.text(&Ask::get(Verb::Get, path)).await
    }

    /// The body of an answer.
    ///
    /// # Errors
    /// With how often and for how long it was tried.
    pub(crate) async fn text(&self, ask: &Ask<'_>) -> Result<String, Failure> {
        // The permit comes first: waiting for our own turn is not the server's silence.
        let _permit = self.permits.acquire().await;
        let start = Instant::now();
        let mut tries = 0;
        loop {
            tries += 1;
            let left = self.limit.map(|limit| limit.saturating_sub(start.elapsed()));
            let failure = match self.within(left, self.limit, self.body_of(ask)).await {
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

    /// Opens a stream of changes; its body is the caller's to read. Tried once.
    pub(crate) async fn open(&self, path: &str) -> Result<Body, Failure> {
        self.open_as(path, JSON, self.limit).await
    }

    /// As [`Api::open`], of another representation, and with another limit for the answer's head.
    pub(crate) async fn open_as(
        &self,
        path: &str,
        accept: &'static str,
        limit: Option<Duration>,
    ) -> Result<Body, Failure> {
        let ask = Ask { accept, ..Ask::get(Verb::Watch, path) };
        self.within(limit, limit, async {
            // Kubernetes 1.37 compresses watches one gzip member an event, and tower-http reads the first member
            // only (tower-rs/tower-http#737).
            let identity = HeaderValue::from_static("identity");
            Ok(self.answer(&ask, Some(identity)).await?.into_body())
        })
        .await
    }

    async fn body_of(&self, ask: &Ask<'_>) -> Result<String, Failure> {
        let body = self.answer(ask, None).await?.into_body();
        let bytes = Limited::new(body, self.cap).collect().await.map_err(|error| {
            if error.is::<LengthLimitError>() {
                return Failure::TooLarge { cap: self.cap };
            }
            tls::failure_of(error.as_ref(), &self.route)
        })?;
        String::from_utf8(bytes.to_bytes().into())
            .map_err(|_| Failure::Undecodable { cause: Cause("it is not text".into()) })
    }

    /// One try, within `limit`, and no waiting for others of ours: who renews a lease has no time. What the server answers is
    /// for the caller to judge.
    ///
    /// # Errors
    /// When nothing was answered.
    pub(crate) async fn once(&self, ask: &Ask<'_>, limit: Duration) -> Result<Reply, Failure> {
        self.within(Some(limit), Some(limit), async {
            let response = self.respond(ask, None).await?;
            let (status, wait) = (response.status(), retry_after(response.headers()));
            Ok(Reply { status, wait, body: head_of(response.into_body()).await })
        })
        .await
    }

    /// An answer that says success.
    async fn answer(&self, ask: &Ask<'_>, encoding: Option<HeaderValue>) -> Result<Response<Body>, Failure> {
        let response = self.respond(ask, encoding).await?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        let wait = retry_after(response.headers());
        let body = head_of(response.into_body()).await;
        Err(Failure::refused(status, wait, &body, &self.credential))
    }

    /// Any answer. A token that is refused is read anew once, since the file may have another by now.
    async fn respond(&self, ask: &Ask<'_>, encoding: Option<HeaderValue>) -> Result<Response<Body>, Failure> {
        let token = match &self.token {
            Some(file) => Some(file.current().await),
            None => None,
        };
        let mut response = self.send(ask, encoding.clone(), token.clone()).await?;
        if response.status() == StatusCode::UNAUTHORIZED
            && let (Some(file), Some(refused)) = (&self.token, token)
            && let Some(other) = file.other_than(&refused).await
        {
            response = self.send(ask, encoding, Some(other)).await?;
        }
        if response.status() == StatusCode::FORBIDDEN {
            self.counts.refused();
        }
        Ok(response)
    }

    async fn send(
        &self,
        ask: &Ask<'_>,
        encoding: Option<HeaderValue>,
        token: Option<HeaderValue>,
    ) -> Result<Response<Body>, Failure> {
        let (content_type, body) = match &ask.body {
            Some((content_type, body)) => (Some(HeaderValue::from_static(content_type)), body.clone().into()),
            None => (None, Body::empty()),
        };
        let mut request = Request::builder()
            .method(ask.method.clone())
            .uri(ask.path)
            .header(ACCEPT, ask.accept)
            .body(body)
            .map_err(|error| Failure::Undecodable { cause: Cause(error.to_string()) })?;
        let headers = [(ACCEPT_ENCODING, encoding), (AUTHORIZATION, token), (CONTENT_TYPE, content_type)];
        request.headers_mut().extend(headers.into_iter().filter_map(|(name, value)| Some((name, value?))));
        self.counts.sent(ask.verb);
        self.client.send(request).await.map_err(|error| tls::failure_of(&error, &self.route))
    }

    /// `work`, for as long as is `left` of the whole `limit`.
    async fn within<T>(
        &self,
        left: Option<Duration>,
        limit: Option<Duration>,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let (Some(left), Some(limit)) = (left, limit) else {
            return work.await;
        };
        let silent = || Failure::Silent { server: self.route.clone(), limit, tries: 1 };
        timeout(left, work).await.unwrap_or_else(|_| Err(silent()))
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
        let mut api = Api::new(client, (String::new(), None), (Credential::default(), None), None);
        api.cap = 3 * 1024 * 1024;
        let failure = api.get("/").await.unwrap_err();
        assert_eq!(failure.to_string(), "the answer is larger than 3 MiB");
    }
}
