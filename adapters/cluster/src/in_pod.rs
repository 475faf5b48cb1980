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
