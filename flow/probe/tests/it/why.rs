//! `explain CODE --why` reads the table that decides.

use pullmedic_model::Cause;
use pullmedic_probe::why;

#[test]
fn a_cause_that_asking_can_prove_says_what_proves_it() {
    // What only the node or an object can show is proven by its own statement, not by an answer.
    const NOT_BY_ASKING: &[Cause] = &[
        Cause::NotFoundOrDenied,
        Cause::CredentialProviderFailed,
        Cause::CachedNotAuthorized,
        Cause::LocalQpsLimited,
        Cause::PullQueued,
        Cause::ClockSkew,
        Cause::DiskFull,
        Cause::InodesExhausted,
        Cause::NeverPullAbsent,
        Cause::SignatureRejected,
        Cause::UpstreamOfCacheFailed,
        Cause::UnpackFailed,
        Cause::NodeStoreDamaged,
        Cause::RuntimeUnavailable,
        Cause::PullStalled,
        Cause::PullCancelled,
        Cause::SandboxImage,
        Cause::Unknown,
    ];
    for &cause in Cause::ALL {
        assert_eq!(
            why(cause).proves.is_empty(),
            NOT_BY_ASKING.contains(&cause),
            "{cause}: {:?}",
            why(cause).proves
        );
    }
}

#[test]
fn the_rivals_of_a_tag_are_told_apart_by_name() {
    let tag = why(Cause::TagNotFound);
    let rival = |code| tag.rivals.iter().find(|(rival, _)| *rival == code).map(|(_, tells)| tells.as_str());
    assert!(rival(Cause::RepositoryNotFound).is_some_and(|tells| tells.contains("tags")), "{tag:#?}");
    assert!(rival(Cause::DiskFull).is_none());
    assert_eq!(why(Cause::NoCredentials).explained_by.len(), 3);
    assert!(!why(Cause::DiskFull).inseparable.is_empty());
}
