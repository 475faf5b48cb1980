//! Black-box runs of the binary: exit code, standard output, standard error.

mod classify;
mod diagnose;
mod hostile;
mod kubeconfig;
mod terminal;
mod watch;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// What one run gave.
struct Run {
    code: Option<i32>,
    out: String,
    err: String,
}

impl From<Output> for Run {
    fn from(output: Output) -> Run {
        Run {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).expect("the output is UTF-8"),
            err: String::from_utf8(output.stderr).expect("the output is UTF-8"),
        }
    }
}

/// The binary with an environment of its own: no kubeconfig, no colour, no locale.
fn pullmedic() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pullmedic"));
    command.env_clear().env("HOME", "/nonexistent").env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
}

fn run(arguments: &[&str]) -> Run {
    pullmedic().args(arguments).stdin(Stdio::null()).output().expect("the binary runs").into()
}

fn run_with_input(arguments: &[&str], input: &[u8]) -> Run {
    let mut child = pullmedic()
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut stdin = child.stdin.take().expect("piped");
    let input = input.to_vec();
    let writer = std::thread::spawn(move || {
        // The binary may stop reading early; that is its right.
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().expect("the binary ends");
    writer.join().expect("the writer ends");
    output.into()
}

fn saved(folder: &Path, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("the folder is ours");
    path
}

/// A pod that waits for its image, with the words of its status.
fn waiting_pod(name: &str, image: &str, words: &str) -> serde_json::Value {
    serde_json::json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"namespace": "shop", "name": name, "labels": {"app": "cart"},
            "creationTimestamp": "2026-11-22T16:00:00Z"},
        "spec": {"nodeName": "n1", "containers": [{"name": "app", "image": image}]},
        "status": {"phase": "Pending", "containerStatuses": [{"name": "app", "image": image, "imageID": "",
            "state": {"waiting": {"reason": "ImagePullBackOff",
                "message": format!("Back-off pulling image \"{image}\": ErrImagePull: {words}")}}}]}
    })
}

/// The words of containerd 2.x for a manifest that its registry does not have:
/// <https://github.com/containerd/containerd/blob/v2.1.0/core/remotes/docker/resolver.go>.
fn not_found(image: &str) -> String {
    format!(
        "rpc error: code = NotFound desc = failed to pull and unpack image \"{image}\": failed to resolve image: {image}: not found"
    )
}
