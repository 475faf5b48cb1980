//! The configuration of a pod: its ServiceAccount's files and the API server's address in the environment, as client-go's
//! `InClusterConfig` takes them.

use std::ffi::OsString;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use http::Uri;
use kube::Config;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::token::TokenFile;

/// Where the kubelet puts what a ServiceAccount may know.
const FOLDER: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// A pod's own access.
pub(crate) struct InPod {
    host: OsString,
    port: OsString,
    folder: PathBuf,
}

impl InPod {
    /// As the environment says; `None` outside of a pod.
    pub(crate) fn here() -> Option<InPod> {
        let host = std::env::var_os("KUBERNETES_SERVICE_HOST").filter(|host| !host.is_empty())?;
        let port = std::env::var_os("KUBERNETES_SERVICE_PORT").unwrap_or_default();
        Some(InPod { host, port, folder: FOLDER.into() })
    }

    /// The configuration without a credential, and the token.
    ///
    /// # Errors
    /// What is wrong with which file, or with the address.
    pub(crate) fn config(&self) -> Result<(Config, TokenFile), String> {
        let path = |name: &str| self.folder.join(name);
        let read = |path: &Path| {
            std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
        };
        let mut config = Config::new(self.server().ok_or_else(|| {
            "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are no address".to_owned()
        })?);
        let authority = path("ca.crt");
        let pem = read(&authority)?;
        let certificates: Result<Vec<Vec<u8>>, _> =
            CertificateDer::pem_slice_iter(pem.as_bytes()).map(|one| one.map(|der| der.to_vec())).collect();
        config.root_cert = certificates.ok().filter(|found| !found.is_empty());
        if config.root_cert.is_none() {
            return Err("its ca.crt is not PEM".into());
        }
        config.root_cert_file = Some(authority);
        config.proxy_url = None;
        // A ServiceAccount that is not mounted whole, as with a projected volume of one's own, has none.
        if let Ok(namespace) = read(&path("namespace")) {
            config.default_namespace = namespace;
        }
        let token = path("token");
        let held = TokenFile::new(&token, &read(&token)?);
        Ok((config, held.ok_or("its token is empty, or no header can carry it")?))
    }

    fn server(&self) -> Option<Uri> {
        let (host, port) = (self.host.to_str()?, self.port.to_str()?.parse::<u16>().ok()?);
        let server = match host.parse() {
            Ok(IpAddr::V6(address)) => format!("https://[{address}]:{port}"),
            Ok(IpAddr::V4(_)) | Err(_) => format!("https://{host}:{port}"),
        };
        server.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pod with these files and this address.
    fn pod(files: &[(&str, &str)], host: &str, port: &str) -> (InPod, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            std::fs::write(folder.path().join(name), content).unwrap();
        }
        (InPod { host: host.into(), port: port.into(), folder: folder.path().into() }, folder)
    }

    /// A certificate as far as PEM goes, which is as far as it is read here.
    const AUTHORITY: (&str, &str) =
        ("ca.crt", "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n");

    #[test]
    fn a_pods_files_and_environment_make_its_configuration() {
        let files = [AUTHORITY, ("token", "canary\n"), ("namespace", "pullmedic")];
        for (host, port, server) in [
            ("10.96.0.1", "443", "https://10.96.0.1:443/"),
            ("fd00::1", "6443", "https://[fd00::1]:6443/"),
            ("api.example", "443", "https://api.example:443/"),
        ] {
            let (pod, _folder) = pod(&files, host, port);
            let (config, _) = pod.config().unwrap_or_else(|problem| panic!("{problem}"));
            assert_eq!(config.cluster_url, server);
            assert_eq!((config.default_namespace.as_str(), config.auth_info.token_file), ("pullmedic", None));
        }
    }

    #[test]
    fn what_is_missing_in_a_pod_is_named_and_the_token_never_is() {
        let token = ("token", "canary");
        for (files, host, problem) in [
            (vec![AUTHORITY], "10.96.0.1", "token: No such file"),
            (vec![token], "10.96.0.1", "ca.crt: No such file"),
            (vec![("ca.crt", "no"), token], "10.96.0.1", "its ca.crt is not PEM"),
            (vec![AUTHORITY, ("token", "can\nary")], "10.96.0.1", "no header can carry it"),
            (vec![AUTHORITY, ("token", " \n")], "10.96.0.1", "its token is empty"),
            (vec![AUTHORITY, token], "a b", "are no address"),
        ] {
            let (pod, _folder) = pod(&files, host, "443");
            let Err(said) = pod.config() else { panic!("{problem}") };
            assert!(said.contains(problem) && !said.contains("canary"), "{said}");
        }
    }

    #[tokio::test]
    async fn a_token_is_read_anew_after_a_minute_and_kept_when_its_file_is_gone() {
        let (pod, folder) = pod(&[AUTHORITY, ("token", "one\n")], "10.96.0.1", "443");
        let Ok((_, token)) = pod.config() else { panic!("no configuration") };
        tokio::time::pause();
        std::fs::write(folder.path().join("token"), "two\n").unwrap();
        assert_eq!(token.current().await, "Bearer one");
        tokio::time::advance(std::time::Duration::from_secs(61)).await;
        assert_eq!(token.current().await, "Bearer two");
        std::fs::remove_file(folder.path().join("token")).unwrap();
        tokio::time::advance(std::time::Duration::from_secs(61)).await;
        assert_eq!(token.current().await, "Bearer two");
        assert!(token.other_than(&"Bearer two".parse().unwrap()).await.is_none());
    }
}
