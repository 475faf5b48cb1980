//! Words alone (`--no-probe`): at least as honest as `docs/certainty.md`.

use pullmedic_model::Cause::{
    self, Dns, InvalidReference, LocalQpsLimited, NotFoundOrDenied, RateLimited, TagNotFound, Unknown,
};
use pullmedic_model::Certainty::{self, Likely, Proven, Undecided};
use pullmedic_model::finding::Standing;
use pullmedic_model::probe::record::NotAsked;
use pullmedic_model::{Confidence, Stage};
use pullmedic_probe::judge;

use super::{CART, HOST, held};
use crate::support::{case, not_asked, run};

fn alone(cause: Cause, confidence: Confidence, of_itself: bool) -> (Cause, Certainty) {
    let build = case(CART)
        .said((cause, confidence, &[RateLimited]), Stage::Manifest, HOST, None, "words")
        .with(|case| case.words.as_mut().unwrap().of_itself = of_itself);
    let verdict = judge(&build.0, &[]);
    let standing = if of_itself { Standing::Excluded } else { Standing::Open };
    assert!(verdict.rivals.iter().all(|rival| rival.standing == standing), "{verdict:#?}");
    assert!(verdict.ladder.is_none() && verdict.summary.is_none());
    (verdict.cause, verdict.certainty)
}

#[test]
fn s03_words_support_as_much_as_their_confidence() {
    for (cause, confidence, of_itself, certainty) in [
        (TagNotFound, Confidence::Certain, false, Likely),
        (TagNotFound, Confidence::Strong, false, Likely),
        (TagNotFound, Confidence::Weak, false, Undecided),
        (NotFoundOrDenied, Confidence::Certain, false, Undecided),
        (Unknown, Confidence::Strong, false, Undecided),
        (InvalidReference, Confidence::Certain, true, Proven),
        (LocalQpsLimited, Confidence::Certain, true, Proven),
        (LocalQpsLimited, Confidence::Certain, false, Likely),
    ] {
        assert_eq!(alone(cause, confidence, of_itself), (cause, certainty), "{cause} {confidence}");
    }
}

#[test]
fn s03_a_name_that_does_not_parse_needs_no_words() {
    for (image, correction) in [
        ("registry.acme.test/team/App:1", Some("registry.acme.test/team/app:1")),
        ("repo@sha256:short", None),
    ] {
        let verdict = judge(&case(image).0, &[]);
        assert_eq!((verdict.cause, verdict.certainty), (InvalidReference, Proven), "{image}");
        if correction.is_some() {
            assert_eq!(verdict.evidence.corrected_reference.as_deref(), correction);
        }
    }
}

#[test]
fn nothing_asked_leaves_the_words_and_says_so() {
    let words = case(CART).said((Dns, Confidence::Certain, &[]), Stage::Name, HOST, None, "no such host");
    let run = run(&words.0, |ask| not_asked(ask, NotAsked::Offline));
    held(&run, Dns, Likely);
    assert!(run.verdict.missing.as_ref().unwrap().contains("--probe"), "{run:#?}");
    assert_eq!(judge(&case(CART).0, &[]).cause, Unknown);
}
