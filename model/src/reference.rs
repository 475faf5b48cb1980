//! An image string taken apart.
//!
//! The grammar and the normalisation are those of the distribution project, which kubelet and runtimes use:
//! <https://github.com/distribution/reference/blob/v0.6.0/reference.go> and `normalize.go` beside it.

use std::fmt;

/// The host that an image without one is pulled from.
pub const DEFAULT_HOST: &str = "docker.io";

/// The longest repository that the grammar allows, its host left out:
/// <https://github.com/distribution/reference/blob/v0.6.0/reference.go> (`RepositoryNameTotalLengthMax`).
const LONGEST_NAME: usize = 255;
/// The longest tag.
const LONGEST_TAG: usize = 128;
/// The length in hexadecimal digits of the digests that runtimes accept.
const DIGESTS: [(&str, usize); 3] = [("sha256", 64), ("sha384", 96), ("sha512", 128)];

/// A valid image reference, normalised: it has a host, and Docker Hub's official images have `library/`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    /// Host, with its port if one is written.
    pub host: String,
    /// Repository on that host.
    pub repository: String,
    /// Tag; `None` when none is written (the kubelet takes `latest`, unless there is a digest).
    pub tag: Option<String>,
    /// Digest, as `algorithm:hex`; `None` when none is written.
    pub digest: Option<String>,
}

/// Why an image string does not parse, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem} at character {}", .position + 1)]
pub struct InvalidReference {
    /// What is wrong.
    pub problem: Problem,
    /// Where it begins, in characters from 0.
    pub position: usize,
    /// Strings that parse and differ in this one thing, best first; empty when what was meant can't be known.
    pub candidates: Vec<String>,
}

/// What can be wrong with an image string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Nothing is written.
    #[error("the image is empty")]
    Empty,
    /// White space before, after or inside.
    #[error("white space")]
    WhiteSpace,
    /// `https://` and its like.
    #[error("a URL scheme, which an image name does not have,")]
    Scheme,
    /// Upper case in the repository.
    #[error("an upper-case letter in the repository name")]
    UpperCase,
    /// A second colon.
    #[error("a second tag")]
    SecondTag,
    /// A tag with a character that tags cannot hold, or too long or empty.
    #[error("a malformed tag")]
    Tag,
    /// A digest of an unknown algorithm, or not as long as its algorithm wants, or not in lower-case hexadecimal.
    #[error("a malformed digest")]
    Digest,
    /// A repository name with an empty part or a character that names cannot hold.
    #[error("a malformed repository name")]
    Name,
    /// A host with a character or port that hosts cannot hold.
    #[error("a malformed host")]
    Host,
    /// 64 hexadecimal digits, which would be taken for an image's identity.
    #[error("a name of 64 hexadecimal digits, which would be taken for an image's identity,")]
    Identity,
    /// Past 255 characters.
    #[error("a name past 255 characters")]
    TooLong,
    /// A template that nobody filled in: `$TAG`, `{{ .Values.tag }}`, `<tag>`.
    #[error("a placeholder that was not filled in")]
    Placeholder,
}

impl Reference {
    /// Reads an image string as the kubelet does.
    ///
    /// # Errors
    /// What is wrong, where it begins, and what was probably meant.
    pub fn parse(text: &str) -> Result<Reference, InvalidReference> {
        parse(text).map_err(|(problem, at)| InvalidReference {
            problem,
            position: text.get(..at).map_or(0, |before| before.chars().count()),
            candidates: candidates(text, problem, at),
        })
    }

    /// The host and repository, without tag or digest.
    pub fn name(&self) -> String {
        format!("{}/{}", self.host, self.repository)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.host, self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        match &self.digest {
            Some(digest) => write!(f, "@{digest}"),
            None => Ok(()),
        }
    }
}

fn parse(text: &str) -> Result<Reference, (Problem, usize)> {
    if text.is_empty() {
        return Err((Problem::Empty, 0));
    }
    if let Some(at) = text.find(['$', '{', '<', '%']) {
        return Err((Problem::Placeholder, at));
    }
    if let Some(at) = text.find(char::is_whitespace) {
        return Err((Problem::WhiteSpace, at));
    }
    if text.contains("://") {
        return Err((Problem::Scheme, 0));
    }
    let (rest, digest) = match text.split_once('@') {
        Some((rest, digest)) => {
            check_digest(digest).map_err(|at| (Problem::Digest, rest.len() + 1 + at))?;
            (rest, Some(digest.to_owned()))
        }
        None => (text, None),
    };
    let (host, remote_at) = split_host(rest);
    let remote = &rest[remote_at..];
    let (repository, tag) = match remote.split_once(':') {
        Some((repository, tag)) => {
            let at = remote_at + repository.len() + 1;
            if let Some(second) = tag.find(':') {
                return Err((Problem::SecondTag, at + second));
            }
            check_tag(tag).map_err(|bad| (Problem::Tag, at + bad))?;
            (repository, Some(tag.to_owned()))
        }
        None => (remote, None),
    };
    if let Some(host) = host {
        check_host(host).map_err(|at| (Problem::Host, at))?;
    }
    check_repository(repository).map_err(|(problem, at)| (problem, remote_at + at))?;
    // Only where nothing else stands: `anchoredIdentifierRegexp` is held against the whole text.
    if repository.len() == 64 && repository == text && repository.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err((Problem::Identity, 0));
    }
    let (host, repository) = match host {
        None | Some("docker.io" | "index.docker.io") => {
            let library = if repository.contains('/') { "" } else { "library/" };
            (DEFAULT_HOST.to_owned(), format!("{library}{repository}"))
        }
        Some(host) => (host.to_owned(), repository.to_owned()),
    };
    if repository.len() > LONGEST_NAME {
        return Err((Problem::TooLong, 0));
    }
    Ok(Reference { host, repository, tag, digest })
}

