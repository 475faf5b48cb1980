//! What is read of a node.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use pullmedic_model::probe::route::{Route, Runtime};

use crate::assumed::assumed_route;
use crate::behaviour::Behaviour;
use crate::config::Config;
use crate::copy::{CERTIFICATES, EtcCopy, Missing, SETTINGS};
use crate::directory::Directories;
use crate::mirrors;
use crate::trust::{NodeLogin, TrustFiles, has_certificate};

/// Where distributions keep the system's authorities, in the order in which Go looks for them.
/// <https://go.dev/src/crypto/x509/root_linux.go>
const BUNDLES: [&str; 6] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// The release that is assumed for a version of config.toml when none is given: the oldest of the releases that write
/// it in which nothing is dropped or left unread that others read.
const fn guess(config_version: i64) -> (u32, u32, u32) {
    match config_version {
        1 | 2 => (1, 7, 34),
        4.. => (2, 3, 0),
        _ => (2, 0, 11),
    }
}

/// Why a folder gives no view of a node.
#[derive(Debug, thiserror::Error)]
pub enum ViewError {
    /// There is no such folder, or it cannot be read.
    #[error("open the copy of the node's /etc at {}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The node runs something whose files we do not read yet.
    #[error("read the configuration of {runtime}: not yet, only containerd's")]
    NotYet {
        /// The runtime: `cri-o`.
        runtime: String,
    },
    /// The folder holds nothing that a copy of `/etc` has.
    #[error("find containerd/, resolv.conf, hosts or authorities in {}", path.display())]
    NotEtc {
        /// The folder.
        path: PathBuf,
    },
    /// A config.toml cannot be used. containerd does not start with it, so what runs has read another.
    #[error("read {file}: {detail}")]
    Config {
        /// The file, as the node names it.
        file: String,
        /// What and where: `line 3, column 9: expected a string`.
        detail: String,
    },
}

/// What a copy of a node's `/etc` says about pulls.
#[derive(Clone)]
pub struct View {
    /// The copy.
    pub directory: PathBuf,
    /// The runtime whose rules are followed.
    pub runtime: Runtime,
    /// Whether the version of the runtime is our guess.
    pub runtime_guessed: bool,
    /// The sandbox image that the config names; `None`: it names none, and `remarks` says which is the default.
    pub sandbox_image: Option<String>,
    /// The resolver's configuration, in the copy; `None`: not there, or not readable.
    pub resolv_conf: Option<PathBuf>,
    /// The names file, in the copy; `None` likewise.
    pub hosts_file: Option<PathBuf>,
    /// The system's authorities, in the copy; `None`: no bundle with a certificate was found.
    pub authorities: Option<PathBuf>,
    /// Logins in the node's own config; consulted only if the kubelet sent none.
    pub logins: Vec<NodeLogin>,
    /// What a reader of a verdict should know about the view: what was guessed, what is not in the copy.
    pub remarks: Vec<String>,
    config: Config,
    directories: Directories,
    faults: mirrors::Faults,
    trusts: BTreeMap<String, TrustFiles>,
}

