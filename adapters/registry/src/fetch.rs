//! One resource: the request without a login, the challenge, the request again, redirects.

use http::{HeaderName, Method};
use pullmedic_model::Stage;
use pullmedic_model::probe::Class;
use pullmedic_model::probe::record::{Challenge, NotAsked};
use pullmedic_model::probe::route::Scheme;
use secrecy::SecretString;
use url::Url;

use crate::challenge;
use crate::connect::Reach;
use crate::realm;
use crate::target::Target;
use crate::token::path_of;
use crate::walk::{Reply, Sending, Stop, Take, Walk, class_of_status};
use crate::wire::header;

/// Redirects followed for one resource.
const HOPS: usize = 5;

/// What is wanted of the host.
pub(crate) struct Resource {
    pub(crate) stage: Stage,
    pub(crate) method: Method,
    /// With query.
    pub(crate) path: String,
    pub(crate) accept: &'static str,
    /// Whether the body of success is hashed, with what; else it is kept.
    pub(crate) hash: Option<crate::digest::Digest>,
    /// Bytes kept of a body of success.
    pub(crate) cap: usize,
    /// Whether a challenge is answered where there is no login to answer it with.
    pub(crate) anonymous_token: bool,
}

/// A challenge and the header that answers it.
pub(crate) struct Answered {
    pub(crate) scheme: &'static str,
    pub(crate) header: SecretString,
}

