//! The configuration files of the components, and why each unusual setting is there.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::layout::{
    CERTS, CGROUP, CONTROL_ADDRESS, NAMES_ADDRESS, NODES, Node, PAUSE_HOST, PAUSE_IMAGE, REGISTRY,
    REGISTRY_ADDRESS, Runtime, audit_policy, kubeconfig, names, pki, root,
};
use super::pki::TRUSTED;

/// Writes them all. Files that scenarios change (names, certs.d) are written only when missing.
pub(crate) fn write_all() -> Result<()> {
    write(&kubeconfig(), &kubeconfig_of("admin"))?;
    for user in ["controller-manager", "scheduler"] {
        write(&root().join(format!("{user}.kubeconfig")), &kubeconfig_of(user))?;
    }
    if !names().exists() {
        write(&names(), &standing_names())?;
    }
    write(&audit_policy(), AUDIT)?;
    for node in NODES {
        write_node(&node)?;
    }
    Ok(())
}

/// Who asked for what, of the controller's ServiceAccount and nobody else: by it the scenarios hold that nothing is
/// asked that is refused, or not needed.
const AUDIT: &str = "apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - level: Metadata
    users: [\"system:serviceaccount:pullmedic:pullmedic\"]
  - level: None
";

/// The lines of the names file that are always there.
pub(crate) fn standing_names() -> String {
    format!("{REGISTRY} {REGISTRY_ADDRESS}\n{PAUSE_HOST} {REGISTRY_ADDRESS}\n")
}

fn write_node(node: &Node) -> Result<()> {
    let folder = node.folder();
    for name in ["etc/ssl/certs", "etc/containerd/certs.d", "cni", "kubelet", "pod-logs", "manifests"] {
        let path = folder.join(name);
        fs::create_dir_all(&path).with_context(|| format!("could not make {}", path.display()))?;
    }
    write(
        &folder.join("etc/resolv.conf"),
        &format!("nameserver {NAMES_ADDRESS}\noptions timeout:2 attempts:1\n"),
    )?;
    write(&folder.join("etc/hosts"), &format!("127.0.0.1 localhost\n{} {}\n", node.address, node.name))?;
    let authority = fs::read_to_string(pki(&format!("{TRUSTED}.crt"))).context("no authority to trust")?;
    write(&folder.join("etc/ssl/certs/ca-certificates.crt"), &authority)?;
    write(&folder.join("cni/10-pods.conflist"), &network_of(node))?;
    write(&node.runtime_configuration(), &runtime_of(node, CERTS))?;
    write(&folder.join("kubelet.yaml"), &kubelet_of(node))?;
    write(&folder.join("kubelet.kubeconfig"), &kubeconfig_of(node.name))
}

fn network_of(node: &Node) -> String {
    // No gateway and no masquerade: pods talk to nobody.
    format!(
        r#"{{"cniVersion":"1.0.0","name":"pods","plugins":[{{"type":"bridge","bridge":"cni0","ipam":{{"type":"host-local","ranges":[[{{"subnet":"10.244.{}.0/24"}}]]}}}}]}}
"#,
        node.subnet
    )
}

/// The configuration of a node's runtime, with hosts.toml looked for in `certs`.
pub(crate) fn runtime_of(node: &Node, certs: &str) -> String {
    match node.runtime {
        Runtime::Containerd1 => containerd_1(node, certs),
        Runtime::Containerd2 => containerd_2(node, certs),
    }
}

/// `restrict_oom_score_adj`: runc fails where CAP_SYS_RESOURCE is missing. `netns_mounts_under_state_dir`: else an
/// empty file for each pod stays in the machine's /run/netns.
fn containerd_1(node: &Node, certs: &str) -> String {
    let folder = node.folder();
    let folder = folder.display();
    format!(
        r#"version = 2
root = "{folder}/containerd"
state = "{folder}/run"
disabled_plugins = ["io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.opt"]
[grpc]
address = "{folder}/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{PAUSE_IMAGE}"
restrict_oom_score_adj = true
netns_mounts_under_state_dir = true
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "{folder}/cni"
[plugins."io.containerd.grpc.v1.cri".registry]
config_path = "{certs}"
"#
    )
}

fn containerd_2(node: &Node, certs: &str) -> String {
    let folder = node.folder();
    let folder = folder.display();
    format!(
        r#"version = 3
root = "{folder}/containerd"
state = "{folder}/run"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.erofs", "io.containerd.snapshotter.v1.blockfile", "io.containerd.differ.v1.erofs", "io.containerd.nri.v1.nri", "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.opt"]
[grpc]
address = "{folder}/containerd.sock"
[plugins."io.containerd.cri.v1.images".pinned_images]
sandbox = "{PAUSE_IMAGE}"
[plugins."io.containerd.cri.v1.images".registry]
config_path = "{certs}"
[plugins."io.containerd.cri.v1.runtime"]
restrict_oom_score_adj = true
netns_mounts_under_state_dir = true
[plugins."io.containerd.cri.v1.runtime".cni]
bin_dirs = ["/usr/lib/cni"]
conf_dir = "{folder}/cni"
"#
    )
}

/// One hung pull would block all others, so pulls are neither serial nor counted. `cgroupRoot` apart from the other
/// node's, or one kubelet removes the other's pods as orphans. `failCgroupV1`: the machine may still be on version 1.
fn kubelet_of(node: &Node) -> String {
    let folder = node.folder();
    let folder = folder.display();
    format!(
        r#"apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: {address}
authentication:
  anonymous: {{enabled: false}}
  webhook: {{enabled: true}}
  x509: {{clientCAFile: {authority}}}
authorization: {{mode: Webhook}}
containerRuntimeEndpoint: unix://{folder}/containerd.sock
cgroupDriver: cgroupfs
cgroupRoot: /{CGROUP}/{name}
failCgroupV1: false
failSwapOn: false
enforceNodeAllocatable: []
evictionHard: {{"imagefs.available": "1%", "nodefs.available": "1%", "nodefs.inodesFree": "1%", "memory.available": "50Mi"}}
imageGCHighThresholdPercent: 100
healthzBindAddress: 127.0.0.1
readOnlyPort: 0
podLogsDir: {folder}/pod-logs
volumePluginDir: {folder}/volume-plugins
staticPodPath: {folder}/manifests
serializeImagePulls: false
registryPullQPS: 0
clusterDNS: [{NAMES_ADDRESS}]
clusterDomain: cluster.local
fileCheckFrequency: 1s
nodeStatusUpdateFrequency: 5s
"#,
        address = node.address,
        name = node.name,
        authority = pki("cluster-authority.crt").display(),
    )
}

fn kubeconfig_of(user: &str) -> String {
    let folder = pki("");
    let folder = folder.display();
    let folder = folder.to_string();
    let folder = folder.trim_end_matches('/');
    format!(
        r"apiVersion: v1
kind: Config
current-context: pullmedic
contexts:
- name: pullmedic
  context: {{cluster: pullmedic, user: {user}}}
clusters:
- name: pullmedic
  cluster: {{server: 'https://{CONTROL_ADDRESS}:6443', certificate-authority: {folder}/cluster-authority.crt}}
users:
- name: {user}
  user: {{client-certificate: {folder}/{user}.crt, client-key: {folder}/{user}.key}}
"
    )
}

/// Writes a file whose folder exists.
pub(crate) fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("could not write {}", path.display()))
}
