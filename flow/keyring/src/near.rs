//! How one secret stands toward an image, and to which hosts its logins may be sent.

use pullmedic_model::object::Secret;
use pullmedic_model::probe::login::{KeyDiffers, NearKey, SecretState};
use pullmedic_model::{Endpoint, Reference};

use crate::key::{Target, filed, labels_match};
use crate::keyring::of_target;
use crate::{config, login, mend};

/// The key that `kubectl create secret docker-registry` writes for Docker Hub.
const HUB_KEY: &str = "https://index.docker.io/v1/";

/// The host of Docker Hub in an image's name.
const HUB: &str = "docker.io";

/// Hosts by which people name Docker Hub. The kubelet matches the first, and falls back to the second.
const HUB_NAMES: [&str; 5] =
    ["docker.io", "index.docker.io", "registry-1.docker.io", "hub.docker.com", "registry.hub.docker.com"];

/// Hosts at which Docker Hub's registry answers; `registry-1.docker.io` is the one that runtimes ask.
const HUB_ENDPOINTS: [&str; 3] = ["registry-1.docker.io", "index.docker.io", "docker.io"];

/// How a secret, taken alone, stands toward an image. In a pod, what its other secrets hold can still take
/// Docker Hub's fall-back from it. A secret of the right type without data is one without entries.
pub fn state(secret: &Secret, image: &str) -> SecretState {
    if config::Form::of(secret).is_none() {
        return of_other_type(secret, image);
    }
    let entries = match config::decode(secret) {
        Ok(entries) => entries.unwrap_or_default(),
        Err(malformed) => {
            let mend = mend::only_defect(secret, &malformed.path);
            return SecretState::Malformed { path: malformed.path, defect: malformed.defect, mend };
        }
    };
    let Ok(reference) = Reference::parse(image) else { return SecretState::OtherHosts };
    let mut keys =
        entries.keys().filter_map(|key| Some((filed(key)?, key.as_str()))).collect::<Vec<(Vec<u8>, &str)>>();
    keys.sort_by(|a, b| b.0.cmp(&a.0));
    let target = Target::new(&reference.name());
    let matched = of_target(keys, &target, |(filed, _)| filed);
    if !matched.is_empty() {
        return SecretState::Matches(matched.iter().map(|(_, key)| login::name(secret, key)).collect());
    }
    let near = entries
        .keys()
        .filter_map(|key| {
            let (differs, should_be) = near(key, &reference.host, &target)?;
            Some(NearKey { login: login::name(secret, key), differs, should_be })
        })
        .collect::<Vec<_>>();
    if near.is_empty() { SecretState::OtherHosts } else { SecretState::Near(near) }
}

/// A secret that the kubelet passes over for its type: whether that is all that is wrong with it.
fn of_other_type(secret: &Secret, image: &str) -> SecretState {
    let typed = Secret { kind: "kubernetes.io/dockerconfigjson".to_owned(), ..secret.clone() };
    match state(&typed, image) {
        SecretState::Matches(_) => SecretState::MatchesUnderOtherType(secret.kind.clone()),
        SecretState::Absent
        | SecretState::Unread { .. }
        | SecretState::OtherType(_)
        | SecretState::MatchesUnderOtherType(_)
        | SecretState::Malformed { .. }
        | SecretState::Near(_)
        | SecretState::OtherHosts => SecretState::OtherType(secret.kind.clone()),
    }
}

/// Whether a login may be sent to `endpoint` for `image`: the endpoint is the image's own registry, and the login's key
/// as written matches the image by the kubelet's rules or at least names that host and port. Docker Hub's names are one,
/// port 443 is no port, and a path does not hold a login back: the trial that proves a wrong path goes to the host that
/// the key names. Never true for a mirror or a token realm, which have rules of their own.
pub fn may_go_to(key: &str, endpoint: &Endpoint, image: &str) -> bool {
    let Ok(reference) = Reference::parse(image) else { return false };
    let host = reference.host.as_str();
    let is_own = if host == HUB {
        HUB_ENDPOINTS.contains(&endpoint.as_str())
    } else {
        Endpoint::parse(host).is_ok_and(|own| own == *endpoint)
    };
    if !is_own {
        return false;
    }
    let target = Target::new(&reference.name());
    if filed(key).is_some_and(|filed| target.is_served_by(&filed)) {
        return true;
    }
    let (written, image) = (Loose::read(key), Loose::read(host));
    written.port() == image.port() && written.names(&image)
}

/// Where a key that does not match differs, and the key that would; `None` when it names another host, and for the
/// IPv6 address without a port, whose brackets the kubelet reads as a pattern that no address matches.
fn near(key: &str, host: &str, target: &Target) -> Option<(KeyDiffers, String)> {
    let (written, image) = (Loose::read(key), Loose::read(host));
    let should_be = if host == HUB { HUB_KEY.to_owned() } else { host.to_owned() };
    if !filed(&should_be).is_some_and(|filed| target.is_served_by(&filed)) {
        return None;
    }
    let differs = if written.names(&image) {
        let kubelets = HUB_NAMES[..2].contains(&written.host.as_str());
        if written.port != image.port {
            KeyDiffers::Port
        } else if !written.is_spelt {
            KeyDiffers::Spelling
        } else if written.host != image.host && image.is_hub() && !(host == HUB && kubelets) {
            KeyDiffers::Alias
        } else {
            KeyDiffers::Path
        }
    } else if written.spans(&image) {
        KeyDiffers::Glob
    } else {
        return None;
    };
    Some((differs, should_be))
}

/// A key or host as a person reads it.
struct Loose {
    /// In lower case, without port.
    host: String,
    /// The text behind the colon; `None`: no colon.
    port: Option<String>,
    /// Whether the kubelet reads the same host out of it.
    is_spelt: bool,
}

impl Loose {
    fn read(key: &str) -> Loose {
        let trimmed = key.trim();
        let (scheme, rest) = trimmed.split_once("://").map_or(("", trimmed), |(scheme, rest)| (scheme, rest));
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let authority = authority.rsplit('@').next().unwrap_or_default();
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, Some(port.to_owned())),
            _ => (authority, None),
        };
        let is_spelt = trimmed.len() == key.len()
            && matches!(scheme, "" | "http" | "https")
            && !host.contains(|letter: char| letter.is_ascii_uppercase() || letter.is_whitespace());
        Loose { host: host.trim().to_ascii_lowercase(), port, is_spelt }
    }

    fn is_hub(&self) -> bool {
        HUB_NAMES.contains(&self.host.as_str())
    }

    /// The port without the one that HTTPS has anyway.
    fn port(&self) -> Option<&str> {
        self.port.as_deref().filter(|port| *port != "443")
    }

    /// Whether it is a name of, or a pattern for, the host of an image.
    fn names(&self, image: &Loose) -> bool {
        (self.is_hub() && image.is_hub()) || labels_match(self.host.as_bytes(), image.host.as_bytes())
    }

    /// Whether it is a pattern that ends in a domain of at least two labels, which the host of an image is or is in.
    fn spans(&self, image: &Loose) -> bool {
        let Some(last) = self.host.rfind(['*', '?', ']']) else { return false };
        let Some((_, domain)) = self.host[last..].split_once('.') else { return false };
        let before = image.host.strip_suffix(domain);
        domain.contains('.') && before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
    }
}
