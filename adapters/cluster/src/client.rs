//! From the caller's choices to a client that is logged in.

use std::path::PathBuf;
use std::time::Duration;

use data_encoding::BASE64;
use kube::client::{ClientBuilder, ConfigExt};
use kube::config::ExecAuthCluster;
use kube::{Client, Config};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tower::buffer::BufferLayer;

use crate::access::Access;
use crate::connect_error::ConnectError;
use crate::credential::Credential;
use crate::identity;
use crate::in_pod::InPod;
use crate::kubeconfig::Places;
use crate::login::{self, Names};
use crate::proxy::Environment;
use crate::request::Api;
use crate::selection::{self, Selection};
use crate::token::TokenFile;

/// How long a connection may take to come about, TLS included; client-go's dialer has the same.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// How many requests may stand between the login and the connection; more than are ever under way.
const BUFFER: usize = 64;

/// A client, and what of its configuration is shown.
pub(crate) struct Connection {
    pub(crate) api: Api,
    pub(crate) context: Option<String>,
    pub(crate) default_namespace: String,
}

/// Reads the configuration and builds the client. Off the runtime's own threads: it reads files, and a credential plugin
/// may ask for a password.
pub(crate) async fn connect(access: &Access) -> Result<Connection, ConnectError> {
    let access = access.clone();
    let building = tokio::task::spawn_blocking(move || {
        let home = std::env::home_dir().filter(|home| !home.as_os_str().is_empty());
        let places = Places::new(access.kubeconfig.as_deref(), std::env::var_os("KUBECONFIG"), home);
        build(&access, &places)
    });
    // kube-client panics on a plugin's token that no header can carry; here that is one more bad kubeconfig.
    building
        .await
        .unwrap_or_else(|_| Err(ConnectError::Unusable { problem: "its credentials cannot be sent".into() }))
}

fn build(access: &Access, places: &Places) -> Result<Connection, ConnectError> {
    let Some(kubeconfig) = places.read()? else {
        return from_pod(access, places.paths());
    };
    let selection = Selection::new(kubeconfig, access)?;
    let names = Names::of(&selection);
    // Not by `Config::from_kubeconfig`, which reads the environment's proxy by rules of its own.
    let mut config = Config::new(selection.server()?);
    config.proxy_url =
        Environment::read().proxy_for(&config.cluster_url, selection.cluster.proxy_url.as_deref())?;
    config.root_cert = authorities(&selection.cluster, &names)?;
    config.accept_invalid_certs = selection.cluster.insecure_skip_tls_verify.unwrap_or_default();
    config.disable_compression = selection.cluster.disable_compression.unwrap_or_default();
    config.tls_server_name.clone_from(&selection.cluster.tls_server_name);
    config.default_namespace.clone_from(&selection.namespace);
    let mut user = selection.user;
    let (token, file) = identity::usable_token(&mut user, &names)?;
    let credential = Credential::of(selection.user_name.as_deref(), &user, token.as_deref());
    if let Some(plugin) = user.exec.as_mut().filter(|plugin| plugin.provide_cluster_info) {
        plugin.cluster = ExecAuthCluster::try_from(&selection.cluster).ok();
    }
    config.auth_info = user;
    finish(config, access, (credential, file), selection.context).map_err(|error| match error {
        Unfinished::Client(error) => names.of_client(*error),
        Unfinished::Other(error) => error,
    })
}

/// The authorities that the kubeconfig trusts for the server; `None` leaves it to this machine's.
fn authorities(cluster: &kube::config::Cluster, names: &Names) -> Result<Option<Vec<Vec<u8>>>, ConnectError> {
    let pem = match (&cluster.certificate_authority_data, &cluster.certificate_authority) {
        (Some(data), _) => BASE64
            .decode(data.as_bytes())
            .map_err(|_| names.cluster("its certificate-authority-data is not base64"))?,
        (None, Some(path)) => std::fs::read(path).map_err(|source| ConnectError::BadFile {
            what: format!("certificate authority of cluster {:?}", names.cluster),
            path: path.into(),
            source,
        })?,
        (None, None) => return Ok(None),
    };
    let authorities: Result<Vec<Vec<u8>>, _> =
        CertificateDer::pem_slice_iter(&pem).map(|one| one.map(|der| der.to_vec())).collect();
    match authorities {
        Ok(authorities) if !authorities.is_empty() => Ok(Some(authorities)),
        Ok(_) | Err(_) => Err(names.cluster("its certificate authority holds no certificate in PEM")),
    }
}

fn from_pod(access: &Access, looked_at: Vec<PathBuf>) -> Result<Connection, ConnectError> {
    let Some(pod) = InPod::here().filter(|_| access.context.is_none()) else {
        return Err(ConnectError::NoConfiguration { looked_at });
    };
    let bad = |problem: String| ConnectError::BadPod { problem };
    let (config, token) = pod.config().map_err(bad)?;
    let credential = Credential { kind: Some("service account token"), ..Credential::default() };
    finish(config, access, (credential, Some(token)), None).map_err(|error| match error {
        Unfinished::Client(error) => bad(login::words_of_client(&error)),
        Unfinished::Other(error) => error,
    })
}

enum Unfinished {
    Client(Box<kube::Error>),
    Other(ConnectError),
}

fn finish(
    mut config: Config,
    access: &Access,
    credential: (Credential, Option<TokenFile>),
    context: Option<String>,
) -> Result<Connection, Unfinished> {
    identity::impersonate(&mut config.auth_info, access).map_err(Unfinished::Other)?;
    let limit = access.limit();
    // Sooner than the request's own limit, so that a server out of reach is told from one that is slow.
    config.connect_timeout =
        Some(limit.map_or(CONNECT_TIMEOUT, |limit| (limit * 3 / 4).min(CONNECT_TIMEOUT)));
    // Requests are limited and retried by us, which can say so; a watch is silent for minutes.
    config.read_timeout = None;
    config.default_retry = false;
    let server = selection::shown(&config.cluster_url);
    let proxy = config.proxy_url.as_ref().map(selection::shown);
    let default_namespace = config.default_namespace.trim().to_owned();
    let client = client_of(config).map_err(|error| Unfinished::Client(Box::new(error)))?;
    Ok(Connection { api: Api::new(client, (server, proxy), credential, limit), context, default_namespace })
}

/// The client, for which a credential plugin runs once. By itself kube-client runs it once for the token and again in
/// case it gives a certificate instead, and a plugin takes a second, or asks for a password each time.
fn client_of(mut config: Config) -> kube::Result<Client> {
    if config.auth_info.exec.is_some()
        && let Some(login) = config.auth_layer()?
    {
        // The layer keeps the plugin for when the token expires.
        config.auth_info.exec = None;
        // The login layer clones what it is put on, which the boxed stack cannot be without the buffer.
        let stack = ClientBuilder::try_from(config)?.with_layer(&BufferLayer::new(BUFFER));
        return Ok(stack.with_layer(&login).build());
    }
    Client::try_from(config)
}
