//! The components of the cluster, in the order of their start, and how each is known to be ready.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use super::build::Programs;
use super::layout::{
    CONTROL_ADDRESS, NAMES_ADDRESS, NODES, Node, Runtime, audit_log, audit_policy, kubeconfig, names, pki,
    root,
};
use super::network::Namespaces;
use super::process::{Daemon, Running};
use crate::command::{command, output, read};
use crate::steps::wait_for;

/// kubectl as the administrator.
pub(crate) fn kubectl(programs: &Programs, arguments: &[&str]) -> std::process::Command {
    let mut line = command(programs.ours("kubectl"), &["--kubeconfig"]);
    line.arg(kubeconfig()).args(arguments);
    // A cache of the API's groups in HOME would outlive the cluster.
    line.env("KUBECACHEDIR", root().join("kubectl-cache"));
    line
}

/// An object or list of the API, as JSON.
pub(crate) fn get(programs: &Programs, arguments: &[&str]) -> Result<Value> {
    let text = read(kubectl(programs, &["get", "-o", "json"]).args(arguments))?;
    serde_json::from_str(&text).context("kubectl's JSON")
}

/// etcd, API server, controllers and scheduler; returns once the API server is ready.
pub(crate) fn start_control_plane(programs: &Programs, spaces: &Namespaces) -> Result<()> {
    let holder = &spaces.control;
    let etcd = vec![text(programs.ours("etcd")), "-data-dir".to_owned(), text(root().join("etcd"))];
    Daemon::new("etcd", etcd).inside(holder).ensure()?;
    Daemon::new("kube-apiserver", api_server(programs)).inside(holder).ensure()?;
    wait_for(
        "the API server",
        Duration::from_secs(90),
        || {
            let answer = output(&mut kubectl(programs, &["get", "--raw", "/readyz"]), None)?;
            Ok(answer.status.success().then_some(()))
        },
        || tail("kube-apiserver"),
    )?;
    // Not before: both end at once when the API server does not know their roles yet.
    Daemon::new("kube-controller-manager", controllers(programs)).inside(holder).ensure()?;
    Daemon::new("kube-scheduler", scheduler(programs)).inside(holder).ensure().map(drop)
}

fn api_server(programs: &Programs) -> Vec<String> {
    let mut line = vec![text(programs.ours("kube-apiserver"))];
    let key = |name: &str| text(pki(name));
    line.extend([
        "--etcd-servers=http://127.0.0.1:2379".to_owned(),
        format!("--advertise-address={CONTROL_ADDRESS}"),
        format!("--bind-address={CONTROL_ADDRESS}"),
        "--secure-port=6443".to_owned(),
        "--endpoint-reconciler-type=none".to_owned(),
        "--service-cluster-ip-range=10.96.0.0/24".to_owned(),
        "--allow-privileged=true".to_owned(),
        "--authorization-mode=Node,RBAC".to_owned(),
        "--enable-admission-plugins=NodeRestriction".to_owned(),
        format!("--client-ca-file={}", key("cluster-authority.crt")),
        format!("--tls-cert-file={}", key("apiserver.crt")),
        format!("--tls-private-key-file={}", key("apiserver.key")),
        format!("--kubelet-client-certificate={}", key("apiserver-to-kubelet.crt")),
        format!("--kubelet-client-key={}", key("apiserver-to-kubelet.key")),
        "--kubelet-preferred-address-types=InternalIP".to_owned(),
        "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
        format!("--service-account-key-file={}", key("accounts.pub")),
        format!("--service-account-signing-key-file={}", key("accounts.key")),
        format!("--cert-dir={}", text(root().join("apiserver"))),
        format!("--audit-policy-file={}", text(audit_policy())),
        format!("--audit-log-path={}", text(audit_log())),
    ]);
    line
}

fn controllers(programs: &Programs) -> Vec<String> {
    let own = text(root().join("controller-manager.kubeconfig"));
    vec![
        text(programs.ours("kube-controller-manager")),
        format!("--kubeconfig={own}"),
        format!("--authentication-kubeconfig={own}"),
        format!("--authorization-kubeconfig={own}"),
        "--bind-address=127.0.0.1".to_owned(),
        "--leader-elect=false".to_owned(),
        // Without these two, pods wait for a ServiceAccount that nobody makes.
        "--use-service-account-credentials=true".to_owned(),
        format!("--root-ca-file={}", text(pki("cluster-authority.crt"))),
        format!("--service-account-private-key-file={}", text(pki("accounts.key"))),
        format!("--cert-dir={}", text(root().join("controller-manager"))),
    ]
}

fn scheduler(programs: &Programs) -> Vec<String> {
    let own = text(root().join("scheduler.kubeconfig"));
    vec![
        text(programs.ours("kube-scheduler")),
        format!("--kubeconfig={own}"),
        format!("--authentication-kubeconfig={own}"),
        format!("--authorization-kubeconfig={own}"),
        "--bind-address=127.0.0.1".to_owned(),
        "--leader-elect=false".to_owned(),
        format!("--cert-dir={}", text(root().join("scheduler"))),
    ]
}