/// The host, and where the rest begins. The first part is a host when it has a dot or a colon, is `localhost`, or has
/// an upper-case letter (no repository may).
fn split_host(text: &str) -> (Option<&str>, usize) {
    match text.split_once('/') {
        Some((first, _))
            if first.contains(['.', ':'])
                || first == "localhost"
                || first.bytes().any(|b| b.is_ascii_uppercase()) =>
        {
            (Some(first), first.len() + 1)
        }
        _ => (None, 0),
    }
}

fn check_host(host: &str) -> Result<(), usize> {
    let name = match host.strip_prefix('[') {
        Some(rest) => {
            let (address, tail) = rest.split_once(']').ok_or(0usize)?;
            if address.is_empty() || !address.bytes().all(|b| b.is_ascii_hexdigit() || b == b':') {
                return Err(1);
            }
            if !tail.is_empty() && !tail.strip_prefix(':').is_some_and(is_port) {
                return Err(address.len() + 2);
            }
            return Ok(());
        }
        None => match host.split_once(':') {
            Some((name, port)) if is_port(port) => name,
            Some((name, _)) => return Err(name.len() + 1),
            None => host,
        },
    };
    let mut at = 0;
    for label in name.split('.') {
        let bytes = label.as_bytes();
        let edges = [bytes.first(), bytes.last()];
        let bad = bytes.iter().position(|&b| !(b.is_ascii_alphanumeric() || b == b'-'));
        if let Some(bad) = bad {
            return Err(at + bad);
        }
        if edges.iter().any(|edge| edge.is_none_or(|&b| b == b'-')) {
            return Err(at);
        }
        at += label.len() + 1;
    }
    Ok(())
}