/// Reads the copy of a node's `/etc` at `directory`. `runtime` is what the option or the node's status says; `None`: it
/// is guessed from the config's version, and `remarks` says so.
///
/// # Errors
/// When there is no such folder, it holds nothing of a node, it is a node of another runtime than containerd, or a
/// config.toml cannot be used.
pub fn read(directory: &Path, runtime: Option<Runtime>) -> Result<View, ViewError> {
    let copy = EtcCopy::open(directory)
        .map_err(|source| ViewError::Folder { path: directory.to_owned(), source })?;
    if let Some(runtime) = runtime.as_ref().filter(|runtime| runtime.name != "containerd") {
        return Err(ViewError::NotYet { runtime: runtime.name.clone() });
    }
    let containerd = copy.is_folder("/etc/containerd") || copy.is_folder("/etc/docker/certs.d");
    if runtime.is_none() && !containerd {
        for (name, folder) in
            [("cri-o", "/etc/crio"), ("cri-o", "/etc/containers"), ("docker", "/etc/docker")]
        {
            if copy.is_folder(folder) {
                return Err(ViewError::NotYet { runtime: name.to_owned() });
            }
        }
    }
    let mut remarks = Vec::new();
    let resolv_conf = settings_file(&copy, "/etc/resolv.conf", &mut remarks);
    let hosts_file = settings_file(&copy, "/etc/hosts", &mut remarks);
    let authorities = bundle(&copy, &mut remarks);
    if !containerd && resolv_conf.is_none() && hosts_file.is_none() && authorities.is_none() {
        return Err(ViewError::NotEtc { path: directory.to_owned() });
    }

    let main = Config::main_file(&copy, &mut remarks)?;
    let guessed = runtime.is_none();
    let runtime = runtime.unwrap_or_else(|| {
        let runtime = Runtime { name: "containerd".into(), version: guess(main.version()) };
        remarks.push(format!(
            "the version of the node's runtime is not known; read as by {runtime}, guessed from the version of its config.toml"
        ));
        runtime
    });
    let behaviour = Behaviour::new(&runtime, guessed);
    let mut trusts = BTreeMap::new();
    let config = Config::read(&copy, main, behaviour, &mut trusts, &mut remarks)?;
    if config.sandbox_image.is_none() {
        remarks.push(match behaviour.default_sandbox_image() {
            Some(image) => format!("the config names no sandbox image; {runtime} then takes {image}"),
            None => format!("the config names no sandbox image, and the default of {runtime} is not known"),
        });
    }
    let directories = Directories::read(&copy, &config, behaviour, &mut trusts, &mut remarks);
    let faults = mirrors::read(&copy, &config, behaviour, &mut trusts, &mut remarks);
    Ok(View {
        directory: directory.to_owned(),
        runtime_guessed: guessed,
        sandbox_image: config.sandbox_image.clone(),
        resolv_conf,
        hosts_file,
        authorities,
        logins: config.logins.clone(),
        runtime,
        remarks,
        config,
        directories,
        faults,
        trusts,
    })
}

impl fmt::Debug for View {
    /// Without the settings: an address in them may hold a login.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("View")
            .field("directory", &self.directory)
            .field("runtime", &self.runtime)
            .field("remarks", &self.remarks)
            .finish_non_exhaustive()
    }
}

impl View {
    /// The hosts that this runtime asks for images of `host` (`docker.io`, `registry:5000`), in order, and what is wrong
    /// with the files that say so.
    ///
    /// A file that makes every pull of the host fail ([`DefectKind::Unreadable`], [`DefectKind::Conflict`]) leaves the
    /// hosts in the list as it means them. `Route::of_node` is `false` where a file that decides was not read; then nothing
    /// in config.toml is called a defect.
    ///
    /// [`DefectKind::Unreadable`]: pullmedic_model::probe::route::DefectKind::Unreadable
    /// [`DefectKind::Conflict`]: pullmedic_model::probe::route::DefectKind::Conflict
    pub fn route(&self, host: &str) -> Route {
        let behaviour = Behaviour::new(&self.runtime, self.runtime_guessed);
        let mut route = if self.config.asks_mirrors() {
            mirrors::route(&self.config, &self.faults, host, behaviour)
        } else {
            self.directories.route(&self.config, host, behaviour)
        };
        if !route.of_node {
            route = assumed_route(host, Some(&self.runtime));
        }
        let unread = self.directories.unread(&self.config, host);
        if !self.config.whole {
            route.of_node = false;
        } else if self.config.present {
            route.defects.extend(unread.into_iter().chain(self.config.defects.iter().cloned()));
        } else {
            // Someone wrote these files for a reason: there may be a config that was not copied, or stands elsewhere.
            route.of_node &= unread.is_empty();
        }
        route
    }

    /// The trust settings by name, as [`Host::trust`] names them.
    ///
    /// [`Host::trust`]: pullmedic_model::probe::route::Host::trust
    pub fn trusts(&self) -> BTreeMap<String, TrustFiles> {
        self.trusts.clone()
    }
}

fn settings_file(copy: &EtcCopy, path: &str, remarks: &mut Vec<String>) -> Option<PathBuf> {
    match copy.read(path, SETTINGS) {
        Ok(_) => copy.locate(path).ok(),
        Err(missing) => {
            remarks.push(format!("{path}: {}", missing.words()));
            None
        }
    }
}

fn bundle(copy: &EtcCopy, remarks: &mut Vec<String>) -> Option<PathBuf> {
    for path in BUNDLES {
        match copy.read(path, CERTIFICATES) {
            Ok(bytes) if has_certificate(&bytes) => return copy.locate(path).ok(),
            Ok(_) => remarks.push(format!("{path}: holds no certificate")),
            Err(Missing::Absent | Missing::NotCopied) => {}
            Err(missing @ (Missing::Outside | Missing::Unread(_))) => {
                remarks.push(format!("{path}: {}", missing.words()));
            }
        }
    }
    remarks.push("no bundle of the system's authorities in the copy; those of this machine are used".into());
    None
}
