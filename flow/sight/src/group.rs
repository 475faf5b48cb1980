//! Sightings to findings: one finding a cause, however many pods (design decision 6).

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use pullmedic_model::finding::{Finding, FindingState, ManagedBy, Vantage};
use pullmedic_model::object::Objects;
use pullmedic_model::verdict::Evidence;
use pullmedic_model::{Cause, Certainty, Hypothesis, Sighting, Subject, Verdict};

use crate::index::Index;
use crate::sentence::Facts;
use crate::subject::{self, Around};
use crate::{managed, owner, said, verdict};

/// A sighting with what is held of it.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The sighting.
    pub sighting: Sighting,
    /// What its words suggest; `None` for a sighting without words.
    pub hypothesis: Option<Hypothesis>,
    /// What a replay made of it; `None`: the words are all there is, and decide.
    pub verdict: Option<Verdict>,
}

/// A finding without remedies, and what they are made from.
#[derive(Debug, Clone)]
pub struct Found {
    /// The finding; its remedies are empty.
    pub finding: Finding,
    /// What remedies are filled in with.
    pub subject: Subject,
    /// What was found on the way that a fix needs; empty when nothing was asked.
    pub evidence: Evidence,
}

pub(crate) struct Member<'a> {
    pub(crate) seen: &'a Seen,
    pub(crate) verdict: Cow<'a, Verdict>,
}

/// Joins sightings of one cause, widest finding first. `now` is the time of looking, `None` for a recording that holds
/// no time.
pub fn findings(seen: &[Seen], objects: &Objects, vantage: Vantage, now: Option<Timestamp>) -> Vec<Found> {
    let index = Index::new(objects);
    let mut groups: BTreeMap<Key, Vec<Member<'_>>> = BTreeMap::new();
    for seen in seen {
        let verdict = match &seen.verdict {
            Some(verdict) => Cow::Borrowed(verdict),
            None => Cow::Owned(verdict::judge(&seen.sighting, seen.hypothesis.as_ref())),
        };
        groups.entry(Key::of(&seen.sighting, &verdict, seen)).or_default().push(Member { seen, verdict });
    }
    for members in groups.values_mut() {
        // Arrival order never matters: the first member by name speaks for all.
        members.sort_by(|a, b| a.seen.sighting.place.cmp(&b.seen.sighting.place));
    }
    let mut found: Vec<Found> =
        groups.iter().map(|(key, members)| joined(key, members, &index, vantage, now)).collect();
    found.sort_by(|a, b| {
        let size = |found: &Found| found.finding.sightings.len();
        size(b).cmp(&size(a)).then_with(|| a.finding.id.cmp(&b.finding.id))
    });
    found
}

/// What makes sightings one finding. The endpoint that failed for what fails at an endpoint, the image for what is
/// wrong with an image, the node for what is wrong with a node.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    cause: Cause,
    inner: Option<Cause>,
    certainty: Certainty,
    place: String,
    /// The namespace, for what differs between namespaces though image and endpoint are the same.
    namespace: String,
}

impl Key {
    fn of(sighting: &Sighting, verdict: &Verdict, seen: &Seen) -> Key {
        let node = || sighting.place.node.clone().unwrap_or_default();
        let image = || image_of(seen).to_owned();
        let endpoint = || verdict.endpoint.as_ref().map_or_else(image, ToString::to_string);
        let (place, namespace) = match verdict.inner.unwrap_or(verdict.cause) {
            Cause::Dns
            | Cause::ConnectionRefused
            | Cause::ConnectTimeout
            | Cause::Unreachable
            | Cause::TlsHandshakeTimeout
            | Cause::ConnectionReset
            | Cause::Proxy
            | Cause::HttpOnHttps
            | Cause::RegistryUnavailable
            | Cause::RateLimited
            | Cause::QuotaExceeded
            | Cause::TlsUnknownAuthority
            | Cause::TlsHostnameMismatch
            | Cause::TlsExpired
            | Cause::TlsProtocol
            | Cause::ClientCertificateRequired
            | Cause::UpstreamOfCacheFailed => (endpoint(), String::new()),
            Cause::LocalQpsLimited
            | Cause::PullQueued
            | Cause::ClockSkew
            | Cause::DiskFull
            | Cause::InodesExhausted
            | Cause::NodeStoreDamaged
            | Cause::RuntimeUnavailable
            | Cause::CredentialProviderFailed
            | Cause::MirrorMisconfigured => (node(), String::new()),
            Cause::NoCredentials
            | Cause::BadCredentials
            | Cause::CredentialsExpired
            | Cause::Forbidden
            | Cause::NotFoundOrDenied
            | Cause::CachedNotAuthorized
            | Cause::PullSecretUnmatched => {
                (format!("{} {}", image(), sighting.pull_secrets.join(",")), sighting.place.namespace.clone())
            }
            Cause::PullSecretMissing | Cause::PullSecretMalformed => {
                (sighting.pull_secrets.join(","), sighting.place.namespace.clone())
            }
            Cause::InvalidReference
            | Cause::RepositoryNotFound
            | Cause::TagNotFound
            | Cause::DigestNotFound
            | Cause::PlatformMismatch
            | Cause::BlobMissing
            | Cause::UnsupportedManifest
            | Cause::ContentCorrupt
            | Cause::NeverPullAbsent
            | Cause::StaleImage
            | Cause::SignatureRejected
            | Cause::PolicyBlocked
            | Cause::UnpackFailed
            | Cause::PullStalled
            | Cause::PullCancelled
            | Cause::SandboxImage
            | Cause::Unknown => (image(), String::new()),
        };
        Key { cause: verdict.cause, inner: verdict.inner, certainty: verdict.certainty, place, namespace }
    }

