//! All that was read and asked, so that the verdict can be had again without cluster and registry.

use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;
use jiff::Timestamp;
use pullmedic_model::Captured;
use pullmedic_model::finding::Vantage;
use pullmedic_model::object::Objects;
use pullmedic_model::probe::{Case, Record};
use pullmedic_model::report::{ApiVersion, Cluster, Skipped};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::case::CaseKey;

/// The longest transcript that is read: one of thousands of pods is some tens of megabytes.
const LONGEST: u64 = 1024 * 1024 * 1024;

/// The file of `--transcript`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Transcript {
    /// The version of this format.
    pub(crate) api_version: ApiVersion,
    /// What this document is.
    pub(crate) kind: Kind,
    /// From where it was looked.
    pub(crate) vantage: Vantage,
    /// When.
    pub(crate) now: Timestamp,
    /// The cluster; null for saved objects.
    pub(crate) cluster: Option<Cluster>,
    /// The objects that were read, as a List, redacted.
    pub(crate) objects: Value,
    /// What could not be read.
    pub(crate) skipped: Vec<Skipped>,
    /// Cases and what was asked for each.
    pub(crate) proofs: Vec<Proof>,
}

/// `Transcript`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kind {
    /// A transcript.
    Transcript,
}

/// One case and what was asked for it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Proof {
    /// Which sightings it is of.
    pub(crate) key: CaseKey,
    /// What was known before.
    pub(crate) case: Case,
    /// What was asked, in order.
    pub(crate) records: Vec<Record>,
}

impl Transcript {
    /// Writes it for its owner only, whole or not at all: it names hosts, images and users.
    pub(crate) fn write(&self, path: &Path) -> anyhow::Result<()> {
        let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut file = tempfile::Builder::new()
            .prefix(".transcript")
            .tempfile_in(folder)
            .with_context(|| format!("write the transcript into {}", folder.display()))?;
        let mut out = std::io::BufWriter::new(&mut file);
        serde_json::to_writer(&mut out, self).context("write the transcript")?;
        out.write_all(b"\n").and_then(|()| out.flush()).context("write the transcript")?;
        drop(out);
        file.persist(path).with_context(|| format!("write the transcript {}", path.display()))?;
        Ok(())
    }

    /// Reads one.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Transcript> {
        let file = std::fs::File::open(path).with_context(|| format!("open {}", path.display()))?;
        let length = file.metadata().map(|metadata| metadata.len()).unwrap_or_default();
        anyhow::ensure!(length <= LONGEST, "read {}: larger than {LONGEST} bytes", path.display());
        serde_json::from_reader(std::io::BufReader::new(file))
            .with_context(|| format!("read {}: not a transcript of this version", path.display()))
    }

    /// The objects of it.
    pub(crate) fn objects(&self) -> anyhow::Result<Objects> {
        let mut objects = Objects::default();
        let text = self.objects.to_string();
        let mut unreadable = Vec::new();
        pullmedic_model::object::decode_json(&text, &mut |object| match object {
            Ok(object) => objects.add(object),
            Err(error) => unreadable.push(error),
        })
        .context("read the objects of the transcript")?;
        if let Some(error) = unreadable.into_iter().next() {
            return Err(anyhow::Error::new(error).context("read the objects of the transcript"));
        }
        objects.skipped = self.skipped.clone();
        Ok(objects)
    }
}

/// The objects as a List, every text in them redacted.
pub(crate) fn objects_of(objects: &Objects) -> Value {
    let mut items = Vec::new();
    let mut add = |kind: &str, value: serde_json::Result<Value>| {
        let Ok(mut value) = value else { return };
        redact(&mut value);
        if let Some(fields) = value.as_object_mut() {
            fields.entry("kind").or_insert_with(|| kind.into());
        }
        items.push(value);
    };
    objects.pods.iter().for_each(|pod| add("Pod", serde_json::to_value(pod)));
    objects.events.iter().for_each(|event| add("Event", serde_json::to_value(event)));
    objects.workloads.iter().for_each(|owner| add(&owner.kind, serde_json::to_value(owner)));
    objects.nodes.iter().for_each(|node| add("Node", serde_json::to_value(node)));
    objects.accounts.iter().for_each(|account| add("ServiceAccount", serde_json::to_value(account)));
    serde_json::json!({"kind": "List", "apiVersion": "v1", "items": items})
}

fn redact(value: &mut Value) {
    match value {
        Value::String(text) => {
            let captured = Captured::new(text);
            if captured.as_str() != text {
                *text = captured.as_str().to_owned();
            }
        }
        Value::Array(values) => values.iter_mut().for_each(redact),
        Value::Object(fields) => fields.values_mut().for_each(redact),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
