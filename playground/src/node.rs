//! The node's `/etc`, in a folder that goes with the run.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use testkit_registry::Running;

use crate::api::Api;

/// The node's `/etc`, our state, and the transcript, until dropped.
#[derive(Debug)]
pub(crate) struct Folder {
    root: TempDir,
}

impl Folder {
    /// Writes what a node of the cluster would have.
    pub(crate) fn new(running: &Running, api: &Api) -> io::Result<Folder> {
        let folder = Folder { root: tempfile::Builder::new().prefix("pullmedic-playground-").tempdir()? };
        let etc = folder.etc();
        fs::create_dir_all(etc.join("containerd"))?;
        fs::create_dir_all(etc.join("ssl/certs"))?;
        fs::write(
            etc.join("containerd/config.toml"),
            "version = 3\n\n[plugins.\"io.containerd.cri.v1.images\".registry]\nconfig_path = \"/etc/containerd/certs.d\"\n",
        )?;
        fs::create_dir_all(etc.join("containerd/certs.d"))?;
        fs::write(folder.authority(), running.ca_pem())?;
        fs::write(etc.join("hosts"), "127.0.0.1 localhost\n")?;
        fs::write(etc.join("resolv.conf"), format!("nameserver {}\n", running.dns()))?;
        let (admin, controller) = folder.kubeconfigs();
        fs::write(admin, api.admin())?;
        fs::write(controller, api.controller())?;
        Ok(folder)
    }

    /// What `--node-config` takes.
    pub(crate) fn etc(&self) -> PathBuf {
        self.root.path().join("etc")
    }

    /// The node's bundle of authorities: the registries' own, and no other.
    pub(crate) fn authority(&self) -> PathBuf {
        self.etc().join("ssl/certs/ca-certificates.crt")
    }

    /// What the product keeps between runs; its own place, so that nothing of the user's is touched.
    pub(crate) fn state(&self) -> PathBuf {
        self.root.path().join("state")
    }

    /// The bundle.
    ///
    /// # Errors
    /// When somebody took it away.
    pub(crate) fn authorities(&self) -> io::Result<Vec<u8>> {
        fs::read(self.authority())
    }

    /// The controller's own folder: its history.
    pub(crate) fn kept(&self) -> PathBuf {
        self.root.path().join("controller")
    }

    /// How to reach the API server: as whoever runs the cluster, and as the controller.
    pub(crate) fn kubeconfigs(&self) -> (PathBuf, PathBuf) {
        (self.root.path().join("kubeconfig"), self.root.path().join("controller.kubeconfig"))
    }

    /// All that was read and asked.
    pub(crate) fn transcript(&self) -> PathBuf {
        self.root.path().join("transcript.json")
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        self.root.path()
    }
}
