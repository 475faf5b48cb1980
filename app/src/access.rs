//! How a cluster is reached: kubectl's own options.

use std::path::PathBuf;
use std::time::Duration;

use jiff::SignedDuration;
use pullmedic_cluster::{Access, Cluster};

use crate::diagnose::duration;
use crate::failure::Failure;

/// Arguments of everything that reads a cluster.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Cluster options")]
pub(crate) struct AccessArguments {
    /// The kubeconfig file [default: KUBECONFIG, else ~/.kube/config, else the pod's own account]
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// The kubeconfig context
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
    /// The kubeconfig cluster
    #[arg(long, value_name = "NAME")]
    cluster: Option<String>,
    /// The kubeconfig user
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Act as this user
    #[arg(long = "as", value_name = "USER")]
    impersonate: Option<String>,
    /// Act as a member of this group; may be given several times
    #[arg(long = "as-group", value_name = "GROUP")]
    groups: Vec<String>,
    /// The limit of one request: 10s, 1m, 0 for none [default: 30s]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    request_timeout: Option<SignedDuration>,
}

impl AccessArguments {
    fn access(&self) -> Access {
        Access {
            kubeconfig: self.kubeconfig.clone(),
            context: self.context.clone(),
            cluster: self.cluster.clone(),
            user: self.user.clone(),
            impersonate: self.impersonate.clone(),
            impersonate_groups: self.groups.clone(),
            request_timeout: self
                .request_timeout
                .map(|limit| Duration::try_from(limit).unwrap_or(Duration::ZERO)),
        }
    }

    /// Logs in; nothing is sent to the cluster yet.
    pub(crate) async fn connect(&self) -> Result<Cluster, Failure> {
        Cluster::connect(&self.access()).await.map_err(|error| {
            let next = error.hint();
            Failure::new(error).next(next)
        })
    }
}
