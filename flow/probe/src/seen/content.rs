//! Manifests, platforms, layers and limits: what is read after the image was resolved.

use pullmedic_model::Stage;
use pullmedic_model::probe::manifest::{Descriptor, Entry, Manifest, Platform};
use pullmedic_model::probe::{Ask, Class, Ended, Got, Record, What};

use super::part::{blob, damaged, gone, parts, some};
use super::{Notes, Seen, outcome, with_login};
use crate::inquiry::{Inquiry, not_asked};
use crate::platform::takes;
use crate::table::{Family, Kind};
use crate::testimony::Testimony;

/// Where reading the content ended.
pub(crate) enum End<'a> {
    /// More must be asked, or it could not be.
    Open,
    /// A request was refused, which is to be compared with the words.
    Refused(&'a Record),
    /// A defect was read; it stands in the notes.
    Defect,
    /// All is well as far as the words reach.
    Whole,
}

/// Reads on from a manifest that was resolved, as far as the words reach.
pub(crate) fn look<'a>(
    inquiry: &Inquiry<'a>,
    words: Option<&Testimony>,
    resolved: &'a Record,
    notes: &mut Notes,
) -> End<'a> {
    if let Some(words) = words {
        if words.family == Family::Limited && used_up(inquiry, resolved, notes) {
            return End::Defect;
        }
        if !reaches(inquiry, words, resolved) {
            return End::Whole;
        }
    }
    let digest = match resolved.got() {
        Some(Got::Manifest { digest: Some(digest), .. }) => digest.clone(),
        Some(_) | None => inquiry.wanted.clone(),
    };
    if let Some(words) = words.filter(|words| words.fetches) {
        let ask = Ask { what: What::Manifest(digest.clone()), ..resolved.ask.clone() };
        let Some(record) = inquiry.record(&ask) else {
            notes.want(ask);
            return End::Open;
        };
        let counted = is_metered(inquiry, resolved);
        tell_of_get(record, counted, notes);
        // A second one would be a second pull: what the first one got is the answer.
        if counted && !words.family.is_content() && record.got().is_some() {
            return End::Whole;
        }
    }
    manifest(inquiry, words, &resolved.ask, &digest, 0, notes)
}

/// Whether a `GET` of a manifest is counted against a limit at the host that resolved it.
fn is_metered(inquiry: &Inquiry<'_>, resolved: &Record) -> bool {
    inquiry.dialect(&resolved.ask.host).is_some_and(|dialect| dialect.metered)
        || crate::metered(&resolved.ask.host.endpoint, resolved.answer())
}

/// That a `GET` was spent where the words tell of one, which a `HEAD` does not show.
fn tell_of_get(record: &Record, counted: bool, notes: &mut Notes) {
    let price = if counted { ", which counts as a pull there; no more than one was spent" } else { "" };
    let text = format!(
        "the node's words tell of a GET of the manifest, so it was asked for in that way too, {}: {}{price}",
        with_login(&record.ask),
        outcome(record)
    );
    notes.see(Seen::probe(Kind::Unsettled, record, text));
}

/// Whether the words tell of something past the resolving `HEAD`.
fn reaches(inquiry: &Inquiry<'_>, words: &Testimony, resolved: &Record) -> bool {
    if words.fetches {
        return true;
    }
    if is_metered(inquiry, resolved) && words.family == Family::Limited {
        return false;
    }
    let later = words.stage.is_some_and(|stage| stage > Stage::Manifest);
    let elsewhere = words.endpoint.as_ref().is_some_and(|named| {
        words.family.is_below_http() && resolved.steps.iter().all(|step| step.endpoint != *named)
    });
    later
        || elsewhere
        || words.family.is_content()
        || matches!(
            words.family,
            Family::Limited
                | Family::ServerError
                | Family::NotARegistry
                | Family::AnswerTimeout
                | Family::Reset
                | Family::Blocked
        )
}

