//! Who may pull what, and how a refusal is said.

use super::http::Asked;
use super::live::{Live, Run};
use super::login::{self, Identity};
use super::reply::Reply;
use super::route::Target;
use super::token::Claims;
use super::{limit, live};
use crate::configuration::{LimitStyle, Limited, Login, Quota, Realm, Route, Token, User};
use crate::dialect::{At, Case, Challenge, Dialect, Refusal, Scheme, Words};
use crate::glob::fits;

/// One request at one endpoint.
pub(crate) struct Context<'a> {
    pub(crate) run: &'a Run,
    pub(crate) index: usize,
    pub(crate) asked: &'a Asked,
    pub(crate) target: &'a Target,
    pub(crate) tls: bool,
    /// What its token says, read once: a token may end while its request is served.
    claims: Option<Claims>,
}

/// The scheme that is really spoken.
enum Spoken {
    Open,
    Basic(String),
    Bearer(Token, String),
}

impl<'a> Context<'a> {
    pub(crate) fn new(run: &'a Run, index: usize, asked: &'a Asked, target: &'a Target, tls: bool) -> Self {
        let token = asked.header("authorization").and_then(|header| header.split_once(' '));
        let claims = token.and_then(|(_, token)| run.signer.read(token.trim()));
        // A refresh token is for the token service alone.
        let claims = claims.filter(|claims| claims.aud != "refresh");
        Self { run, index, asked, target, tls, claims }
    }

    pub(crate) fn live(&self) -> &Live {
        &self.run.endpoints[self.index]
    }

    /// Scheme, host and port that the client asked.
    pub(crate) fn own(&self) -> String {
        let address = self.live().address.to_string();
        let host = self.asked.header("host").filter(|host| !host.is_empty()).unwrap_or(&address);
        format!("{}://{host}", if self.tls { "https" } else { "http" })
    }

    pub(crate) fn fill(&self, text: &str) -> String {
        if !text.contains('{') {
            return text.to_owned();
        }
        live::fill(text, &self.run.places())
            .replace("{own}", &self.own())
            .replace("{path}", &self.target.path)
    }

