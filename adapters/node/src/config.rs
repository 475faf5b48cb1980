//! `config.toml` and what it imports, in as far as it decides how images are pulled.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pullmedic_model::Captured;
use pullmedic_model::probe::route::{Defect, DefectKind};
use secrecy::SecretString;
use toml_edit::{Document, TableLike};

use crate::address::Address;
use crate::behaviour::Behaviour;
use crate::copy::{EtcCopy, Missing, SETTINGS, joined};
use crate::correction;
use crate::fields::{self, Fault};
use crate::trust::{NodeLogin, TrustFiles};
use crate::view::ViewError;

/// Where containerd looks for its config.
pub(crate) const MAIN: &str = "/etc/containerd/config.toml";

/// The name of the trust settings that hold only the headers that all registries are sent.
pub(crate) const ALL_HOSTS: &str = "/etc/containerd/config.toml#registry.headers";

/// The most files that are imported; each may name a folder of them.
const FILES: usize = 64;

/// The plugin that holds the registries, in config versions up to 2, and in 1 by its short name.
const CRI: &str = "io.containerd.grpc.v1.cri";
const CRI_SHORT: &str = "cri";

/// The plugin that holds them since config version 3.
const IMAGES: &str = "io.containerd.cri.v1.images";

/// The config as it stands in the copy.
#[derive(Debug)]
pub(crate) struct MainFile {
    /// `None`: there is none, and containerd runs with its defaults.
    file: Option<(String, Document<String>)>,
}

impl MainFile {
    /// The version that it claims: 1 without a claim, 0 without a file.
    pub(crate) fn version(&self) -> i64 {
        self.file.as_ref().map_or(0, |(_, document)| version_of(document))
    }
}

fn version_of(document: &Document<String>) -> i64 {
    fields::number(document.as_table(), "version").ok().flatten().filter(|version| *version > 0).unwrap_or(1)
}

/// TLS settings of `configs.HOST.tls`.
#[derive(Debug, Clone, Default)]
pub(crate) struct HostTls {
    pub(crate) skip_verify: bool,
    pub(crate) authority: Option<String>,
    pub(crate) certificate: Option<String>,
    pub(crate) key: Option<String>,
}

/// The settings of images, of one file or of all.
#[derive(Debug, Clone, Default)]
struct Section {
    sandbox_image: Option<String>,
    registry: Option<Registry>,
    local: Local,
}

/// What decides whether the transfer service is passed by.
/// <https://github.com/containerd/containerd/blob/v2.3.4/internal/cri/config/config.go#L557-L625>
#[derive(Debug, Clone, Default)]
struct Local {
    use_local_image_pull: Option<bool>,
    disable_snapshot_annotations: Option<bool>,
    discard_unpacked_layers: Option<bool>,
    image_pull_with_sync_fs: Option<bool>,
    max_concurrent_downloads: Option<i64>,
}

/// `[….registry]`.
#[derive(Debug, Clone, Default)]
struct Registry {
    config_path: Option<String>,
    mirrors: BTreeMap<String, Vec<String>>,
    tls: BTreeMap<String, HostTls>,
    /// Hosts of `configs`, whatever is set of them.
    configs: BTreeSet<String>,
    logins: Vec<NodeLogin>,
    headers: Vec<(String, SecretString)>,
}

/// The settings of images as the release uses them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Config {
    /// Whether there is a config.toml. Without one it is the defaults that decide, or a config that stands elsewhere.
    pub(crate) present: bool,
    /// Whether all files that it imports were read: one that was not may set anything otherwise.
    pub(crate) whole: bool,
    pub(crate) sandbox_image: Option<String>,
    /// As set, or the release's default; empty: none.
    pub(crate) config_path: String,
    /// Whether that is the release's default.
    pub(crate) config_path_is_default: bool,
    pub(crate) mirrors: BTreeMap<String, Vec<String>>,
    pub(crate) tls: BTreeMap<String, HostTls>,
    pub(crate) logins: Vec<NodeLogin>,
    pub(crate) headers: Vec<(String, SecretString)>,
    /// Whether images are pulled by the transfer service.
    pub(crate) transfer_service: bool,
    /// `config_path` of a plugin section that the release does not read, and the section's name.
    pub(crate) stray: Vec<(String, &'static str)>,
    /// What is wrong for every host.
    pub(crate) defects: Vec<Defect>,
    /// The text of config.toml where it may be shown corrected; `None`: it holds a credential, or there is no file.
    pub(crate) showable: Option<String>,
    /// The section in which the release looks for `registry`.
    pub(crate) section: &'static str,
}