/// The name server that all nodes ask.
pub(crate) fn start_name_server(programs: &Programs, spaces: &Namespaces) -> Result<()> {
    let listen = format!("{NAMES_ADDRESS}:53");
    let line = [text(programs.ours("fixtures")), "nameserver".to_owned(), "-listen".to_owned(), listen];
    let mut line = line.to_vec();
    line.extend(["-names".to_owned(), text(names())]);
    Daemon::new("nameserver", line).inside(&spaces.registry).ensure().map(drop)
}

/// The runtime and kubelet of a node; returns once the runtime answers.
pub(crate) fn start_node(programs: &Programs, node: &Node, holder: &Running) -> Result<()> {
    start_runtime(programs, node, holder)?;
    let settings = node.folder().join("kubelet.yaml");
    let line = vec![
        text(programs.ours("kubelet")),
        format!("--config={}", text(settings.clone())),
        format!("--kubeconfig={}", text(node.folder().join("kubelet.kubeconfig"))),
        format!("--root-dir={}", text(node.folder().join("kubelet"))),
        format!("--cert-dir={}", text(node.folder().join("kubelet/pki"))),
        format!("--hostname-override={}", node.name),
        format!("--node-ip={}", node.address),
    ];
    let mut kubelet = Daemon::new(format!("kubelet-{}", node.letter), line).inside(holder);
    kubelet.configuration = std::fs::read_to_string(&settings)?;
    kubelet.ensure().map(drop)
}

/// The runtime of a node, anew if its configuration changed; returns once it answers.
pub(crate) fn start_runtime(programs: &Programs, node: &Node, holder: &Running) -> Result<()> {
    let configuration = node.runtime_configuration();
    let program = match node.runtime {
        Runtime::Containerd1 => "/usr/bin/containerd".to_owned(),
        Runtime::Containerd2 => text(programs.containerd("containerd")),
    };
    let line = vec![program, "--config".to_owned(), "/etc/containerd/config.toml".to_owned()];
    let mut runtime = Daemon::new(format!("containerd-{}", node.letter), line).inside(holder);
    runtime.configuration = std::fs::read_to_string(&configuration)?;
    if node.runtime == Runtime::Containerd2 {
        runtime.path_first = Some(programs.containerd_folder().to_path_buf());
    }
    runtime.ensure()?;
    wait_for(
        &format!("the runtime of {}", node.name),
        Duration::from_secs(30),
        || Ok(output(&mut ctr(programs, node, &["version"]), None)?.status.success().then_some(())),
        || tail(&format!("containerd-{}", node.letter)),
    )
}

/// ctr of a node's own generation, in Kubernetes' namespace.
pub(crate) fn ctr(programs: &Programs, node: &Node, arguments: &[&str]) -> std::process::Command {
    let program = match node.runtime {
        Runtime::Containerd1 => "/usr/bin/ctr".into(),
        Runtime::Containerd2 => programs.containerd("ctr"),
    };
    let mut line = command(program, &["--namespace", "k8s.io", "--address"]);
    line.arg(node.socket()).args(arguments);
    line
}

/// Waits until both nodes say that they are ready.
pub(crate) fn wait_for_nodes(programs: &Programs) -> Result<()> {
    wait_for(
        "both nodes",
        Duration::from_secs(90),
        || Ok((ready_nodes(programs)?.len() == NODES.len()).then_some(())),
        || NODES.map(|node| tail(&format!("kubelet-{}", node.letter))).join("\n"),
    )
}

/// Names of the nodes that say Ready.
pub(crate) fn ready_nodes(programs: &Programs) -> Result<Vec<String>> {
    let list = get(programs, &["nodes"])?;
    let items = list["items"].as_array().cloned().unwrap_or_default();
    Ok(items
        .iter()
        .filter(|node| {
            let conditions = node["status"]["conditions"].as_array().cloned().unwrap_or_default();
            conditions.iter().any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
        })
        .filter_map(|node| node["metadata"]["name"].as_str().map(str::to_owned))
        .collect())
}

/// Waits until the default ServiceAccount exists: without it no pod is admitted.
pub(crate) fn wait_for_accounts(programs: &Programs) -> Result<()> {
    wait_for(
        "the default ServiceAccount",
        Duration::from_secs(60),
        || {
            let account = &["get", "serviceaccount", "default", "--namespace", "default"];
            Ok(output(&mut kubectl(programs, account), None)?.status.success().then_some(()))
        },
        || tail("kube-controller-manager"),
    )
}

/// The end of a process's log.
pub(crate) fn tail(process: &str) -> String {
    let text = std::fs::read_to_string(super::layout::log(process)).unwrap_or_default();
    let lines: Vec<&str> = text.lines().rev().take(15).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("\n")
}

fn text(path: std::path::PathBuf) -> String {
    path.display().to_string()
}
