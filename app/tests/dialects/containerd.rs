//! The words of containerd 2.3.7 about a registry: its pull walked against the registry that is really there, and what
//! came back put into upstream's formats.
//!
//! Steps and formats are those of
//! <https://github.com/containerd/containerd/blob/v2.3.4/core/remotes/docker/resolver.go> (`Resolve`, `retryRequest`),
//! [`authorizer.go`](https://github.com/containerd/containerd/blob/v2.3.4/core/remotes/docker/authorizer.go)
//! (`AddResponses`, `doBearerAuth`),
//! [`auth/fetch.go`](https://github.com/containerd/containerd/blob/v2.3.4/core/remotes/docker/auth/fetch.go),
//! [`fetcher.go`](https://github.com/containerd/containerd/blob/v2.3.4/core/remotes/docker/fetcher.go),
//! [`errcode.go`](https://github.com/containerd/containerd/blob/v2.3.4/core/remotes/docker/errcode.go),
//! [`errors.go`](https://github.com/containerd/containerd/blob/v2.3.4/core/remotes/errors/errors.go) and
//! [`pull.go`](https://github.com/containerd/containerd/blob/v2.3.4/core/transfer/local/pull.go). The walk goes to a twin
//! of the registry over plain HTTP, so that it needs no TLS of its own; addresses are told as the node sees them.

use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::fault::Login;
use super::http::{Reply, ask};

const ACCEPT: &str = "application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, */*";

/// One pull.
pub(crate) struct Pull<'a> {
    /// Where the twin listens.
    pub(crate) twin: SocketAddr,
    /// Host and port that the node asks.
    pub(crate) endpoint: &'a str,
    /// The host that the image names: told as `?ns=` where the node asks another.
    pub(crate) namespace: &'a str,
    pub(crate) repository: &'a str,
    /// With its sign.
    pub(crate) reference: &'a str,
    pub(crate) login: Option<&'a Login>,
    /// What the node runs.
    pub(crate) architecture: &'a str,
}

/// How the runtime logs in, once it was told to.
enum Handler {
    Basic(String),
    Bearer { realm: String, service: String, scope: String, token: Option<String> },
}

struct Walk<'a> {
    pull: &'a Pull<'a>,
    handler: Option<Handler>,
}

/// What the kubelet writes of the failed pull: the runtime's words with their gRPC code where it is not `Unknown`
/// (<https://github.com/kubernetes/kubernetes/blob/v1.35.0/staging/src/k8s.io/cri-client/pkg/remote_image.go>).
/// `None`: the image can be pulled.
pub(crate) fn words(pull: &Pull<'_>) -> Option<String> {
    let mut walk = Walk { pull, handler: None };
    let text = walk.pulled().err()?;
    let image = format!("{}/{}{}", pull.namespace, pull.repository, pull.reference);
    let whole = match text {
        Failed::Resolving(text) => {
            format!("failed to pull and unpack image \"{image}\": failed to resolve image: {text}")
        }
        Failed::Fetching(text) => format!(
            "failed to pull and unpack image \"{image}\": failed to copy: httpReadSeeker: failed open: {text}"
        ),
        Failed::Choosing(digest) => {
            format!("get image config descriptor: no match for platform in manifest {digest}: not found")
        }
    };
    let code = if whole.ends_with(": not found") { "rpc error: code = NotFound desc = " } else { "" };
    Some(format!("{code}{whole}"))
}

enum Failed {
    Resolving(String),
    Fetching(String),
    Choosing(String),
}