    fn spoken(&self) -> Spoken {
        let endpoint = &self.live().endpoint;
        let row = endpoint.dialect.row();
        match (&endpoint.login, row.scheme) {
            (Login::Open, _) => Spoken::Open,
            (Login::Dialect | Login::Basic, Scheme::Basic { parameters }) => {
                Spoken::Basic(parameters.to_owned())
            }
            (Login::Basic, Scheme::Bearer { .. }) => Spoken::Basic(r#"realm="Registry""#.to_owned()),
            (Login::Dialect, Scheme::Bearer { .. }) => self.bearer(&Token::default()),
            (Login::Bearer(token), _) => self.bearer(token),
        }
    }

    fn bearer(&self, token: &Token) -> Spoken {
        let (path, known) = match self.live().endpoint.dialect.row().scheme {
            Scheme::Bearer { path, service } => (path, service),
            Scheme::Basic { .. } => ("/token", "registry"),
        };
        let realm = match &token.realm {
            Realm::Own => format!("{}{path}", self.own()),
            Realm::Endpoint(name) => self.fill(&format!("{{url:{name}}}{path}")),
            Realm::Literal(text) => self.fill(text),
        };
        let service = token.service.as_deref().unwrap_or(known);
        Spoken::Bearer(token.clone(), format!(r#"Bearer realm="{realm}",service="{service}""#))
    }

    /// How to log in here.
    pub(crate) fn challenge(&self, error: Option<&str>) -> String {
        let spoken = match self.spoken() {
            Spoken::Open => match self.live().endpoint.dialect.row().scheme {
                Scheme::Basic { parameters } => Spoken::Basic(parameters.to_owned()),
                Scheme::Bearer { .. } => self.bearer(&Token::default()),
            },
            spoken => spoken,
        };
        match spoken {
            Spoken::Basic(parameters) => format!("Basic {parameters}"),
            Spoken::Bearer(_, mut text) => {
                if let Some(name) = &self.target.repository {
                    text.push_str(&format!(r#",scope="repository:{name}:pull""#));
                } else if self.target.route == Route::Catalog {
                    text.push_str(r#",scope="registry:catalog:*""#);
                }
                if let Some(error) = error {
                    text.push_str(&format!(r#",error="{error}""#));
                }
                text
            }
            Spoken::Open => String::new(),
        }
    }

    /// The token settings of this endpoint; `None` where it speaks no Bearer.
    pub(crate) fn token(&self) -> Option<Token> {
        match self.spoken() {
            Spoken::Bearer(token, _) => Some(token),
            Spoken::Open | Spoken::Basic(_) => None,
        }
    }

    /// Who asks, as far as it can be told.
    pub(crate) fn identity(&self) -> Identity {
        let users = self.run.users(self.index);
        let form = super::route::form(&self.asked.body);
        let field =
            |name: &str| form.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        if self.target.route == Route::Token {
            let users = self.users_of_realm();
            if let (Some(name), Some(password)) = (field("username"), field("password")) {
                return Identity::of(&users, name, password);
            }
            if let Some(refresh) = field("refresh_token") {
                return self.of_refresh(&users, refresh);
            }
            return match self.asked.header("authorization").and_then(login::basic) {
                Some((name, password)) => Identity::of(&users, &name, &password),
                None if self.asked.header("authorization").is_some() => Identity::Wrong,
                None => Identity::Anonymous,
            };
        }
        let Some(header) = self.asked.header("authorization") else { return Identity::Anonymous };
        if let Some((name, password)) = login::basic(header) {
            return Identity::of(&users, &name, &password);
        }
        match &self.claims {
            Some(claims) if claims.sub.is_empty() => Identity::Anonymous,
            Some(claims) => Identity::User(claims.sub.clone()),
            None => Identity::Wrong,
        }
    }

    fn of_refresh(&self, users: &[User], refresh: &str) -> Identity {
        let claims = self.run.signer.read(refresh).filter(|claims| claims.aud == "refresh");
        match claims.and_then(|claims| users.iter().find(|user| user.name == claims.sub)) {
            Some(user) if user.expired => Identity::Expired,
            Some(user) => Identity::User(user.name.clone()),
            None => Identity::Wrong,
        }
    }

    fn users_of_realm(&self) -> Vec<User> {
        self.run.served_by(self.index).iter().flat_map(|live| live.users()).collect()
    }

    /// Why this identity may not pull from the repository; `None` if it may and the repository is there.
    pub(crate) fn case(
        served: &[&Live],
        users: &[User],
        identity: &Identity,
        repository: &str,
    ) -> Option<Case> {
        let exists = served.iter().any(|live| live.store().repositories.contains_key(repository));
        let public = served.iter().any(|live| live.is_public(repository));
        let known = served.first().map_or(Dialect::Distribution, |live| live.endpoint.dialect);
        match identity {
            Identity::Wrong => Some(Case::WrongPassword),
            Identity::Expired => Some(Case::ExpiredLogin),
            Identity::Anonymous if public && exists => None,
            // Where absence is told at all, it is told of what anybody may read.
            Identity::Anonymous if public && known.row().missing_repository.status == 404 => {
                Some(Case::MissingRepository)
            }
            Identity::Anonymous if exists => Some(Case::PrivateAnonymous),
            Identity::Anonymous => Some(Case::MissingRepositoryAnonymous),
            Identity::User(name) => {
                let user = users.iter().find(|user| user.name == *name);
                let may = public
                    || user.is_some_and(|user| user.repositories.iter().any(|glob| fits(glob, repository)));
                match (may, exists) {
                    (true, true) => None,
                    (true, false) => Some(Case::MissingRepository),
                    (false, _) => Some(Case::NotAllowed),
                }
            }
        }
    }

    /// The refusal of this request at the registry; `None` if it may go on.
    pub(crate) fn refused(&self, identity: &Identity) -> Option<Reply> {
        let spoken = self.spoken();
        if matches!(spoken, Spoken::Open) {
            let repository = self.target.repository.as_deref()?;
            let there = self.live().store().repositories.contains_key(repository);
            return (!there).then(|| self.refusal(Case::MissingRepository));
        }
        let header = self.asked.header("authorization");
        if matches!(spoken, Spoken::Bearer(..)) {
            let Some(header) = header else { return Some(self.challenged(None)) };
            if login::basic(header).is_some() {
                return Some(self.challenged(None));
            }
            if *identity == Identity::Wrong {
                return Some(self.challenged(Some("invalid_token")));
            }
        }
        let Some(repository) = self.target.repository.as_deref() else {
            return match identity {
                Identity::Wrong => Some(self.refusal(Case::WrongPassword)),
                Identity::Expired => Some(self.refusal(Case::ExpiredLogin)),
                Identity::Anonymous if matches!(spoken, Spoken::Basic(_)) => Some(self.challenged(None)),
                Identity::Anonymous | Identity::User(_) => None,
            };
        };
        let users = self.run.users(self.index);
        if let Some(case) = Self::case(&[self.live()], &users, identity, repository) {
            return Some(self.refusal(case));
        }
        let pulls = |claims: &Claims| {
            claims.access.iter().any(|access| {
                access.name == repository && access.actions.iter().any(|action| action == "pull")
            })
        };
        let granted = !matches!(spoken, Spoken::Bearer(..)) || self.claims.as_ref().is_some_and(pulls);
        (!granted).then(|| self.challenged(Some("insufficient_scope")))
    }

    /// A 401 that says how to log in.
    pub(crate) fn challenged(&self, error: Option<&str>) -> Reply {
        Reply::of_status(401).with("WWW-Authenticate", self.challenge(error))
    }

    /// This case in the endpoint's dialect, said by the registry.
    pub(crate) fn refusal(&self, case: Case) -> Reply {
        let dialect = self.live().endpoint.dialect;
        match dialect.row().refusal(case) {
            // It would have been refused at the token service: this client has a token for something else.
            Some(refusal) if refusal.at == At::Token && self.target.route != Route::Token => {
                self.challenged(Some("insufficient_scope"))
            }
            _ => self.refusal_of(dialect, case),
        }
    }

    /// This case in any dialect, whoever says it.
    pub(crate) fn refusal_of(&self, dialect: Dialect, case: Case) -> Reply {
        let Some(refusal) = dialect.row().refusal(case) else {
            return limit::reply(&Limited {
                style: self.limit_style(dialect, &self.identity()),
                reset: None,
            });
        };
        let mut reply = self.words(refusal);
        match refusal.challenge {
            Challenge::None => {}
            Challenge::Login => reply.set("WWW-Authenticate", self.challenge(None)),
            Challenge::InsufficientScope => {
                reply.set("WWW-Authenticate", self.challenge(Some("insufficient_scope")));
            }
            Challenge::Literal(text) => reply.set("WWW-Authenticate", text),
        }
        reply
    }

    /// The 429 of this endpoint's dialect, with the figures of the quota that is spent.
    pub(crate) fn limited(&self, identity: &Identity, quota: Quota) -> Reply {
        let style = self.limit_style(self.live().endpoint.dialect, identity);
        let reply = limit::reply(&Limited { style, reset: Some(quota.window) });
        match style {
            LimitStyle::DockerHub | LimitStyle::DockerHubAnonymous => {
                limit::docker_hub(reply, identity.name().is_none(), quota.pulls, 0, quota.window)
            }
            _ => reply,
        }
    }

    fn limit_style(&self, dialect: Dialect, identity: &Identity) -> LimitStyle {
        match dialect.row().limited {
            LimitStyle::DockerHub if identity.name().is_none() => LimitStyle::DockerHubAnonymous,
            style => style,
        }
    }

    fn words(&self, refusal: &Refusal) -> Reply {
        let scope = self.target.query("scope").and_then(super::token::Access::read);
        let named = scope.as_ref().map(|access| access.name.as_str());
        let repository = self.target.repository.as_deref().or(named).unwrap_or_default();
        let reference = self.target.reference.as_deref().unwrap_or_default();
        match refusal.words {
            Words::Oci { code, message } => {
                let (code, message) = match (refusal.status, self.target.route) {
                    (404, Route::Tags) => ("NAME_UNKNOWN", "repository name not known to registry"),
                    (404, Route::Blob) => ("BLOB_UNKNOWN", "blob unknown to registry"),
                    _ => (code, message),
                };
                let message = message.replace("{repository}", repository).replace("{reference}", reference);
                Reply::error(refusal.status, code, &message)
            }
            Words::Json(text) => Reply::new(refusal.status, "application/json", text.as_bytes().to_vec()),
            Words::Text(text) => {
                Reply::new(refusal.status, "text/plain; charset=utf-8", text.as_bytes().to_vec())
            }
        }
    }
}
