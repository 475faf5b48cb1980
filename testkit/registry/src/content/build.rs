//! From an [`Image`] as data to what is served.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::layer::{self, Packed};
use super::{Manifest, Repository, Store, digest, layout};
use crate::configuration::{ConfigurationError, Entry, Form, Image, Layer, Media, ReadyMade};

const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
const OCI_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const OCI_LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";
const DOCKER_LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";
const EMPTY: &str = "application/vnd.oci.empty.v1+json";

/// What one image became.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Built {
    /// Its repository.
    pub repository: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// Of what stands under the tags.
    pub digest: String,
    /// Of what it names and is there: entries of an index, in order.
    pub entries: Vec<String>,
    /// Of the configs, entry by entry.
    pub configs: Vec<String>,
    /// Of the layers that are there, in order, entry by entry.
    pub layers: Vec<String>,
    /// Of the artifacts attached.
    pub attached: Vec<String>,
}

/// Builds all images; `fill` replaces `{url:NAME}` in the urls of layers.
pub(crate) fn build(
    images: &[Image],
    fill: &dyn Fn(&str) -> String,
) -> Result<(Store, Vec<Built>), ConfigurationError> {
    let mut store = Store::default();
    let mut built = Vec::new();
    for image in images {
        let repository = store.repositories.entry(image.repository.clone()).or_default();
        let mut builder = Builder {
            repository,
            media: image.media,
            fill,
            entries: vec![],
            configs: vec![],
            layers: vec![],
        };
        let manifest = builder.form(&image.form);
        let (entries, configs, layers) = (
            std::mem::take(&mut builder.entries),
            std::mem::take(&mut builder.configs),
            std::mem::take(&mut builder.layers),
        );
        let manifest = manifest.map_err(|reason| ConfigurationError::Image {
            image: format!("{}:{}", image.repository, image.tags.first().map_or("", String::as_str)),
            reason,
        })?;
        let attached = image.attached.iter();
        let attached = attached.map(|one| builder.attach(&manifest, &one.artifact_type, &one.text)).collect();
        for tag in &image.tags {
            repository.tags.insert(tag.clone(), manifest.digest.clone());
        }
        built.push(Built {
            repository: image.repository.clone(),
            tags: image.tags.clone(),
            digest: manifest.digest,
            entries,
            configs,
            layers,
            attached,
        });
    }
    Ok((store, built))
}

struct Builder<'a> {
    repository: &'a mut Repository,
    media: Media,
    fill: &'a dyn Fn(&str) -> String,
    entries: Vec<String>,
    configs: Vec<String>,
    layers: Vec<String>,
}

