//! Why there is no configuration to connect with.

use std::io;
use std::path::PathBuf;

/// There is no configuration, or none that can be used. Nothing was sent anywhere.
///
/// Displays as a fragment that fits after "failed to"; never holds a token, key or line of a kubeconfig.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// No kubeconfig anywhere, and this is not a pod.
    #[error("find a kubeconfig: {}, and this is not a pod", nowhere(.looked_at))]
    NoConfiguration {
        /// The files looked for.
        looked_at: Vec<PathBuf>,
    },
    /// The file the caller named is not there.
    #[error("read kubeconfig {}: there is no such file", .path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// A file is there but cannot be read.
    #[error("read kubeconfig {}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is not the YAML of a kubeconfig.
    #[error("read kubeconfig {}: {}{problem}", .path.display(), .line.map(|line| format!("line {line}: ")).unwrap_or_default())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The line, from 1; `None` when the parser names none.
        line: Option<u64>,
        /// What is wrong there.
        problem: String,
    },
    /// A file is YAML of some other kind.
    #[error("read kubeconfig {}: its kind or apiVersion is not a kubeconfig's", .path.display())]
    NotAKubeconfig {
        /// The file.
        path: PathBuf,
    },
    /// No context was named, and none is current.
    #[error("choose a context: the kubeconfig has no current one{}", offered(.existing))]
    NoCurrentContext {
        /// Contexts that exist.
        existing: Vec<String>,
    },
    /// A name that the kubeconfig does not have.
    #[error("find {kind} {name:?} in the kubeconfig{}", offered(.near))]
    NoSuch {
        /// `context`, `cluster` or `user`.
        kind: &'static str,
        /// The name.
        name: String,
        /// Names that exist, the nearest first.
        near: Vec<String>,
    },
    /// A cluster without a usable address.
    #[error("use cluster {cluster:?} of the kubeconfig: {problem}")]
    BadCluster {
        /// The cluster's name.
        cluster: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A user whose credentials cannot be used.
    #[error("log in as user {user:?} of the kubeconfig: {problem}")]
    BadUser {
        /// The user's name; empty where the context names none.
        user: String,
        /// What is wrong, without any value.
        problem: String,
    },
    /// A file that the kubeconfig points at cannot be read.
    #[error("read {what} {}", .path.display())]
    BadFile {
        /// What it is for.
        what: String,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The credential plugin is not there.
    #[error("start credential plugin {command:?} of user {user:?}: there is no such program")]
    NoPlugin {
        /// The program.
        command: String,
        /// The kubeconfig's name of the user.
        user: String,
        /// What the kubeconfig says on how to install it.
        install: Option<String>,
    },
    /// The credential plugin ran and gave nothing.
    #[error("get a credential from plugin {command:?} of user {user:?}: {problem}")]
    PluginFailed {
        /// The program.
        command: String,
        /// The kubeconfig's name of the user.
        user: String,
        /// How it ended, and the last line of what it said to a person.
        problem: String,
    },
    /// The proxy cannot be used.
    #[error("use the proxy {place}: {problem}")]
    BadProxy {
        /// Where it is named.
        place: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// Impersonation that cannot be asked for.
    #[error("act as another user: {problem}")]
    BadImpersonation {
        /// What is wrong.
        problem: &'static str,
    },
    /// Inside a pod whose account cannot be used.
    #[error("use this pod's service account: {problem}")]
    BadPod {
        /// What is wrong.
        problem: String,
    },
    /// The client cannot be built from the configuration.
    #[error("use the kubeconfig: {problem}")]
    Unusable {
        /// What is wrong.
        problem: String,
    },
}

impl ConnectError {
    /// What to do next; `None` where the error says it all.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            ConnectError::NoConfiguration { .. } => {
                "name one with --kubeconfig or KUBECONFIG; to read saved objects instead: -f FILE".into()
            }
            ConnectError::NoCurrentContext { .. } => {
                "name one with --context, or: kubectl config use-context NAME".into()
            }
            ConnectError::NoSuch { kind, .. } => format!("kubectl config get-{kind}s"),
            ConnectError::NoPlugin { install: Some(install), .. } => install.trim().to_owned(),
            ConnectError::NoPlugin { command, .. } => {
                format!("install {command:?} or add its folder to PATH; whoever gave you the kubeconfig knows where it comes from")
            }
            ConnectError::PluginFailed { .. } => "log in again, as the plugin asks, then: kubectl auth whoami".into(),
            ConnectError::BadPod { .. } => {
                "automountServiceAccountToken must not be false for this pod; or name a kubeconfig with --kubeconfig".into()
            }
            ConnectError::BadCluster { .. } | ConnectError::BadUser { .. } | ConnectError::Unusable { .. } => {
                "see what it says, secrets left out: kubectl config view --minify".into()
            }
            ConnectError::Missing { .. }
            | ConnectError::Unreadable { .. }
            | ConnectError::Malformed { .. }
            | ConnectError::NotAKubeconfig { .. }
            | ConnectError::BadFile { .. }
            | ConnectError::BadProxy { .. }
            | ConnectError::BadImpersonation { .. } => return None,
        })
    }
}

fn nowhere(paths: &[PathBuf]) -> String {
    if paths.is_empty() {
        return "there is no home directory and KUBECONFIG is not set".into();
    }
    let paths: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    format!("nothing in {}", paths.join(", "))
}

fn offered(names: &[String]) -> String {
    match names {
        [] => String::from("; it has none"),
        [only] => format!("; there is {only:?}"),
        several => {
            let several: Vec<String> = several.iter().map(|name| format!("{name:?}")).collect();
            format!("; there are {}", several.join(", "))
        }
    }
}
