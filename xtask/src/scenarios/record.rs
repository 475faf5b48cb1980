//! Saving what the cluster shows, as people do who ask for help.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::cluster::Cluster;
use crate::cluster::components::kubectl;
use crate::command::read;

/// What is saved, a file each. No Secrets: their names in pods are enough.
const KINDS: [&str; 11] = [
    "pods",
    "events",
    "replicasets",
    "deployments",
    "statefulsets",
    "daemonsets",
    "jobs",
    "cronjobs",
    "serviceaccounts",
    "namespaces",
    "nodes",
];

/// Words that only a Secret or a key would bring. Finding one is a fault of the recording.
const FORBIDDEN: [&str; 5] = ["PRIVATE KEY", "robot-password", "cm9ib3Q6", "dockerconfigjson", "eyJhbGciOi"];

/// Writes `FOLDER/KIND.yaml` for each kind.
pub(crate) fn record(cluster: &Cluster, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("could not make {}", folder.display()))?;
    for kind in KINDS {
        let mut line = kubectl(&cluster.programs, &["get", kind, "--output", "yaml"]);
        if !["namespaces", "nodes"].contains(&kind) {
            line.arg("--all-namespaces");
            // The cluster's own parts are no example.
            line.arg("--field-selector=metadata.namespace!=kube-system,metadata.namespace!=kube-public,metadata.namespace!=kube-node-lease");
        }
        let text = read(&mut line)?;
        if let Some(word) = FORBIDDEN.iter().find(|word| text.contains(*word)) {
            bail!("{kind} holds {word:?}, which must not be recorded");
        }
        let file = folder.join(format!("{kind}.yaml"));
        fs::write(&file, text).with_context(|| format!("could not write {}", file.display()))?;
    }
    Ok(())
}