    /// Opaque, and the same for the same key in the next report: FNV-1a, of which nothing but spread is asked.
    fn id(&self) -> String {
        let inner = self.inner.map_or("", Cause::code);
        let certainty = self.certainty.code();
        let text = format!("{}\0{inner}\0{certainty}\0{}\0{}", self.cause, self.place, self.namespace);
        let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
        let letters = (0..8).map(|place| char::from(LETTERS[(hash >> (place * 5)) as usize & 31]));
        std::iter::once('f').chain(std::iter::once('-')).chain(letters).collect()
    }
}

fn image_of(seen: &Seen) -> &str {
    let own = seen.sighting.image.as_str();
    match &seen.hypothesis {
        Some(hypothesis) if own.is_empty() => hypothesis.image.as_deref().unwrap_or_default(),
        Some(_) | None => own,
    }
}

fn joined(
    key: &Key,
    members: &[Member<'_>],
    index: &Index<'_>,
    vantage: Vantage,
    now: Option<Timestamp>,
) -> Found {
    let first = &members[0];
    let sightings: Vec<&Sighting> = members.iter().map(|member| &member.seen.sighting).collect();
    let nodes: BTreeSet<&str> = sightings.iter().filter_map(|s| s.place.node.as_deref()).collect();
    let owners = subject::owners(sightings.iter().copied());
    let serving = owners.iter().filter_map(|(namespace, owner)| owner::serving(namespace, owner, index));
    let managed_by: BTreeSet<ManagedBy> = sightings.iter().filter_map(|s| managed::by(s, index)).collect();
    let around = Around {
        serving: serving.collect(),
        managed_by: managed_by.into_iter().collect(),
        missing_secrets: said::missing_secrets(members),
        state: state(members),
        nodes: nodes.len(),
        owners: owners.len(),
    };
    let subject = subject::of(&first.verdict, &sightings, image_of(first.seen), around, index);
    Found {
        finding: finding(key, members, &subject, vantage, now),
        evidence: first.verdict.evidence.clone(),
        subject,
    }
}

fn finding(
    key: &Key,
    members: &[Member<'_>],
    subject: &Subject,
    vantage: Vantage,
    now: Option<Timestamp>,
) -> Finding {
    let first = &members[0];
    let verdict = &*first.verdict;
    let facts = Facts { verdict, sighting: &first.seen.sighting, subject };
    let images: BTreeSet<&str> =
        members.iter().map(|m| image_of(m.seen)).filter(|image| !image.is_empty()).collect();
    let sightings = || members.iter().map(|member| &member.seen.sighting);
    let asked = said::asked(members);
    let (summary, missing) = said::told(&facts);
    Finding {
        id: key.id(),
        cause: verdict.cause,
        inner: verdict.inner,
        also: verdict.also.clone(),
        certainty: verdict.certainty,
        summary,
        rivals: verdict.rivals.clone(),
        missing,
        state: state(members),
        since: sightings().filter_map(|s| s.since).min(),
        observed_at: now,
        next_attempt: next_attempt(sightings().filter_map(|s| s.next_attempt), now),
        scope: None,
        stage: verdict.stage,
        endpoint: verdict.endpoint.clone(),
        vantage,
        image: Some(subject.image.clone()).filter(|image| !image.is_empty()),
        images: if images.len() > 1 {
            images.iter().map(|&image| image.to_owned()).collect()
        } else {
            Vec::new()
        },
        clears: verdict.clears,
        actor: verdict.inner.unwrap_or(verdict.cause).actor(),
        serving: subject.serving.clone(),
        managed_by: subject.managed_by.clone(),
        injected_by: sightings()
            .filter_map(|s| s.injected.clone())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect(),
        sightings: sightings().map(|s| s.place.clone()).collect(),
        proof: said::proof(members).into_iter().chain(said::seen(&asked, |verdict| &verdict.proof)).collect(),
        observations: said::observations(members)
            .into_iter()
            .chain(said::beside(members))
            .chain(said::seen(&asked, |verdict| &verdict.observations))
            .collect(),
        ladder: asked.iter().find_map(|verdict| verdict.ladder.clone()),
        not_looked_at: said::not_looked_at(&asked),
        requests: asked.iter().map(|verdict| verdict.requests).sum(),
        remedies: Vec::new(),
        docs: verdict.cause.docs_path(),
    }
}

/// It lasts as long as it lasts for one of them.
fn state(members: &[Member<'_>]) -> FindingState {
    let is = |state| members.iter().any(|member| member.verdict.state == state);
    if is(FindingState::Active) {
        FindingState::Active
    } else if is(FindingState::Unknown) {
        FindingState::Unknown
    } else {
        FindingState::Over
    }
}

/// The earliest attempt that is still to come; where all are past, the latest.
fn next_attempt(due: impl Iterator<Item = Timestamp>, now: Option<Timestamp>) -> Option<Timestamp> {
    let (to_come, past): (Vec<_>, Vec<_>) = due.partition(|&at| now.is_none_or(|now| at >= now));
    to_come.into_iter().min().or_else(|| past.into_iter().max())
}