/// Rule 12: a limit with nothing left, told to the pod's own login.
fn used_up(inquiry: &Inquiry<'_>, resolved: &Record, notes: &mut Notes) -> bool {
    let Some(answer) = resolved.answer() else { return false };
    let Some(left) = answer.headers.get("ratelimit-remaining") else { return false };
    let none = left.split(';').next().is_some_and(|number| number.trim() == "0");
    if none && crate::rules::r12_is_the_pods(inquiry, resolved) {
        let text = format!("the registry tells ratelimit-remaining: {left}");
        notes.see(Seen::probe(Kind::LimitUsedUp, resolved, text));
    }
    none && notes.has(Kind::LimitUsedUp)
}

fn manifest<'a>(
    inquiry: &Inquiry<'a>,
    words: Option<&Testimony>,
    like: &Ask,
    digest: &str,
    depth: u8,
    notes: &mut Notes,
) -> End<'a> {
    let ask = Ask { what: What::Manifest(digest.to_owned()), ..like.clone() };
    let Some(record) = inquiry.record(&ask) else {
        notes.want(ask);
        return End::Open;
    };
    let read = match &record.ended {
        Ended::Got(Got::Manifest { manifest: Some(read), .. }) => read,
        Ended::Got(_) => return End::Whole,
        Ended::Refused { class: Class::Status(404), .. } if depth > 0 => {
            return gone(inquiry, record, digest, "the manifest of the platform", notes);
        }
        Ended::Refused { class: Class::WrongContent, .. } => return damaged(record, digest, notes),
        Ended::Refused { .. } => return End::Refused(record),
        Ended::NotAsked(_) => {
            notes.unasked.extend(not_asked(record));
            return End::Open;
        }
    };
    match read {
        Manifest::Index(entries) if depth == 0 => index(inquiry, words, record, entries, notes),
        Manifest::Index(_) => End::Whole,
        Manifest::Image { config, layers } => image(inquiry, words, record, config, layers, notes),
        Manifest::Schema1 => other_kind(record, "a Docker schema 1 manifest", notes),
        Manifest::Artifact(kind) => {
            other_kind(record, &format!("an artifact of type {kind}, no image"), notes)
        }
        Manifest::Other(kind) => other_kind(record, &format!("of the unknown type {kind}"), notes),
    }
}

fn other_kind<'a>(record: &Record, what: &str, notes: &mut Notes) -> End<'a> {
    notes.see(Seen::probe(Kind::NotAnImage, record, format!("the manifest is {what}")));
    End::Defect
}

fn index<'a>(
    inquiry: &Inquiry<'a>,
    words: Option<&Testimony>,
    record: &Record,
    entries: &[Entry],
    notes: &mut Notes,
) -> End<'a> {
    let images: Vec<&Entry> = entries.iter().filter(|entry| !entry.attestation).collect();
    notes.evidence.platforms = images.iter().filter_map(|entry| entry.platform.clone()).collect();
    notes.evidence.platforms.dedup();
    notes.evidence.wanted.clone_from(&inquiry.case.platform);
    let Some(node) = &inquiry.case.platform else {
        notes.unasked.push("the node's platform is not known: needs get on nodes".to_owned());
        return End::Open;
    };
    let runtime = inquiry.case.runtime.as_ref();
    // An entry that names no platform fits any (containerd's matcher takes the config's word then).
    let fits =
        |entry: &&&Entry| entry.platform.as_ref().is_none_or(|platform| takes(runtime, node, platform));
    let fitting = images.iter().find(fits);
    if fitting.is_some()
        && let Some(text) = skipped(words, node, &images)
    {
        notes.see(Seen::probe(Kind::PlatformNotInIndex, record, text));
        notes.doubt.get_or_insert_with(|| {
            format!("other runtimes take that child on {node}; the node's own words are that it did not")
        });
        return End::Defect;
    }
    match fitting {
        Some(entry) => manifest(inquiry, words, &record.ask, &entry.manifest.digest, 1, notes),
        None => {
            let listed: Vec<String> = notes.evidence.platforms.iter().map(ToString::to_string).collect();
            let text = match listed.is_empty() {
                true => format!("the index holds no image at all, and the node is {node}"),
                false => format!("the index has {}, and the node is {node}", listed.join(", ")),
            };
            notes.see(Seen::probe(Kind::PlatformNotInIndex, record, text));
            End::Defect
        }
    }
}