impl Config {
    /// Reads config.toml itself.
    pub(crate) fn main_file(copy: &EtcCopy, remarks: &mut Vec<String>) -> Result<MainFile, ViewError> {
        let file = load(copy, MAIN)?;
        if file.is_none() {
            remarks.push(format!(
                "{MAIN}: not in the copy; containerd's defaults are assumed, and that certs.d is left unread is not held against the node"
            ));
        }
        Ok(MainFile { file })
    }

    /// Follows imports and puts the settings together as the release does.
    pub(crate) fn read(
        copy: &EtcCopy,
        main: MainFile,
        behaviour: Behaviour,
        trusts: &mut BTreeMap<String, TrustFiles>,
        remarks: &mut Vec<String>,
    ) -> Result<Config, ViewError> {
        let version = main.version();
        if version > behaviour.config_version() {
            remarks.push(format!(
                "{MAIN}: version {version} is newer than this release of containerd reads ({})",
                behaviour.config_version()
            ));
        }
        let present = main.file.is_some();
        let shown =
            main.file.as_ref().filter(|(_, document)| !correction::holds_secrets(document.as_table()));
        let showable = shown.map(|(text, _)| text.clone());
        let mut section = Section::default();
        let mut stray = Vec::new();
        let files = main.file.into_iter().map(|(text, document)| (MAIN.to_owned(), text, document));
        let (files, whole) = with_imports(copy, files.collect(), remarks)?;
        for (path, text, document) in files {
            let refused =
                |fault: Fault| ViewError::Config { file: path.clone(), detail: fault.detail(&text) };
            // 1.x takes the version of the whole from its first file, 2.x migrates each file by its own.
            let own = if behaviour.merges_plugins() { version_of(&document) } else { version };
            let (read, unread) = plugins(own, behaviour);
            let plugins = fields::table(document.as_table(), "plugins").map_err(refused)?;
            let mut own = Section::default();
            for (name, table) in plugins.into_iter().flat_map(|all| named(all, &read)) {
                let later = Section::read(table, name == IMAGES).map_err(refused)?;
                // Migration puts the old section's `registry` in the place of the new one's, whole.
                if later.registry.is_some() {
                    own.registry = None;
                }
                own.add(later);
            }
            if behaviour.merges_plugins() {
                section.add(own);
            } else if plugins.is_some_and(|all| !named(all, &read).is_empty()) {
                section = own;
            }
            for (name, table) in plugins.into_iter().flat_map(|all| named(all, &unread)) {
                // A section that nothing reads may hold anything.
                let registry = Section::read(table, name == IMAGES).ok().and_then(|section| section.registry);
                stray.extend(registry.and_then(|registry| registry.config_path).map(|path| (path, name)));
            }
        }
        let mut config = section.resolved(behaviour);
        (config.stray, config.showable) = (stray, showable);
        (config.present, config.whole) = (present, whole);
        config.section = match version {
            _ if behaviour.has_images_plugin() && version >= 3 => IMAGES,
            1 => CRI_SHORT,
            _ => CRI,
        };
        if !config.headers.is_empty() {
            let trust = TrustFiles { headers: config.headers.clone(), ..TrustFiles::default() };
            trusts.insert(ALL_HOSTS.into(), trust);
        }
        if !config.logins.is_empty() {
            remarks.push(format!(
                "{MAIN} holds logins for {}; containerd consults them only if the kubelet sent none",
                config.logins.iter().map(|login| login.host.as_str()).collect::<Vec<_>>().join(", ")
            ));
        }
        Ok(config)
    }

    /// Whether the hosts come from the `mirrors` tables, or what containerd does in their place: there is no
    /// `config_path`, and the transfer service, which knows no mirrors, is not used.
    pub(crate) fn asks_mirrors(&self) -> bool {
        self.config_path.is_empty() && !self.transfer_service
    }

