//! The folders that `config_path` names: for each host a hosts.toml, or certificates of Docker's layout.

use std::collections::{BTreeMap, BTreeSet};

use pullmedic_model::Captured;
use pullmedic_model::probe::route::{Defect, DefectKind, Host, Role, Route, Scheme};

use crate::address::{endpoint, port_of};
use crate::assumed::{DIAL_TIMEOUT_MS, plain_with_tls_settings, upstream, upstream_scheme};
use crate::behaviour::Behaviour;
use crate::config::{ALL_HOSTS, Config, MAIN};
use crate::copy::{ENTRIES, EtcCopy, Missing};
use crate::correction;
use crate::fields::{self, Fault};
use crate::hosts_file::{self, HostsFile, Settings, Unused};
use crate::trust::{Gathered, TrustFiles};

/// How long Linux itself tries to open a connection where the dialler sets no limit: six repetitions, 127 s.
const KERNEL_DIAL_MS: u64 = 127_000;

/// All folders of hosts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Directories {
    roots: Vec<Root>,
    unread: Vec<Unread>,
}

/// A root that the runtime looks through.
#[derive(Debug, Clone)]
enum Root {
    /// Its folders.
    Whole(BTreeMap<String, Directory>),
    /// Some of its folders; there were too many.
    Part(BTreeMap<String, Directory>),
    /// It is not in the copy.
    Unknown,
}

/// A root that holds folders of hosts and is not looked through.
#[derive(Debug, Clone)]
struct Unread {
    path: String,
    why: Why,
    /// Names of folders that hold a hosts.toml or a certificate.
    hosts: BTreeSet<String>,
}

#[derive(Debug, Clone, Copy)]
enum Why {
    /// `config_path` is a list, which is taken for one path.
    List,
    /// `config_path` is not set.
    Unset,
    /// `config_path` is set in a section that is not read.
    Section(&'static str),
}

/// What was read of the folder of one host.
#[derive(Debug, Clone, Default)]
struct Directory {
    /// The hosts, the root's settings last, each with the name of its trust settings.
    hosts: Vec<(Settings, String)>,
    defects: Vec<Defect>,
    /// Whether what decides is not in the copy.
    unknown: bool,
}

impl Directories {
    /// Reads every folder that `config_path` leads to, and the names in those that are passed by.
    pub(crate) fn read(
        copy: &EtcCopy,
        config: &Config,
        behaviour: Behaviour,
        trusts: &mut BTreeMap<String, TrustFiles>,
        remarks: &mut Vec<String>,
    ) -> Directories {
        let mut reader = Reader { copy, config, behaviour, trusts, remarks };
        let roots = config.roots().into_iter().map(|root| reader.root(root)).collect();
        let mut unread = Vec::new();
        if config.transfer_service && config.config_path.contains(':') {
            let parts = config.config_path.split(':').filter(|part| !part.is_empty());
            unread.extend(parts.map(|root| reader.unread(root, Why::List)));
        }
        // Which releases have a default is the question here, so a guessed one decides nothing.
        if config.config_path.is_empty() && !behaviour.guessed {
            unread.push(reader.unread("/etc/containerd/certs.d", Why::Unset));
        }
        for (path, section) in &config.stray {
            let passed = path.split(':').filter(|root| !config.roots().contains(root));
            unread.extend(passed.map(|root| reader.unread(root, Why::Section(section))));
        }
        unread.retain(|root: &Unread| !root.hosts.is_empty());
        Directories { roots, unread }
    }

    /// The route of `host` by its folder, or the upstream alone where it has none.
    pub(crate) fn route(&self, config: &Config, host: &str, behaviour: Behaviour) -> Route {
        let mut found = None;
        for root in &self.roots {
            found = match root {
                Root::Whole(folders) => names(host).iter().find_map(|name| folders.get(name)),
                // A name that stands earlier may be among those that were left out.
                Root::Part(folders) => match names(host).first().and_then(|name| folders.get(name)) {
                    Some(directory) => Some(directory),
                    None => return Route::default(),
                },
                Root::Unknown => return Route::default(),
            };
            if found.is_some() {
                break;
            }
        }
        if found.is_some_and(|directory| directory.unknown) {
            return Route::default();
        }
        let upstream = [(Settings::upstream(), trust_of_all(config))];
        let settings = found.map_or(upstream.as_slice(), |directory| directory.hosts.as_slice());
        Route {
            hosts: hosts(settings, host, behaviour),
            of_node: true,
            defects: found.map(|directory| directory.defects.clone()).unwrap_or_default(),
        }
    }