/// That the words name a child of the index which is for another platform than the node's, where none is for the node's own:
/// containerd 2.3 goes on with a child that an older one would take (386 on amd64), and has not fetched it. In words.
fn skipped(words: Option<&Testimony>, node: &Platform, images: &[&Entry]) -> Option<String> {
    let words = words.filter(|words| words.family == Family::Platform)?;
    let other = |entry: &&&Entry| {
        let (has, node) = (entry.platform.as_ref().map(Platform::normal), node.normal());
        has.is_some_and(|has| (has.os, has.architecture) != (node.os, node.architecture))
    };
    let named = images.iter().filter(other).find(|entry| words.digests.contains(&entry.manifest.digest))?;
    let child = named.platform.as_ref().filter(|_| images.iter().all(|entry| other(&entry)))?;
    Some(format!("the words name the child of the index for {child}, and the node is {node}"))
}

fn image<'a>(
    inquiry: &Inquiry<'a>,
    words: Option<&Testimony>,
    record: &'a Record,
    config: &Descriptor,
    layers: &[Descriptor],
    notes: &mut Notes,
) -> End<'a> {
    // All manifests were had, and the words reach no further.
    if words.is_some_and(|words| {
        words.fetches && words.stage == Some(Stage::Manifest) && !words.family.is_content()
    }) {
        return End::Whole;
    }
    let own: Vec<&Descriptor> = std::iter::once(config).chain(layers).filter(|part| !part.foreign).collect();
    let named = words.and_then(|words| own.iter().find(|part| words.digests.contains(&part.digest)).copied());
    let family = words.map(|words| words.family);
    match family {
        Some(Family::Platform) => platform_of_config(inquiry, record, config, notes),
        Some(Family::ManifestKind) => End::Whole,
        Some(Family::Content | Family::Reset | Family::AnswerTimeout) => match named {
            Some(part) => blob(inquiry, record, part, notes),
            None => {
                notes.unasked.push("the words name no part of the image that could be read whole".to_owned());
                End::Open
            }
        },
        Some(_) => match named {
            Some(part) => parts(inquiry, record, &[part], notes),
            // Beyond the eighth only where the words tell of a layer.
            None if words.is_some_and(|words| words.stage == Some(Stage::Blob)) => {
                parts(inquiry, record, &own, notes)
            }
            None => some(inquiry, record, &own, notes),
        },
        None => match platform_of_config(inquiry, record, config, notes) {
            End::Whole => some(inquiry, record, &own[1.min(own.len())..], notes),
            other => other,
        },
    }
}

fn platform_of_config<'a>(
    inquiry: &Inquiry<'a>,
    record: &Record,
    config: &Descriptor,
    notes: &mut Notes,
) -> End<'a> {
    let ask = Ask { what: What::Config(config.digest.clone()), ..record.ask.clone() };
    let Some(read) = inquiry.record(&ask) else {
        notes.want(ask);
        return End::Open;
    };
    match (&read.ended, &inquiry.case.platform) {
        (Ended::Got(Got::Config { platform, .. }), Some(node))
            if !takes(inquiry.case.runtime.as_ref(), node, platform) =>
        {
            notes.evidence.platforms = vec![platform.clone()];
            notes.evidence.wanted = Some(node.clone());
            let text = format!("the image was made for {platform}, and the node is {node}");
            notes.see(Seen::probe(Kind::ConfigForOtherPlatform, read, text));
            End::Defect
        }
        (Ended::Got(_), _) => End::Whole,
        (Ended::Refused { class: Class::Status(404), .. }, _) => {
            gone(inquiry, read, &config.digest, "the image's config", notes)
        }
        (Ended::Refused { .. }, _) => End::Refused(read),
        (Ended::NotAsked(_), _) => {
            notes.unasked.extend(not_asked(read));
            End::Open
        }
    }
}