    /// The folders that are looked through for a host's. The transfer service takes the whole list for one path.
    pub(crate) fn roots(&self) -> Vec<&str> {
        if self.transfer_service {
            Some(self.config_path.as_str()).filter(|path| !path.is_empty()).into_iter().collect()
        } else {
            self.config_path.split(':').filter(|path| !path.is_empty()).collect()
        }
    }
}

fn load(copy: &EtcCopy, path: &str) -> Result<Option<(String, Document<String>)>, ViewError> {
    let refused = |detail: String| ViewError::Config { file: Captured::new(path).to_string(), detail };
    let bytes = match copy.read(path, SETTINGS) {
        Ok(bytes) => bytes,
        Err(Missing::Absent | Missing::NotCopied) => return Ok(None),
        Err(missing @ (Missing::Outside | Missing::Unread(_))) => return Err(refused(missing.words())),
    };
    let text = fields::utf8(bytes).map_err(|fault| refused(fault.detail("")))?;
    let document = fields::parse(&text).map_err(|fault| refused(fault.detail(&text)))?;
    Ok(Some((text, document)))
}

type Loaded = (String, String, Document<String>);

/// The files in the order in which containerd merges them, each file's imports after all that were waiting, and whether
/// these are all.
fn with_imports(
    copy: &EtcCopy,
    main: Vec<Loaded>,
    remarks: &mut Vec<String>,
) -> Result<(Vec<Loaded>, bool), ViewError> {
    let said = remarks.len();
    let mut loaded: Vec<Loaded> = main;
    let mut waiting: VecDeque<String> = loaded.iter().flat_map(|file| imports(copy, file, remarks)).collect();
    while let Some(path) = waiting.pop_front() {
        if loaded.iter().any(|(known, ..)| *known == path) {
            continue;
        }
        if loaded.len() == FILES {
            remarks.push(format!("{MAIN}: only {FILES} of the imported files are read"));
            break;
        }
        match load(copy, &path) {
            Ok(Some((text, document))) => {
                let file = (path, text, document);
                waiting.extend(imports(copy, &file, remarks));
                loaded.push(file);
            }
            Ok(None) => remarks.push(format!("{path}: imported by the config, not in the copy")),
            Err(error @ ViewError::Config { .. }) if copy.locate(&path).is_ok() => return Err(error),
            Err(_) => remarks.push(format!("{path}: imported by the config, outside the copy")),
        }
    }
    // Whatever is left out is said.
    let whole = remarks.len() == said;
    Ok((loaded, whole))
}

fn imports(copy: &EtcCopy, (path, _, document): &Loaded, remarks: &mut Vec<String>) -> Vec<String> {
    let folder = path.rsplit_once('/').map_or("/", |(folder, _)| folder);
    let mut found = Vec::new();
    for import in fields::list(document.as_table(), "imports").ok().flatten().unwrap_or_default() {
        let import = joined(folder, &import);
        match import.rsplit_once('/') {
            Some((folder, pattern)) if pattern.matches('*').count() == 1 && !folder.contains('*') => {
                let (start, end) = pattern.split_once('*').unwrap_or((pattern, ""));
                let names = match copy.list(folder) {
                    Ok((names, false)) => names,
                    Err(Missing::Absent | Missing::NotCopied) => Vec::new(),
                    Ok((_, true)) | Err(Missing::Outside | Missing::Unread(_)) => {
                        remarks
                            .push(format!("{path}: the import {} is not followed", Captured::new(&import)));
                        Vec::new()
                    }
                };
                let matching = names.into_iter().filter(|name| {
                    name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end)
                });
                found.extend(matching.map(|name| format!("{folder}/{name}")));
            }
            _ if import.contains(['*', '?', '[']) => {
                remarks.push(format!("{path}: the import {} is not followed", Captured::new(&import)));
            }
            _ => found.push(import),
        }
    }
    found
}

