//! Digests, tags and repository names: parsed before any use in a URL or a comparison (security row 7).

use aws_lc_rs::digest::{Context, SHA256, SHA384, SHA512};

/// A digest of known form: `sha256:` and 64 lower-case hexadecimal digits, or sha384 or sha512 with theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Digest {
    algorithm: Algorithm,
    hex: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Algorithm {
    Sha256,
    Sha384,
    Sha512,
}

impl Algorithm {
    const fn code(self) -> &'static str {
        match self {
            Algorithm::Sha256 => "sha256",
            Algorithm::Sha384 => "sha384",
            Algorithm::Sha512 => "sha512",
        }
    }
}

impl Digest {
    /// Reads a digest; `None` when it is none.
    pub(crate) fn parse(text: &str) -> Option<Digest> {
        let (algorithm, hex) = text.split_once(':')?;
        let (algorithm, length) = match algorithm {
            "sha256" => (Algorithm::Sha256, 64),
            "sha384" => (Algorithm::Sha384, 96),
            "sha512" => (Algorithm::Sha512, 128),
            _ => return None,
        };
        let is_hex = hex.len() == length && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        is_hex.then(|| Digest { algorithm, hex: hex.to_owned() })
    }

    /// The tag under which the referrers of the manifest stand where the registry has no API for them: the digest with a
    /// hyphen, cut to what a tag may hold
    /// ([referrers tag schema](https://github.com/opencontainers/distribution-spec/blob/main/spec.md#referrers-tag-schema)).
    pub(crate) fn referrers_tag(&self) -> String {
        format!("{}-{}", self.algorithm.code(), &self.hex[..64])
    }

    /// What computes this kind of digest.
    pub(crate) fn hasher(&self) -> Hasher {
        Hasher::new(self.algorithm)
    }

    /// Whether both are of one algorithm, so that comparing them tells something.
    pub(crate) fn is_comparable(&self, other: &Digest) -> bool {
        self.algorithm == other.algorithm
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.algorithm.code(), self.hex)
    }
}

/// Computes a digest piece by piece.
pub(crate) struct Hasher {
    algorithm: Algorithm,
    context: Context,
}

impl Hasher {
    fn new(algorithm: Algorithm) -> Hasher {
        let context = match algorithm {
            Algorithm::Sha256 => Context::new(&SHA256),
            Algorithm::Sha384 => Context::new(&SHA384),
            Algorithm::Sha512 => Context::new(&SHA512),
        };
        Hasher { algorithm, context }
    }

    /// The one that registries use where nothing names another.
    pub(crate) fn sha256() -> Hasher {
        Hasher::new(Algorithm::Sha256)
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.context.update(bytes);
    }

    pub(crate) fn finish(self) -> Digest {
        let hex = self.context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        Digest { algorithm: self.algorithm, hex }
    }
}

/// What follows `manifests/`: a tag or a digest, of proper form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// A tag.
    Tag(String),
    /// A digest.
    Digest(Digest),
}

impl Wanted {
    /// Reads a tag (`[\w][\w.-]{0,127}` of the
    /// [distribution spec](https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests)) or a
    /// digest; `None` when it is neither.
    pub(crate) fn parse(text: &str) -> Option<Wanted> {
        if text.contains(':') {
            return Digest::parse(text).map(Wanted::Digest);
        }
        let is_word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        let good = (1..=128).contains(&text.len())
            && text.bytes().next().is_some_and(is_word)
            && text.bytes().all(|b| is_word(b) || matches!(b, b'.' | b'-'));
        good.then(|| Wanted::Tag(text.to_owned()))
    }
}

impl std::fmt::Display for Wanted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Wanted::Tag(tag) => f.write_str(tag),
            Wanted::Digest(digest) => digest.fmt(f),
        }
    }
}

/// Whether the text can stand as a repository in a URL: plain segments, none of them a step up, nothing encoded.
pub(crate) fn is_repository(text: &str) -> bool {
    (1..=255).contains(&text.len())
        && text.split('/').all(|segment| {
            !matches!(segment, "" | "." | "..")
                && segment.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn a_digest_has_an_algorithm_and_the_right_number_of_lower_case_digits() {
        assert_eq!(
            Digest::parse(&format!("sha256:{HEX}")).map(|d| d.to_string()),
            Some(format!("sha256:{HEX}"))
        );
        let long = format!("sha256:{}", "a".repeat(1_000_000));
        let upper = format!("sha256:{}", HEX.to_uppercase());
        for text in ["sha256:../../x", "", ":", "sha256:", "sha256:abc", &upper, &long, "md5:0123", HEX] {
            assert_eq!(Digest::parse(text), None, "{:.80}", text);
            assert!(text == HEX || Wanted::parse(text).is_none(), "{:.80}", text);
        }
    }

    #[test]
    fn a_referrers_tag_is_one_that_can_be_asked_for() {
        for (algorithm, length) in [("sha256", 64), ("sha384", 96), ("sha512", 128)] {
            let digest = Digest::parse(&format!("{algorithm}:{}", "a".repeat(length))).expect("a digest");
            let tag = digest.referrers_tag();
            assert_eq!(tag, format!("{algorithm}-{}", "a".repeat(64)));
            assert!(Wanted::parse(&tag).is_some());
        }
    }

    #[test]
    fn computes_the_digest_of_nothing() {
        assert_eq!(Hasher::sha256().finish().to_string(), format!("sha256:{HEX}"));
    }

    #[test]
    fn a_tag_or_repository_cannot_leave_its_place_in_the_url() {
        for text in ["..", "a/b", "a%2fb", "a?b", "a#b", "a b", "-a", ".a", "", "a\n"] {
            assert_eq!(Wanted::parse(text), None, "{text:?}");
        }
        for text in ["a/../b", "..", "a//b", "/a", "a/", "a%2fb", "a?b", "a\r\nb", ""] {
            assert!(!is_repository(text), "{text:?}");
        }
        assert!(is_repository("library/nginx") && is_repository("a_b/c-d.e/f__g"));
        assert_eq!(Wanted::parse("1.25-alpine"), Some(Wanted::Tag("1.25-alpine".to_owned())));
    }
}
