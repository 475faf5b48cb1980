//! What `pullmedic check` found: images that have not failed yet.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::finding::Certainty;
use crate::report::{ApiVersion, Skipped};
use crate::{Cause, Endpoint};

/// Everything that one check found, and what it could not read or did not ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CheckReport {
    /// The version of this format.
    pub api_version: ApiVersion,
    /// What this document is.
    pub kind: CheckKind,
    /// When we looked.
    pub observed_at: Timestamp,
    /// Different images that were looked at.
    pub images: usize,
    /// Different registries that these images name.
    pub registries: usize,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// Requests that a registry counts as a pull (a `GET` of a manifest at a metered host).
    pub metered_pulls: u32,
    /// One entry for each image and judgement: an image may have a finding and a note. Findings first, `ok` last.
    pub entries: Vec<CheckEntry>,
    /// What could not be read: files, objects, secrets.
    pub skipped: Vec<Skipped>,
}

/// `CheckReport`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum CheckKind {
    /// The report of a check.
    CheckReport,
}

/// One judgement of one image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CheckEntry {
    /// The image as it is written.
    pub image: String,
    /// The judgement.
    pub verdict: CheckVerdict,
    /// How sure; null for a note and for what was not checked, which are no verdicts.
    pub certainty: Option<Certainty>,
    /// Who asks for the image; empty for one given by hand.
    pub by: Vec<AskedBy>,
    /// The host and port that was asked; null when none was.
    pub endpoint: Option<Endpoint>,
    /// One sentence: what is wrong, or what to know; null when the code says it all.
    pub detail: Option<String>,
    /// Tags or repositories like the one that is not there, nearest first.
    pub nearest: Vec<Nearest>,
    /// The same image by its digest now, to pin it: `nginx@sha256:…`; null when the digest is not known.
    pub pin: Option<String>,
    /// For [`CheckVerdict::NotChecked`], what was not, why, and what would buy it; null for every other.
    pub reason: Option<String>,
}

/// What a check says of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "is", content = "code", rename_all = "kebab-case")]
pub enum CheckVerdict {
    /// It cannot be pulled as it is asked for.
    Finding(Cause),
    /// It can be pulled, or may be; something about how it is asked for will bite later.
    Note(Note),
    /// Something about it was not looked at.
    NotChecked,
    /// It is there, and may be pulled by who asks for it.
    Ok,
}

/// A trap in how an image is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Note {
    /// `:latest`, or no tag at all: what runs changes with the day of the pull.
    MovingTag,
    /// A tag without a digest: what runs may change.
    NoDigest,
    /// The pull policy does not fit how the image is named.
    PullPolicy,
}

impl Note {
    /// The word used in reports.
    pub const fn code(self) -> &'static str {
        match self {
            Note::MovingTag => "moving-tag",
            Note::NoDigest => "no-digest",
            Note::PullPolicy => "pull-policy",
        }
    }
}

/// Who asks for an image, and where that is written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AskedBy {
    /// `Deployment/cart`.
    pub owner: String,
    /// Its namespace; null when the manifest names none.
    pub namespace: Option<String>,
    /// The container; null when it does not matter.
    pub container: Option<String>,
    /// The file it was read from, as given; null for an object of a cluster and for standard input.
    pub file: Option<String>,
    /// The line of the image in that file, from 1; null when it is not known.
    pub line: Option<usize>,
}

/// Something like what was asked for that is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Nearest {
    /// The tag, or the repository.
    pub name: String,
    /// When it was made, by its own config or its registry; null when that was not looked at.
    pub made: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_reads_by_its_kind_and_its_code() {
        for (verdict, written) in [
            (CheckVerdict::Finding(Cause::TagNotFound), r#"{"is":"finding","code":"tag-not-found"}"#),
            (CheckVerdict::Note(Note::MovingTag), r#"{"is":"note","code":"moving-tag"}"#),
            (CheckVerdict::NotChecked, r#"{"is":"not-checked"}"#),
            (CheckVerdict::Ok, r#"{"is":"ok"}"#),
        ] {
            assert_eq!(serde_json::to_string(&verdict).unwrap(), written);
            assert_eq!(serde_json::from_str::<CheckVerdict>(written).unwrap(), verdict);
        }
        for note in [Note::MovingTag, Note::NoDigest, Note::PullPolicy] {
            assert_eq!(serde_json::to_value(note).unwrap(), note.code());
        }
    }
}
