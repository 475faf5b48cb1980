//! Tokens: from a challenge to the header that answers it.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::Method;
use http::header::CONTENT_TYPE;
use pullmedic_model::probe::Class;
use pullmedic_model::probe::record::{Answer, Body, Challenge, NotAsked, Step};
use pullmedic_model::{Captured, Stage};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;
use url::form_urlencoded::Serializer;

use crate::connect::Reach;
use crate::fetch::Answered;
use crate::guard;
use crate::lockout::Pass;
use crate::prober::Held;
use crate::realm::{self, Judged};
use crate::target::Target;
use crate::tokens::{Habit, Key, Place};
use crate::walk::{Reply, Sending, Stop, Take, Walk, class_of_status};

/// containerd's client id (`core/remotes/docker/authorizer.go`).
const CLIENT: &str = "containerd-client";

/// A token that was got.
struct Token {
    value: SecretString,
    expires_in: Option<u64>,
}

impl Walk<'_> {
    /// The `Basic` header of the login.
    pub(crate) fn basic(&self) -> Option<SecretString> {
        let held = self.held.as_ref()?;
        // containerd: an empty user or password is no login.
        (!held.user.expose_secret().is_empty() && !held.password.expose_secret().is_empty())
            .then(|| basic(held))
    }

    /// Whether there is a login that a token service would be sent.
    fn has_login(&self) -> bool {
        self.held.as_ref().is_some_and(|held| !held.password.expose_secret().is_empty())
    }

    fn place(&self) -> Place {
        let identity = self.held.as_ref().map(|held| held.identity.clone()).unwrap_or_default();
        (self.ask.host.endpoint.clone(), self.ask.repository.clone(), identity)
    }

    /// The header that the last ask of this place ended with; `None` when there was none, or its token is over.
    pub(crate) fn habit(&self) -> Option<Answered> {
        match self.shared.habits.get(&self.place())? {
            Habit::Basic => self.basic().map(|header| Answered { scheme: "basic", header }),
            Habit::Bearer(header) => {
                self.shared.tokens.is_kept(&header).then_some(Answered { scheme: "bearer", header })
            }
        }
    }

    /// Notes what the place took.
    pub(crate) fn learn(&self, answered: &Answered) {
        let habit = match answered.scheme {
            "basic" => Habit::Basic,
            _ => Habit::Bearer(answered.header.clone()),
        };
        self.shared.habits.put(self.place(), habit);
    }

    /// Notes that the place no longer takes it.
    pub(crate) fn unlearn(&self) {
        self.shared.habits.forget(&self.place());
    }

    /// Forgets a token that was refused.
    pub(crate) fn forget_token(&self, header: &SecretString) {
        self.shared.tokens.forget(header);
    }

    /// Fetches the token that a challenge wants: the `Bearer` header.
    pub(crate) async fn bearer(
        &mut self,
        registry: &Target,
        challenge: &Challenge,
    ) -> Result<SecretString, Stop> {
        let with_login = self.has_login();
        let (target, url, reach) = match realm::judge(registry, &challenge.realm, &self.shared.allow_realms) {
            Judged::Allowed(target, url) => (target, url, Reach::Any),
            Judged::AnonymousIfGlobal(target, url) if !with_login => (target, url, Reach::Global),
            Judged::AnonymousIfGlobal(..) | Judged::Refused => {
                return Err(NotAsked::Realm { realm: realm::shown(&challenge.realm) }.into());
            }
        };
        let scopes = self.scopes(&challenge.scope);
        let identity = self.held.as_ref().filter(|_| with_login).map(|held| held.identity.clone());
        let key =
            [url.to_string(), challenge.service.clone(), scopes.join(" "), identity.unwrap_or_default()];
        if let Some((header, grants_pull)) = self.shared.tokens.get(&key) {
            self.keep_secret(&header);
            self.note_kept_token(&target, grants_pull);
            return Ok(header);
        }
        let token = if with_login {
            self.with_login(&target, &url, &challenge.service, &scopes, &key).await?
        } else {
            let sending = self.get(&target, &url, &challenge.service, &scopes, reach);
            let reply = self.exchange(sending).await.map_err(|stop| match stop {
                // It is of a private network, which nothing but the challenge names: the user may allow it by name.
                Stop::NotAsked(NotAsked::Address(address)) if !guard::is_never_dialled(address) => {
                    NotAsked::Realm { realm: realm::shown(&challenge.realm) }.into()
                }
                stop => stop,
            })?;
            self.token_of(&reply)?
        };
        let header = SecretString::from(format!("Bearer {}", token.value.expose_secret()));
        self.keep_secret(&header);
        let grants_pull = grants_pull(token.value.expose_secret(), &self.ask.repository);
        if let Some(answer) = self.steps.last_mut().and_then(|step| step.answer.as_mut()) {
            answer.grants_pull = grants_pull;
        }
        self.shared.tokens.put(key, header.clone(), grants_pull, token.expires_in);
        Ok(header)
    }

    /// A token of an earlier ask is a step too, for what it grants; nothing is sent for it.
    fn note_kept_token(&mut self, target: &Target, grants_pull: Option<bool>) {
        self.steps.push(Step {
            stage: Stage::Token,
            endpoint: target.endpoint.clone(),
            address: None,
            sent: String::new(),
            login: self.ask.login.clone().filter(|_| self.has_login()),
            took_us: 0,
            detail: Captured::new("a token of an earlier request"),
            failed: None,
            answer: Some(Answer { status: 200, grants_pull, ..Answer::default() }),
            certificate: None,
        });
    }

    fn keep_secret(&mut self, header: &SecretString) {
        let token = header.expose_secret().trim_start_matches("Bearer ").to_owned();
        self.scrub.push(token);
    }

    /// The scopes asked for: those of the challenge, and pull on the repository, as containerd adds it
    /// (`core/remotes/docker/scope.go`). A scope may hold a port, so it is split at spaces only.
    fn scopes(&self, of_challenge: &str) -> Vec<String> {
        let mut scopes: BTreeSet<String> = of_challenge.split_ascii_whitespace().map(str::to_owned).collect();
        if !self.ask.repository.is_empty() {
            scopes.insert(format!("repository:{}:pull", self.ask.repository));
        }
        scopes.into_iter().collect()
    }

    /// The token service with a login: OAuth's `POST`, then `GET` where the service does not know it. Both together are
    /// one attempt of the login.
    async fn with_login(
        &mut self,
        target: &Target,
        url: &Url,
        service: &str,
        scopes: &[String],
        key: &Key,
    ) -> Result<Token, Stop> {
        let Some(held) = self.held.clone() else {
            return Err(NotAsked::Ours("the login is not there".to_owned()).into());
        };
        if let Some(stop) = self.refused_before(key) {
            return Err(stop);
        }
        let pass = self.shared.lockout.enter(&target.endpoint, &held.user, &held.password).await?;
        // Another ask may have had its turn with the same login.
        if let Some(stop) = self.refused_before(key) {
            return Err(stop);
        }
        let is_refresh = held.identity_token || held.user.expose_secret().is_empty();
        let post = Sending {
            target,
            stage: Stage::Token,
            method: Method::POST,
            path: path_of(url),
            headers: vec![(CONTENT_TYPE, "application/x-www-form-urlencoded; charset=utf-8".to_owned())],
            accept: "",
            authorization: None,
            login: self.ask.login.clone(),
            body: Some(form(&held, is_refresh, service, scopes)),
            take: Take::Whole(self.shared.limits.error),
            reach: Reach::Any,
        };
        let mut reply = self.exchange(post).await?;
        if is_asked_again(reply.status, &held) {
            let basic = basic(&held);
            let mut get = self.get(target, url, service, scopes, Reach::Any);
            get.authorization = Some(&basic);
            get.login = self.ask.login.clone();
            reply = self.exchange(get).await?;
        }
        self.settle(pass, reply.status);
        let token = self.token_of(&reply);
        if reply.status == 401 {
            self.shared.tokens.refused(key.clone(), self.steps[reply.step].clone());
        }
        token
    }

    /// The stop of a login that the service refused not long ago, with the step in which it did.
    fn refused_before(&mut self, key: &Key) -> Option<Stop> {
        let mut step = self.shared.tokens.refusal(key, self.shared.limits.reuse_tag)?;
        step.login.clone_from(&self.ask.login);
        step.detail = Captured::new("refused by an earlier request; not sent again");
        let (endpoint, class) = (step.endpoint.clone(), step.failed.unwrap_or(Class::Status(401)));
        self.steps.push(step);
        Some(self.refused(Stage::Token, &endpoint, class))
    }

    /// Notes what a login was answered with. Only a `401` says that the login itself is wrong.
    pub(crate) fn settle(&self, pass: Pass<'_>, status: u16) {
        match status {
            200..=399 | 403 => pass.accepted(),
            401 => pass.refused(Class::Status(401)),
            _ => {}
        }
    }

    fn get<'s>(
        &self,
        target: &'s Target,
        url: &Url,
        service: &str,
        scopes: &[String],
        reach: Reach,
    ) -> Sending<'s> {
        let mut url = url.clone();
        {
            let mut query = url.query_pairs_mut();
            for scope in scopes {
                query.append_pair("scope", scope);
            }
            if !service.is_empty() {
                query.append_pair("service", service);
            }
        }
        if url.query() == Some("") {
            url.set_query(None);
        }
        Sending {
            target,
            stage: Stage::Token,
            method: Method::GET,
            path: path_of(&url),
            headers: Vec::new(),
            accept: "",
            authorization: None,
            login: None,
            body: None,
            take: Take::Whole(self.shared.limits.error),
            reach,
        }
    }

    /// The token of an answer, or the stop that it is.
    fn token_of(&mut self, reply: &Reply) -> Result<Token, Stop> {
        // No redirect is followed: it could carry the login along.
        if reply.status != 200 {
            let class = class_of_status(reply.status);
            return Err(self.refuse(reply.step, class, ""));
        }
        if let Some(fault) = reply.fault {
            return Err(self.refuse(reply.step, fault, "the body of the token is not whole"));
        }
        let value: Option<Value> = serde_json::from_slice(&reply.body).ok();
        let token = value.as_ref().and_then(|value| {
            ["access_token", "token"]
                .iter()
                .filter_map(|name| value.get(name).and_then(Value::as_str))
                .find(|token| !token.is_empty())
        });
        match token {
            // What cannot stand in a header would end the request of the next stage.
            Some(token) if token.bytes().all(|b| (0x20..0x7f).contains(&b)) => Ok(Token {
                value: SecretString::from(token.to_owned()),
                expires_in: value.as_ref().and_then(|value| value.get("expires_in")).and_then(Value::as_u64),
            }),
            Some(_) | None => {
                let body = self.steps[reply.step].answer.as_ref().map_or(Body::Other, |answer| answer.body);
                let why = match body {
                    Body::Json => "the answer holds no token",
                    Body::Html => "a web page, no token",
                    Body::Empty | Body::Other => "no JSON, no token",
                };
                Err(self.refuse(reply.step, Class::NotARegistry, why))
            }
        }
    }
}

