//! The closed vocabulary of causes.
//!
//! One row of the table below holds every facet of a cause, so that code, title, stage, grade and docs link cannot
//! drift apart. The words a person reads about a cause are its [`Page`].

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Stage;

mod page;
mod pages;

pub use page::{Page, Shown};

/// Whether a fault goes away when nobody acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Clears {
    /// A retry may cure it.
    Transient,
    /// Somebody must act.
    Permanent,
}

/// Who must act to mend a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Actor {
    /// The people who own the workload.
    Application,
    /// The people who own the nodes and the cluster.
    Platform,
    /// The people who own the registry or the repository in it.
    Registry,
    /// The people who own name service, routes, firewalls and proxies.
    Network,
}

impl Actor {
    /// The word used in reports.
    pub const fn code(self) -> &'static str {
        match self {
            Actor::Application => "application",
            Actor::Platform => "platform",
            Actor::Registry => "registry",
            Actor::Network => "network",
        }
    }
}

/// How far a remedy may go without a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Grade {
    /// May be applied automatically under a policy.
    Safe,
    /// A person approves it.
    Review,
    /// Explained only; a person does it.
    Manual,
}

impl Grade {
    /// The word used in reports.
    pub const fn code(self) -> &'static str {
        match self {
            Grade::Safe => "safe",
            Grade::Review => "review",
            Grade::Manual => "manual",
        }
    }
}

/// The family a cause belongs to, as a person on call would sort it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Group {
    /// The image string itself.
    Name,
    /// Something asked for is not at its source.
    Absent,
    /// Credentials and permissions.
    Authentication,
    /// Names, routes, connections, proxies.
    Network,
    /// Rates, quotas and queues.
    Limit,
    /// Certificates and handshakes.
    Tls,
    /// Bytes and inodes of the node.
    Disk,
    /// Pull policy, signatures, admission.
    Policy,
    /// The node's container runtime and store.
    Runtime,
}

impl Group {
    /// Every group, in the order the documentation lists them.
    pub const ALL: [Group; 9] = [
        Group::Name,
        Group::Absent,
        Group::Authentication,
        Group::Network,
        Group::Limit,
        Group::Tls,
        Group::Disk,
        Group::Policy,
        Group::Runtime,
    ];

    /// What a heading calls the group.
    pub const fn title(self) -> &'static str {
        match self {
            Group::Name => "Name or tag",
            Group::Absent => "Does not exist",
            Group::Authentication => "Authentication",
            Group::Network => "Network",
            Group::Limit => "Limits and queues",
            Group::Tls => "TLS",
            Group::Disk => "Disk",
            Group::Policy => "Policy",
            Group::Runtime => "Runtime",
        }
    }
}

macro_rules! causes {
    ($($variant:ident $code:literal $group:ident $stage:ident $clears:tt $actor:ident $grade:ident $title:literal;)*) => {
        /// Why an image cannot be pulled. The codes are a public vocabulary: see `docs/causes/`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum Cause {
            $(#[doc = $title] #[serde(rename = $code)] $variant,)*
        }

        impl Cause {
            /// Every cause, in the order of the vocabulary.
            pub const ALL: &[Cause] = &[$(Cause::$variant,)*];

            /// The kebab-case code: the same in reports, metrics, custom resources and docs.
            pub const fn code(self) -> &'static str {
                match self { $(Cause::$variant => $code,)* }
            }

            /// One lower-case clause that says what is wrong.
            pub const fn title(self) -> &'static str {
                match self { $(Cause::$variant => $title,)* }
            }

            /// The family the cause belongs to.
            pub const fn group(self) -> Group {
                match self { $(Cause::$variant => Group::$group,)* }
            }

            /// The stage at which the cause usually shows.
            pub const fn usual_stage(self) -> Stage {
                match self { $(Cause::$variant => Stage::$stage,)* }
            }

            /// Whether it clears by itself; `None` means that it depends on the case.
            pub const fn clears(self) -> Option<Clears> {
                match self { $(Cause::$variant => causes!(@clears $clears),)* }
            }

            /// Who must usually act.
            pub const fn actor(self) -> Actor {
                match self { $(Cause::$variant => Actor::$actor,)* }
            }

            /// The most careful grade its best-known fix can have before anything was tried.
            pub const fn grade(self) -> Grade {
                match self { $(Cause::$variant => Grade::$grade,)* }
            }

            /// What a person should know about the cause.
            pub const fn page(self) -> &'static Page {
                pages::of(self)
            }
        }
    };
    (@clears T) => { Some(Clears::Transient) };
    (@clears P) => { Some(Clears::Permanent) };
    (@clears TP) => { None };
    (@clears U) => { None };
}