impl Walk<'_> {
    fn pulled(&mut self) -> Result<(), Failed> {
        let digest = self.resolved().map_err(Failed::Resolving)?;
        let top = self.fetched("manifests", &digest).map_err(Failed::Fetching)?;
        let mut manifest: Value = serde_json::from_slice(&top).expect("the test registry serves JSON");
        if let Some(entries) = manifest["manifests"].as_array() {
            let fits = |entry: &&Value| entry["platform"]["architecture"] == self.pull.architecture;
            let Some(entry) = entries.iter().find(fits) else { return Err(Failed::Choosing(digest)) };
            let digest = entry["digest"].as_str().expect("a digest").to_owned();
            let bytes = self.fetched("manifests", &digest).map_err(Failed::Fetching)?;
            manifest = serde_json::from_slice(&bytes).expect("the test registry serves JSON");
        }
        let layers = manifest["layers"].as_array().into_iter().flatten();
        for blob in std::iter::once(&manifest["config"]).chain(layers) {
            let text = |key: &str| blob[key].as_str().expect("a descriptor").to_owned();
            let got = self.fetched("blobs", &text("digest"));
            got.map_err(|error| match error.ends_with(": not found") {
                true => Failed::Fetching(format!(
                    "could not fetch content descriptor {} ({}) from remote: not found",
                    text("digest"),
                    text("mediaType")
                )),
                false => Failed::Fetching(error),
            })?;
        }
        Ok(())
    }

    fn resolved(&mut self) -> Result<String, String> {
        let pull = self.pull;
        let image = format!("{}/{}{}", pull.namespace, pull.repository, pull.reference);
        let reference = &pull.reference[1..];
        let by_digest = pull.reference.starts_with('@');
        for kind in if by_digest { &["manifests", "blobs"][..] } else { &["manifests"] } {
            let target = self.target(kind, reference);
            let reply = self.with_retries("HEAD", &target)?;
            match reply.status {
                200..=299 => {
                    let digest = reply.header("docker-content-digest").expect("the test registry sends it");
                    return Ok(digest.to_owned());
                }
                404 => {}
                403 => {
                    let got = self.with_retries("GET", &target).ok().filter(|got| got.status == 403);
                    let body = got.map(|got| got.body).unwrap_or_default();
                    return Err(self.unexpected("HEAD", &target, &Reply { body, ..reply }));
                }
                _ => return Err(self.unexpected("HEAD", &target, &reply)),
            }
        }
        Err(format!("{image}: not found"))
    }

    fn fetched(&mut self, kind: &str, digest: &str) -> Result<Vec<u8>, String> {
        let target = self.target(kind, digest);
        let reply = self.with_retries("GET", &target)?;
        match reply.status {
            200..=299 => Ok(reply.body),
            404 => Err(format!("content at {} not found: not found", self.url(&target))),
            _ => Err(self.unexpected("GET", &target, &reply)),
        }
    }

    fn target(&self, kind: &str, reference: &str) -> String {
        let Pull { endpoint, namespace, repository, .. } = self.pull;
        // `isProxy`: the node asks a host that is not the one of the image.
        let own = namespace == endpoint || (*namespace, *endpoint) == ("docker.io", "registry-1.docker.io");
        let query = if own { String::new() } else { format!("?ns={namespace}") };
        format!("/v2/{repository}/{kind}/{reference}{query}")
    }

    fn url(&self, target: &str) -> String {
        format!("https://{}{target}", self.pull.endpoint)
    }

    fn unexpected(&self, method: &str, target: &str, reply: &Reply) -> String {
        let said = registry_words(&reply.body).map(|words| format!("\n{words}")).unwrap_or_default();
        let url = self.url(target);
        format!("unexpected status from {method} request to {url}: {}{said}", reply.line)
    }

    /// `doWithRetries`: five attempts.
    fn with_retries(&mut self, method: &str, target: &str) -> Result<Reply, String> {
        let mut seen: Vec<u16> = Vec::new();
        loop {
            let mut headers = vec![("Accept", ACCEPT.to_owned())];
            if let Some(value) = self.authorization()? {
                headers.push(("Authorization", value));
            }
            let reply = ask(self.pull.twin, self.pull.endpoint, method, target, &headers, "");
            seen.push(reply.status);
            let again = match reply.status {
                401 => self.add_response(&reply, seen.len())?,
                408 | 429 => true,
                500 | 503 | 504 => seen.len() < 2 || seen[seen.len() - 2] != reply.status,
                _ => false,
            };
            if !again || seen.len() == 5 {
                return Ok(reply);
            }
        }
    }

    /// `AddResponses`; `Ok(false)` where the challenge is none that is known.
    fn add_response(&mut self, reply: &Reply, count: usize) -> Result<bool, String> {
        let challenge = reply.header("www-authenticate").unwrap_or_default();
        let denied = |why: &str| {
            Err(format!("pull access denied, repository does not exist or may require authorization: {why}"))
        };
        let scheme = challenge.split(' ').next().unwrap_or_default().to_ascii_lowercase();
        if scheme == "bearer" {
            if let Some(error) = parameter(challenge, "error") {
                if count > 1 {
                    return denied(&format!("server message: {error}: authorization failed"));
                }
                self.handler = None;
            }
            if self.handler.is_none() {
                let of = |name| parameter(challenge, name).unwrap_or_default();
                let (realm, service) = (of("realm"), of("service"));
                let scope = format!("repository:{}:pull", self.pull.repository);
                self.handler = Some(Handler::Bearer { realm, service, scope, token: None });
            }
            return Ok(true);
        }
        if scheme != "basic" {
            return Ok(false);
        }
        let Some((name, password)) = self.pull.login else {
            return denied("authorization failed: no basic auth credentials");
        };
        self.handler = Some(Handler::Basic(basic(name, password)));
        Ok(true)
    }

    fn authorization(&mut self) -> Result<Option<String>, String> {
        let pull = self.pull;
        match &mut self.handler {
            None => Ok(None),
            Some(Handler::Basic(value)) => Ok(Some(value.clone())),
            Some(Handler::Bearer { realm, service, scope, token }) => {
                if token.is_none() {
                    let fetched = fetch(pull, realm, service, scope);
                    *token = Some(fetched.map_err(|error| format!("failed to authorize: {error}"))?);
                }
                Ok(token.as_ref().map(|token| format!("Bearer {token}")))
            }
        }
    }
}

