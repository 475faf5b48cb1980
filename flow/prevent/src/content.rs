//! What the answers of a walk hold.

use pullmedic_model::probe::manifest::{Entry, Manifest, Platform};
use pullmedic_model::probe::{Got, Record, What};

/// The request that resolved the image; `None` when none did.
pub fn resolved(records: &[Record]) -> Option<&Record> {
    records.iter().find(|record| matches!(record.ask.what, What::ManifestHead(_)) && record.got().is_some())
}

/// The manifest that a request read; `None` when it read none.
fn manifest_of(record: &Record) -> Option<&Manifest> {
    let Some(Got::Manifest { manifest, .. }) = record.got() else { return None };
    manifest.as_ref()
}

/// The platform whose image the request at `at` is of; `None` when it is of no entry of a list.
pub fn platform_of(records: &[Record], at: usize) -> Option<Platform> {
    let (What::Manifest(asked) | What::Config(asked) | What::BlobHead(asked)) = &records.get(at)?.ask.what
    else {
        return None;
    };
    let is_part = |record: &Record| match manifest_of(record) {
        Some(Manifest::Image { config, layers }) => {
            config.digest == *asked || layers.iter().any(|layer| layer.digest == *asked)
        }
        Some(Manifest::Index(_) | Manifest::Schema1 | Manifest::Artifact(_) | Manifest::Other(_)) | None => {
            false
        }
    };
    let holds = |entry: &&Entry| {
        let own = What::Manifest(entry.manifest.digest.clone());
        entry.manifest.digest == *asked
            || records.iter().any(|record| record.ask.what == own && is_part(record))
    };
    let lists = records.iter().filter_map(manifest_of).filter_map(|manifest| match manifest {
        Manifest::Index(entries) => Some(entries),
        Manifest::Image { .. } | Manifest::Schema1 | Manifest::Artifact(_) | Manifest::Other(_) => None,
    });
    lists.flatten().find(holds)?.platform.clone()
}

/// Whether a manifest that was read holds no image that a runtime runs: of another kind, or a list without images.
pub fn holds_no_image(records: &[Record]) -> bool {
    records.iter().filter_map(manifest_of).any(|manifest| match manifest {
        Manifest::Schema1 | Manifest::Artifact(_) | Manifest::Other(_) => true,
        Manifest::Index(entries) => entries.iter().all(|entry| entry.attestation),
        Manifest::Image { .. } => false,
    })
}