impl Walk<'_> {
    /// Asks for a resource, as far as a login and redirects lead. A `401` that nothing is left to answer with, and every
    /// other status, is the caller's to judge.
    pub(crate) async fn fetch(&mut self, resource: &Resource) -> Result<Reply, Stop> {
        let mut answered: Vec<Answered> = Vec::new();
        if let Some(habit) = self.habit() {
            let reply = self.follow(resource, Some(&habit)).await?;
            if reply.status != 401 || !self.is_own(&reply) {
                return Ok(reply);
            }
            // A token that is over, or a mind that was changed: the challenge is asked for anew.
            self.unlearn();
            self.forget_token(&habit.header);
        }
        loop {
            let reply = self.follow(resource, answered.last()).await?;
            if reply.status != 401 || !self.is_own(&reply) {
                if let Some(last) = answered.last() {
                    self.learn(last);
                }
                return Ok(reply);
            }
            let challenges = challenges(&reply);
            match self.answer(resource, &reply, &challenges, &answered).await? {
                Some(next) => {
                    // It was a challenge, and is followed.
                    self.steps[reply.step].failed = None;
                    answered.push(next);
                }
                None => return Ok(reply),
            }
        }
    }

    fn is_own(&self, reply: &Reply) -> bool {
        reply.endpoint == self.ask.host.endpoint
    }

    /// The header that answers a challenge; `None` when nothing is left to answer with.
    async fn answer(
        &mut self,
        resource: &Resource,
        reply: &Reply,
        challenges: &[Challenge],
        answered: &[Answered],
    ) -> Result<Option<Answered>, Stop> {
        let was = |scheme: &str| answered.iter().any(|answered| answered.scheme == scheme);
        let of = |scheme: &str| challenges.iter().find(|challenge| challenge.scheme == scheme);
        if let Some(last) = answered.last().filter(|last| last.scheme == "bearer") {
            self.forget_token(&last.header);
        }
        // containerd takes bearer before basic (`auth.ParseAuthHeader` sorts them).
        if let Some(challenge) = of("bearer").filter(|_| !was("bearer") && !was("basic")) {
            if self.held.is_none() && !resource.anonymous_token {
                return Ok(None);
            }
            if challenge.realm.is_empty() {
                let class = class_of_status(reply.status);
                return Err(self.refuse(reply.step, class, "the challenge names no realm"));
            }
            let registry = self.target();
            let header = match self.bearer(&registry, challenge).await {
                Ok(header) => header,
                Err(stop) => {
                    if let Stop::NotAsked(NotAsked::Realm { realm }) = &stop {
                        let why = format!("the token service {realm} is not allowed for this registry");
                        self.steps[reply.step].detail = self.scrub.captured(&why);
                    }
                    return Err(stop);
                }
            };
            return Ok(Some(Answered { scheme: "bearer", header }));
        }
        if of("basic").is_some() && !was("basic") {
            return Ok(self.basic().map(|header| Answered { scheme: "basic", header }));
        }
        Ok(None)
    }

    /// One request and the redirects it leads to.
    async fn follow(&mut self, resource: &Resource, answered: Option<&Answered>) -> Result<Reply, Stop> {
        let mut target = self.target();
        let mut path = resource.path.clone();
        let mut reach = Reach::Any;
        let mut hops = 0;
        loop {
            // A header goes to the very host and port that asked for it.
            let authorization = answered.filter(|_| target.is_same_place(&self.target()));
            let reply = self.once(resource, &mut target, &path, reach, authorization).await?;
            if !matches!(reply.status, 301 | 302 | 303 | 307 | 308) {
                return Ok(reply);
            }
            let Some(location) = header(&reply.headers, "location") else { return Ok(reply) };
            if hops == HOPS {
                return Err(self.refuse(reply.step, Class::Redirect, "too many redirects"));
            }
            hops += 1;
            let base = Url::parse(&format!("{}://{}{path}", target.scheme(), target.authority()));
            let next = base.ok().and_then(|base| base.join(location).ok());
            let Some((next, place)) = next.and_then(|url| Target::of_url(&url).map(|place| (url, place)))
            else {
                return Err(self.refuse(reply.step, Class::Redirect, "the redirect leads to what is no URL"));
            };
            if target.https && !place.https {
                return Err(self.refuse(
                    reply.step,
                    Class::Redirect,
                    "the redirect leads from https to http",
                ));
            }
            let why = format!("redirected to {}", realm::shown(next.as_str()));
            self.steps[reply.step].detail = self.scrub.captured(&why);
            let last = self.steps[reply.step].address;
            let is_local = last.is_some_and(|address| address.to_canonical().is_loopback());
            if !place.is_same_place(&self.target()) {
                reach = Reach::Redirect {
                    from_loopback: is_local && reach != Reach::Redirect { from_loopback: false },
                };
            }
            path = path_of(&next);
            target = place;
        }
    }

    /// One request, with the login's turn where a login itself is sent, and plain HTTP where the port turns out to speak
    /// it and may.
    async fn once(
        &mut self,
        resource: &Resource,
        target: &mut Target,
        path: &str,
        reach: Reach,
        answered: Option<&Answered>,
    ) -> Result<Reply, Stop> {
        let held = self.held.clone().filter(|_| answered.is_some_and(|answered| answered.scheme == "basic"));
        let shared = self.shared;
        let pass = match &held {
            Some(held) => Some(shared.lockout.enter(&target.endpoint, &held.user, &held.password).await?),
            None => None,
        };
        let result = self.send(resource, target, path, reach, answered).await;
        let result = match result {
            Err(Stop::Refused { stage: Stage::Tls, class, .. }) if self.may_fall_back(target, class) => {
                self.plain = true;
                *target = self.target();
                self.send(resource, target, path, reach, answered).await
            }
            other => other,
        };
        if let (Some(pass), Ok(reply)) = (pass, &result) {
            self.settle(pass, reply.status);
        }
        result
    }

    /// containerd's `NewHTTPFallback`: TLS first, then plain HTTP where the port answered plainly or not at all.
    fn may_fall_back(&self, target: &Target, class: Class) -> bool {
        let host = &self.ask.host;
        let allowed = host.scheme == Scheme::HttpsThenHttp
            || self.shared.allow_plain_http.contains(host.endpoint.as_str());
        allowed
            && !self.plain
            && target.https
            && target.is_same_place(&self.target())
            && matches!(class, Class::PlainHttpOnTlsPort | Class::TlsTimeout)
    }

    async fn send(
        &mut self,
        resource: &Resource,
        target: &Target,
        path: &str,
        reach: Reach,
        answered: Option<&Answered>,
    ) -> Result<Reply, Stop> {
        let take = match &resource.hash {
            Some(digest) => Take::Hash(digest.hasher()),
            None => Take::Whole(resource.cap),
        };
        let reply = self
            .exchange(Sending {
                target,
                stage: resource.stage,
                method: resource.method.clone(),
                path: path.to_owned(),
                headers: Vec::<(HeaderName, String)>::new(),
                accept: resource.accept,
                authorization: answered.map(|answered| &answered.header),
                login: self.ask.login.clone().filter(|_| answered.is_some() && self.held.is_some()),
                body: None,
                take,
                reach,
            })
            .await?;
        if reply.status >= 400 {
            self.steps[reply.step].failed = Some(class_of_status(reply.status));
        }
        Ok(reply)
    }
}

/// The challenges of an answer, realms whole.
pub(crate) fn challenges(reply: &Reply) -> Vec<Challenge> {
    let values = reply.headers.get_all("www-authenticate").iter().take(8);
    values.filter_map(|value| value.to_str().ok()).flat_map(challenge::parse).collect()
}
