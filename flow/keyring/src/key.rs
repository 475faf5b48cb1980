//! What a key is filed under, and which images it matches.
//!
//! <https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/credentialprovider/keyring.go>: `Add`, `URLsMatch`,
//! `Lookup`.

use crate::glob;
use crate::url::{self, Url};

/// The key as filed that serves Docker Hub when no other key matches.
const DEFAULT: &[u8] = b"index.docker.io";

/// What a key as written is filed under: without scheme, user, query, a leading `/v1` or `/v2` that has a slash behind
/// it, and a lone slash. `None`: it is no URL, and the kubelet passes over the entry, with a line in its log.
pub(crate) fn filed(key: &str) -> Option<Vec<u8>> {
    let rest = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://")).unwrap_or(key);
    let Url { mut host, path } = url::parse(rest.as_bytes())?;
    let is_version = path.starts_with(b"/v1/") || path.starts_with(b"/v2/");
    let path = if is_version { &path[3..] } else { &path[..] };
    if path != b"/" {
        host.extend_from_slice(path);
    }
    Some(host)
}

/// An image as the keyring is asked for it.
pub(crate) struct Target {
    url: Option<Url>,
    is_default: bool,
}

impl Target {
    /// `name` is host and repository without tag: `docker.io/library/nginx`.
    pub(crate) fn new(name: &str) -> Target {
        let first = name.split('/').next().unwrap_or_default();
        Target { url: url::parse(name.as_bytes()), is_default: is_default(first) }
    }

    /// Whether a key as filed matches: same port as text, same number of labels, each label by its pattern, and the
    /// path a prefix of the image's, wherever it ends.
    pub(crate) fn is_matched_by(&self, filed: &[u8]) -> bool {
        // Filed keys are read as URLs once more: what an escape stood for may mean something now.
        let (Some(key), Some(target)) = (url::parse(filed), &self.url) else { return false };
        target.path.starts_with(&key.path) && host_matches(&key.host, &target.host)
    }

    /// Whether a key as filed, alone in its keyring, serves the image.
    pub(crate) fn is_served_by(&self, filed: &[u8]) -> bool {
        self.is_matched_by(filed) || self.falls_back_to(filed)
    }

    /// Whether a key as filed serves the image where no key matches it.
    pub(crate) fn falls_back_to(&self, filed: &[u8]) -> bool {
        self.is_default && filed == DEFAULT
    }
}

/// Whether the pattern of a host with its port matches a host with its port.
pub(crate) fn host_matches(pattern: &[u8], host: &[u8]) -> bool {
    let (pattern, pattern_port) = url::split_port(pattern);
    let (host, port) = url::split_port(host);
    pattern_port == port && labels_match(pattern, host)
}

/// Whether the pattern of a host matches a host, label by label.
pub(crate) fn labels_match(pattern: &[u8], host: &[u8]) -> bool {
    let mut labels = host.split(|&byte| byte == b'.');
    let mut patterns = pattern.split(|&byte| byte == b'.');
    loop {
        match (patterns.next(), labels.next()) {
            (None, None) => return true,
            (Some(pattern), Some(label)) if glob::matches(pattern, label) => {}
            _ => return false,
        }
    }
}

/// Whether the kubelet takes the host of an image for Docker Hub: also `localhost`, and any first part without a dot or
/// colon.
fn is_default(host: &str) -> bool {
    host == "docker.io" || host == "index.docker.io" || (!host.is_empty() && !host.contains(['.', ':']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_filed_without_what_the_kubelet_drops() {
        for (key, expected) in [
            ("reg.test", Some("reg.test")),
            ("https://reg.test:5000/", Some("reg.test:5000")),
            ("http://reg.test/v1/", Some("reg.test")),
            ("reg.test/v2/team", Some("reg.test/team")),
            ("reg.test/v2/v2/team", Some("reg.test/v2/team")),
            ("reg.test/v2", Some("reg.test/v2")),
            ("reg.test/te%61m?a#b", Some("reg.test/team")),
            ("u:p@reg.test", Some("reg.test")),
            ("u@x@reg.test", Some("reg.test")),
            ("HTTPS://reg.test", Some("HTTPS://reg.test")),
            ("[::1]:5000", Some("[::1]:5000")),
            ("*.test:5000", Some("*.test:5000")),
            ("", Some("")),
            ("reg.test:x", None),
            ("reg.test:1:2", None),
            ("reg.test\n", None),
            ("reg.test ", None),
            ("r%65g.test", None),
            ("reg.test/%zz", None),
            ("reg.test/#%zz", None),
            ("u<p@reg.test", None),
            ("r[a]g.test", None),
            ("[1.2.3.4]", None),
        ] {
            assert_eq!(filed(key).as_deref(), expected.map(str::as_bytes), "{key:?}");
        }
    }
}
