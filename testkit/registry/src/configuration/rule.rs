use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::dialect::{Case, Dialect};

/// What goes wrong, and when.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Which requests it is for; all HTTP requests if nothing is said.
    #[serde(default)]
    pub when: When,
    /// What they get.
    pub then: Then,
}

impl Rule {
    /// A rule for every request of this route.
    #[must_use]
    pub fn on(route: Route) -> Self {
        Self { when: When { route: Some(route), ..When::default() }, then: Then::default() }
    }

    /// A rule for connections: what happens below HTTP.
    #[must_use]
    pub fn connection(fault: ConnectionFault) -> Self {
        let mut rule = Self::on(Route::Connection);
        rule.then.connection = Some(fault);
        rule
    }

    /// Only for this method.
    #[must_use]
    pub fn method(mut self, method: &str) -> Self {
        self.when.method = Some(method.to_owned());
        self
    }

    /// Only for repositories that match this glob.
    #[must_use]
    pub fn repository(mut self, glob: &str) -> Self {
        self.when.repository = Some(glob.to_owned());
        self
    }

    /// Only for references that match this glob: see [`When::reference`].
    #[must_use]
    pub fn reference(mut self, glob: &str) -> Self {
        self.when.reference = Some(glob.to_owned());
        self
    }

    /// Only for this user; `anonymous` for clients without a login.
    #[must_use]
    pub fn user(mut self, name: &str) -> Self {
        self.when.user = Some(name.to_owned());
        self
    }

    /// Only for these of the requests that fit otherwise.
    #[must_use]
    pub fn nth(mut self, nth: Nth) -> Self {
        self.when.nth = Some(nth);
        self
    }

    /// With this named answer.
    #[must_use]
    pub fn answer(mut self, answer: Answer) -> Self {
        self.then.answer = Some(answer);
        self
    }

    /// With this status.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.then.status = Some(status);
        self
    }

    /// With this header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.then.headers.insert(name.to_owned(), value.to_owned());
        self
    }

    /// With this body.
    #[must_use]
    pub fn body(mut self, body: Body) -> Self {
        self.then.body = Some(body);
        self
    }

    /// Brought in this way.
    #[must_use]
    pub fn delivery(mut self, delivery: Delivery) -> Self {
        self.then.delivery = Some(delivery);
        self
    }

    /// After this long.
    #[must_use]
    pub fn delay(mut self, delay: Duration) -> Self {
        self.then.delay = Some(delay);
        self
    }
}

/// Which requests a rule is for. What is left out fits all.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// What is asked for; `None` means any HTTP request, but no connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<Route>,
    /// `GET`, `HEAD`, `POST`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// A glob; at the token service it must match one repository of the scopes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// A glob over any of: the tag or digest in the path; `tag:T` for a manifest that tag T points to, however it is
    /// asked for; `config`, `layer:0`, `layer:1`, … for a blob by its place in an image of that repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The login's name (from Basic, a form or a token), or `anonymous`, or `*` for any login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Which of the requests that fit otherwise, counted for this rule since it was set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nth: Option<Nth>,
    /// Not before this long after the rules were set.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "jiff::fmt::serde::unsigned_duration::friendly::compact::optional"
    )]
    pub from: Option<Duration>,
    /// Not after this long after the rules were set.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "jiff::fmt::serde::unsigned_duration::friendly::compact::optional"
    )]
    pub until: Option<Duration>,
}

/// Which of the fitting requests, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Nth {
    /// The first so many; then well.
    First(u64),
    /// All after the first so many.
    After(u64),
    /// This one.
    Only(u64),
    /// Each time that the count divides by this.
    Every(u64),
}

impl Nth {
    pub(crate) fn fits(self, count: u64) -> bool {
        match self {
            Nth::First(n) => count <= n,
            Nth::After(n) => count > n,
            Nth::Only(n) => count == n,
            Nth::Every(n) => n > 0 && count.is_multiple_of(n),
        }
    }
}

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Route {
    /// No request yet: a connection was accepted.
    Connection,
    /// `/v2/`
    Ping,
    /// A token service's address.
    Token,
    /// `/v2/NAME/manifests/REFERENCE`
    Manifest,
    /// `/v2/NAME/blobs/DIGEST`
    Blob,
    /// `/v2/NAME/tags/list`
    Tags,
    /// `/v2/_catalog`
    Catalog,
    /// `/v2/NAME/referrers/DIGEST`
    Referrers,
    /// Anything else.
    Other,
}

/// What a fitting request gets: the well answer or a named one, changed by what else is given here.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Then {
    /// Before anything is answered.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "jiff::fmt::serde::unsigned_duration::friendly::compact::optional"
    )]
    pub delay: Option<Duration>,
    /// For the route `connection` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<ConnectionFault>,
    /// Instead of the well answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answer>,
    /// Another status. From 400 on, without an `answer` or a `body`, also the OCI error body that belongs to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Set over those of the answer. `{url:NAME}` and `{address:NAME}` stand for an endpoint, `{own}` for the
    /// scheme, host and port that the client asked.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Taken off the answer.
    #[serde(default)]
    pub without: Vec<String>,
    /// Another body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Body>,
    /// How it is brought; `None` means whole and at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<Delivery>,
}