impl Builder<'_> {
    fn of(&self, oci: &'static str, docker: &'static str) -> &'static str {
        match self.media {
            Media::Oci => oci,
            Media::Docker => docker,
        }
    }

    fn form(&mut self, form: &Form) -> Result<Manifest, String> {
        match form {
            Form::Image(entry) => self.image(entry, None),
            Form::Index { entries, attestations } => self.index(entries, *attestations),
            Form::IndexOfMany(count) => Ok(self.index_of_many(*count)),
            Form::IndexOfItself => {
                let digest = digest(b"an index that names itself");
                let platform = json!({"os": "linux", "architecture": "amd64"});
                let body = self.index_body(vec![self.descriptor(&digest, 500, platform)]);
                let media_type = self.of(OCI_INDEX, DOCKER_LIST);
                self.repository.put_as(&digest, media_type, body.clone());
                Ok(self.repository.put(media_type, body))
            }
            Form::Large(bytes) => self.image(&Entry::default(), Some(*bytes)),
            Form::ReadyMade(ready_made) => self.ready_made(*ready_made),
            Form::Literal { media_type, body } => {
                let body = (self.fill)(body);
                Ok(self.repository.put(media_type, body.into_bytes()))
            }
            Form::Layout { path, reference } => {
                let before: Vec<String> = self.repository.manifests.keys().cloned().collect();
                let manifest = layout::load(self.repository, path, reference.as_deref())?;
                let new = self.repository.manifests.keys().filter(|digest| !before.contains(digest));
                self.entries = new.filter(|digest| **digest != manifest.digest).cloned().collect();
                Ok(manifest)
            }
        }
    }

    /// Written as text: a million entries as values would take a gigabyte.
    fn index_of_many(&mut self, count: u64) -> Manifest {
        let (media_type, of_entry) =
            (self.of(OCI_INDEX, DOCKER_LIST), self.of(OCI_MANIFEST, DOCKER_MANIFEST));
        let entry = |at: u64| {
            format!(
                r#"{{"digest":"sha256:{at:064x}","mediaType":"{of_entry}","platform":{{"architecture":"arch{at}","os":"linux"}},"size":500}}"#
            )
        };
        let entries = (0..count).map(entry).collect::<Vec<_>>().join(",");
        let body = format!(r#"{{"manifests":[{entries}],"mediaType":"{media_type}","schemaVersion":2}}"#);
        self.repository.put(media_type, body.into_bytes())
    }

    fn index(&mut self, entries: &[Entry], attestations: bool) -> Result<Manifest, String> {
        let mut descriptors = Vec::new();
        for entry in entries {
            let manifest = self.image(entry, None)?;
            let mut platform = json!({"architecture": entry.architecture, "os": entry.os});
            if let Some(variant) = &entry.variant {
                platform["variant"] = json!(variant);
            }
            descriptors.push(self.descriptor(&manifest.digest, manifest.body.len(), platform));
            self.entries.push(manifest.digest);
        }
        if attestations {
            let subjects: Vec<String> =
                if entries.is_empty() { vec![digest(b"gone")] } else { self.entries.clone() };
            for subject in subjects {
                descriptors.push(self.attestation(&subject));
            }
        }
        Ok(self.put_index(descriptors))
    }

    fn attestation(&mut self, subject: &str) -> Value {
        let statement = json!({"_type": "https://in-toto.io/Statement/v0.1", "subject": [{"name": subject}]});
        let layer = self.blob(canonical(&statement), "layer:0");
        let unknown = json!({"architecture": "unknown", "os": "unknown", "config": {}, "rootfs": {"type": "layers", "diff_ids": [layer.0]}});
        let config = self.blob(canonical(&unknown), "config");
        let body = json!({
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": {"mediaType": OCI_CONFIG, "digest": config.0, "size": config.1},
            "layers": [{"mediaType": "application/vnd.in-toto+json", "digest": layer.0, "size": layer.1}],
        });
        let manifest = self.repository.put(OCI_MANIFEST, canonical(&body));
        let mut descriptor = json!({
            "mediaType": OCI_MANIFEST,
            "digest": manifest.digest,
            "size": manifest.body.len(),
            "platform": {"architecture": "unknown", "os": "unknown"},
        });
        descriptor["annotations"] = json!({
            "vnd.docker.reference.digest": subject,
            "vnd.docker.reference.type": "attestation-manifest",
        });
        self.entries.push(manifest.digest);
        descriptor
    }

    fn image(&mut self, entry: &Entry, at_least: Option<u64>) -> Result<Manifest, String> {
        let (mut layers, mut diff_ids) = (Vec::new(), Vec::new());
        for (at, layer) in entry.layers.iter().enumerate() {
            let Packed { bytes, diff_id } = match layer {
                Layer::Files(files) => layer::of_files(files).map_err(|error| error.to_string())?,
                Layer::Random { bytes, seed } => {
                    layer::of_random(*bytes, *seed).map_err(|error| error.to_string())?
                }
                Layer::Described { digest: claimed, size, media_type, urls } => {
                    let media_type = media_type.as_deref().unwrap_or(self.of(OCI_LAYER, DOCKER_LAYER));
                    let mut descriptor = json!({"mediaType": media_type, "digest": claimed, "size": size});
                    if !urls.is_empty() {
                        descriptor["urls"] = urls.iter().map(|url| (self.fill)(url)).collect();
                    }
                    layers.push(descriptor);
                    diff_ids.push(digest(claimed.as_bytes()));
                    continue;
                }
            };
            let (digest, size) = self.blob(bytes, &format!("layer:{at}"));
            let media_type = self.of(OCI_LAYER, DOCKER_LAYER);
            layers.push(json!({"mediaType": media_type, "digest": digest, "size": size}));
            diff_ids.push(diff_id);
        }
        let mut config = json!({
            "architecture": entry.architecture,
            "os": entry.os,
            "config": {"Entrypoint": entry.entrypoint, "Env": entry.environment},
            "rootfs": {"type": "layers", "diff_ids": diff_ids},
        });
        if let Some(variant) = &entry.variant {
            config["variant"] = json!(variant);
        }
        let (digest, size) = self.blob(canonical(&config), "config");
        let media_type = self.of(OCI_MANIFEST, DOCKER_MANIFEST);
        let mut body = json!({
            "schemaVersion": 2,
            "mediaType": media_type,
            "config": {"mediaType": self.of(OCI_CONFIG, DOCKER_CONFIG), "digest": digest, "size": size},
            "layers": layers,
        });
        if let Some(bytes) = at_least {
            let bytes = usize::try_from(bytes).map_err(|error| error.to_string())?;
            body["annotations"] = json!({"padding": "x".repeat(bytes)});
        }
        Ok(self.repository.put(media_type, canonical(&body)))
    }

    fn ready_made(&mut self, form: ReadyMade) -> Result<Manifest, String> {
        let layer = layer::of_random(512, 1).map_err(|error| error.to_string())?;
        Ok(match form {
            ReadyMade::Schema1 => {
                let (layer, _) = self.blob(layer.bytes, "layer:0");
                let history = json!({"id": "a".repeat(64), "architecture": "amd64", "os": "linux"});
                let body = json!({
                    "schemaVersion": 1,
                    "name": "library/old",
                    "tag": "1",
                    "architecture": "amd64",
                    "fsLayers": [{"blobSum": layer}],
                    "history": [{"v1Compatibility": history.to_string()}],
                    "signatures": [{"header": {"alg": "ES256"}, "signature": "AA", "protected": "AA"}],
                });
                let media_type = "application/vnd.docker.distribution.manifest.v1+prettyjws";
                self.repository.put(media_type, canonical(&body))
            }
            ReadyMade::HelmChart => {
                let config = json!({"name": "chart", "version": "1.0.0", "apiVersion": "v2"});
                let config = self.blob(canonical(&config), "config");
                let layer = self.blob(layer.bytes, "layer:0");
                let body = json!({
                    "schemaVersion": 2,
                    "mediaType": OCI_MANIFEST,
                    "config": {"mediaType": "application/vnd.cncf.helm.config.v1+json", "digest": config.0, "size": config.1},
                    "layers": [{"mediaType": "application/vnd.cncf.helm.chart.content.v1.tar+gzip", "digest": layer.0, "size": layer.1}],
                });
                self.repository.put(OCI_MANIFEST, canonical(&body))
            }
            ReadyMade::Artifact => {
                let body = self.artifact("application/vnd.example.thing", "thing");
                self.repository.put(OCI_MANIFEST, canonical(&body))
            }
        })
    }

    fn artifact(&mut self, artifact_type: &str, text: &str) -> Value {
        let config = self.blob(b"{}".to_vec(), "config");
        let layer = self.blob(text.as_bytes().to_vec(), "layer:0");
        json!({
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "artifactType": artifact_type,
            "config": {"mediaType": EMPTY, "digest": config.0, "size": config.1},
            "layers": [{"mediaType": "text/plain", "digest": layer.0, "size": layer.1}],
        })
    }

    fn attach(&mut self, subject: &Manifest, artifact_type: &str, text: &str) -> String {
        let mut body = self.artifact(artifact_type, text);
        body["subject"] =
            json!({"mediaType": subject.media_type, "digest": subject.digest, "size": subject.body.len()});
        let manifest = self.repository.put(OCI_MANIFEST, canonical(&body));
        let descriptor = json!({
            "mediaType": OCI_MANIFEST,
            "digest": manifest.digest,
            "size": manifest.body.len(),
            "artifactType": artifact_type,
        });
        self.repository.referrers.entry(subject.digest.clone()).or_default().push(descriptor);
        manifest.digest
    }

    fn blob(&mut self, bytes: Vec<u8>, place: &str) -> (String, usize) {
        let (digest, size) = self.repository.put_blob(bytes, place);
        if place == "config" { &mut self.configs } else { &mut self.layers }.push(digest.clone());
        (digest, size)
    }

    fn descriptor(&self, digest: &str, size: usize, platform: Value) -> Value {
        let media_type = self.of(OCI_MANIFEST, DOCKER_MANIFEST);
        json!({"mediaType": media_type, "digest": digest, "size": size, "platform": platform})
    }

    fn index_body(&self, descriptors: Vec<Value>) -> Vec<u8> {
        let media_type = self.of(OCI_INDEX, DOCKER_LIST);
        json!({"schemaVersion": 2, "mediaType": media_type, "manifests": descriptors})
            .to_string()
            .into_bytes()
    }

    fn put_index(&mut self, descriptors: Vec<Value>) -> Manifest {
        let body = self.index_body(descriptors);
        let media_type = self.of(OCI_INDEX, DOCKER_LIST);
        self.repository.put(media_type, body)
    }
}

/// JSON with sorted keys, whatever serde_json's `preserve_order` is in this build: digests depend on it.
fn canonical(value: &Value) -> Vec<u8> {
    fn sorted(value: &Value) -> String {
        match value {
            Value::Object(object) => {
                let fields: BTreeMap<&String, &Value> = object.iter().collect();
                let fields =
                    fields.into_iter().map(|(key, value)| format!("{}:{}", json!(key), sorted(value)));
                format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
            }
            Value::Array(values) => format!("[{}]", values.iter().map(sorted).collect::<Vec<_>>().join(",")),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
        }
    }
    sorted(value).into_bytes()
}
