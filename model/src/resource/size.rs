//! How large an object may be.

use super::incident::PullIncident;

/// The largest object that is written, in bytes of JSON. etcd takes 1.5 MiB; 10,000 incidents of this size are 160 MiB,
/// which the API server holds in its watch cache, and what a person reads is far less.
pub const OBJECT_CAP: usize = 16 * 1024;

/// Each step gives up the part that is missed least, in turn.
const STEPS: [fn(&mut PullIncident); 9] = [
    |object| object.status.remedies.iter_mut().for_each(|fix| (fix.yaml, fix.undo) = (None, None)),
    |object| object.status.rivals.truncate(4),
    |object| object.status.samples.truncate(3),
    |object| object.status.remedies.truncate(3),
    |object| object.status.proof.truncate(2),
    |object| object.status.rivals.clear(),
    |object| {
        object.status.images.truncate(3);
        object.status.owners.truncate(3);
        object.status.nodes.truncate(3);
    },
    |object| {
        object.status.samples.clear();
        object.status.not_looked_at.clear();
        object.status.remedies.truncate(1);
    },
    |object| {
        object.status.images.clear();
        object.status.owners.clear();
        object.status.proof.clear();
        object.status.remedies.clear();
    },
];

/// The object with as much as fits.
pub(super) fn fitted(mut object: PullIncident) -> PullIncident {
    for step in STEPS {
        if bytes(&object) <= OBJECT_CAP {
            break;
        }
        step(&mut object);
    }
    object
}

fn bytes(object: &PullIncident) -> usize {
    serde_json::to_vec(object).map_or(usize::MAX, |json| json.len())
}
