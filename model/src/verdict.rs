//! What is held of a container, and on what ground.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::finding::{FindingState, Observation, Rival, Standing};
use crate::probe::LoginName;
use crate::probe::manifest::Platform;
use crate::{Cause, Certainty, Clears, Endpoint, Stage};

/// What is held of one container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The cause; of an undecided verdict its best survivor.
    pub cause: Cause,
    /// The cause inside [`Cause::SandboxImage`]; `None` for every other.
    pub inner: Option<Cause>,
    /// Further faults of the same pull.
    pub also: Vec<Cause>,
    /// How sure.
    pub certainty: Certainty,
    /// The other causes that were considered, best first.
    pub rivals: Vec<Rival>,
    /// The stage that failed.
    pub stage: Option<Stage>,
    /// The host and port that the stage spoke to.
    pub endpoint: Option<Endpoint>,
    /// Whether it clears by itself.
    pub clears: Option<Clears>,
    /// The HTTP status.
    pub status: Option<u16>,
    /// Whether it lasts.
    pub state: FindingState,
    /// One sentence: what happened; `None`: the sentence that the words give.
    pub summary: Option<String>,
    /// The observation that would decide; `None` when proven, or when the words' own answer stands.
    pub missing: Option<String>,
    /// What was seen by asking, in order.
    pub observations: Vec<Observation>,
    /// Of it, what decided.
    pub proof: Vec<Observation>,
    /// The stages up to the first that failed; `None` when nothing was asked.
    pub ladder: Option<Ladder>,
    /// What was found on the way that a fix needs.
    pub evidence: Evidence,
    /// What was not looked at, with what would buy it.
    pub not_looked_at: Vec<String>,
    /// Requests that it took.
    pub requests: u32,
}

/// The stages of the request that decided, up to the first that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Ladder {
    /// When we asked.
    pub at: Timestamp,
    /// Whom.
    pub endpoint: Endpoint,
    /// The stages, in order.
    pub rungs: Vec<Rung>,
}

/// One stage of a ladder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rung {
    /// The stage.
    pub stage: Stage,
    /// How long it took, in microseconds; null when it was not timed.
    pub took_us: Option<u64>,
    /// What was refused, in a few words; null: the stage was passed.
    pub failed: Option<String>,
}

/// What was found on the way that a fix needs. Everything here was seen, nothing is guessed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Tags of the repository, as listed; empty when not listed.
    pub tags: Vec<String>,
    /// Whether `tags` are all.
    pub tags_complete: bool,
    /// Tags or references that were asked for and are there, with their digest.
    pub there: Vec<(String, Option<String>)>,
    /// Repositories of the host, from its catalog or from workloads of the cluster.
    pub repositories: Vec<String>,
    /// Repositories asked for and there, with the pod's login or the one of `repair`.
    pub repositories_there: Vec<String>,
    /// A login with which the replay passed.
    pub repair: Option<LoginName>,
    /// Who uses the secret of `repair`, as `Deployment/web`.
    pub repair_used_by: Option<String>,
    /// Whether the replay passed anonymously.
    pub anonymous_passes: bool,
    /// The key that a pull secret should have: secret, wrong key, right key; and whether its login was tried and works.
    pub rekey: Option<Rekey>,
    /// The platforms that the image has.
    pub platforms: Vec<Platform>,
    /// The platform that the node has.
    pub wanted: Option<Platform>,
    /// When the limit resets.
    pub resets_at: Option<Timestamp>,
    /// Whose limit: an address or an account, as the registry says.
    pub limit_source: Option<String>,
    /// A mirror that holds the same digest.
    pub mirror_with_same_digest: Option<Endpoint>,
    /// The issuer or subject of the authority that is not trusted.
    pub authority: Option<String>,
    /// Whether the node sees that certificate as we do: we stand on it, or asked by its own configuration.
    pub authority_of_node: bool,
    /// The names that the certificate is for.
    pub certificate_names: Vec<String>,
    /// From when until when the certificate is valid.
    pub certificate_dates: Option<(Timestamp, Timestamp)>,
    /// The content that is missing or damaged at its source.
    pub damaged: Option<String>,
    /// The digest that the tag points to now.
    pub digest_now: Option<String>,
    /// A corrected file of the node: its path and its content.
    pub corrected_file: Option<(String, String)>,
    /// The whole reference as it should be written.
    pub corrected_reference: Option<String>,
    /// Logins that were sent as the kubelet would and refused.
    pub refused: Vec<LoginName>,
    /// Pull secrets that the pod names and that do not exist.
    pub secrets_absent: Vec<String>,
    /// Pull secrets that the pod names and whose type the kubelet does not read: name and type.
    pub secrets_of_other_type: Vec<(String, String)>,
    /// What a pull secret that cannot be read needs to become one that can; `None` when nothing mechanical mends it.
    pub normalise: Option<Normalise>,
    /// Whether plain HTTP was allowed for the host (`--allow-plain-http`, a profile) and the replay passed with it.
    pub plain_http_passes: bool,
}

/// A pull secret that can be mended without a new password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Normalise {
    /// The secret.
    pub secret: String,
    /// What is wrong with it.
    pub defect: SecretDefect,
    /// Whether the login in it was tried at the image's host and works; `false`: not tried.
    pub works: bool,
}

/// What is wrong with a pull secret, of the faults that can be mended without knowing its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecretDefect {
    /// The `auth` under this key of `auths` is `user:password` as it stands, not in base64.
    PlainAuth(String),
    /// Its data is base64 twice over.
    EncodedTwice,
    /// It holds a good `.dockerconfigjson` under this type, which the kubelet does not read.
    OtherType(String),
}

/// A pull secret whose key should be another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rekey {
    /// The secret.
    pub secret: String,
    /// Its key now.
    pub from: String,
    /// The key that would match.
    pub to: String,
    /// Whether the login under it was tried at the image's host and works; `false`: not tried.
    pub works: bool,
}

/// What the table of causes says of one cause, without any case at hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Why {
    /// The cause.
    pub cause: Cause,
    /// What proves it, each in a clause.
    pub proves: Vec<String>,
    /// What excludes it, each in a clause.
    pub excludes: Vec<String>,
    /// Its rivals, and the observation that tells each from it.
    pub rivals: Vec<(Cause, String)>,
    /// Causes that explain it: once their own mechanism was seen, they take its place.
    pub explained_by: Vec<Cause>,
    /// Causes that no observation tells from it, and the reason.
    pub inseparable: Vec<(Cause, String)>,
}

/// The kubelet's words for an absent image with policy Never came to mean more with KEP-2535: from 1.33 behind a gate,
/// from 1.35 by default (`docs/causes/never-pull-absent.md`). How the other meaning stands, and how sure the words are then.
pub fn never_pull(kubelet_minor: Option<u32>) -> (Rival, Certainty) {
    let (standing, because, certainty) = match kubelet_minor {
        Some(minor) if minor < 33 => (
            Standing::Excluded,
            "the node's kubelet is older than the check that could cause it",
            Certainty::Likely,
        ),
        Some(minor) if minor < 35 => (
            Standing::Open,
            "the node's kubelet has that check, switched off unless somebody set it",
            Certainty::Likely,
        ),
        Some(_) => (
            Standing::Open,
            "since Kubernetes 1.35 the kubelet says the same of an image that is there and that the pod may not use",
            Certainty::Undecided,
        ),
        None => (
            Standing::Open,
            "from Kubernetes 1.35 on the words mean both, and the node's version is not known",
            Certainty::Undecided,
        ),
    };
    (Rival { code: Cause::CachedNotAuthorized, standing, because: because.to_owned() }, certainty)
}
