//! How registries differ in what a refusal means, as data.

mod rows;

use pullmedic_model::Endpoint;
use pullmedic_model::probe::Answer;

/// How one registry product or service answers.
#[derive(Debug)]
pub(crate) struct Dialect {
    /// What sentences call it.
    pub(crate) name: &'static str,
    /// Hosts: a whole name, or `.suffix`.
    hosts: &'static [&'static str],
    /// A header and a part of its value that give it away, in lower case.
    headers: &'static [(&'static str, &'static str)],
    /// A part of a challenge's realm or service that gives it away.
    realms: &'static [&'static str],
    /// Whether it answers absent and hidden alike.
    pub(crate) hides: bool,
    /// Whether its `404` is never used to hide: who gets one may see.
    pub(crate) never_hides_by_404: bool,
    /// Whether what the token grants is all that it judges by: who holds a token for a name, and gets 404, may see it.
    pub(crate) judges_by_token_alone: bool,
    /// Whether provider plugins of nodes are known to serve it.
    pub(crate) node_credentials: bool,
    /// Whether a `GET` of a manifest is counted against a limit.
    pub(crate) metered: bool,
    /// Whether its token service refuses a login that is good and lacks a right, as it refuses a bad one.
    pub(crate) token_judges_rights: bool,
    /// Whether it manages remote repositories under the same names as its own, so that nothing tells them apart.
    pub(crate) caches: bool,
}

/// The dialect of a host by its name; `None` when its name tells nothing.
pub(crate) fn of_host(endpoint: &Endpoint) -> Option<&'static Dialect> {
    let host = endpoint.as_str();
    rows::DIALECTS.iter().find(|dialect| dialect.hosts.iter().any(|pattern| matches(pattern, host)))
}

/// The dialect that an answer gives away; `None` when it gives none away.
pub(crate) fn of_answer(answer: &Answer) -> Option<&'static Dialect> {
    rows::DIALECTS.iter().find(|dialect| {
        let by_header = dialect.headers.iter().any(|(name, part)| {
            answer.headers.get(*name).is_some_and(|value| value.to_ascii_lowercase().contains(part))
        });
        let by_realm = answer.challenges.iter().any(|challenge| {
            let spoken = format!("{} {}", challenge.realm, challenge.service).to_ascii_lowercase();
            dialect.realms.iter().any(|part| spoken.contains(part))
        });
        by_header || by_realm
    })
}

/// The mark of a pull-through cache or virtual repository in a path or answer, in words; `None` when there is none.
pub(crate) fn cache_mark(repository: &str, answer: Option<&Answer>) -> Option<String> {
    for (part, what) in rows::CACHE_PATHS {
        if repository.starts_with(part) {
            return Some((*what).to_owned());
        }
    }
    let answer = answer?;
    for (name, parts) in rows::CACHE_HEADERS {
        if let Some(value) = answer.headers.get(*name) {
            let value = value.to_ascii_lowercase();
            if parts.is_empty() || parts.iter().any(|part| value.contains(part)) {
                return Some(format!("the header {name}"));
            }
        }
    }
    let said = answer.errors.iter().find_map(|error| {
        let words = error.message.as_str().to_ascii_lowercase();
        rows::CACHE_WORDS.iter().find(|part| words.contains(**part))
    });
    said.map(|part| format!("the words {part:?}"))
}

/// Whether two endpoints are names of one registry: Docker Hub has three.
pub(crate) fn same_host(a: &Endpoint, b: &Endpoint) -> bool {
    a == b || (is_hub(a) && is_hub(b))
}

fn is_hub(endpoint: &Endpoint) -> bool {
    matches!(endpoint.as_str(), "docker.io" | "index.docker.io" | "registry-1.docker.io")
}

fn matches(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix('.') {
        Some(suffix) => host.strip_suffix(suffix).is_some_and(|rest| rest.ends_with('.')),
        None => host == pattern,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suffix_is_a_whole_label() {
        for (host, name) in [
            ("quay.io", Some("Quay")),
            ("notquay.io", None),
            ("acme.azurecr.io", Some("Azure Container Registry")),
            ("123456789012.dkr.ecr.eu-west-1.amazonaws.com", Some("Amazon ECR")),
            ("registry-1.docker.io", Some("Docker Hub")),
            ("registry.acme.test", None),
        ] {
            let endpoint = Endpoint::parse(host).unwrap();
            assert_eq!(of_host(&endpoint).map(|dialect| dialect.name), name, "{host}");
        }
    }
}
