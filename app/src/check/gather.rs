//! Who asks for which images: by hand, in manifests, in a cluster.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use pullmedic_cluster::Cluster;
use pullmedic_files::Source;
use pullmedic_model::check::AskedBy;
use pullmedic_model::object::{Objects, Workload};
use pullmedic_model::probe::manifest::Platform;
use pullmedic_model::probe::route::Runtime;
use pullmedic_model::report::Skipped;
use pullmedic_prevent::{Account, Asked};

use super::Arguments;
use crate::failure::Failure;
use crate::prove::{platform_of, runtime_of};

/// With which logins an image is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Who {
    /// With these pull secrets of a namespace; none: anonymously, as the kubelet would.
    Secrets { namespace: String, names: Vec<String> },
    /// Anonymously, because it is not known what the kubelet would send.
    Unknown {
        /// Why, and what would tell.
        why: String,
        /// Whether pull secrets are named for certain, so that an anonymous pull says nothing of the real one.
        named: bool,
    },
}

/// A node.
#[derive(Debug, Clone, Default)]
pub(super) struct NodeView {
    pub(super) platform: Option<Platform>,
    pub(super) runtime: Option<Runtime>,
}

/// Everything that was read.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) asked: Vec<(Asked, Who)>,
    pub(super) skipped: Vec<Skipped>,
    pub(super) cluster: Option<Cluster>,
    pub(super) nodes: BTreeMap<String, NodeView>,
    /// Whether these may not be all.
    nodes_cut: bool,
}

impl Gathered {
    /// The platforms of the nodes; none where not all nodes could be read.
    pub(super) fn platforms(&self) -> Vec<Platform> {
        if self.nodes_cut {
            return Vec::new();
        }
        let all: BTreeSet<&Platform> =
            self.nodes.values().filter_map(|node| node.platform.as_ref()).collect();
        all.into_iter().cloned().collect()
    }

    /// The runtime of the nodes; `None` where they differ or none was read.
    pub(super) fn runtime(&self) -> Option<Runtime> {
        let all: BTreeSet<&Runtime> = self.nodes.values().filter_map(|node| node.runtime.as_ref()).collect();
        all.first().filter(|_| all.len() == 1).map(|&runtime| runtime.clone())
    }

    fn take_nodes(&mut self, objects: &Objects) {
        self.nodes_cut |= objects.skipped.iter().any(|skipped| {
            ["nodes", "Node "].iter().any(|begin| skipped.what.starts_with(begin))
                || skipped.what.contains(" nodes")
        });
        for node in &objects.nodes {
            let view = NodeView { platform: platform_of(node), runtime: runtime_of(node) };
            self.nodes.insert(node.metadata.name.clone(), view);
        }
    }
}

/// Reads all that was asked for.
pub(super) async fn gather(arguments: &Arguments) -> Result<Gathered, Failure> {
    if !arguments.images.is_empty() {
        return Ok(by_hand(&arguments.images));
    }
    if arguments.filename.is_empty() {
        return live(arguments).await;
    }
    let mut gathered = Gathered::default();
    let mut files = Files::default();
    files.read(arguments, &mut gathered)?;
    if arguments.with_cluster {
        let cluster = arguments.access.connect().await?;
        files.join(cluster, arguments, &mut gathered).await;
    } else {
        files.alone(&mut gathered);
    }
    Ok(gathered)
}

fn by_hand(images: &[String]) -> Gathered {
    let nobody =
        || AskedBy { owner: String::new(), namespace: None, container: None, file: None, line: None };
    let asked = images.iter().map(|image| {
        let asked = Asked {
            image: image.clone(),
            by: nobody(),
            policy: String::new(),
            secrets: Vec::new(),
            account: Account::Unknown,
            selector: BTreeMap::new(),
            node: None,
            runs: None,
            is_running: false,
        };
        let why = "a login: images given by hand are asked for anonymously (probe --secret asks with one)";
        (asked, Who::Unknown { why: why.to_owned(), named: false })
    });
    Gathered { asked: asked.collect(), ..Gathered::default() }
}

/// Accounts by namespace (empty: none is written) and name, with their pull secrets.
type Accounts = HashMap<(String, String), Vec<String>>;

/// What manifests hold.
#[derive(Default)]
struct Files {
    asked: Vec<Asked>,
    accounts: Accounts,
}

impl Files {
    fn read(&mut self, arguments: &Arguments, gathered: &mut Gathered) -> Result<(), Failure> {
        let custom = arguments.paths.iter().filter_map(|path| path.field());
        let fields: BTreeSet<String> =
            ["image", "reference"].into_iter().chain(custom).map(str::to_owned).collect();
        for path in &arguments.filename {
            let source = match path.to_str() {
                Some("-") => Source::StandardInput,
                _ => Source::Path(path.clone()),
            };
            let found = pullmedic_files::manifests(&source, &fields).map_err(|error| {
                Failure::new(error).next("write -f FILE, -f DIR, or -f - for standard input".to_owned())
            })?;
            gathered.skipped.extend(found.skipped);
            for manifest in found.objects {
                let file = manifest.file.as_deref();
                if let Some((namespace, name, secrets)) =
                    pullmedic_prevent::account_in_manifest(&manifest.value)
                {
                    self.accounts.insert((namespace, name), secrets);
                }
                let line = |pointer: &str| manifest.lines.of(pointer);
                match pullmedic_prevent::in_manifest(&manifest.value, file, &line, &arguments.paths) {
                    Ok(asked) => self.asked.extend(asked),
                    Err(reason) => {
                        let what =
                            format!("{}: {}", file.unwrap_or("standard input"), named(&manifest.value));
                        gathered.skipped.push(Skipped { what, reason, needs: None, next: None });
                    }
                }
            }
        }
        Ok(())
    }

