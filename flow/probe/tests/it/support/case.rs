//! Cases.

use jiff::Timestamp;
use pullmedic_model::finding::Vantage;
use pullmedic_model::object::ContainerKind;
use pullmedic_model::probe::case::{NodeCredentials, Words};
use pullmedic_model::probe::login::{NamedSecret, SecretState};
use pullmedic_model::probe::manifest::Platform;
use pullmedic_model::probe::route::{Runtime, Scheme};
use pullmedic_model::probe::{Case, Host, Login, LoginName, Role, Route};
use pullmedic_model::{Captured, Cause, Confidence, Endpoint, Reference, Stage};

/// Seconds after the time at which we look.
pub(crate) fn at(seconds: i64) -> Timestamp {
    let now: Timestamp = "2026-11-22T16:20:00Z".parse().unwrap();
    now.checked_add(jiff::SignedDuration::from_secs(seconds)).unwrap()
}

pub(crate) fn host(name: &str, role: Role) -> Host {
    Host {
        endpoint: Endpoint::parse(name).unwrap(),
        scheme: Scheme::Https,
        path: "/v2".to_owned(),
        namespace: None,
        role,
        resolve: true,
        trust: String::new(),
        skip_verify: false,
        dial_timeout_ms: 30_000,
        answer_timeout_ms: Some(30_000),
    }
}

/// A case of an image without words, secrets or mirrors.
pub(crate) fn case(image: &str) -> Build {
    let origin = Reference::parse(image).map_or_else(
        |_| Vec::new(),
        |reference| {
            let name = if reference.host == "docker.io" { "registry-1.docker.io" } else { &reference.host };
            vec![host(name, Role::Origin)]
        },
    );
    Build(Case {
        image: image.to_owned(),
        kind: ContainerKind::Main,
        words: None,
        route: Route { hosts: origin, of_node: false, defects: Vec::new() },
        platform: Some(Platform { os: "linux".into(), architecture: "amd64".into(), variant: String::new() }),
        runtime: Runtime::parse("containerd://2.3.7"),
        kubelet_minor: Some(37),
        secrets: Vec::new(),
        logins: Vec::new(),
        candidates: Vec::new(),
        candidates_unread: Vec::new(),
        node_credentials: NodeCredentials::NotKnown,
        pulled_on: Vec::new(),
        known_repositories: Vec::new(),
        ran_before: Vec::new(),
        changed: None,
        next_attempt: Some(at(120)),
        vantage: Vantage::Workstation,
        on_node: false,
        elsewhere: Vec::new(),
        runs_for: Vec::new(),
        runs_there: Vec::new(),
        beside: pullmedic_model::probe::case::Beside::default(),
        pulling: false,
        pinned: Vec::new(),
        runs: None,
        now: at(0),
    })
}

/// Words of a node: cause, confidence, rivals.
fn said(cause: Cause, confidence: Confidence, rivals: &[Cause]) -> Words {
    Words {
        cause,
        confidence,
        rivals: rivals.to_vec(),
        stage: None,
        endpoint: None,
        status: None,
        leaf: String::new(),
        text: Captured::default(),
        reason: Captured::new("ErrImagePull"),
        source: "Pod shop/cart-1 status".to_owned(),
        node: Some("node-a".to_owned()),
        at: Some(at(-60)),
        not_before: Some(at(-60)),
        of_itself: false,
    }
}

pub(crate) fn login(secret: &str, used_by: Option<&str>) -> Login {
    Login {
        name: LoginName { namespace: "shop".into(), secret: secret.into(), key: "registry.acme.test".into() },
        user: Some("robot".to_owned()),
        of_the_pod: false,
        used_by: used_by.map(str::to_owned),
        expires: None,
        identity: format!("mark-{secret}"),
    }
}

pub(crate) fn named(name: &str, state: SecretState) -> NamedSecret {
    NamedSecret { name: name.to_owned(), state, changed: None }
}

/// A case being built.
#[derive(Clone)]
pub(crate) struct Build(pub(crate) Case);

impl Build {
    /// Words with the stage, endpoint, status and leaf that classify reads.
    pub(crate) fn said(
        mut self,
        (cause, confidence, rivals): (Cause, Confidence, &[Cause]),
        stage: impl Into<Option<Stage>>,
        endpoint: &str,
        status: impl Into<Option<u16>>,
        leaf: &str,
    ) -> Build {
        let mut words = said(cause, confidence, rivals);
        words.stage = stage.into();
        words.endpoint = Endpoint::parse(endpoint).ok();
        words.status = status.into();
        words.leaf = leaf.to_owned();
        words.text = Captured::new(leaf);
        self.0.words = Some(words);
        self
    }

    /// A pull secret of the pod that matches, and its login.
    pub(crate) fn sends(mut self, secret: &str) -> Build {
        let mut own = login(secret, None);
        own.of_the_pod = true;
        self.0.secrets.push(named(secret, SecretState::Matches(vec![own.name.clone()])));
        self.0.logins.push(own);
        self
    }

    pub(crate) fn names(mut self, secret: &str, state: SecretState) -> Build {
        self.0.secrets.push(named(secret, state));
        self
    }

    pub(crate) fn candidate(mut self, secret: &str, used_by: &str) -> Build {
        self.0.candidates.push(login(secret, Some(used_by)));
        self
    }

    /// A mirror of the node's file, before the origin.
    pub(crate) fn mirror(mut self, name: &str) -> Build {
        let mut mirror = host(name, Role::Mirror(0));
        mirror.namespace = Some("registry.acme.test".to_owned());
        self.0.route.hosts.insert(0, mirror);
        self.0.route.of_node = true;
        self
    }

    pub(crate) fn with(mut self, change: impl FnOnce(&mut Case)) -> Build {
        change(&mut self.0);
        self
    }
}