    /// What is wrong with config.toml, because it leaves the folder of `host` unread.
    pub(crate) fn unread(&self, config: &Config, host: &str) -> Vec<Defect> {
        let names = names(host);
        let holding = |root: &&Unread| names.iter().any(|name| root.hosts.contains(name));
        let Some(root) = self.unread.iter().find(holding) else { return Vec::new() };
        let Some(name) = names.iter().find(|name| root.hosts.contains(*name)) else { return Vec::new() };
        let folder = Captured::new(&format!("{}/{name}", root.path));
        let set = Captured::new(&config.config_path);
        let why = match root.why {
            Why::List if config.config_path_is_default => format!(
                "config_path is not set, and its default, {:?}, is taken for one folder when images are pulled by the transfer service",
                set.as_str()
            ),
            Why::List => format!(
                "config_path = {:?} is taken for one folder when images are pulled by the transfer service",
                set.as_str()
            ),
            Why::Unset => "config_path is not set".to_owned(),
            Why::Section(section) => {
                format!(
                    "config_path stands in [plugins.{section:?}.registry], which this release does not read"
                )
            }
        };
        // Mirrors and `config_path` are refused together, so a line more would not do.
        let corrected = if config.mirrors.is_empty() && config.defects.is_empty() {
            let text = config.showable.as_deref();
            text.and_then(|text| correction::config_path(text, config.section, &root.path))
        } else {
            None
        };
        vec![Defect {
            file: MAIN.into(),
            kind: DefectKind::NeverRead,
            detail: format!(
                "{why}, so {folder} is never read; it is with config_path = {path:?} in [plugins.{section:?}.registry]",
                path = Captured::new(&root.path).as_str(),
                section = config.section
            ),
            corrected,
        }]
    }
}

/// The names that are looked for in a root, in order.
/// <https://github.com/containerd/containerd/blob/v2.3.4/core/remotes/docker/config/config_unix.go>
fn names(host: &str) -> Vec<String> {
    let mut names = Vec::new();
    if let Some((name, port)) = host.rsplit_once(':').filter(|(name, _)| !name.is_empty()) {
        names.push(format!("{name}_{port}_"));
    }
    names.extend([host.to_owned(), "_default".to_owned()]);
    names
}

/// The name of the trust settings of a host of which nothing else is set.
pub(crate) fn trust_of_all(config: &Config) -> String {
    if config.headers.is_empty() { String::new() } else { ALL_HOSTS.to_owned() }
}

/// Whether containerd takes a host for another than the image's, and so tells it by `?ns=` which is meant.
/// <https://github.com/containerd/containerd/blob/v2.3.4/core/remotes/docker/registry.go>, `isProxy`
pub(crate) fn is_proxy(host: &str, asked: &str) -> bool {
    host != asked && (host, asked) != ("docker.io", "registry-1.docker.io")
}

/// What a host is to the image: its own registry under another spelling is no mirror.
pub(crate) fn role(
    host: &str,
    asked: &str,
    asked_endpoint: &pullmedic_model::Endpoint,
    place: usize,
) -> Role {
    let own = endpoint(upstream(host), Scheme::Https);
    if !is_proxy(host, asked) || own.as_ref() == Some(asked_endpoint) {
        Role::Origin
    } else {
        Role::Mirror(u8::try_from(place).unwrap_or(u8::MAX))
    }
}

fn hosts(all: &[(Settings, String)], host: &str, behaviour: Behaviour) -> Vec<Host> {
    let last = all.len().saturating_sub(1);
    let each = all.iter().enumerate();
    each.filter_map(|(place, (settings, trust))| {
        host_of(settings, trust, place, place == last, host, behaviour)
    })
    .collect()
}

/// A host as it is asked; `None`: nothing is pulled from it, or it cannot be dialled.
/// <https://github.com/containerd/containerd/blob/v2.3.4/core/remotes/docker/config/hosts.go#L101-L236>
fn host_of(
    settings: &Settings,
    trust: &str,
    place: usize,
    is_last: bool,
    host: &str,
    behaviour: Behaviour,
) -> Option<Host> {
    let tls = settings.has_tls_settings(behaviour);
    let mut skip_verify = settings.skip_verify.unwrap_or(false);
    let addressed = settings.address.as_ref().filter(|address| !address.host.is_empty());
    let (asked, scheme, path, pull, resolve) = match addressed {
        Some(address) => {
            let scheme = match address.scheme.as_str() {
                "https" => Scheme::Https,
                "http" if tls => plain_with_tls_settings(port_of(&address.host), behaviour),
                "http" => Scheme::Http,
                _ => return None,
            };
            let resolve = settings.pull && settings.resolve;
            (address.host.as_str(), scheme, settings.path.as_str(), settings.pull, resolve)
        }
        // The root's path and capabilities count only together with a server.
        None if is_last => {
            let (plain, skip) = upstream_scheme(host, behaviour);
            skip_verify |= skip;
            let scheme = match plain {
                Scheme::Http if tls => plain_with_tls_settings(port_of(host), behaviour),
                Scheme::Http | Scheme::Https | Scheme::HttpsThenHttp => plain,
            };
            (upstream(host), scheme, "/v2", true, true)
        }
        None => return None,
    };
    let dialled = endpoint(asked, scheme).filter(|_| pull)?;
    Some(Host {
        role: role(host, asked, &dialled, place),
        endpoint: dialled,
        scheme,
        path: path.to_owned(),
        namespace: is_proxy(host, asked).then(|| host.to_owned()),
        resolve,
        trust: trust.to_owned(),
        skip_verify,
        dial_timeout_ms: match settings.dial_timeout_ms {
            Some(0) => KERNEL_DIAL_MS,
            Some(ms) => ms,
            None => DIAL_TIMEOUT_MS,
        },
        answer_timeout_ms: behaviour.answer_timeout_ms(),
    })
}

struct Reader<'a> {
    copy: &'a EtcCopy,
    config: &'a Config,
    behaviour: Behaviour,
    trusts: &'a mut BTreeMap<String, TrustFiles>,
    remarks: &'a mut Vec<String>,
}

