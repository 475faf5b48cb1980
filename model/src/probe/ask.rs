//! One request to make.

use serde::{Deserialize, Serialize};

use super::login::LoginName;
use super::route::Host;

/// One request, from name to answer. Its stages are walked as the runtime walks them: name, connect, tls, the request
/// without a login, the token or login that the challenge wants, the request again.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ask {
    /// The host it goes to.
    pub host: Host,
    /// The repository as it stands in the URL: `library/nginx`. Empty for [`What::Ping`], [`What::Catalog`] and
    /// [`What::Name`].
    pub repository: String,
    /// What is asked for.
    pub what: What,
    /// The login that is used where the answer asks for one; `None`: anonymously.
    pub login: Option<LoginName>,
    /// How often this very request was made before: it is made anew, on a connection of its own, whatever an earlier
    /// answer was. 0: an answer that is kept will do.
    #[serde(default, skip_serializing_if = "is_first")]
    pub again: u8,
}

impl Ask {
    /// The same request, made for another time.
    pub fn once_more(&self, again: u8) -> Ask {
        Ask { again, ..self.clone() }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde wants")]
const fn is_first(again: &u8) -> bool {
    *again == 0
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// Addresses of the host only; nothing is dialled.
    Name,
    /// `GET /v2/`, with a login where one is given.
    Ping,
    /// `HEAD` of a manifest, as the runtime resolves it; by tag or digest, with the runtime's Accept list. A `405`, or a
    /// `200` without a digest or length, becomes a `GET`, as containerd does it; and a digest that is 404 is asked for
    /// among the blobs, where the runtime is containerd.
    ManifestHead(String),
    /// `GET` of a manifest by tag or digest: for its body, or for the body of its refusal.
    Manifest(String),
    /// `GET` of the image config, by digest.
    Config(String),
    /// `HEAD` of a blob, by digest; redirects are followed.
    BlobHead(String),
    /// `GET` of a blob by digest, streamed through its hash and thrown away; capped.
    Blob(String),
    /// The tags of the repository, capped.
    Tags,
    /// The repositories of the host, capped.
    Catalog,
    /// What refers to a manifest (signatures, SBOMs), by the manifest's digest; capped. Where the host has no such API
    /// (404), the index under the tag that stands for it
    /// ([referrers tag schema](https://github.com/opencontainers/distribution-spec/blob/main/spec.md#referrers-tag-schema)).
    Referrers(String),
}