/// `doBearerAuth`.
fn fetch(pull: &Pull<'_>, realm: &str, service: &str, scope: &str) -> Result<String, String> {
    let rest = realm.split_once("://").expect("a realm with a scheme").1;
    let path = &rest[rest.find('/').expect("a realm with a path")..];
    let url = format!("https://{}{path}", pull.endpoint);
    let refused = |method: &str, query: &str, reply: &Reply| {
        format!("unexpected status from {method} request to {url}{query}: {}", reply.line)
    };
    let query = format!("?scope={}&service={}", escaped(scope), escaped(service));
    let get = |login: Option<&Login>| {
        let headers: Vec<_> =
            login.iter().map(|(name, password)| ("Authorization", basic(name, password))).collect();
        ask(pull.twin, pull.endpoint, "GET", &format!("{path}{query}"), &headers, "")
    };
    let Some(login) = pull.login else {
        let reply = get(None);
        return token(&reply)
            .ok_or_else(|| format!("failed to fetch anonymous token: {}", refused("GET", &query, &reply)));
    };
    let form = format!(
        "client_id=containerd-client&grant_type=password&password={}&scope={}&service={}&username={}",
        escaped(&login.1),
        escaped(scope),
        escaped(service),
        escaped(&login.0)
    );
    let kind = [("Content-Type", "application/x-www-form-urlencoded; charset=utf-8".to_owned())];
    let posted = ask(pull.twin, pull.endpoint, "POST", path, &kind, &form);
    let (method, query, reply) = match posted.status {
        400 | 401 | 404 | 405 => ("GET", query.as_str(), get(Some(login))),
        _ => ("POST", "", posted),
    };
    token(&reply).ok_or_else(|| format!("failed to fetch oauth token: {}", refused(method, query, &reply)))
}

fn token(reply: &Reply) -> Option<String> {
    let body: Value = serde_json::from_slice(&reply.body).ok().filter(|_| reply.status < 400)?;
    body["access_token"].as_str().or(body["token"].as_str()).map(str::to_owned)
}

fn basic(name: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{name}:{password}")))
}

/// Go's `url.QueryEscape`, for what stands in scopes and services.
fn escaped(text: &str) -> String {
    text.replace(':', "%3A").replace('/', "%2F")
}

fn parameter(challenge: &str, name: &str) -> Option<String> {
    let start = challenge.find(&format!("{name}=\""))? + name.len() + 2;
    challenge[start..].split('"').next().map(str::to_owned)
}