impl Reader<'_> {
    fn root(&mut self, root: &str) -> Root {
        let (names, more) = match self.copy.list(root) {
            Ok((names, more)) => {
                if more {
                    self.remarks.push(format!("{root}: only {ENTRIES} of its entries are read"));
                }
                (names, more)
            }
            Err(Missing::Absent | Missing::NotCopied) => {
                // A list that this release takes for one folder is a defect of its own, told where it stands.
                if !self.config.config_path_is_default && !root.contains(':') {
                    self.remarks
                        .push(format!("{}: named by config_path, not in the copy", Captured::new(root)));
                }
                (Vec::new(), false)
            }
            Err(missing @ (Missing::Outside | Missing::Unread(_))) => {
                self.remarks.push(format!(
                    "{}: named by config_path, {}",
                    Captured::new(root),
                    missing.words()
                ));
                return Root::Unknown;
            }
        };
        let mut folders = BTreeMap::new();
        for name in names {
            let path = format!("{}/{name}", root.trim_end_matches('/'));
            match self.copy.locate(&path) {
                Ok(at) if at.is_dir() => {
                    let directory = self.directory(&path, &name);
                    folders.insert(name, directory);
                }
                Ok(_) | Err(Missing::Absent | Missing::NotCopied) => {}
                Err(missing @ (Missing::Outside | Missing::Unread(_))) => {
                    self.remarks.push(format!("{path}: {}", missing.words()));
                    folders.insert(name, Directory { unknown: true, ..Directory::default() });
                }
            }
        }
        if more { Root::Part(folders) } else { Root::Whole(folders) }
    }

    fn unread(&mut self, root: &str, why: Why) -> Unread {
        let (names, _) = self.copy.list(root).unwrap_or_default();
        let holds = |name: &String| {
            let (files, _) = self.copy.list(&format!("{root}/{name}")).unwrap_or_default();
            files.iter().any(|file| file == "hosts.toml" || file.ends_with(".crt") || file.ends_with(".cert"))
        };
        Unread { path: root.to_owned(), why, hosts: names.into_iter().filter(holds).collect() }
    }

    /// <https://github.com/containerd/containerd/blob/v2.3.4/core/remotes/docker/config/hosts.go>, `loadHostDir`
    fn directory(&mut self, path: &str, name: &str) -> Directory {
        let file = format!("{path}/hosts.toml");
        let bytes = match self.copy.read(&file, crate::copy::SETTINGS) {
            Ok(bytes) => bytes,
            Err(Missing::Absent | Missing::NotCopied) => Vec::new(),
            Err(missing @ (Missing::Outside | Missing::Unread(_))) => {
                self.remarks.push(format!("{file}: {}", missing.words()));
                return Directory { unknown: true, ..Directory::default() };
            }
        };
        if bytes.is_empty() {
            return self.certificates(path, Vec::new());
        }
        let text = match fields::utf8(bytes) {
            Ok(text) => text,
            Err(fault) => return self.certificates(path, vec![unparsable(&file, &fault, "", None)]),
        };
        match hosts_file::parse(&text, path, self.behaviour) {
            Ok(read) => self.hosts(read, path, &file),
            Err(Unused::Fault(fault)) if fault.ours => {
                self.remarks.push(format!("{file}: {}", fault.what));
                Directory { unknown: true, ..Directory::default() }
            }
            Err(Unused::Fault(fault)) => {
                let corrected = correction::hosts_file(&text, path, self.behaviour, &fault);
                self.certificates(path, vec![unparsable(&file, &fault, &text, corrected)])
            }
            Err(Unused::NoHostTable { says_something: false }) => self.certificates(path, Vec::new()),
            Err(Unused::NoHostTable { says_something: true }) => {
                let own = Some(host_named(name)).filter(|_| name != "_default");
                let defect = Defect {
                    file: Captured::new(&file).to_string(),
                    kind: DefectKind::Dropped,
                    detail: "no [host] table: this release of containerd drops such a file whole (`invalid host tree`) and asks the upstream with default TLS".into(),
                    corrected: correction::with_host_table(&text, own.as_deref().map(upstream)),
                };
                self.certificates(path, vec![defect])
            }
        }
    }

    fn hosts(&mut self, read: HostsFile, path: &str, file: &str) -> Directory {
        let mut directory = Directory::default();
        let mut dropped = |detail: String| {
            directory.defects.push(Defect {
                file: Captured::new(file).to_string(),
                kind: DefectKind::Dropped,
                detail,
                corrected: None,
            });
        };
        for host in &read.unseen {
            dropped(format!(
                "host {:?} has no table header of its own, so it is never asked",
                Captured::new(host).as_str()
            ));
        }
        let last = read.hosts.len().saturating_sub(1);
        for (place, settings) in read.hosts.iter().enumerate() {
            if let Some(address) = &settings.address {
                let named = !(place == last && address.host.is_empty());
                let dialled = matches!(address.scheme.as_str(), "http" | "https")
                    && endpoint(&address.host, Scheme::Https).is_some();
                if named && !dialled {
                    dropped(format!("host {} of the file is no address that can be dialled", place + 1));
                }
            }
        }
        for (place, settings) in read.hosts.into_iter().enumerate() {
            let mut gathered = Gathered::default();
            for authority in settings.authorities.iter().flatten() {
                gathered.authority(self.copy, authority);
            }
            for (certificate, key) in &settings.clients {
                gathered.client(self.copy, certificate, key.as_deref());
            }
            gathered.trust.headers = settings.headers.clone();
            let name = if place == last { "server".to_owned() } else { (place + 1).to_string() };
            let trust = self.keep(gathered, format!("{path}/hosts.toml#{name}"), &mut directory.defects);
            directory.hosts.push((settings, trust));
        }
        directory
    }

    /// Docker's layout: authorities in `*.crt`, client certificates in `*.cert` with their keys in `*.key`. It counts
    /// also where a hosts.toml is not used.
    fn certificates(&mut self, path: &str, defects: Vec<Defect>) -> Directory {
        let mut directory = Directory { defects, ..Directory::default() };
        let mut settings = Settings::upstream();
        let mut gathered = Gathered::default();
        let (names, _) = self.copy.list(path).unwrap_or_default();
        for name in names.iter().filter(|name| !self.copy.is_folder(&format!("{path}/{name}"))) {
            let file = format!("{path}/{name}");
            if name.ends_with(".crt") {
                gathered.authority(self.copy, &file);
                settings.authorities.get_or_insert_default().push(file);
            } else if let Some(stem) = name.strip_suffix(".cert") {
                let key = Some(format!("{stem}.key")).filter(|key| names.contains(key));
                let key = key.map(|key| format!("{path}/{key}"));
                gathered.client(self.copy, &file, key.as_deref());
                settings.clients.push((file, key));
            }
        }
        let trust = self.keep(gathered, path.to_owned(), &mut directory.defects);
        directory.hosts.push((settings, trust));
        directory
    }

    /// Keeps trust settings under a name, and returns the name that stands for them.
    fn keep(&mut self, gathered: Gathered, name: String, defects: &mut Vec<Defect>) -> String {
        let Gathered { mut trust, defects: found, remarks } = gathered;
        defects.extend(found);
        self.remarks.extend(remarks);
        if trust.is_empty() {
            return trust_of_all(self.config);
        }
        // A host's own headers are added to those that all registries are sent.
        trust.headers.splice(0..0, self.config.headers.iter().cloned());
        self.trusts.insert(name.clone(), trust);
        name
    }
}

/// The host that a folder is named for: `registry_5000_` is `registry:5000`.
fn host_named(folder: &str) -> String {
    match folder.strip_suffix('_').and_then(|rest| rest.rsplit_once('_')) {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => format!("{host}:{port}"),
        Some(_) | None => folder.to_owned(),
    }
}

fn unparsable(file: &str, fault: &Fault, text: &str, corrected: Option<String>) -> Defect {
    Defect {
        file: Captured::new(file).to_string(),
        kind: DefectKind::Unparsable,
        detail: fault.detail(text),
        corrected,
    }
}
