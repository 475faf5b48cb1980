//! What keeps us from logging in as the kubeconfig says, in its own names and without any of its values.
//!
//! kube-client's messages are not passed on: they quote a plugin's output, arguments and environment.

use std::io;

use kube::client::{AuthError, RustlsTlsError};
use kube::config::{KubeconfigError, LoadDataError};

use crate::connect_error::ConnectError;
use crate::credential;
use crate::failure::sentence;
use crate::selection::Selection;

/// The kubeconfig's names for what was chosen.
pub(crate) struct Names {
    /// The cluster.
    pub(crate) cluster: String,
    /// The user; empty where the context names none.
    pub(crate) user: String,
    plugin: Option<Plugin>,
}

struct Plugin {
    command: String,
    install: Option<String>,
}

impl Names {
    /// The names of a selection.
    pub(crate) fn of(selection: &Selection) -> Names {
        Names {
            cluster: selection.cluster_name.clone(),
            user: selection.user_name.clone().unwrap_or_default(),
            plugin: selection.user.exec.as_ref().map(|exec| Plugin {
                command: exec.command.clone().unwrap_or_default(),
                install: exec.install_hint.clone(),
            }),
        }
    }

    /// The cluster cannot be used.
    pub(crate) fn cluster(&self, problem: impl Into<String>) -> ConnectError {
        ConnectError::BadCluster { cluster: self.cluster.clone(), problem: problem.into() }
    }

    /// The user cannot be used.
    pub(crate) fn user(&self, problem: impl Into<String>) -> ConnectError {
        ConnectError::BadUser { user: self.user.clone(), problem: problem.into() }
    }

    fn of_identity(&self, error: KubeconfigError) -> ConnectError {
        let file = |what: &str, path, source| ConnectError::BadFile {
            what: format!("{what} of user {:?}", self.user),
            path,
            source,
        };
        match error {
            KubeconfigError::LoadClientCertificate(LoadDataError::ReadFile(source, path)) => {
                file("client certificate", path, source)
            }
            KubeconfigError::LoadClientKey(LoadDataError::ReadFile(source, path)) => {
                file("client key", path, source)
            }
            KubeconfigError::LoadClientCertificate(LoadDataError::DecodeBase64(_)) => {
                self.user("its client-certificate-data is not base64")
            }
            KubeconfigError::LoadClientKey(LoadDataError::DecodeBase64(_)) => {
                self.user("its client-key-data is not base64")
            }
            KubeconfigError::LoadClientCertificate(LoadDataError::NoBase64DataOrFile) => {
                self.user("it has a client key but no client certificate")
            }
            KubeconfigError::LoadClientKey(LoadDataError::NoBase64DataOrFile) => {
                self.user("it has a client certificate but no client key")
            }
            _ => ConnectError::Unusable { problem: "a part of it is missing".into() },
        }
    }

    /// What an error of building the client means.
    pub(crate) fn of_client(&self, error: kube::Error) -> ConnectError {
        match error {
            kube::Error::InferKubeconfig(error) => self.of_identity(error),
            kube::Error::Auth(error) => match &self.plugin {
                Some(plugin) => self.of_plugin(&error, plugin),
                None => self.user(credential::renewal_words(&error)),
            },
            kube::Error::RustlsTls(error) => self.of_tls(&error),
            error => ConnectError::Unusable { problem: words_of_client(&error) },
        }
    }

    fn of_tls(&self, error: &RustlsTlsError) -> ConnectError {
        match error {
            RustlsTlsError::AddRootCertificate(_) => {
                self.cluster("its certificate authority is not a certificate")
            }
            RustlsTlsError::InvalidServerName(_) => self.cluster("its tls-server-name is not a name"),
            RustlsTlsError::NoValidNativeRootCA(_) => {
                self.cluster("it names no certificate authority, and this machine has none either")
            }
            RustlsTlsError::MissingCertificate => self.user("its client certificate holds no certificate"),
            RustlsTlsError::MissingPrivateKey => self.user("its client key holds no private key"),
            RustlsTlsError::InvalidIdentityPem(_) => self.user("its client certificate or key is not PEM"),
            RustlsTlsError::InvalidPrivateKey(_) | RustlsTlsError::UnknownPrivateKeyFormat => {
                self.user("its client key cannot be used, or does not belong to the certificate")
            }
        }
    }

    fn of_plugin(&self, error: &AuthError, plugin: &Plugin) -> ConnectError {
        let (command, user) = (plugin.command.clone(), self.user.clone());
        match error {
            AuthError::AuthExecStart(error) if error.kind() == io::ErrorKind::NotFound => {
                ConnectError::NoPlugin { command, user, install: plugin.install.clone() }
            }
            AuthError::AuthExecRun { out, .. } => {
                // Its standard output may hold a token; what it says to a person is on the other one.
                let text = String::from_utf8_lossy(&out.stderr);
                let last = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
                let last = sentence(last);
                let said = if last.is_empty() { String::new() } else { format!(": {last}") };
                ConnectError::PluginFailed {
                    command,
                    user,
                    problem: format!("it ended with {}{said}", out.status),
                }
            }
            error => ConnectError::PluginFailed { command, user, problem: credential::renewal_words(error) },
        }
    }
}

/// An error of kube-client in words that hold no secret.
pub(crate) fn words_of_client(error: &kube::Error) -> String {
    match error {
        kube::Error::Auth(error) => credential::renewal_words(error),
        kube::Error::HttpError(_) => "a name to act as cannot be sent".into(),
        kube::Error::RustlsTls(_) => "its TLS settings cannot be used".into(),
        _ => "the client cannot be built from it".into(),
    }
}
