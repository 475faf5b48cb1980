//! The controller's resources and rights, as `deploy/` has them and nothing more, and a kubeconfig that is its
//! ServiceAccount's.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::deployed;
use crate::cluster::Cluster;
use crate::cluster::components::{get, kubectl};
use crate::cluster::configuration::write;
use crate::cluster::layout::{CONTROL_ADDRESS, pki};
use crate::command::{output, read, run};
use crate::scenarios::inject::apply;
use crate::scenarios::objects::Case;
use crate::steps::wait_for;

/// Where it lives, and as whom.
const NAMESPACE: &str = "pullmedic";
const ACCOUNT: &str = "pullmedic";

/// The opt-in right to read pull secrets of one namespace by name.
const READS_SECRETS: &str = "pullmedic-pull-secrets";

/// Applies what `deploy/` says, and opts all namespaces of the cases in.
pub(super) fn install(cluster: &Cluster, cases: &[Case<'_>]) -> Result<()> {
    // What an earlier run left would be taken for incidents of this one.
    for kind in ["pullincidents.pullmedic.dev", "clusterpullincidents.pullmedic.dev"] {
        let everywhere = ["delete", kind, "--all", "--all-namespaces", "--ignore-not-found"];
        // Without the definitions there is nothing to delete.
        output(&mut kubectl(&cluster.programs, &everywhere), None)?;
    }
    for folder in ["crds", "rbac"] {
        let line = ["apply", "--server-side", "--force-conflicts", "--kustomize"];
        run(kubectl(&cluster.programs, &line).arg(deployed(folder)))?;
    }
    let line = ["wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"];
    run(&mut kubectl(&cluster.programs, &line))?;
    let role = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": READS_SECRETS});
    let subject = json!([{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": NAMESPACE}]);
    let binding = |namespace: String| {
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
            "metadata": {"name": READS_SECRETS, "namespace": namespace}, "subjects": subject, "roleRef": role})
    };
    let bindings: Vec<Value> = cases.iter().flat_map(Case::namespaces).map(binding).collect();
    apply(cluster, &bindings)
}

/// A kubeconfig with a token of the ServiceAccount and nothing else, in `folder`.
pub(super) fn kubeconfig_of_the_account(cluster: &Cluster, folder: &Path) -> Result<PathBuf> {
    wait_for(
        "the controller's ServiceAccount",
        Duration::from_secs(30),
        || {
            let accounts = get(&cluster.programs, &["serviceaccounts", "--namespace", NAMESPACE])?;
            let accounts = accounts["items"].as_array().cloned().unwrap_or_default();
            Ok(accounts.iter().any(|it| it["metadata"]["name"] == ACCOUNT).then_some(()))
        },
        || "it was not made".to_owned(),
    )?;
    let line = ["create", "token", ACCOUNT, "--namespace", NAMESPACE, "--duration", "4h"];
    let token = read(&mut kubectl(&cluster.programs, &line))?;
    let (authority, token) = (pki("cluster-authority.crt"), token.trim());
    let text = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "account",
        "clusters": [{"name": "test", "cluster":
            {"server": format!("https://{CONTROL_ADDRESS}:6443"), "certificate-authority": authority}}],
        "users": [{"name": "account", "user": {"token": token}}],
        "contexts": [{"name": "account", "context": {"cluster": "test", "user": "account", "namespace": NAMESPACE}}],
    });
    let path = folder.join("kubeconfig");
    write(&path, &text.to_string()).context("the controller's kubeconfig")?;
    Ok(path)
}
