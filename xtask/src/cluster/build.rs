//! The Go programs of the cluster, built once for each state of their sources and kept outside the checkout, since
//! seven minutes of compiling are worth sharing.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use super::layout::{CONTAINERD, KUBERNETES, checkout};
use crate::command::{command, run};
use crate::steps::Steps;

/// Names under which the one Kubernetes binary is called.
const KUBERNETES_NAMES: [&str; 5] =
    ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kubectl"];

/// Folders of built programs.
pub(crate) struct Programs {
    kubernetes: PathBuf,
    containerd: PathBuf,
}

impl Programs {
    /// The folders, whether built yet or not.
    pub(crate) fn locate() -> Result<Self> {
        let cache = cache()?;
        Ok(Self {
            kubernetes: cache.join(format!("cluster-{}", fingerprint()?)),
            containerd: cache.join(format!("containerd-{CONTAINERD}")),
        })
    }

    /// One of ours: a Kubernetes component, `etcd`, `fixtures` or `waiter`.
    pub(crate) fn ours(&self, name: &str) -> PathBuf {
        self.kubernetes.join(name)
    }

    /// One of containerd 2.x: `containerd`, `containerd-shim-runc-v2` or `ctr`.
    pub(crate) fn containerd(&self, name: &str) -> PathBuf {
        self.containerd.join(name)
    }

    /// The folder of containerd 2.x, for PATH: containerd finds its shim there.
    pub(crate) fn containerd_folder(&self) -> &Path {
        &self.containerd
    }

    /// Builds what is not in the cache.
    pub(crate) fn build(&self, steps: &Steps) -> Result<()> {
        if !self.kubernetes.exists() {
            steps.step("build Kubernetes, etcd and the fixtures (8 min from cold)", || {
                publish(&self.kubernetes, build_ours)
            })?;
        }
        if !self.containerd.exists() {
            steps.step("build containerd 2 (2 min from cold)", || {
                publish(&self.containerd, build_containerd)
            })?;
        }
        Ok(())
    }
}

/// Builds into a folder beside the final one and renames it: a build that was cut off leaves nothing that looks whole.
fn publish(folder: &Path, build: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let unfinished = folder.with_file_name(format!("unfinished-{name}-{}", std::process::id()));
    fs::create_dir_all(&unfinished).with_context(|| format!("could not make {}", unfinished.display()))?;
    build(&unfinished).context("is Go 1.26 or later in PATH?")?;
    match fs::rename(&unfinished, folder) {
        // Another run built the same at the same time.
        Err(_) if folder.exists() => {
            fs::remove_dir_all(&unfinished).context("could not remove a second build")
        }
        renamed => renamed.with_context(|| format!("could not make {}", folder.display())),
    }
}

fn build_ours(folder: &Path) -> Result<()> {
    let module = module();
    let (major, minor) = ("1", KUBERNETES.split('.').nth(1).unwrap_or_default());
    let version = "-X k8s.io/component-base/version";
    let link = format!(
        "-s -w {version}.gitVersion={KUBERNETES} {version}.gitMajor={major} {version}.gitMinor={minor}"
    );
    for (package, link) in
        [("./kubernetes", link.as_str()), ("./etcd", "-s -w"), ("./fixtures", "-s -w"), ("./waiter", "-s -w")]
    {
        let mut build = command("go", &["build", "-trimpath", "-buildvcs=false", "-ldflags", link, "-o"]);
        // Static, since the waiter runs in empty images.
        build.arg(folder).arg(package).current_dir(&module).env("CGO_ENABLED", "0");
        run(&mut build)?;
    }
    for name in KUBERNETES_NAMES {
        std::os::unix::fs::symlink("kubernetes", folder.join(name))?;
    }
    Ok(())
}

fn build_containerd(folder: &Path) -> Result<()> {
    let link = format!("-s -w -X github.com/containerd/containerd/v2/version.Version={CONTAINERD}");
    let mut install = command("go", &["install", "-trimpath", "-ldflags", &link]);
    for program in ["containerd", "containerd-shim-runc-v2", "ctr"] {
        install.arg(format!("github.com/containerd/containerd/v2/cmd/{program}@{CONTAINERD}"));
    }
    // Outside any module, or the caller's go.mod would have a say.
    install.env("CGO_ENABLED", "0").env("GOBIN", folder).current_dir("/");
    run(&mut install)
}

/// Changes when anything that goes into our Go programs changes.
fn fingerprint() -> Result<String> {
    let module = module();
    let mut files = vec![module.join("go.mod"), module.join("go.sum")];
    for entry in fs::read_dir(&module).with_context(|| format!("could not read {}", module.display()))? {
        let folder = entry?.path();
        if folder.is_dir() {
            for file in fs::read_dir(&folder)? {
                files.push(file?.path());
            }
        }
    }
    files.sort();
    let mut hash = Sha256::new();
    for file in files {
        let name = file.strip_prefix(&module).unwrap_or(&file);
        let text = fs::read(&file).with_context(|| format!("could not read {}", file.display()))?;
        hash.update(name.to_string_lossy().as_bytes());
        hash.update(text.len().to_le_bytes());
        hash.update(&text);
    }
    Ok(hash.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect())
}

fn module() -> PathBuf {
    checkout().join("testkit/cluster")
}

fn cache() -> Result<PathBuf> {
    let base = match (env::var_os("XDG_CACHE_HOME"), env::var_os("HOME")) {
        (Some(cache), _) if !cache.is_empty() => PathBuf::from(cache),
        (_, Some(home)) => PathBuf::from(home).join(".cache"),
        (_, None) => {
            anyhow::bail!("neither XDG_CACHE_HOME nor HOME is set, so there is no place for a cache")
        }
    };
    Ok(base.join("pullmedic"))
}