/// `Basic`, also with an empty user.
fn basic(held: &Held) -> SecretString {
    let (user, password) = (held.user.expose_secret(), held.password.expose_secret());
    SecretString::from(format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))))
}

/// Whether a `POST` that was refused becomes a `GET`. containerd sends a refresh token that way, too, as the password of
/// nobody, except where the `POST` was answered with 405
/// ([`doBearerAuth`](https://github.com/containerd/containerd/blob/main/core/remotes/docker/authorizer.go)). A refresh
/// token beside a user name is no login of a runtime, and no password of that user.
fn is_asked_again(status: u16, held: &Held) -> bool {
    let has_user = !held.user.expose_secret().is_empty();
    match status {
        400 | 401 | 404 => !(held.identity_token && has_user),
        405 => has_user && !held.identity_token,
        _ => false,
    }
}

/// OAuth's form, with the fields that containerd sends (`core/remotes/docker/auth/fetch.go`).
fn form(held: &Held, is_refresh: bool, service: &str, scopes: &[String]) -> SecretString {
    let mut form = Serializer::new(String::new());
    form.append_pair("client_id", CLIENT);
    if is_refresh {
        form.append_pair("grant_type", "refresh_token");
        form.append_pair("refresh_token", held.password.expose_secret());
    } else {
        form.append_pair("grant_type", "password");
        form.append_pair("password", held.password.expose_secret());
    }
    if !scopes.is_empty() {
        form.append_pair("scope", &scopes.join(" "));
    }
    form.append_pair("service", service);
    if !is_refresh {
        form.append_pair("username", held.user.expose_secret());
    }
    SecretString::from(form.finish())
}

