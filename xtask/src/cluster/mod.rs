//! A real Kubernetes cluster on one machine without Docker: `cargo xtask cluster up|status|logs|load|down`.
//! `docs/cluster.md` says how it is put together and how to break it by hand.

pub(crate) mod build;
pub(crate) mod cgroups;
pub(crate) mod components;
pub(crate) mod configuration;
mod down;
pub(crate) mod layout;
mod load;
pub(crate) mod network;
pub(crate) mod ownership;
mod packages;
pub(crate) mod pki;
pub(crate) mod process;
pub(crate) mod registry;
mod status;
pub(crate) mod testkit;
mod up;

use anyhow::Result;
use clap::Subcommand;

pub(crate) use up::{Cluster, up};

/// What to do with the cluster.
#[derive(Subcommand)]
pub(crate) enum Action {
    /// Start it, or what of it is not running; builds and installs what is missing
    Up,
    /// Say what runs, and fail unless all does
    Status,
    /// Print the end of a component's log; without a name, list the components
    Logs {
        /// A component as `status` names it
        name: Option<String>,
        /// How many lines from the end
        #[arg(long, default_value_t = 200)]
        lines: usize,
    },
    /// Import image archives or OCI layouts on both nodes, or publish a waiting test image under a name
    Load {
        /// A file or folder with an image, or a `repository:tag` for registry.acme.test
        #[arg(required = true)]
        images: Vec<String>,
    },
    /// Stop it and remove every trace of it
    Down {
        /// Change nothing: list what a cluster left behind, and fail if there is anything
        #[arg(long)]
        check: bool,
        /// Also take down a cluster that another checkout started
        #[arg(long)]
        force: bool,
    },
}

/// Does it.
pub(crate) fn run(action: Action) -> Result<()> {
    match action {
        Action::Up => up().map(drop),
        Action::Status => status::status(),
        Action::Logs { name, lines } => status::logs(name.as_deref(), lines),
        Action::Load { images } => load::load(&images),
        Action::Down { check: true, .. } => down::check(),
        Action::Down { check: false, force } => down::down(force),
    }
}
