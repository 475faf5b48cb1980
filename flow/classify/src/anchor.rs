//! The fixed words of envelopes that tell the grammar what comes next.

use pullmedic_model::Stage;

/// What follows an anchor's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    /// An image name in quotes, `image "X"`.
    QuotedImage,
    /// A name in quotes that is not the image's, such as a tag or a content reference.
    QuotedName,
    /// An image name without quotes, where an ordinary word may stand as well: it counts with a slash, colon
    /// or at sign in it.
    BareImage,
    /// An image name without quotes, and nothing else can stand there.
    NamedImage,
    /// A name without quotes that is not a whole image name: a repository without its host.
    BareName,
    /// `reading manifest TAG in REPOSITORY` of containers/image.
    ManifestIn,
    /// The rest of a URL; the scheme stands before.
    Url,
    /// A hexadecimal digest.
    Digest,
    /// `[manifests TAG]` of containerd before 1.7: up to the bracket.
    Bracketed,
    /// The name that is looked up.
    Lookup,
    /// The address that is dialled.
    Dial,
    /// The registry host that is spoken to, without a URL.
    Host,
    /// An HTTP status, after a few words more.
    Status,
    /// Digits stand in the words themselves, as in `403 forbidden`.
    StatusWords(u16),
    /// A list of attempts may open here.
    List,
    /// The failures of CRI-O's mirrors, before the origin's.
    Mirrors,
    /// CRI-O's second try of the same name, as an artifact: nothing new follows.
    Artifact,
    /// The pause image is spoken of.
    PauseImage,
    /// A pod sandbox is made; the pause image is meant if a pull is spoken of as well.
    Sandbox,
    /// Words that only a pull prints.
    Pull,
    /// The stage that the next words belong to.
    At(Stage),
}