fn is_port(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn check_repository(repository: &str) -> Result<(), (Problem, usize)> {
    let mut at = 0;
    for part in repository.split('/') {
        if let Some(upper) = part.bytes().position(|b| b.is_ascii_uppercase()) {
            return Err((Problem::UpperCase, at + upper));
        }
        check_part(part).map_err(|bad| (Problem::Name, at + bad))?;
        at += part.len() + 1;
    }
    Ok(())
}

/// Letters and digits, separated by one dot, one or two underscores, or any number of dashes.
fn check_part(part: &str) -> Result<(), usize> {
    let bytes = part.as_bytes();
    let alphanumeric = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    if let Some(bad) = bytes.iter().position(|b| !alphanumeric(b) && !matches!(b, b'.' | b'_' | b'-')) {
        return Err(bad);
    }
    if !bytes.first().is_some_and(alphanumeric) {
        return Err(0);
    }
    if !bytes.last().is_some_and(alphanumeric) {
        return Err(part.len() - 1);
    }
    let mut at = 0;
    for separator in part.split(|c: char| c.is_ascii_alphanumeric()) {
        let allowed = matches!(separator, "" | "." | "_" | "__") || separator.bytes().all(|b| b == b'-');
        if !allowed {
            return Err(at);
        }
        at += separator.len() + 1;
    }
    Ok(())
}

fn check_tag(tag: &str) -> Result<(), usize> {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    if let Some(bad) = tag.bytes().position(|b| !word(b) && !matches!(b, b'.' | b'-')) {
        return Err(bad);
    }
    if tag.len() > LONGEST_TAG {
        return Err(LONGEST_TAG);
    }
    if tag.bytes().next().is_some_and(word) { Ok(()) } else { Err(0) }
}

fn check_digest(digest: &str) -> Result<(), usize> {
    let (algorithm, hex) = digest.split_once(':').ok_or(0usize)?;
    let &(_, length) = DIGESTS.iter().find(|(name, _)| *name == algorithm).ok_or(0usize)?;
    let at = algorithm.len() + 1;
    if let Some(bad) = hex.bytes().position(|b| !matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return Err(at + bad);
    }
    if hex.len() == length { Ok(()) } else { Err(at + hex.len().min(length)) }
}

/// What was probably meant: each parses, and differs from `text` in the one thing that was wrong.
fn candidates(text: &str, problem: Problem, at: usize) -> Vec<String> {
    let guesses: Vec<String> = match problem {
        Problem::WhiteSpace => vec![text.trim().to_owned()],
        Problem::Scheme => text
            .split_once("://")
            .map(|(_, rest)| rest.trim_end_matches('/').to_owned())
            .into_iter()
            .collect(),
        Problem::UpperCase => {
            let (_, from) = split_host(text);
            let to = text[from..].find([':', '@']).map_or(text.len(), |end| from + end);
            vec![format!("{}{}{}", &text[..from], text[from..to].to_ascii_lowercase(), &text[to..])]
        }
        Problem::SecondTag => {
            let (kept, dropped) = text.split_at(at);
            let name = kept.rsplit_once(':').map_or(kept, |(name, _)| name);
            vec![kept.to_owned(), format!("{name}{dropped}")]
        }
        Problem::Tag => match text[..at].rfind(':') {
            Some(colon) if text[colon + 1..].is_empty() => vec![text[..colon].to_owned()],
            _ => Vec::new(),
        },
        // Dropping a digest would run other content than was asked for; only a person can say which digest was meant.
        Problem::Digest
        | Problem::Empty
        | Problem::Name
        | Problem::Host
        | Problem::Identity
        | Problem::TooLong
        | Problem::Placeholder => Vec::new(),
    };
    guesses.into_iter().filter(|guess| parse(guess).is_ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> (String, String, Option<String>, bool) {
        let reference = Reference::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        (reference.host, reference.repository, reference.tag, reference.digest.is_some())
    }

    #[test]
    fn a_host_is_told_from_a_repository_by_dot_colon_localhost_or_case() {
        let digest = format!("app@sha256:{}", "a".repeat(64));
        for (text, host, repository, tag, has_digest) in [
            ("nginx", "docker.io", "library/nginx", None, false),
            ("team/app:1", "docker.io", "team/app", Some("1"), false),
            ("index.docker.io/nginx:1.2", "docker.io", "library/nginx", Some("1.2"), false),
            ("registry:5000/team/app", "registry:5000", "team/app", None, false),
            ("localhost/app:v1", "localhost", "app", Some("v1"), false),
            ("[fd00::1]:5000/app:v1", "[fd00::1]:5000", "app", Some("v1"), false),
            (
                "registry.example.com/a-b/c__d.e:V1_x",
                "registry.example.com",
                "a-b/c__d.e",
                Some("V1_x"),
                false,
            ),
            ("Host/app:1", "Host", "app", Some("1"), false),
            (&digest, "docker.io", "library/app", None, true),
        ] {
            assert_eq!(
                parts(text),
                (host.into(), repository.into(), tag.map(Into::into), has_digest),
                "{text}"
            );
        }
    }

    #[test]
    fn port_is_not_a_tag() {
        assert_eq!(parts("registry.example.com:5000/app").2, None);
    }

    #[test]
    fn says_where_it_is_wrong_and_what_was_meant() {
        for (text, problem, position, candidates) in [
            ("", Problem::Empty, 0, vec![]),
            (" nginx:1 ", Problem::WhiteSpace, 0, vec!["nginx:1"]),
            ("ngi nx", Problem::WhiteSpace, 3, vec![]),
            ("https://registry.example.com/app:1", Problem::Scheme, 0, vec!["registry.example.com/app:1"]),
            ("registry:5000/team/App:1", Problem::UpperCase, 19, vec!["registry:5000/team/app:1"]),
            ("nginx:v1:2", Problem::SecondTag, 8, vec!["nginx:v1", "nginx:2"]),
            ("nginx:", Problem::Tag, 6, vec!["nginx"]),
            ("nginx:-x", Problem::Tag, 6, vec![]),
            ("nginx:a+b", Problem::Tag, 7, vec![]),
            ("app@sha256:abc", Problem::Digest, 14, vec![]),
            ("app@md5:abc", Problem::Digest, 4, vec![]),
            ("a..b:1", Problem::Name, 1, vec![]),
            ("a//b", Problem::Name, 2, vec![]),
            ("team/app/", Problem::Name, 9, vec![]),
            ("host.example.com:port/app", Problem::Host, 17, vec![]),
            ("-host.example.com/app", Problem::Host, 0, vec![]),
            ("app:${TAG}", Problem::Placeholder, 4, vec![]),
            ("app:{{ .Values.tag }}", Problem::Placeholder, 4, vec![]),
        ] {
            let error = Reference::parse(text).expect_err(text);
            assert_eq!((error.problem, error.position), (problem, position), "{text}");
            assert_eq!(error.candidates, candidates, "{text}");
        }
        assert!(Reference::parse(&"a".repeat(64)).is_err());
        assert!(Reference::parse(&format!("{}:1", "a".repeat(64))).is_ok());
        assert!(Reference::parse(&format!("ghcr.io/{}", "a".repeat(250))).is_ok());
        assert!(Reference::parse(&format!("example.com/{}", "a/".repeat(200))).is_err());
    }

    proptest::proptest! {
        #[test]
        fn never_panics_and_what_it_writes_reads_back(text in "\\PC{0,80}") {
            if let Ok(reference) = Reference::parse(&text) {
                proptest::prop_assert_eq!(Reference::parse(&reference.to_string()), Ok(reference));
            }
        }
    }
}
