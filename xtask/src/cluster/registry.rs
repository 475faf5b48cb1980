//! Registries: Debian's docker-registry in the registries' namespace, and the test images in them.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::build::Programs;
use super::configuration::write;
use super::layout::{REGISTRY_ADDRESS, pki, root};
use super::process::{Daemon, Running};
use crate::command::{command, run};
use crate::steps::wait_for;

/// How a registry listens and whom it lets in.
pub(crate) struct Registry<'a> {
    /// Name of its record, log and storage.
    pub(crate) name: &'a str,
    /// `address:port`.
    pub(crate) listen: String,
    /// File name of its certificate; plain HTTP without.
    pub(crate) certificate: Option<&'a str>,
    /// User and password that it asks for.
    pub(crate) login: Option<(&'a str, &'a str)>,
}

impl Registry<'_> {
    /// Starts it and waits until it accepts connections.
    pub(crate) fn ensure(&self, programs: &Programs, holder: &Running) -> Result<()> {
        let configuration = self.configuration(programs)?;
        let file = folder().join(format!("{}.yml", self.name));
        fs::create_dir_all(folder().join(self.name))?;
        write(&file, &configuration)?;
        let line = vec!["docker-registry".to_owned(), "serve".to_owned(), file.display().to_string()];
        let mut daemon = Daemon::new(format!("registry-{}", self.name), line).inside(holder);
        daemon.configuration = configuration;
        daemon.ensure()?;
        wait_for_port(&self.listen)
    }

    fn configuration(&self, programs: &Programs) -> Result<String> {
        let mut http = json!({"addr": self.listen});
        if let Some(certificate) = self.certificate {
            http["tls"] = json!({
                "certificate": pki(&format!("{certificate}.crt")),
                "key": pki(&format!("{certificate}.key")),
            });
        }
        let mut whole = json!({
            "version": 0.1,
            "log": {"level": "info", "accesslog": {"disabled": false}},
            "storage": {
                "filesystem": {"rootdirectory": folder().join(self.name)},
                "delete": {"enabled": true},
                // Uploads are purged on a timer by default, for which a cluster of an hour has no use.
                "maintenance": {"uploadpurging": {"enabled": false}},
            },
            "http": http,
        });
        if let Some((user, password)) = self.login {
            let line =
                crate::command::read(&mut command(programs.ours("fixtures"), &["password", user, password]))?;
            let file = folder().join(format!("{}.htpasswd", self.name));
            if !file.exists() {
                write(&file, &line)?;
            }
            whole["auth"] = json!({"htpasswd": {"realm": "Acme Registry", "path": file}});
        }
        // JSON is YAML.
        Ok(serde_json::to_string_pretty(&whole)?)
    }

    /// Puts a test image there under `name`, a `repository:tag`.
    pub(crate) fn push(&self, programs: &Programs, name: &str) -> Result<()> {
        self.push_as(programs, &Image::test(name), name)
    }

    /// Puts an image there under `name`.
    pub(crate) fn push_as(&self, programs: &Programs, image: &Image, name: &str) -> Result<()> {
        let layout = image.write(programs)?;
        let mut copy = command("skopeo", &["copy", "--quiet", "--dest-tls-verify=false"]);
        if let Some((user, password)) = self.login {
            copy.arg(format!("--dest-creds={user}:{password}"));
        }
        copy.arg(format!("oci:{}", layout.display())).arg(format!("docker://{}/{name}", self.listen));
        let outcome = run(&mut copy);
        let _ = fs::remove_dir_all(layout);
        outcome
    }
}

/// The registry that works.
pub(crate) fn standing() -> Registry<'static> {
    Registry {
        name: "acme",
        listen: format!("{REGISTRY_ADDRESS}:443"),
        certificate: Some("registry"),
        login: None,
    }
}

/// Waits until somebody accepts connections there.
pub(crate) fn wait_for_port(listen: &str) -> Result<()> {
    let address = listen.parse().with_context(|| format!("{listen} is no address"))?;
    wait_for(
        &format!("a listener at {listen}"),
        Duration::from_secs(15),
        || Ok(std::net::TcpStream::connect_timeout(&address, Duration::from_millis(300)).ok()),
        || "nothing accepts connections".to_owned(),
    )
    .map(drop)
}

fn folder() -> PathBuf {
    root().join("registry")
}

/// An OCI image that holds the waiter and nothing else.
pub(crate) struct Image {
    name: String,
    architecture: &'static str,
}

impl Image {
    /// The image for this machine; its name is in it, so that no two have the same digest.
    pub(crate) fn test(name: &str) -> Self {
        let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
        Self { name: name.to_owned(), architecture }
    }

    /// Writes it as an OCI layout into a fresh folder and returns that.
    pub(crate) fn write(&self, programs: &Programs) -> Result<PathBuf> {
        let id: String = digest_of(self.name.as_bytes()).chars().take(16).collect();
        let layout = root().join("images").join(id);
        let blobs = layout.join("blobs/sha256");
        fs::create_dir_all(&blobs).with_context(|| format!("could not make {}", blobs.display()))?;

        let layer = fs::read(layer(programs)?)?;
        let layer_digest = put(&blobs, &layer)?;
        let configuration = serde_json::to_vec(&json!({
            "architecture": self.architecture,
            "os": "linux",
            "created": "2026-01-01T00:00:00Z",
            "config": {"Entrypoint": ["/waiter"], "Labels": {"org.opencontainers.image.ref.name": self.name}},
            "rootfs": {"type": "layers", "diff_ids": [format!("sha256:{layer_digest}")]},
        }))?;
        let manifest = serde_json::to_vec(&json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": {
                "mediaType": "application/vnd.oci.image.config.v1+json",
                "digest": format!("sha256:{}", put(&blobs, &configuration)?),
                "size": configuration.len(),
            },
            "layers": [{
                "mediaType": "application/vnd.oci.image.layer.v1.tar",
                "digest": format!("sha256:{layer_digest}"),
                "size": layer.len(),
            }],
        }))?;
        let index = json!({
            "schemaVersion": 2,
            "manifests": [{
                "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "digest": format!("sha256:{}", put(&blobs, &manifest)?),
                "size": manifest.len(),
            }],
        });
        write(&layout.join("index.json"), &index.to_string())?;
        write(&layout.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#)?;
        Ok(layout)
    }
}

/// The one layer, made once.
fn layer(programs: &Programs) -> Result<PathBuf> {
    let file = root().join("images/layer.tar");
    if !file.exists() {
        let mut tar = command("tar", &["--create", "--owner=0", "--group=0", "--mtime=@0", "--file"]);
        tar.arg(&file).arg("--directory").arg(programs.ours("waiter").parent().unwrap_or(Path::new("/")));
        run(tar.arg("waiter"))?;
    }
    Ok(file)
}

fn put(blobs: &Path, bytes: &[u8]) -> Result<String> {
    let digest = digest_of(bytes);
    fs::write(blobs.join(&digest), bytes).context("could not write a blob")?;
    Ok(digest)
}

fn digest_of(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