/// The plugin sections that the release reads in a file of that version, later ones over earlier ones, and those that
/// it knows by another version and does not read.
///
/// <https://github.com/containerd/containerd/blob/v2.3.4/plugins/cri/images/plugin.go>, `configMigration`: a file below
/// the release's own version has its old section migrated over the new one, so containerd 2.3, whose version is 4,
/// reads in a file of version 3 what 2.0 to 2.2 leave unread.
fn plugins(version: i64, behaviour: Behaviour) -> (Vec<&'static str>, Vec<&'static str>) {
    if !behaviour.has_images_plugin() {
        return if version == 1 { (vec![CRI_SHORT], vec![CRI, IMAGES]) } else { (vec![CRI], vec![IMAGES]) };
    }
    match version {
        1 => (vec![IMAGES, CRI, CRI_SHORT], Vec::new()),
        _ if version < behaviour.config_version() => (vec![IMAGES, CRI], Vec::new()),
        _ => (vec![IMAGES], vec![CRI]),
    }
}

fn named<'t>(plugins: &'t dyn TableLike, names: &[&'static str]) -> Vec<(&'static str, &'t dyn TableLike)> {
    let table = |name: &&'static str| Some((*name, plugins.get(name)?.as_table_like()?));
    names.iter().filter_map(table).collect()
}

impl Section {
    /// Reads the plugin of images, or the old one, where some keys stand elsewhere.
    fn read(table: &dyn TableLike, images: bool) -> Result<Section, Fault> {
        let (sandbox_image, snapshots) = if images {
            let pinned = fields::table(table, "pinned_images")?;
            (pinned.map(|pinned| fields::text(pinned, "sandbox")).transpose()?.flatten(), Some(table))
        } else {
            (fields::text(table, "sandbox_image")?, fields::table(table, "containerd")?)
        };
        let snapshot_flag = |name| snapshots.map(|table| fields::flag(table, name)).transpose();
        Ok(Section {
            sandbox_image: sandbox_image.filter(|image| !image.is_empty()),
            registry: fields::table(table, "registry")?.map(Registry::read).transpose()?,
            local: Local {
                use_local_image_pull: fields::flag(table, "use_local_image_pull")?.filter(|_| images),
                disable_snapshot_annotations: snapshot_flag("disable_snapshot_annotations")?.flatten(),
                discard_unpacked_layers: snapshot_flag("discard_unpacked_layers")?.flatten(),
                image_pull_with_sync_fs: fields::flag(table, "image_pull_with_sync_fs")?,
                max_concurrent_downloads: fields::number(table, "max_concurrent_downloads")?,
            },
        })
    }

    fn add(&mut self, later: Section) {
        let Section { sandbox_image, registry, local: later } = later;
        self.sandbox_image = sandbox_image.or(self.sandbox_image.take());
        if let Some(registry) = registry {
            self.registry.get_or_insert_default().add(registry);
        }
        let own = &mut self.local;
        *own = Local {
            use_local_image_pull: later.use_local_image_pull.or(own.use_local_image_pull),
            disable_snapshot_annotations: later
                .disable_snapshot_annotations
                .or(own.disable_snapshot_annotations),
            discard_unpacked_layers: later.discard_unpacked_layers.or(own.discard_unpacked_layers),
            image_pull_with_sync_fs: later.image_pull_with_sync_fs.or(own.image_pull_with_sync_fs),
            max_concurrent_downloads: later.max_concurrent_downloads.or(own.max_concurrent_downloads),
        };
    }

    fn resolved(self, behaviour: Behaviour) -> Config {
        let Section { sandbox_image, registry, local } = self;
        let registry = registry.unwrap_or_default();
        let set = registry.config_path.filter(|path| !path.is_empty());
        let config_path_is_default = set.is_none();
        let mut defects = Vec::new();
        let mut conflict = |detail: &str| {
            defects.push(Defect {
                file: MAIN.into(),
                kind: DefectKind::Conflict,
                detail: format!("{detail}; with this file containerd starts without its Kubernetes plugin"),
                corrected: None,
            });
        };
        if set.is_some() && !registry.mirrors.is_empty() {
            conflict("`mirrors` cannot be set when `config_path` is provided");
        }
        if set.is_some() && !registry.tls.is_empty() && behaviour.reads_configs_tls() {
            conflict("`configs.tls` cannot be set when `config_path` is provided");
        }
        let default = if registry.mirrors.is_empty() { behaviour.default_config_path() } else { "" };
        let pulls_locally = local.use_local_image_pull == Some(true)
            || local.disable_snapshot_annotations == Some(false)
            || local.discard_unpacked_layers == Some(true)
            || local.image_pull_with_sync_fs == Some(true)
            || local.max_concurrent_downloads.is_some_and(|count| count != 3)
            || !registry.mirrors.is_empty()
            || !registry.configs.is_empty();
        Config {
            sandbox_image,
            config_path: set.unwrap_or_else(|| default.to_owned()),
            config_path_is_default,
            mirrors: registry.mirrors,
            tls: registry.tls,
            logins: registry.logins,
            headers: registry.headers,
            transfer_service: behaviour.has_transfer_service() && !pulls_locally,
            defects,
            ..Config::default()
        }
    }
}

