//! The kinds of observation.

use super::family::Family;
#[cfg(test)]
use super::family::NodeFamily;

/// A kind of observation: the rows of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    /// The node's words tell of this family.
    Said(Family),
    /// The unchanged request met the same refusal from here.
    Reproduced(Family),
    // Secrets and logins.
    NamesNoSecret,
    SecretsFine,
    SecretAbsent,
    SecretMalformed,
    SecretNear,
    NothingSent,
    NoLoginTried,
    LoginSent,
    NodeCredentialsUnlikely,
    NodeCredentialsPossible,
    LoginPastItsTime,
    OtherLoginPasses,
    OtherLoginPassesWhereNoneWasSent,
    OtherLoginSeesSibling,
    BehindItAbsent,
    NearLoginPasses,
    AnonymousPasses,
    PodLoginRefusedAtPing,
    PodLoginAccepted,
    PodLoginPullsOther,
    SomethingAccepted,
    ChallengeMissing,
    // The registry's own words in a body.
    SaysExpired,
    SaysBadLogin,
    SaysDenied,
    SaysNoRight,
    SaysBlocked,
    SaysSomebodyBlocked,
    MentionsPolicy,
    SaysQuota,
    // Absence.
    AskedByTag,
    AskedByDigest,
    TagListedWithout,
    TagListedYetAbsent,
    RepositoryVisible,
    SiblingThere,
    RepositoryUnknown,
    HostHasOthers,
    HadByOthers,
    RepositoryListed,
    MayBeSeen,
    TokenGrantsPull,
    NoMarkOfACache,
    MarkOfACache,
    // Content.
    PlatformNotInIndex,
    ConfigForOtherPlatform,
    NotAnImage,
    BlobGone,
    BlobDamaged,
    LimitUsedUp,
    // Node files and images that run.
    FileDefect,
    MirrorFails,
    OriginAlonePasses,
    TagMoved,
    NameDoesNotParse,
    /// Seen, and it settles nothing.
    Unsettled,
}

#[cfg(test)]
impl Kind {
    /// The kinds that stand alone.
    const SINGLE: [Kind; 56] = [
        Kind::NamesNoSecret,
        Kind::SecretsFine,
        Kind::SecretAbsent,
        Kind::SecretMalformed,
        Kind::SecretNear,
        Kind::NothingSent,
        Kind::NoLoginTried,
        Kind::LoginSent,
        Kind::NodeCredentialsUnlikely,
        Kind::NodeCredentialsPossible,
        Kind::LoginPastItsTime,
        Kind::OtherLoginPasses,
        Kind::OtherLoginPassesWhereNoneWasSent,
        Kind::OtherLoginSeesSibling,
        Kind::BehindItAbsent,
        Kind::NearLoginPasses,
        Kind::AnonymousPasses,
        Kind::PodLoginRefusedAtPing,
        Kind::PodLoginAccepted,
        Kind::PodLoginPullsOther,
        Kind::SomethingAccepted,
        Kind::ChallengeMissing,
        Kind::SaysExpired,
        Kind::SaysBadLogin,
        Kind::SaysDenied,
        Kind::SaysNoRight,
        Kind::SaysBlocked,
        Kind::SaysSomebodyBlocked,
        Kind::MentionsPolicy,
        Kind::SaysQuota,
        Kind::AskedByTag,
        Kind::AskedByDigest,
        Kind::TagListedWithout,
        Kind::TagListedYetAbsent,
        Kind::RepositoryVisible,
        Kind::SiblingThere,
        Kind::RepositoryUnknown,
        Kind::HostHasOthers,
        Kind::HadByOthers,
        Kind::RepositoryListed,
        Kind::MayBeSeen,
        Kind::TokenGrantsPull,
        Kind::NoMarkOfACache,
        Kind::MarkOfACache,
        Kind::PlatformNotInIndex,
        Kind::ConfigForOtherPlatform,
        Kind::NotAnImage,
        Kind::BlobGone,
        Kind::BlobDamaged,
        Kind::LimitUsedUp,
        Kind::FileDefect,
        Kind::MirrorFails,
        Kind::OriginAlonePasses,
        Kind::TagMoved,
        Kind::NameDoesNotParse,
        Kind::Unsettled,
    ];

    const NODE: [NodeFamily; 13] = [
        NodeFamily::Reference,
        NodeFamily::Secret,
        NodeFamily::Provider,
        NodeFamily::Rate,
        NodeFamily::Disk,
        NodeFamily::Store,
        NodeFamily::Runtime,
        NodeFamily::Silent,
        NodeFamily::GivenUp,
        NodeFamily::Never,
        NodeFamily::Signature,
        NodeFamily::Files,
        NodeFamily::Unknown,
    ];

    /// Every kind.
    pub(crate) fn all() -> impl Iterator<Item = Kind> {
        let said = Family::ASKED.into_iter().chain(Kind::NODE.into_iter().map(Family::Node)).map(Kind::Said);
        said.chain(Family::ASKED.into_iter().map(Kind::Reproduced)).chain(Kind::SINGLE)
    }
}
