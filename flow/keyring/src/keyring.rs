//! What the kubelet sends for an image, in its order.

use std::fmt;

use pullmedic_model::Reference;
use pullmedic_model::object::Secret;
use pullmedic_model::probe::Login;
use pullmedic_model::probe::login::SecretState;
use secrecy::SecretString;

use crate::config::{self, Malformed, Pair};
use crate::key::{Target, filed};
use crate::login;

/// A login that is sent for an image. `Debug` prints no value of it, and its key only as it may be shown.
#[derive(Clone)]
pub struct Found {
    /// The login, as of the pod's own secrets; who takes it from another sets `of_the_pod` and `used_by`.
    pub login: Login,
    /// The user name; may be empty.
    pub user: SecretString,
    /// The password; may be empty.
    pub password: SecretString,
    /// The key in `auths`, as written: not to be shown (`login.name.key` is).
    pub key: String,
    /// The key as the kubelet files it, which decides the order: `ghcr.io/acme` for `https://ghcr.io/v2/acme`.
    pub filed: String,
}

impl fmt::Debug for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Found").field("login", &self.login).finish_non_exhaustive()
    }
}

/// What the kubelet sends for `image`, in its order, given the pod's secrets in theirs; each is tried until one works.
/// Empty: it asks anonymously, also when the image is no reference and nothing is asked at all.
///
/// All secrets make one keyring. Keys go in reverse order of their bytes as filed, so that of one host the longest path
/// comes first; one key of several secrets in the order of the secrets. Several keys of one secret that are filed alike
/// go in an order that the kubelet leaves to chance; here in that of their bytes.
///
/// A login that is not UTF-8 fails inside the kubelet, which goes on to the next; it is left out here.
///
/// `install_key` makes `login.identity`.
///
/// # Errors
/// One malformed secret fails the whole keyring. So does, for this image, a match that is not UTF-8 and the only one.
pub fn matching(secrets: &[&Secret], image: &str, install_key: &[u8]) -> Result<Vec<Found>, Malformed> {
    let mut all = Vec::new();
    for (order, secret) in secrets.iter().enumerate() {
        for (key, pair) in config::decode(secret)?.unwrap_or_default() {
            if let Some(filed) = filed(&key) {
                all.push(Candidate { filed, order, key, pair, secret });
            }
        }
    }
    let Ok(reference) = Reference::parse(image) else { return Ok(Vec::new()) };
    all.sort_by(|a, b| b.filed.cmp(&a.filed).then(a.order.cmp(&b.order)));
    let matched = of_target(all, &Target::new(&reference.name()), |candidate| &candidate.filed);
    let mut unsendable = None;
    let found = matched.into_iter().filter_map(|candidate| {
        let Candidate { filed, key, pair, secret, .. } = candidate;
        let Some((user, password)) = pair.texts() else {
            unsendable.get_or_insert_with(|| config::not_utf8(secret, &key));
            return None;
        };
        let name = login::name(secret, &key);
        let login = login::login(name, &user, &password, &reference.host, install_key);
        Some(Found { login, user, password, key, filed: String::from_utf8_lossy(&filed).into_owned() })
    });
    let found = found.collect::<Vec<_>>();
    match unsendable {
        Some(malformed) if found.is_empty() => Err(malformed),
        _ => Ok(found),
    }
}

/// The logins under keys that nearly match `image` (`SecretState::Near`): what a fix of the key would send. The kubelet
/// sends none of them. Empty for a secret that matches, or does not decode.
pub fn nearly_matching(secret: &Secret, image: &str, install_key: &[u8]) -> Vec<Found> {
    let SecretState::Near(near) = crate::near::state(secret, image) else { return Vec::new() };
    let Ok(reference) = Reference::parse(image) else { return Vec::new() };
    let decoded = config::decode(secret).ok().flatten().unwrap_or_default();
    let entries = decoded.into_iter().filter_map(|(key, pair)| {
        let name = login::name(secret, &key);
        if !near.iter().any(|near| near.login == name) {
            return None;
        }
        let (user, password) = pair.texts()?;
        let login = login::login(name, &user, &password, &reference.host, install_key);
        let filed = String::from_utf8_lossy(&filed(&key).unwrap_or_default()).into_owned();
        // Not what the kubelet itself would send, so no mirror is to see it.
        Some(Found { login: Login { of_the_pod: false, ..login }, user, password, key, filed })
    });
    entries.collect()
}

struct Candidate<'a> {
    filed: Vec<u8>,
    order: usize,
    key: String,
    pair: Pair,
    secret: &'a Secret,
}

/// Those of `all` that match; if none does, those that Docker Hub falls back to.
pub(crate) fn of_target<T>(all: Vec<T>, target: &Target, filed: impl Fn(&T) -> &[u8]) -> Vec<T> {
    let (matched, rest): (Vec<T>, Vec<T>) =
        all.into_iter().partition(|item| target.is_matched_by(filed(item)));
    if !matched.is_empty() {
        return matched;
    }
    rest.into_iter().filter(|item| target.falls_back_to(filed(item))).collect()
}
