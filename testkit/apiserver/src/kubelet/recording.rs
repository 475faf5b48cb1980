//! What real kubelets said, for the stand-in to say again.

use std::io;
use std::path::Path;

use serde_json::Value;

use crate::object::text;
use crate::population::waiting;

/// What the kubelet says between the name of an image and the runtime's own words.
const ERR_IMAGE_PULL: &str = ": ErrImagePull: ";

/// What a kubelet said of one image that could not be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// The namespace it was recorded in: the scenario and the node, as `s01-a`.
    pub namespace: String,
    /// The image that it was recorded with.
    pub image: String,
    /// The last waiting reason: `ImagePullBackOff`, `InvalidImageName`, ….
    pub reason: String,
    /// The runtime's or kubelet's error, without `Back-off pulling image …`.
    pub error: String,
    /// Type, reason and message of the pod's warnings, where nothing was ever pulled.
    pub warnings: Vec<(String, String)>,
}

impl Words {
    /// Whether a pull was tried, and will be again.
    #[must_use]
    pub fn pulls(&self) -> bool {
        matches!(&*self.reason, "ImagePullBackOff" | "ErrImagePull")
    }

    /// The error with another image in the place of the recorded one: whole, and in the parts that URLs have.
    #[must_use]
    pub fn error_of(&self, image: &str) -> String {
        instead(&self.error, &self.image, image)
    }
}

/// Recorded words with another image in them.
pub(crate) fn instead(text: &str, recorded: &str, image: &str) -> String {
    if recorded.is_empty() {
        return text.to_owned();
    }
    let (was, is) = (parts(recorded), parts(image));
    text.replace(recorded, image)
        .replace(&format!("/v2/{}/manifests/{}", was.1, was.2), &format!("/v2/{}/manifests/{}", is.1, is.2))
        .replace(&format!("/v2/{}/", was.1), &format!("/v2/{}/", is.1))
        .replace(&format!("repository:{}:", was.1), &format!("repository:{}:", is.1))
        .replace(was.0, is.0)
}

/// Host, repository and tag or digest; of a short name as the runtime completes it.
fn parts(image: &str) -> (&str, &str, &str) {
    let (host, rest) = match image.split_once('/') {
        Some((host, rest)) if host.contains(['.', ':']) || host == "localhost" => (host, rest),
        _ => ("docker.io", image),
    };
    let (repository, tag) =
        rest.split_once('@').or_else(|| rest.rsplit_once(':')).unwrap_or((rest, "latest"));
    (host, repository, tag)
}

/// A recording of a cluster: the files that `cargo xtask scenarios --record DIR` writes.
#[derive(Debug, Clone, Default)]
pub struct Recording {
    words: Vec<Words>,
    /// Image and message of an image that was pulled.
    pub(crate) pulled: Option<(String, String)>,
}

impl Recording {
    /// Reads `pods.yaml` and `events.yaml` of a folder: `examples/broken-cluster` is a recording of ours.
    ///
    /// # Errors
    /// When a file cannot be read, is no list, or no pod of it waits for an image.
    pub fn read(folder: &Path) -> io::Result<Recording> {
        let list = |file: &str| -> io::Result<Vec<Value>> {
            let text = std::fs::read_to_string(folder.join(file))?;
            let list: Value = serde_saphyr::from_str(&text).map_err(io::Error::other)?;
            Ok(list["items"].as_array().cloned().unwrap_or_default())
        };
        let recording = Recording::of(&list("pods.yaml")?, &list("events.yaml")?);
        if recording.words.is_empty() || recording.pulled.is_none() {
            return Err(io::Error::other(
                "the recording holds no image that was pulled, or none that was not",
            ));
        }
        Ok(recording)
    }

    fn of(pods: &[Value], events: &[Value]) -> Recording {
        let words = pods
            .iter()
            .filter_map(|pod| {
                let (image, message) = waiting(pod)?;
                let uid = text(pod, "/metadata/uid");
                let mut warnings: Vec<(String, String)> = events
                    .iter()
                    .filter(|event| text(event, "/involvedObject/uid") == uid && event["type"] == "Warning")
                    .map(|event| (text(event, "/reason").to_owned(), text(event, "/message").to_owned()))
                    .collect();
                warnings.dedup();
                let error = message.split_once(ERR_IMAGE_PULL).map_or(message.as_str(), |(_, error)| error);
                Some(Words {
                    namespace: text(pod, "/metadata/namespace").to_owned(),
                    reason: reason_of(pod),
                    error: error.to_owned(),
                    image,
                    warnings,
                })
            })
            .collect();
        let pulled = events.iter().find_map(|event| {
            let message = text(event, "/message");
            let image = message.strip_prefix("Successfully pulled image \"")?.split('"').next()?;
            Some((image.to_owned(), message.to_owned()))
        });
        Recording { words, pulled }
    }

    /// All that was said, in the order of the recording.
    #[must_use]
    pub fn all(&self) -> &[Words] {
        &self.words
    }

    /// What was said in a namespace first, as `s01-a`.
    #[must_use]
    pub fn of_namespace(&self, namespace: &str) -> Option<&Words> {
        self.words.iter().find(|words| words.namespace == namespace)
    }
}

fn reason_of(pod: &Value) -> String {
    let statuses = ["initContainerStatuses", "containerStatuses"];
    let found =
        statuses.iter().filter_map(|which| pod["status"][which].as_array()).flatten().find_map(|status| {
            let reason = status["state"]["waiting"]["reason"].as_str()?;
            reason.contains("Image").then(|| reason.to_owned())
        });
    found.unwrap_or_default()
}