/// The registry's errors as `errcode.go` prints them; `None` for a body that is none.
fn registry_words(body: &[u8]) -> Option<String> {
    /// The codes that it knows, with the message at which only the code is printed.
    const CODES: [(&str, &str); 5] = [
        ("UNSUPPORTED", "The operation is unsupported."),
        ("UNAUTHORIZED", "authentication required"),
        ("DENIED", "requested access to the resource is denied"),
        ("UNAVAILABLE", "service unavailable"),
        ("TOOMANYREQUESTS", "too many requests"),
    ];
    let body: Value = serde_json::from_slice(body).ok()?;
    let words = body["errors"].as_array()?.iter().map(|error| {
        let message = error["message"].as_str().unwrap_or_default();
        let code = CODES.iter().find(|(code, _)| error["code"] == *code);
        let (code, own) = code.copied().unwrap_or(("UNKNOWN", "unknown error"));
        let code = code.to_lowercase();
        if message.is_empty() || message == own { code } else { format!("{code}: {message}") }
    });
    let words: Vec<String> = words.collect();
    match words.as_slice() {
        [] => None,
        [one] => Some(one.clone()),
        many => Some(format!("errors:\n{}\n", many.join("\n"))),
    }
}

/// Against what a real containerd 2.3.7 said of registries of these kinds (`domain/pull-facts.md`, 2.5 and 4.3).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn words_are_those_seen_on_a_real_cluster() {
    use super::fault::setting;
    use testkit_registry::{Configuration, Dialect, Registry, Transport};

    let image = "\"r.test/team/app:1.0\"";
    let resolving = format!("failed to pull and unpack image {image}: failed to resolve image: ");
    let denied = "pull access denied, repository does not exist or may require authorization: ";
    let head = "unexpected status from HEAD request to https://r.test/v2/team/app/manifests/1.0: ";
    let whole = |text: &str| format!("{resolving}{text}");
    for (fault, dialect, expected) in [
        (
            "private-no-login",
            Dialect::Ecr,
            whole(&format!("{denied}authorization failed: no basic auth credentials")),
        ),
        (
            "private-no-login",
            Dialect::Harbor,
            whole(&format!("{denied}authorization failed: no basic auth credentials")),
        ),
        (
            "private-no-login",
            Dialect::DockerHub,
            whole(&format!("{denied}server message: insufficient_scope: authorization failed")),
        ),
        (
            "private-no-login",
            Dialect::Ghcr,
            whole(
                "failed to authorize: failed to fetch anonymous token: unexpected status from GET request to \
                 https://r.test/token?scope=repository%3Ateam%2Fapp%3Apull&service=ghcr.io: 403 Forbidden",
            ),
        ),
        ("wrong-password", Dialect::Nexus, whole(&format!("{head}401 Unauthorized"))),
        (
            "expired-login",
            Dialect::Ecr,
            whole(&format!(
                "{head}403 Forbidden\ndenied: Your authorization token has expired. Reauthenticate and try again."
            )),
        ),
        ("manifest-5xx", Dialect::Quay, whole(&format!("{head}503 Service Unavailable"))),
        (
            "forbidden",
            Dialect::Nexus,
            whole(&format!("{head}403 Forbidden\ndenied: access to the requested resource is denied")),
        ),
    ] {
        let mut setting = setting(fault, dialect);
        (setting.endpoint.transport, setting.endpoint.host) = (Transport::Plain, None);
        let running =
            Registry::start(Configuration::of(setting.endpoint)).await.expect("the registry starts");
        let twin = running.endpoint("registry");
        let login = setting.login;
        let said = tokio::task::spawn_blocking(move || {
            let (repository, reference) = ("team/app", ":1.0");
            let (endpoint, namespace, login) = ("r.test", "r.test", login.as_ref());
            words(&Pull { twin, endpoint, namespace, repository, reference, login, architecture: "amd64" })
        });
        assert_eq!(said.await.expect("it ends"), Some(expected), "{fault} at {dialect:?}");
        running.stop().await;
    }
}