causes! {
    InvalidReference "invalid-reference" Name Reference P Application Review "the image name does not parse, or is not complete enough for the runtime";
    RepositoryNotFound "repository-not-found" Absent Manifest P Application Review "the registry has no such repository";
    TagNotFound "tag-not-found" Absent Manifest P Application Review "the repository has no such tag";
    DigestNotFound "digest-not-found" Absent Manifest P Application Review "the repository has no manifest of that digest";
    NotFoundOrDenied "not-found-or-denied" Absent Manifest P Application Manual "the image is either absent or hidden, and the registry answers both alike";
    PlatformMismatch "platform-mismatch" Absent Platform P Application Review "the image does not exist for the node's platform";
    BlobMissing "blob-missing" Absent Blob P Registry Manual "the image is incomplete at its source";
    UnsupportedManifest "unsupported-manifest" Absent Manifest P Application Manual "the manifest is of a kind that the runtime does not run";
    ContentCorrupt "content-corrupt" Absent Blob TP Registry Review "the bytes received are not the bytes that the manifest names";
    NoCredentials "no-credentials" Authentication Token P Application Safe "the registry wants a login, and none reached it";
    BadCredentials "bad-credentials" Authentication Token P Application Safe "a login was sent, and the registry refused it";
    CredentialsExpired "credentials-expired" Authentication Token P Application Safe "the login that was sent has expired";
    Forbidden "forbidden" Authentication Manifest P Registry Manual "the registry knows who asks, and does not let them pull this repository";
    CredentialProviderFailed "credential-provider-failed" Authentication Token P Platform Manual "the node's credential provider gave no login";
    PullSecretMissing "pull-secret-missing" Authentication Secret TP Application Safe "the pod names a pull secret that does not exist";
    PullSecretMalformed "pull-secret-malformed" Authentication Secret P Application Review "a pull secret of the pod cannot be read as a login";
    PullSecretUnmatched "pull-secret-unmatched" Authentication Secret P Application Safe "a pull secret names the registry in a form that the kubelet does not match";
    CachedNotAuthorized "cached-not-authorized" Authentication Policy P Application Safe "the image is on the node, but the pod may not use it without a login";
    Dns "dns" Network Name TP Network Manual "the registry's name does not resolve";
    ConnectionRefused "connection-refused" Network Connect TP Registry Manual "nothing listens at the registry's address and port";
    ConnectTimeout "connect-timeout" Network Connect T Network Manual "the registry does not answer in time";
    Unreachable "unreachable" Network Connect TP Network Manual "there is no route to the registry";
    TlsHandshakeTimeout "tls-handshake-timeout" Network Tls T Network Manual "the connection opens, and the TLS handshake gets no answer";
    ConnectionReset "connection-reset" Network Connect T Network Manual "the connection broke off in the middle";
    Proxy "proxy" Network Connect P Network Manual "the proxy on the way refuses the request or cannot be reached";
    HttpOnHttps "http-on-https" Network Tls P Platform Review "one side speaks plain HTTP and the other TLS";
    RegistryUnavailable "registry-unavailable" Network Manifest T Registry Review "the registry, or something before it, fails to answer as a registry";
    RateLimited "rate-limited" Limit Manifest T Application Review "the registry limits how often this client may pull";
    QuotaExceeded "quota-exceeded" Limit Manifest P Registry Manual "an account quota of the registry is used up";
    LocalQpsLimited "local-qps-limited" Limit Queue T Platform Manual "the kubelet's own limit of pulls a second was hit";
    PullQueued "pull-queued" Limit Queue T Platform Manual "the pull waits behind another pull on the node";
    TlsUnknownAuthority "tls-unknown-authority" Tls Tls P Platform Review "the registry's certificate is signed by an authority that the node does not trust";
    TlsHostnameMismatch "tls-hostname-mismatch" Tls Tls P Registry Manual "the registry's certificate is for other names";
    TlsExpired "tls-expired" Tls Tls P Registry Manual "the registry's certificate is expired or not yet valid";
    TlsProtocol "tls-protocol" Tls Tls P Registry Manual "the two sides cannot agree on a TLS handshake";
    ClientCertificateRequired "client-certificate-required" Tls Tls P Platform Manual "the registry wants a client certificate that the node does not send";
    ClockSkew "clock-skew" Tls Tls P Platform Manual "the node's clock is wrong";
    DiskFull "disk-full" Disk Unpack P Platform Safe "the node has no room for the image";
    InodesExhausted "inodes-exhausted" Disk Unpack P Platform Safe "the node's image filesystem has no inodes left";
    NeverPullAbsent "never-pull-absent" Policy Policy P Platform Review "the pull policy is Never, and the image is not on the node";
    StaleImage "stale-image" Policy Manifest P Application Review "the tag now points to another image than the one that runs";
    SignatureRejected "signature-rejected" Policy Policy P Platform Manual "the node's signature policy refuses the image";
    PolicyBlocked "policy-blocked" Policy Manifest P Registry Manual "a policy of the registry, or of something before it, blocks this image or client";
    MirrorMisconfigured "mirror-misconfigured" Network Manifest P Platform Review "the node's mirror configuration is wrong";
    UpstreamOfCacheFailed "upstream-of-cache-failed" Network Manifest TP Registry Manual "a pull-through cache answers badly because its own upstream failed";
    UnpackFailed "unpack-failed" Runtime Unpack P Platform Manual "the layers arrived, and unpacking them failed";
    NodeStoreDamaged "node-store-damaged" Runtime Unpack P Platform Review "the node's own image store does not hold together";
    RuntimeUnavailable "runtime-unavailable" Runtime Queue T Platform Manual "the node's container runtime does not answer";
    PullStalled "pull-stalled" Runtime Blob T Network Safe "the bytes of the image stopped coming";
    PullCancelled "pull-cancelled" Runtime Blob T Platform Safe "the pull was given up from the node's side";
    SandboxImage "sandbox-image" Runtime Sandbox U Platform Manual "the pause image cannot be pulled, so no pod can start";
    Unknown "unknown" Runtime Manifest U Platform Manual "none of the known causes";
}

impl Cause {
    /// Where the cause's page is published, relative to the documentation root.
    pub fn docs_path(self) -> String {
        format!("docs/causes/{}.md", self.code())
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

/// The text is not the code of a cause.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no cause has the code {0:?}")]
pub struct UnknownCode(pub String);

impl FromStr for Cause {
    type Err = UnknownCode;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        Cause::ALL
            .iter()
            .copied()
            .find(|cause| cause.code() == code)
            .ok_or_else(|| UnknownCode(code.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_reads_back_as_its_cause() {
        for &cause in Cause::ALL {
            assert_eq!(cause.code().parse(), Ok(cause));
            assert_eq!(serde_json::to_value(cause).unwrap(), cause.code());
        }
        assert!("tag_not_found".parse::<Cause>().is_err());
    }
}
