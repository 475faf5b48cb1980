//! Pull secrets, read by name under the user's own rights.

use pullmedic_model::object::Secret;
use serde_json::Value;

use crate::cluster::Cluster;
use crate::counts::Verb;
use crate::failure::Failure;
use crate::request::Ask;
use crate::resource::{SECRETS, is_name};

/// The types of secret that the kubelet reads, as a field selector takes them:
/// <https://github.com/kubernetes/kubernetes/blob/v1.35.0/pkg/credentialprovider/secrets/secrets.go>.
const TYPES: [&str; 2] = ["kubernetes.io/dockerconfigjson", "kubernetes.io/dockercfg"];

/// What became of reading one secret.
#[derive(Debug)]
pub enum SecretRead {
    /// It is there.
    Found(Box<Secret>),
    /// It is not there.
    Absent,
    /// It could not be read: the right that would buy it, or what went wrong. Never a value.
    Unread(String),
}

impl Cluster {
    /// Reads one secret by name.
    pub async fn secret(&self, namespace: &str, name: &str) -> SecretRead {
        if !is_name(namespace) || !is_name(name) {
            // The API server accepts no such name, so nothing has it.
            return SecretRead::Absent;
        }
        match self.api.get(&SECRETS.one(namespace, name)).await {
            Ok(text) => match Secret::decode(&text) {
                Ok(secret) => SecretRead::Found(Box::new(secret)),
                Err(error) => SecretRead::Unread(format!("secret {name} does not decode: {error}")),
            },
            Err(Failure::NotFound) => SecretRead::Absent,
            Err(Failure::Forbidden { .. }) => {
                SecretRead::Unread(format!("get on secret {name} in namespace {namespace}"))
            }
            Err(failure) => SecretRead::Unread(failure.in_one_line()),
        }
    }

    /// Lists the pull secrets of a namespace (`--search-secrets`).
    ///
    /// # Errors
    /// The right that would buy it, or what went wrong.
    pub async fn pull_secrets(&self, namespace: &str) -> Result<Vec<Secret>, String> {
        if !is_name(namespace) {
            return Err(format!("{namespace:?} cannot be the name of a namespace"));
        }
        let mut found = Vec::new();
        for kind in TYPES {
            let path = format!("{}?fieldSelector=type%3D{kind}&limit=500", SECRETS.path(Some(namespace)));
            let text =
                self.api.text(&Ask::get(Verb::List, &path)).await.map_err(|failure| match failure {
                    Failure::Forbidden { .. } => format!("list on secrets in namespace {namespace}"),
                    failure => failure.in_one_line(),
                })?;
            let list: Value =
                serde_json::from_str(&text).map_err(|_| "the list of secrets is not JSON".to_owned())?;
            let Value::Object(mut list) = list else { continue };
            let Some(Value::Array(items)) = list.remove("items") else { continue };
            // One that does not decode costs only itself; what the kubelet would make of it is the keyring's to say.
            found.extend(items.into_iter().filter_map(|item| Secret::from_value(item).ok()));
        }
        Ok(found)
    }
}