/// Path and query of a URL.
pub(crate) fn path_of(url: &Url) -> String {
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    }
}

/// Whether the access list of a token grants pull on the repository; `None` when it is no JWT or has no such list. The
/// signature is the registry's business
/// ([token scope](https://distribution.github.io/distribution/spec/auth/jwt/)).
fn grants_pull(token: &str, repository: &str) -> Option<bool> {
    let mut parts = token.split('.');
    let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
    let payload = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    let claims: Value = serde_json::from_slice(&payload).ok()?;
    let access = match claims.get("access")? {
        Value::Array(access) => access.as_slice(),
        Value::Null => &[],
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => return None,
    };
    let text =
        |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    Some(access.iter().any(|entry| {
        let actions = entry.get("actions").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        text(entry, "type") == "repository"
            && text(entry, "name") == repository
            && actions.iter().any(|action| matches!(action.as_str(), Some("pull" | "*")))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jwt(claims: &str) -> String {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn a_token_tells_whether_it_grants_pull() {
        for (claims, expected) in [
            (r#"{"access":[{"type":"repository","name":"a/b","actions":["pull"]}]}"#, Some(true)),
            (r#"{"access":[{"type":"repository","name":"a/b","actions":["*"]}]}"#, Some(true)),
            (r#"{"access":[{"type":"repository","name":"a/c","actions":["pull"]}]}"#, Some(false)),
            (r#"{"access":[{"type":"repository","name":"a/b","actions":[]}]}"#, Some(false)),
            (r#"{"access":[]}"#, Some(false)),
            (r#"{"access":null}"#, Some(false)),
            (r#"{"access":"x"}"#, None),
            (r#"{}"#, None),
            ("[", None),
        ] {
            assert_eq!(grants_pull(&jwt(claims), "a/b"), expected, "{claims}");
        }
        for opaque in ["", "opaque", "a.b", "a.!.c", "djE6YTpi"] {
            assert_eq!(grants_pull(opaque, "a/b"), None, "{opaque}");
        }
    }
}