/// Every anchor with its words, matched whatever their case.
///
/// Sources: kubernetes/kubernetes pkg/kubelet/images and pkg/kubelet/kuberuntime, containerd/containerd
/// core/remotes/docker and internal/cri/server, containers/image docker/ and copy/, cri-o/cri-o
/// internal/storage/image.go, moby/moby daemon/internal/distribution, golang/go net and net/http.
pub(crate) const ANCHORS: &[(&str, Anchor)] = &[
    ("image \"", Anchor::QuotedImage),
    ("image: \"", Anchor::QuotedImage),
    ("image name \"", Anchor::QuotedImage),
    (".image: invalid value: \"", Anchor::QuotedImage),
    ("image reference \"", Anchor::QuotedImage),
    ("image tag \"", Anchor::QuotedImage),
    ("reference \"", Anchor::QuotedImage),
    ("ref \"", Anchor::QuotedName),
    ("snapshot \"", Anchor::QuotedName),
    ("to fetch \"", Anchor::QuotedName),
    ("request \"", Anchor::QuotedName),
    ("repository \"", Anchor::QuotedName),
    ("blob \"", Anchor::QuotedName),
    ("tag \"", Anchor::QuotedName),
    ("container \"", Anchor::QuotedName),
    ("startcontainer\" for \"", Anchor::QuotedName),
    ("pod=\"", Anchor::QuotedName),
    ("for pod \"", Anchor::QuotedName),
    ("to pull image ", Anchor::BareImage),
    ("image pull failed for ", Anchor::NamedImage),
    ("manifest for ", Anchor::NamedImage),
    ("access denied for ", Anchor::NamedImage),
    ("cancel pulling image ", Anchor::NamedImage),
    ("resolve ref ", Anchor::BareImage),
    ("error: image ", Anchor::BareImage),
    ("no such image: ", Anchor::BareImage),
    ("but image name ", Anchor::NamedImage),
    ("pull image from ", Anchor::BareImage),
    ("blocked pull of ", Anchor::BareImage),
    ("blocking pull of ", Anchor::BareImage),
    ("unable to pull ", Anchor::BareImage),
    ("in repository ", Anchor::NamedImage),
    ("pull repository ", Anchor::BareName),
    ("unknown: artifact ", Anchor::BareName),
    ("unknown: repository ", Anchor::BareName),
    ("tagged by \"", Anchor::QuotedName),
    ("access repository: ", Anchor::BareName),
    ("repository with name ", Anchor::BareName),
    ("reading manifest ", Anchor::ManifestIn),
    ("fetching manifest ", Anchor::ManifestIn),
    ("reading signatures: ", Anchor::Pull),
    ("://", Anchor::Url),
    ("sha256:", Anchor::Digest),
    ("sha512:", Anchor::Digest),
    ("[manifests ", Anchor::Bracketed),
    ("[blobs ", Anchor::Bracketed),
    ("lookup ", Anchor::Lookup),
    ("dial tcp ", Anchor::Dial),
    ("pulling from host ", Anchor::Host),
    ("pinging container registry ", Anchor::Host),
    ("pinging docker registry ", Anchor::Host),
    ("error pinging ", Anchor::Host),
    ("status", Anchor::Status),
    ("http code: ", Anchor::Status),
    ("error parsing http ", Anchor::Status),
    ("http/1.1 ", Anchor::Status),
    ("http/2.0 ", Anchor::Status),
    ("400 bad request", Anchor::StatusWords(400)),
    ("401 unauthorized", Anchor::StatusWords(401)),
    ("402 payment required", Anchor::StatusWords(402)),
    ("403 forbidden", Anchor::StatusWords(403)),
    ("404 not found", Anchor::StatusWords(404)),
    ("407 proxy authentication", Anchor::StatusWords(407)),
    ("412 precondition failed", Anchor::StatusWords(412)),
    ("429 too many requests", Anchor::StatusWords(429)),
    ("451 unavailable for legal reasons", Anchor::StatusWords(451)),
    ("500 internal server error", Anchor::StatusWords(500)),
    ("502 bad gateway", Anchor::StatusWords(502)),
    ("503 service", Anchor::StatusWords(503)),
    ("504 gateway time", Anchor::StatusWords(504)),
    (": [", Anchor::List),
    (":[", Anchor::List),
    ("(mirrors also failed: [", Anchor::Mirrors),
    ("; artifact err: ", Anchor::Artifact),
    ("sandbox image", Anchor::PauseImage),
    ("create pod sandbox", Anchor::Sandbox),
    ("createpodsandbox", Anchor::Sandbox),
    ("runpodsandbox", Anchor::Sandbox),
    ("pull image", Anchor::Pull),
    ("pulling image", Anchor::Pull),
    ("errimagepull", Anchor::Pull),
    ("imagepullbackoff", Anchor::Pull),
    ("pull and unpack", Anchor::Pull),
    ("failed to resolve", Anchor::At(Stage::Manifest)),
    ("manifest for", Anchor::At(Stage::Manifest)),
    ("reading manifest", Anchor::At(Stage::Manifest)),
    ("fetching manifest", Anchor::At(Stage::Manifest)),
    ("[manifests", Anchor::At(Stage::Manifest)),
    ("pull access denied", Anchor::At(Stage::Manifest)),
    ("trying to pull repository", Anchor::At(Stage::Manifest)),
    ("oauth token", Anchor::At(Stage::Token)),
    ("anonymous token", Anchor::At(Stage::Token)),
    ("bearer token", Anchor::At(Stage::Token)),
    ("bear token", Anchor::At(Stage::Token)),
    ("auth token", Anchor::At(Stage::Token)),
    ("failed to authorize", Anchor::At(Stage::Token)),
    ("pinging ", Anchor::At(Stage::Ping)),
    ("ping attempt failed", Anchor::At(Stage::Ping)),
    ("error pulling image configuration", Anchor::At(Stage::Config)),
    ("parsing image configuration", Anchor::At(Stage::Config)),
    ("copying config", Anchor::At(Stage::Config)),
    ("get image config descriptor", Anchor::At(Stage::Config)),
    ("failed to copy", Anchor::At(Stage::Blob)),
    ("readseeker: failed open", Anchor::At(Stage::Blob)),
    ("readerseeker: failed open", Anchor::At(Stage::Blob)),
    ("reading blob", Anchor::At(Stage::Blob)),
    ("writing blob", Anchor::At(Stage::Blob)),
    ("fetching blob", Anchor::At(Stage::Blob)),
    ("fetching image layer", Anchor::At(Stage::Blob)),
    ("copying blob", Anchor::At(Stage::Blob)),
    ("failed commit on ref", Anchor::At(Stage::Blob)),
    ("failed to extract layer", Anchor::At(Stage::Unpack)),
    ("failed to register layer", Anchor::At(Stage::Unpack)),
    ("unpack image on snapshotter", Anchor::At(Stage::Unpack)),
    ("applylayer", Anchor::At(Stage::Unpack)),
    ("extraction snapshot", Anchor::At(Stage::Unpack)),
    ("error adding layer", Anchor::At(Stage::Unpack)),
    ("adding layer with blob", Anchor::At(Stage::Unpack)),
    ("untar", Anchor::At(Stage::Unpack)),
];
