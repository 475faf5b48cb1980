//! What the user says about the proof.

use std::path::PathBuf;

use jiff::SignedDuration;

use crate::diagnose::duration;

/// Arguments of `diagnose` about the proof.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Proof options")]
pub(crate) struct ProofArguments {
    /// Ask no registry: say what the words alone support
    #[arg(long, conflicts_with_all = ["why", "transcript"])]
    pub(crate) no_probe: bool,
    /// With -f: ask registries too, without any login
    #[arg(long, requires = "filename", conflicts_with = "no_probe")]
    pub(crate) probe: bool,
    /// Say of each other cause why it is out, or why it is not
    #[arg(long)]
    pub(crate) why: bool,
    /// Also try this pull secret of the namespace; may be given several times
    #[arg(long = "secret", value_name = "NAME")]
    pub(crate) secrets: Vec<String>,
    /// Look for a working login among all pull secrets of the namespace (needs list on secrets)
    #[arg(long)]
    pub(crate) search_secrets: bool,
    /// The pause image of the node [default: as --node-config says]
    #[arg(long, value_name = "IMAGE")]
    pub(crate) sandbox_image: Option<String>,
    /// Write all that was read and asked, redacted, so that the verdict can be had again without the cluster
    #[arg(long, value_name = "FILE")]
    pub(crate) transcript: Option<PathBuf>,
    /// Write each fix as a patch file, and a kustomization that applies them
    #[arg(long, value_name = "DIR", conflicts_with = "watch")]
    pub(crate) patch_dir: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) client: ClientArguments,
}

impl ProofArguments {
    /// An option that was given and counts only where registries are asked; `None` when there is none.
    pub(crate) fn only_asking(&self) -> Option<&'static str> {
        let client = &self.client;
        let given = [
            ("--transcript", self.transcript.is_some()),
            ("--secret", !self.secrets.is_empty()),
            ("--search-secrets", self.search_secrets),
            ("--sandbox-image", self.sandbox_image.is_some()),
            ("--node-config", client.node_config.is_some()),
            ("--runtime", client.runtime.is_some()),
            ("--resolve", !client.resolve.is_empty()),
            ("--resolv-conf", client.resolv_conf.is_some()),
            ("--allow-realm", !client.realms.is_empty()),
            ("--allow-plain-http", !client.plain_http.is_empty()),
        ];
        given.into_iter().find(|(_, is_given)| *is_given).map(|(option, _)| option)
    }
}

/// Arguments of everything that asks registries.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Registry options")]
pub(crate) struct ClientArguments {
    /// How long all asking may take; a connection that is never answered takes the runtime 30s
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "2m")]
    pub(crate) probe_timeout: SignedDuration,
    /// Let a registry send logins to this token service: REGISTRY=REALM, such as reg.acme.test=https://auth.acme.test
    #[arg(long = "allow-realm", value_name = "REGISTRY=REALM")]
    pub(crate) realms: Vec<String>,
    /// This host may speak plain HTTP: offer the node's setting for it as a fix
    #[arg(long = "allow-plain-http", value_name = "HOST")]
    pub(crate) plain_http: Vec<String>,
    /// Dial this address for a host and port, as curl does
    #[arg(long = "resolve", value_name = "HOST:PORT:ADDR")]
    pub(crate) resolve: Vec<String>,
    /// Ask the name servers of this file instead of the system's
    #[arg(long, value_name = "FILE")]
    pub(crate) resolv_conf: Option<PathBuf>,
    /// See with a node's eyes: a copy of its /etc (containerd, certs.d, resolv.conf, hosts, authorities)
    #[arg(long, value_name = "DIR")]
    pub(crate) node_config: Option<PathBuf>,
    /// The node's runtime, as containerd@VERSION [default: as its Node says]
    #[arg(long, value_name = "NAME@VERSION")]
    pub(crate) runtime: Option<String>,
}