/// What goes wrong below HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionFault {
    /// Accepted and never answered; nothing is read.
    Silent,
    /// Accepted and closed.
    Close,
    /// Accepted and reset.
    Reset,
    /// Reset once so many bytes came from the client.
    ResetAfter(u64),
    /// The ClientHello is read and never answered.
    HandshakeStall,
    /// The ClientHello is answered with the alert `protocol_version`.
    ProtocolAlert,
    /// The ClientHello is answered with a ServerHello of TLS 1.0.
    OldProtocol,
    /// The ClientHello is answered with the alert `handshake_failure`.
    HandshakeFailure,
    /// Bytes that are neither TLS nor HTTP.
    Garbage,
    /// HTTP in clear, whatever the transport says.
    PlainHttp,
    /// As if there were no rule: useful before a wider one.
    Well,
}

/// A named answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The well answer, also where a later rule would spoil it.
    Well,
    /// A refusal in the endpoint's dialect.
    Refusal(Case),
    /// A refusal in another dialect.
    RefusalOf {
        /// Whose words.
        dialect: Dialect,
        /// For what.
        case: Case,
    },
    /// 429.
    Limited(Limited),
    /// A 401 that says how to log in.
    Challenge,
    /// A 401 whose challenge a proxy took off.
    ChallengeStripped,
    /// 200 and a page in HTML that asks to log in.
    LoginPage,
    /// 302 to a page that asks to log in, at `/login` of this endpoint.
    LoginRedirect,
    /// This status and a page in HTML, as a proxy writes it.
    Html(u16),
    /// 307 to this address (`{url:NAME}`, `{own}`, `{path}` are replaced), whatever was asked.
    Redirect(String),
    /// 307 to the very address that was asked.
    RedirectLoop,
    /// As if this tag or digest of the same repository had been asked for: a tag that moved.
    Instead(String),
    /// 404 with the code and message of an OCI error.
    Error {
        /// The status.
        status: u16,
        /// `MANIFEST_UNKNOWN`.
        code: String,
        /// Words for people.
        message: String,
    },
    /// 200 with a token that is the empty text.
    EmptyToken,
    /// 200 with a token that no registry takes.
    WorthlessToken,
    /// A list with a `Link` to the next page at this address; `{own}` and `{path}` make it endless.
    Link(String),
    /// Nothing that needs thought: 200, `application/json`, `{}`.
    EmptyObject,
}

/// A 429.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limited {
    /// Whose headers and words.
    #[serde(default)]
    pub style: LimitStyle,
    /// After how long it is said to be over; 1 min unless given.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "jiff::fmt::serde::unsigned_duration::friendly::compact::optional"
    )]
    pub reset: Option<Duration>,
}

/// Whose headers and words a 429 has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitStyle {
    /// Code `TOOMANYREQUESTS` and no header.
    #[default]
    Bare,
    /// Docker Hub's `ratelimit-limit`, `ratelimit-remaining`, `docker-ratelimit-source` and words for logged-in users.
    DockerHub,
    /// The same with the words for clients without a login.
    DockerHubAnonymous,
    /// Docker Hub's limit on abuse: 429 with a text that is no JSON.
    DockerHubAbuse,
    /// `Retry-After` in seconds.
    RetryAfterSeconds,
    /// `Retry-After` as a date.
    RetryAfterDate,
    /// GitHub's `x-ratelimit-*` with a reset in seconds since 1970, and `Retry-After`.
    Github,
    /// Harbor's proxy cache: code `TOO_MANY_REQUEST`.
    Harbor,
    /// Quay: HTML of its front server, without headers.
    Quay,
    /// ECR: code `TOOMANYREQUESTS`, "Rate exceeded".
    Ecr,
}

/// Another body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// This text (`{url:NAME}`, `{address:NAME}`, `{own}` are replaced).
    Text(String),
    /// A page in HTML with this text.
    Html(String),
    /// None at all.
    Empty,
    /// That of another tag or digest of the same repository, under the headers of the one asked for.
    Of(String),
    /// The right one with one byte in its middle changed.
    Corrupt,
    /// The right one with its gzip header whole and what follows overwritten.
    DamagedGzip,
    /// So many bytes that are no gzip.
    Random(u64),
    /// A text so many times over.
    Repeat {
        /// What is repeated.
        text: String,
        /// How often.
        times: u64,
    },
    /// So many zero bytes, sent with `Content-Encoding: gzip`.
    GzipBomb(u64),
    /// JSON arrays nested so deep.
    DeepJson(u64),
}

/// How an answer is brought. `after` counts bytes of the body; `None` means half of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// Never: the request is read and not answered.
    Silent,
    /// The connection is closed instead of an answer.
    Close,
    /// The connection is reset instead of an answer.
    Reset,
    /// The body ends before its `Content-Length`, and the connection is closed.
    Truncate {
        /// Bytes that still come.
        #[serde(default)]
        after: Option<u64>,
    },
    /// The connection is reset in the middle of the body.
    ResetMidBody {
        /// Bytes that still come.
        #[serde(default)]
        after: Option<u64>,
    },
    /// The body stops in its middle and the connection stays.
    Stall {
        /// Bytes that still come.
        #[serde(default)]
        after: Option<u64>,
    },
    /// So many bytes at a time.
    Pace {
        /// Bytes at a time.
        bytes: u64,
        /// Time between them.
        #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
        every: Duration,
    },
    /// The head of the answer comes one byte at a time, too.
    PaceAll {
        /// Time between two bytes.
        #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
        every: Duration,
    },
    /// A chunked body that never ends: the body again and again, or spaces if it is empty.
    Endless,
    /// A chunked body without `Content-Length`, well otherwise.
    Chunked,
    /// A `Content-Length` of so many bytes whatever the body has; what is missing never comes.
    Length(u64),
    /// An endless line of header.
    EndlessHeader,
    /// No HTTP, but bytes.
    Garbage,
}
