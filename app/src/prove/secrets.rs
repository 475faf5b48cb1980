//! Which secrets are read, and which logins they give. Names come from the pod, from ServiceAccounts and other workloads
//! of its namespace, and from the user; each is read by `get`, once a run (design decision 5).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, PoisonError};

use pullmedic_cluster::{Cluster, SecretRead};
use pullmedic_keyring::Found;
use pullmedic_model::object::{ContainerKind, Objects, Secret};
use pullmedic_model::probe::login::{NamedSecret, SecretState};
use pullmedic_model::probe::route::Route;
use pullmedic_model::{Endpoint, Reference};
use pullmedic_registry::Credential;
use tokio::sync::Mutex;

use super::case::{CaseKey, Logins, owner_of};
use super::hidden::Hidden;

/// The most other secrets of a namespace that are tried for one image: each is a login that a registry may refuse.
const CANDIDATES: usize = 8;

/// Where secrets are read from.
#[derive(Clone, Copy)]
pub(crate) enum SecretSource<'a> {
    /// A live cluster, under the user's own rights.
    Cluster(&'a Cluster),
    /// Nowhere: saved secrets are not used.
    Nowhere,
    /// Nowhere: they may not be read, as was asked for beforehand, and no request is made to be refused.
    Refused,
}

/// Reads secrets, each once.
pub(crate) struct Secrets<'a> {
    source: SecretSource<'a>,
    /// Pull secrets that the user names.
    also: &'a [String],
    /// Whether all pull secrets of a namespace may be listed.
    search: bool,
    install_key: &'a [u8],
    hidden: std::sync::Mutex<Hidden>,
    read: Mutex<HashMap<(String, String), Arc<SecretRead>>>,
    listed: Mutex<HashMap<String, Result<BTreeSet<String>, String>>>,
}

/// The logins of a case, and their values for the client.
#[derive(Default)]
pub(crate) struct Held {
    pub(crate) logins: Logins,
    pub(crate) credentials: Vec<Credential>,
}

impl<'a> Secrets<'a> {
    pub(crate) fn new(
        source: SecretSource<'a>,
        (also, search): (&'a [String], bool),
        install_key: &'a [u8],
    ) -> Secrets<'a> {
        Secrets {
            source,
            also,
            search,
            install_key,
            hidden: std::sync::Mutex::default(),
            read: Mutex::default(),
            listed: Mutex::default(),
        }
    }

    /// The logins for the image of a case.
    pub(crate) async fn of(&self, key: &CaseKey, image: &str, route: &Route, objects: &Objects) -> Held {
        if key.kind == ContainerKind::Sandbox {
            return Held::default();
        }
        let mut held = self.named(&key.namespace, &key.secrets, image, route).await;
        self.candidates(key, image, route, objects, &mut held).await;
        held
    }

    /// The logins that these secrets of a namespace give for an image.
    pub(crate) async fn named(&self, namespace: &str, names: &[String], image: &str, route: &Route) -> Held {
        let mut held = Held::default();
        if Reference::parse(image).is_err() {
            return held;
        }
        let mut own = Vec::new();
        for name in names {
            let read = self.one(namespace, name).await;
            let (state, changed) = match read.as_ref() {
                SecretRead::Found(secret) => {
                    (pullmedic_keyring::state(secret, image), secret.metadata.changed)
                }
                SecretRead::Absent => (SecretState::Absent, None),
                SecretRead::Unread(needs) => (SecretState::Unread { needs: needs.clone() }, None),
            };
            held.logins.changed = held.logins.changed.max(changed);
            held.logins.secrets.push(NamedSecret { name: name.clone(), state, changed });
            own.push(read);
        }
        let found: Vec<&Secret> = own.iter().filter_map(|read| secret_of(read)).collect();
        // A secret that does not decode fails the whole keyring; its state says so, and no login is left.
        let matching = pullmedic_keyring::matching(&found, image, self.install_key).unwrap_or_default();
        for found in matching {
            held.logins.own.push(found.login.clone());
            held.credentials.push(self.credential(found, image, route));
        }
        for secret in &found {
            // What a misspelt key holds may be tried where that key means to go.
            for near in pullmedic_keyring::nearly_matching(secret, image, self.install_key) {
                held.credentials.push(self.credential(near, image, route));
            }
        }
        held
    }

