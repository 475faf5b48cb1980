//! The scenarios of `scenarios/`, each as a case and scripted answers: expected verdict, key evidence, requests.

mod below_http;
mod content;
mod elsewhere;
mod first;
mod limits;
mod logins;
mod node;
mod words;

use pullmedic_model::Cause::{
    self, BadCredentials, CredentialProviderFailed, NoCredentials, RepositoryNotFound, TagNotFound,
    UpstreamOfCacheFailed,
};
use pullmedic_model::{Certainty, Confidence, Stage};

use crate::support::{Build, Run, case};

pub(crate) const HOST: &str = "registry.acme.test";
pub(crate) const CART: &str = "registry.acme.test/shop/cart:4.1";

/// containerd 1.6's bare 401, whose four causes share the words.
pub(crate) fn bare_401(image: &str) -> Build {
    let rivals = [BadCredentials, CredentialProviderFailed, RepositoryNotFound];
    let said = (NoCredentials, Confidence::Weak, &rivals[..]);
    case(image).said(said, Stage::Manifest, HOST, 401, "401 Unauthorized")
}

/// containerd's `not found` while it resolves a tag.
pub(crate) fn not_found(image: &str) -> Build {
    let rivals = [RepositoryNotFound, UpstreamOfCacheFailed];
    case(image).said((TagNotFound, Confidence::Strong, &rivals), Stage::Manifest, HOST, None, "not found")
}

/// Words that name a cause, a stage and nothing else.
pub(crate) fn certain(cause: Cause, stage: Stage, leaf: &str) -> Build {
    case(CART).said((cause, Confidence::Certain, &[]), stage, HOST, None, leaf)
}

#[track_caller]
pub(crate) fn held(run: &Run, cause: Cause, certainty: Certainty) {
    assert_eq!((run.verdict.cause, run.verdict.certainty), (cause, certainty), "{run:#?}");
}
