//! Sightings to findings: one finding a cause, however many pods (design decision 6).

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use pullmedic_model::finding::{Finding, FindingState, ManagedBy, Observation, Serving, Vantage, Witness};
use pullmedic_model::object::{ContainerKind, Objects};
use pullmedic_model::sighting::Testimony;
use pullmedic_model::{Captured, Cause, Certainty, Group, Hypothesis, Sighting};

use crate::index::Index;
use crate::remedy::{self, Around};
use crate::sentence::{self, Facts};
use crate::verdict::{self, Verdict};
use crate::{managed, owner, words};

/// How many different texts a finding keeps; the rest say the same of other pods.
const OBSERVATIONS: usize = 10;
/// How many of them stand as proof.
const PROOFS: usize = 3;

/// A sighting with what its words suggest; no hypothesis for a sighting without words.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The sighting.
    pub sighting: Sighting,
    /// What its words suggest.
    pub hypothesis: Option<Hypothesis>,
}

struct Member<'a> {
    seen: &'a Seen,
    verdict: Verdict,
}

/// Joins sightings of one cause, widest finding first. `now` is the time of looking, `None` for a recording that holds
/// no time.
pub fn findings(seen: &[Seen], objects: &Objects, vantage: Vantage, now: Option<Timestamp>) -> Vec<Finding> {
    let index = Index::new(objects);
    let mut groups: BTreeMap<Key, Vec<Member<'_>>> = BTreeMap::new();
    for seen in seen {
        let verdict = verdict::judge(&seen.sighting, seen.hypothesis.as_ref());
        groups.entry(Key::of(&seen.sighting, &verdict, seen)).or_default().push(Member { seen, verdict });
    }
    for members in groups.values_mut() {
        // Arrival order never matters: the first member by name speaks for all.
        members.sort_by(|a, b| a.seen.sighting.place.cmp(&b.seen.sighting.place));
    }
    let mut found: Vec<Finding> =
        groups.iter().map(|(key, members)| finding(key, members, &index, vantage, now)).collect();
    found.sort_by(|a, b| b.sightings.len().cmp(&a.sightings.len()).then_with(|| a.id.cmp(&b.id)));
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

fn finding(
    key: &Key,
    members: &[Member<'_>],
    index: &Index<'_>,
    vantage: Vantage,
    now: Option<Timestamp>,
) -> Finding {
    let first = &members[0];
    let verdict = &first.verdict;
    let nodes: BTreeSet<&str> =
        members.iter().filter_map(|m| m.seen.sighting.place.node.as_deref()).collect();
    let facts = Facts::new(verdict, &first.seen.sighting, image_of(first.seen), nodes.len());
    let images: BTreeSet<&str> =
        members.iter().map(|m| image_of(m.seen)).filter(|image| !image.is_empty()).collect();
    let sightings = || members.iter().map(|member| &member.seen.sighting);
    let owners: BTreeSet<_> =
        sightings().filter_map(|s| Some((s.place.namespace.as_str(), s.place.owner.as_ref()?))).collect();
    let serving: Vec<Serving> =
        owners.iter().filter_map(|(namespace, owner)| owner::serving(namespace, owner, index)).collect();
    let managed_by: Vec<ManagedBy> =
        sightings().filter_map(|s| managed::by(s, index)).collect::<BTreeSet<_>>().into_iter().collect();
    let around = Around { serving: &serving, managed_by: &managed_by };
    let mut remedies = remedy::remedies(&facts, &around);
    remedy::say_whose(&mut remedies, &first.seen.sighting.place, owners.len().saturating_sub(1));
    let said = observations(members);
    // A secret that is not there explains a refusal, and nothing else.
    let missing_secrets = match verdict.cause.group() {
        Group::Authentication => missing_secrets(members),
        _ if verdict.cause == Cause::NotFoundOrDenied => missing_secrets(members),
        Group::Name
        | Group::Absent
        | Group::Network
        | Group::Limit
        | Group::Tls
        | Group::Disk
        | Group::Policy
        | Group::Runtime => Vec::new(),
    };
    Finding {
        id: key.id(),
        cause: verdict.cause,
        inner: verdict.inner,
        also: verdict.also.clone(),
        certainty: verdict.certainty,
        summary: match missing_secrets.as_slice() {
            [] => sentence::summary(&facts),
            names => format!(
                "{} The kubelet did not find the pull secret {}.",
                sentence::summary(&facts),
                names.join(", ")
            ),
        },
        rivals: verdict.rivals.clone(),
        missing: match (missing_secrets.first(), sentence::missing(&facts)) {
            (Some(name), Some(missing)) => {
                Some(format!("whether the secret {name} exists now; then {missing}"))
            }
            (_, missing) => missing,
        },
        state: FindingState::Active,
        since: sightings().filter_map(|s| s.since).min(),
        observed_at: now,
        next_attempt: next_attempt(sightings().filter_map(|s| s.next_attempt), now),
        scope: None,
        stage: verdict.stage,
        endpoint: verdict.endpoint.clone(),
        vantage,
        image: Some(facts.image.clone()).filter(|image| !image.is_empty()),
        images: if images.len() > 1 {
            images.iter().map(|&image| image.to_owned()).collect()
        } else {
            Vec::new()
        },
        clears: verdict.clears,
        actor: verdict.inner.unwrap_or(verdict.cause).actor(),
        serving,
        managed_by,
        injected_by: sightings()
            .filter_map(|s| s.injected.clone())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect(),
        sightings: sightings().map(|s| s.place.clone()).collect(),
        proof: proof(members),
        observations: said.into_iter().chain(beside(members)).collect(),
        ladder: None,
        not_looked_at: Vec::new(),
        requests: 0,
        remedies,
        docs: verdict.cause.docs_path(),
    }
}

/// The earliest attempt that is still to come; where all are past, the latest.
fn next_attempt(due: impl Iterator<Item = Timestamp>, now: Option<Timestamp>) -> Option<Timestamp> {
    let (to_come, past): (Vec<_>, Vec<_>) = due.partition(|&at| now.is_none_or(|now| at >= now));
    to_come.into_iter().min().or_else(|| past.into_iter().max())
}

/// Of the words, one text for each way in which a runtime says it: times, ports and names of pods aside, which differ
/// from pod to pod.
fn proof(members: &[Member<'_>]) -> Vec<Observation> {
    let mut known = BTreeSet::new();
    let said = members.iter().filter_map(|m| Some((m.seen, m.seen.sighting.testimony.as_ref()?)));
    said.filter(|(seen, testimony)| {
        let leaf = seen.hypothesis.as_ref().map_or("", |hypothesis| hypothesis.leaf.as_str());
        let words = if leaf.is_empty() { testimony.words.as_str() } else { leaf };
        known.insert(words.chars().filter(|c| !c.is_ascii_digit()).collect::<String>())
    })
    .take(PROOFS)
    .map(|(seen, testimony)| observation(&seen.sighting, testimony))
    .collect()
}

/// The decisive words of the members, each text once.
fn observations(members: &[Member<'_>]) -> Vec<Observation> {
    let mut known = BTreeSet::new();
    let said = members.iter().filter_map(|m| Some((&m.seen.sighting, m.seen.sighting.testimony.as_ref()?)));
    said.filter(|(_, testimony)| known.insert(testimony.words.as_str()))
        .take(OBSERVATIONS)
        .map(|(sighting, testimony)| observation(sighting, testimony))
        .collect()
}

/// What else was said about the same containers, each text once.
fn beside(members: &[Member<'_>]) -> Vec<Observation> {
    let mut known = BTreeSet::new();
    let said = members.iter().flat_map(|m| m.seen.sighting.beside.iter().map(|t| (&m.seen.sighting, t)));
    said.filter(|(_, testimony)| known.insert(testimony.words.as_str()))
        .take(OBSERVATIONS)
        .map(|(sighting, testimony)| observation(sighting, testimony))
        .collect()
}

fn missing_secrets(members: &[Member<'_>]) -> Vec<String> {
    let said = members.iter().flat_map(|member| &member.seen.sighting.beside);
    let names: BTreeSet<_> =
        said.flat_map(|testimony| words::missing_secrets(testimony.words.as_str())).collect();
    names.into_iter().collect()
}

fn observation(sighting: &Sighting, testimony: &Testimony) -> Observation {
    let by = match sighting.place.kind {
        ContainerKind::Template => Witness::ApiServer,
        ContainerKind::Main
        | ContainerKind::Init
        | ContainerKind::Ephemeral
        | ContainerKind::ImageVolume
        | ContainerKind::Sandbox => Witness::Kubelet,
    };
    Observation {
        text: testimony.words.clone(),
        by,
        source: Captured::new(&testimony.source).as_str().to_owned(),
        vantage: sighting.place.node.as_ref().map(|node| format!("node/{node}")),
        at: testimony.at,
    }
}