    async fn candidates(
        &self,
        key: &CaseKey,
        image: &str,
        route: &Route,
        objects: &Objects,
        held: &mut Held,
    ) {
        let mut users = used_by(&key.namespace, objects);
        for name in self.also {
            users.entry(name.clone()).or_default();
        }
        if self.search {
            match self.list(&key.namespace).await {
                Ok(names) => names.into_iter().for_each(|name| {
                    users.entry(name).or_default();
                }),
                Err(needs) => held.logins.unread.push(needs),
            }
        }
        let mut identities: BTreeSet<String> =
            held.logins.own.iter().map(|login| login.identity.clone()).collect();
        for (name, user) in users.into_iter().filter(|(name, _)| !key.secrets.contains(name)) {
            if held.logins.candidates.len() >= CANDIDATES {
                held.logins.unread.push(format!("secret {name}, past the first {CANDIDATES} that match"));
                continue;
            }
            let read = self.one(&key.namespace, &name).await;
            let secret = match read.as_ref() {
                SecretRead::Found(secret) => secret,
                SecretRead::Absent => continue,
                SecretRead::Unread(needs) => {
                    held.logins.unread.push(needs.clone());
                    continue;
                }
            };
            let matching =
                pullmedic_keyring::matching(&[secret], image, self.install_key).unwrap_or_default();
            // The same login under another name tells nothing new.
            for mut found in
                matching.into_iter().filter(|found| identities.insert(found.login.identity.clone()))
            {
                found.login.of_the_pod = false;
                found.login.used_by.clone_from(&user);
                held.logins.candidates.push(found.login.clone());
                held.credentials.push(self.credential(found, image, route));
            }
        }
    }

    fn credential(&self, found: Found, image: &str, route: &Route) -> Credential {
        self.hidden.lock().unwrap_or_else(PoisonError::into_inner).add(&found);
        credential(found, image, route)
    }

    /// What came to be known of secrets.
    pub(crate) fn hidden(self) -> Hidden {
        self.hidden.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    async fn one(&self, namespace: &str, name: &str) -> Arc<SecretRead> {
        let place = (namespace.to_owned(), name.to_owned());
        let mut read = self.read.lock().await;
        if let Some(known) = read.get(&place) {
            return Arc::clone(known);
        }
        let fresh = Arc::new(match self.source {
            SecretSource::Cluster(cluster) => cluster.secret(namespace, name).await,
            SecretSource::Nowhere => SecretRead::Unread(format!(
                "a cluster to read secret {name} from: saved secrets are not used"
            )),
            SecretSource::Refused => {
                SecretRead::Unread(format!("get on secret {name} in namespace {namespace}"))
            }
        });
        read.insert(place, Arc::clone(&fresh));
        fresh
    }

    async fn list(&self, namespace: &str) -> Result<BTreeSet<String>, String> {
        let mut listed = self.listed.lock().await;
        if let Some(known) = listed.get(namespace) {
            return known.clone();
        }
        let names = match self.source {
            SecretSource::Cluster(cluster) => cluster
                .pull_secrets(namespace)
                .await
                .map(|secrets| secrets.into_iter().map(|secret| secret.metadata.name).collect()),
            SecretSource::Nowhere => Err("a cluster to list secrets of".to_owned()),
            SecretSource::Refused => Err(format!("list on secrets in namespace {namespace}")),
        };
        listed.insert(namespace.to_owned(), names.clone());
        names
    }
}

fn secret_of(read: &Arc<SecretRead>) -> Option<&Secret> {
    match read.as_ref() {
        SecretRead::Found(secret) => Some(secret),
        SecretRead::Absent | SecretRead::Unread(_) => None,
    }
}

/// A login with its values, and the hosts of the route that it may go to.
fn credential(found: Found, image: &str, route: &Route) -> Credential {
    let hosts: Vec<Endpoint> = route
        .hosts
        .iter()
        .map(|host| host.endpoint.clone())
        .filter(|endpoint| pullmedic_keyring::may_go_to(&found.key, endpoint, image))
        .collect();
    Credential {
        login: found.login,
        user: found.user,
        password: found.password,
        hosts,
        identity_token: false,
    }
}

/// The pull secrets that ServiceAccounts and workloads of a namespace name, and one that names each: what runs before
/// what was only asked for.
fn used_by(namespace: &str, objects: &Objects) -> BTreeMap<String, Option<String>> {
    let mut users: BTreeMap<String, Option<String>> = BTreeMap::new();
    let mut note = |name: &str, user: String| {
        if !name.is_empty() {
            users.entry(name.to_owned()).or_insert(Some(user));
        }
    };
    for owner in objects.workloads.iter().filter(|owner| owner.metadata.namespace == namespace) {
        // A ReplicaSet or Job says what its own owner says, or said once.
        if owner.metadata.controller().is_some() {
            continue;
        }
        for secret in owner.template().into_iter().flat_map(|template| &template.spec.image_pull_secrets) {
            note(&secret.name, format!("{}/{}", owner.kind, owner.metadata.name));
        }
    }
    for pod in objects.pods.iter().filter(|pod| pod.metadata.namespace == namespace) {
        for secret in &pod.spec.image_pull_secrets {
            note(&secret.name, owner_of(pod, objects));
        }
    }
    for account in objects.accounts.iter().filter(|account| account.metadata.namespace == namespace) {
        for secret in &account.image_pull_secrets {
            note(&secret.name, format!("ServiceAccount/{}", account.metadata.name));
        }
    }
    users
}