impl Registry {
    fn read(table: &dyn TableLike) -> Result<Registry, Fault> {
        let mut read = Registry { config_path: fields::text(table, "config_path")?, ..Registry::default() };
        for (host, item) in fields::table(table, "mirrors")?.into_iter().flat_map(TableLike::iter) {
            let mirror = item.as_table_like().ok_or_else(|| Fault::at(item, "mirrors: expected a table"))?;
            read.mirrors.insert(host.to_owned(), fields::list(mirror, "endpoint")?.unwrap_or_default());
        }
        for (host, item) in fields::table(table, "configs")?.into_iter().flat_map(TableLike::iter) {
            let config = item.as_table_like().ok_or_else(|| Fault::at(item, "configs: expected a table"))?;
            read.configs.insert(host.to_owned());
            if let Some(tls) = fields::table(config, "tls")? {
                let file = |name| fields::text(tls, name).map(|path| path.filter(|path| !path.is_empty()));
                read.tls.insert(
                    host.to_owned(),
                    HostTls {
                        skip_verify: fields::flag(tls, "insecure_skip_verify")?.unwrap_or(false),
                        authority: file("ca_file")?,
                        certificate: file("cert_file")?,
                        key: file("key_file")?,
                    },
                );
            }
            if let Some(auth) = fields::table(config, "auth")? {
                read.logins.extend(login(host, auth)?);
            }
        }
        for (address, item) in fields::table(table, "auths")?.into_iter().flat_map(TableLike::iter) {
            let auth = item.as_table_like().ok_or_else(|| Fault::at(item, "auths: expected a table"))?;
            let host = Address::parse(address).map_or_else(|_| address.to_owned(), |address| address.host);
            read.configs.insert(host.clone());
            read.logins.extend(login(&host, auth)?);
        }
        for (name, item) in fields::table(table, "headers")?.into_iter().flat_map(TableLike::iter) {
            for value in fields::texts(item, "headers")? {
                read.headers.push((name.to_owned(), value.into()));
            }
        }
        Ok(read)
    }

    fn add(&mut self, later: Registry) {
        self.config_path = later.config_path.or(self.config_path.take());
        self.mirrors.extend(later.mirrors);
        self.tls.extend(later.tls);
        self.configs.extend(later.configs);
        self.logins.retain(|login| !later.logins.iter().any(|other| other.host == login.host));
        self.logins.extend(later.logins);
        self.headers.retain(|(name, _)| !later.headers.iter().any(|(other, _)| other == name));
        self.headers.extend(later.headers);
    }
}

/// A user name with a password comes before an identity token, which comes before `auth`.
/// <https://github.com/containerd/containerd/blob/v2.3.4/internal/cri/server/images/image_pull.go>, `ParseAuth`
fn login(host: &str, table: &dyn TableLike) -> Result<Option<NodeLogin>, Fault> {
    let field = |name| fields::text(table, name).map(Option::unwrap_or_default);
    let (user, password) = (field("username")?, field("password")?);
    let (token, auth) = (field("identitytoken")?, field("auth")?);
    let (user, password) = if !user.is_empty() {
        (user, password)
    } else if !token.is_empty() {
        (String::new(), token)
    } else {
        let decoded = STANDARD.decode(auth).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        match decoded.as_deref().and_then(|pair| pair.split_once(':')) {
            Some((user, password)) => (user.to_owned(), password.trim_matches('\0').to_owned()),
            None => return Ok(None),
        }
    };
    Ok(Some(NodeLogin {
        host: Captured::new(host).to_string(),
        user: user.into(),
        password: password.into(),
    }))
}