    /// No cluster: what the manifests say of logins is all that is known.
    fn alone(self, gathered: &mut Gathered) {
        for asked in self.asked {
            let namespace = asked.by.namespace.clone().unwrap_or_default();
            let of_account = match &asked.account {
                Account::Named(name) => self.accounts.get(&(namespace.clone(), name.clone())),
                Account::Settled | Account::Unknown => None,
            };
            let buy = "--with-cluster reads them";
            let names = if asked.secrets.is_empty() { of_account } else { Some(&asked.secrets) };
            let who = match (names, &asked.account) {
                (Some(names), _) if !names.is_empty() => {
                    Who::Unknown { why: format!("pull secrets {} ({buy})", names.join(", ")), named: true }
                }
                // An account without secrets in a manifest may have some in the cluster: applying takes none away.
                (_, Account::Named(account)) => Who::Unknown {
                    why: format!("pull secrets of ServiceAccount {account} ({buy})"),
                    named: false,
                },
                (_, Account::Settled | Account::Unknown) => unknown_maker(&asked),
            };
            gathered.asked.push((asked, who));
        }
    }

    /// With a cluster: accounts and secrets are those of each object's namespace.
    async fn join(self, cluster: Cluster, arguments: &Arguments, gathered: &mut Gathered) {
        let default = arguments.namespace.clone().unwrap_or_else(|| cluster.default_namespace().to_owned());
        let namespace_of = |asked: &Asked| asked.by.namespace.clone().unwrap_or_else(|| default.clone());
        let namespaces: BTreeSet<String> = self.asked.iter().map(namespace_of).collect();
        let read = cluster.accounts(&namespaces).await;
        let nodes = cluster.all_nodes().await;
        gathered.skipped.extend(read.skipped.iter().chain(&nodes.skipped).cloned());
        gathered.take_nodes(&nodes);
        let mut accounts = accounts(&read);
        // What is about to be applied comes before what is there; an account that names no secret there takes none away.
        for ((namespace, name), secrets) in self.accounts {
            let namespace = if namespace.is_empty() { default.clone() } else { namespace };
            let known = accounts.entry((namespace, name)).or_default();
            if !secrets.is_empty() {
                *known = secrets;
            }
        }
        for asked in self.asked {
            let who = who(&asked, namespace_of(&asked), &accounts);
            gathered.asked.push((asked, who));
        }
        gathered.cluster = Some(cluster);
    }
}

fn unknown_maker(asked: &Asked) -> Who {
    let why = format!("a login: how {} gives its pods pull secrets is not known", asked.by.owner);
    Who::Unknown { why, named: false }
}

fn named(value: &serde_json::Value) -> String {
    let word = |pointer: &str| value.pointer(pointer).and_then(serde_json::Value::as_str).unwrap_or_default();
    match word("/metadata/name") {
        "" => word("/kind").to_owned(),
        name => format!("{} {name}", word("/kind")),
    }
}

fn accounts(objects: &Objects) -> Accounts {
    let entry = |account: &pullmedic_model::object::ServiceAccount| {
        let key = (account.metadata.namespace.clone(), account.metadata.name.clone());
        (key, account.image_pull_secrets.iter().map(|secret| secret.name.clone()).collect())
    };
    objects.accounts.iter().map(entry).collect()
}

/// With which secrets the pods of `asked` pull, by the ServiceAccount rule of admission.
fn who(asked: &Asked, namespace: String, accounts: &Accounts) -> Who {
    let account = match &asked.account {
        Account::Settled => &[][..],
        Account::Unknown if asked.secrets.is_empty() => return unknown_maker(asked),
        Account::Unknown => &[],
        Account::Named(name) => match accounts.get(&(namespace.clone(), name.clone())) {
            Some(secrets) => secrets.as_slice(),
            None if asked.secrets.is_empty() => {
                let why = format!(
                    "pull secrets of ServiceAccount {name} in {namespace}, which was not read or is not there"
                );
                return Who::Unknown { why, named: false };
            }
            None => &[],
        },
    };
    let names = pullmedic_keyring::secrets_of_template(&asked.secrets, account).to_vec();
    Who::Secrets { namespace, names }
}

async fn live(arguments: &Arguments) -> Result<Gathered, Failure> {
    let cluster = arguments.access.connect().await?;
    let namespace = (!arguments.all_namespaces)
        .then(|| arguments.namespace.clone().unwrap_or_else(|| cluster.default_namespace().to_owned()));
    let objects = cluster.survey(namespace.as_deref()).await.map_err(|error| {
        let next = error.hint();
        Failure::new(error).next(next)
    })?;
    let mut gathered = Gathered { skipped: objects.skipped.clone(), ..Gathered::default() };
    gathered.take_nodes(&objects);
    let accounts = accounts(&objects);
    let workloads: HashMap<(&str, &str, &str), &Workload> = objects
        .workloads
        .iter()
        .map(|it| ((it.metadata.namespace.as_str(), it.kind.as_str(), it.metadata.name.as_str()), it))
        .collect();
    // What another object makes says what that one says, or said once; its pods speak for themselves.
    let own = objects.workloads.iter().filter(|workload| workload.metadata.controller().is_none());
    let templates = own.flat_map(pullmedic_prevent::in_workload);
    let pods = objects
        .pods
        .iter()
        .flat_map(|pod| pullmedic_prevent::in_pod(pod, pullmedic_prevent::owner_of(pod, &workloads)));
    for asked in templates.chain(pods) {
        let who = who(&asked, asked.by.namespace.clone().unwrap_or_default(), &accounts);
        gathered.asked.push((asked, who));
    }
    gathered.cluster = Some(cluster);
    Ok(gathered)
}
