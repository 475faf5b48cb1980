//! From options and a node's files to the client that asks.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use pullmedic_model::finding::Vantage;
use pullmedic_model::object::{ContainerKind, Objects};
use pullmedic_model::probe::Case;
use pullmedic_model::probe::route::{Route, Runtime};
use pullmedic_model::{Endpoint, Reference};
use pullmedic_node::View;
use pullmedic_registry::{AllowedRealm, ClientCertificate, Pinned, Prober, Proxies, Settings, Trust};
use pullmedic_sight::Seen;

use super::case::{CaseKey, Stand, case, image_of, node_of, runtime_of};
use super::options::ClientArguments;
use super::secrets::Secrets;
use super::state::State;
use crate::failure::Failure;
use crate::held;

/// The most requests of one run. Each proof has a limit of its own (20), each host a rate, and equal questions are asked
/// once; this only bounds a run over a whole cluster that is broken in a thousand ways.
const REQUESTS: u32 = 5_000;

/// Requests per second and host once the burst is used up: what one node's own pulls of a rollout cost a registry.
const RATE: f64 = 50.0;

/// Requests that one host may get at once: proofs of a dozen different faults.
const BURST: u32 = 100;

/// How much is asked, how fast, and for how long.
#[derive(Debug, Clone)]
pub(crate) struct Manner {
    /// Requests in all.
    pub(crate) requests: u32,
    /// Requests per second and host, once the burst is used up.
    pub(crate) rate: f64,
    /// Requests that one host may get at once.
    pub(crate) burst: u32,
    /// How long all asking may take; `None`: as long as we run.
    pub(crate) deadline: Option<Duration>,
    /// A resolver configuration and a hosts file to use where the user names none.
    pub(crate) names: Option<(PathBuf, PathBuf)>,
}

impl Manner {
    /// That of one run of the command line.
    pub(crate) fn of_run(options: &ClientArguments) -> Manner {
        Manner {
            requests: REQUESTS,
            rate: RATE,
            burst: BURST,
            deadline: Some(Duration::try_from(options.probe_timeout).unwrap_or(Duration::ZERO)),
            names: None,
        }
    }
}

/// What all cases of a run share.
pub(crate) struct Setup {
    prober: Prober,
    limits: pullmedic_probe::Limits,
    state: State,
    view: Option<View>,
    runtime: Option<Runtime>,
    /// Trust settings of which a file is not in the copy of the node's files.
    partly_trusted: BTreeSet<String>,
    remarks: Vec<String>,
    /// The view by the release that a Node names, where the user names none; `None` where it cannot be read so.
    by_release: Mutex<BTreeMap<Runtime, Option<View>>>,
    pinned: Vec<Endpoint>,
}

impl Setup {
    pub(crate) fn new(options: &ClientArguments, vantage: Vantage) -> Result<Setup, Failure> {
        Setup::with(options, vantage, State::open(), Proxies::from_env(), Manner::of_run(options))
    }

    /// As [`Setup::new`], with what was kept elsewhere, through other proxies than the environment's, in another manner.
    pub(crate) fn with(
        options: &ClientArguments,
        vantage: Vantage,
        state: State,
        proxies: Proxies,
        manner: Manner,
    ) -> Result<Setup, Failure> {
        let runtime = options.runtime.as_deref().map(runtime).transpose()?;
        let view = options
            .node_config
            .as_deref()
            .map(|directory| pullmedic_node::read(directory, runtime.clone()))
            .transpose()
            .map_err(|error| {
                let next = "give a copy of the node's /etc, with containerd/config.toml and containerd/certs.d in it";
                Failure::new(error).next(next.to_owned())
            })?;
        let settings = settings(options, vantage, view.as_ref(), &state, proxies, manner)?;
        let pinned = settings.resolve.iter().filter_map(|pin| {
            let host = if pin.host.contains(':') { format!("[{}]", pin.host) } else { pin.host.clone() };
            Endpoint::parse(&format!("{host}:{}", pin.port)).ok()
        });
        let pinned = pinned.collect();
        let prober = Prober::new(settings).map_err(|error| Failure::new(anyhow::Error::new(error)))?;
        Ok(Setup {
            prober,
            limits: limits(options),
            state,
            partly_trusted: view.as_ref().map(partly_trusted).unwrap_or_default(),
            remarks: view.as_ref().map(remarks).unwrap_or_default(),
            view,
            runtime,
            by_release: Mutex::default(),
            pinned,
        })
    }

    pub(crate) fn prober(&self) -> &Prober {
        &self.prober
    }

    pub(crate) fn limits(&self) -> &pullmedic_probe::Limits {
        &self.limits
    }

    /// Hosts whose address the user gives.
    pub(crate) fn pinned(&self) -> &[Endpoint] {
        &self.pinned
    }

    pub(crate) fn install_key(&self) -> &[u8] {
        &self.state.key
    }

    /// The same files, read as a runtime of that release reads them.
    fn route_of(&self, view: &View, runtime: &Runtime, host: &str) -> Route {
        let mut known = self.by_release.lock().unwrap_or_else(PoisonError::into_inner);
        let read = known
            .entry(runtime.clone())
            .or_insert_with(|| pullmedic_node::read(&view.directory, Some(runtime.clone())).ok());
        read.as_ref().unwrap_or(view).route(host)
    }

    /// What of the node's files could not be seen. That a release was guessed is left out once a Node told it.
    pub(crate) fn remarks(&self) -> Vec<&str> {
        let told = !self.by_release.lock().unwrap_or_else(PoisonError::into_inner).is_empty();
        let remarks = self.remarks.iter().map(String::as_str);
        remarks.filter(|remark| !(told && remark.contains("guessed"))).collect()
    }

    /// The pause image that the node's files name.
    pub(crate) fn sandbox_image(&self) -> Option<&str> {
        self.view.as_ref()?.sandbox_image.as_deref()
    }

    /// The runtime of a case: as the user says, else as its node says, else as the node's files suggest.
    pub(crate) fn runtime(&self, of_node: Option<Runtime>) -> Option<Runtime> {
        self.runtime.clone().or(of_node).or_else(|| self.view.as_ref().map(|view| view.runtime.clone()))
    }

    /// Whether the node's files are said to be of another release than the node of a case runs, and so of another node:
    /// they tell nothing of it.
    pub(crate) fn is_of_another_node(&self, of_node: Option<&Runtime>) -> bool {
        match (&self.view, &self.runtime, of_node) {
            (Some(_), Some(said), Some(runs)) => !is_one_release(said, runs),
            _ => false,
        }
    }

    /// The case of the sightings `members`, which share `key`; their logins are the prober's from now on. `given` is the
    /// pause image that the user names.
    pub(crate) async fn case(
        &self,
        key: &CaseKey,
        members: &[&Seen],
        objects: &Objects,
        secrets: &Secrets<'_>,
        stand: &Stand,
        given: Option<&str>,
    ) -> Case {
        let first = members[0];
        let image = match key.kind {
            ContainerKind::Sandbox => {
                given.or_else(|| self.sandbox_image()).map_or_else(|| image_of(first), str::to_owned)
            }
            ContainerKind::Main
            | ContainerKind::Init
            | ContainerKind::Ephemeral
            | ContainerKind::ImageVolume
            | ContainerKind::Template => image_of(first),
        };
        let runs = node_of(&first.sighting, objects).and_then(runtime_of);
        let (runtime, route) = if self.is_of_another_node(runs.as_ref()) {
            let route = Reference::parse(&image)
                .map(|reference| pullmedic_node::assumed_route(&reference.host, runs.as_ref()))
                .unwrap_or_default();
            (runs, route)
        } else {
            let runtime = self.runtime(runs);
            let route = self.route(&image, runtime.as_ref());
            (runtime, route)
        };
        let held = secrets.of(key, &image, &route, objects).await;
        self.prober.add_credentials(held.credentials);
        case(members, image, objects, route, runtime, held.logins, stand)
    }

    /// The hosts that are asked for an image; none when it does not parse.
    pub(crate) fn route(&self, image: &str, runtime: Option<&Runtime>) -> Route {
        let Ok(reference) = Reference::parse(image) else { return Route::default() };
        let Some(view) = &self.view else { return pullmedic_node::assumed_route(&reference.host, runtime) };
        let mut route = match runtime {
            Some(runtime) if view.runtime_guessed => self.route_of(view, runtime, &reference.host),
            Some(_) | None => view.route(&reference.host),
        };
        // Where an authority that the node trusts is not in the copy, a refused certificate says nothing of the node.
        let partial = route.hosts.iter().any(|host| self.partly_trusted.contains(&host.trust));
        route.of_node &= !partial;
        route
    }
}

/// Whether two runtimes are of one minor release: patches of it read the same files alike, but for what the release notes say.
fn is_one_release(one: &Runtime, other: &Runtime) -> bool {
    one.name == other.name && (one.version.0, one.version.1) == (other.version.0, other.version.1)
}

/// The limits of one proof.
pub(crate) fn limits(options: &ClientArguments) -> pullmedic_probe::Limits {
    pullmedic_probe::Limits { allow_plain_http: !options.plain_http.is_empty(), ..Default::default() }
}

/// Our own boot id, by which a node is known to be the machine we stand on; `None` where the system tells none.
pub(crate) fn boot_id() -> Option<String> {
    if let Some(id) = held::inside(|inside| inside.boot_id.clone()) {
        return Some(id);
    }
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(text.trim().to_owned()).filter(|id| !id.is_empty())
}

fn runtime(text: &str) -> Result<Runtime, Failure> {
    Runtime::parse(text).ok_or_else(|| {
        Failure::new(anyhow!("read --runtime {text:?}: not NAME@VERSION")).next(
            "write it as containerd@2.3.7; a Node's status.nodeInfo.containerRuntimeVersion has it"
                .to_owned(),
        )
    })
}

fn settings(
    options: &ClientArguments,
    vantage: Vantage,
    view: Option<&View>,
    state: &State,
    proxies: Proxies,
    manner: Manner,
) -> Result<Settings, Failure> {
    let (resolv_conf, hosts_file) = manner.names.unzip();
    let pins = options.resolve.iter().map(|text| {
        Pinned::parse(text).map_err(|error| Failure::new(anyhow::Error::new(error).context("read --resolve")))
    });
    let realms = options.realms.iter().map(|text| {
        AllowedRealm::parse(text)
            .map_err(|error| Failure::new(anyhow::Error::new(error).context("read --allow-realm")))
    });
    Ok(Settings {
        vantage,
        resolve: pins.collect::<Result<_, _>>()?,
        resolv_conf: options
            .resolv_conf
            .clone()
            .or_else(|| view.and_then(|view| view.resolv_conf.clone()))
            .or(resolv_conf),
        hosts_file: view.and_then(|view| view.hosts_file.clone()).or(hosts_file),
        trusts: view.map_or_else(|| Ok(trusts_inside()), trusts)?,
        proxies: held::inside(|_| Proxies::none()).unwrap_or(proxies),
        allow_realms: realms.collect::<Result<_, _>>()?,
        allow_plain_http: options.plain_http.iter().cloned().collect::<BTreeSet<_>>(),
        limits: pullmedic_registry::Limits {
            requests: manner.requests,
            rate: manner.rate,
            burst: manner.burst,
            deadline: manner.deadline,
            ..Default::default()
        },
        state: state.refusals.clone(),
    })
}

fn partly_trusted(view: &View) -> BTreeSet<String> {
    view.trusts().into_iter().filter(|(_, files)| !files.missing.is_empty()).map(|(name, _)| name).collect()
}

fn remarks(view: &View) -> Vec<String> {
    let missing = view.trusts().into_values().flat_map(|files| files.missing);
    let missing = missing.map(|file| format!("{file} is not in the copy"));
    view.remarks.iter().cloned().chain(missing).collect()
}

/// What is trusted at each host: the files that the runtime names, beside the node's own authorities where the copy has
/// them, else beside ours.
fn trusts(view: &View) -> Result<BTreeMap<String, Trust>, Failure> {
    let bundle = view
        .authorities
        .as_deref()
        .map(|path| std::fs::read(path).with_context(|| format!("read {}", path.display())))
        .transpose()
        .map_err(Failure::new)?;
    let own = Trust {
        authorities: bundle.iter().cloned().collect(),
        client: None,
        headers: Vec::new(),
        replaces_system: bundle.is_some(),
    };
    let mut trusts = BTreeMap::from([(String::new(), own)]);
    for (name, files) in view.trusts() {
        let client = files.client.map(|(chain, key)| ClientCertificate { chain, key });
        let trust = Trust {
            authorities: files.authorities.into_iter().chain(bundle.clone()).collect(),
            client,
            headers: files.headers,
            replaces_system: bundle.is_some() || files.replaces_system,
        };
        trusts.insert(name, trust);
    }
    Ok(trusts)
}

/// What is trusted where no file of a node says: what another program says that we run in, else the system's authorities.
fn trusts_inside() -> BTreeMap<String, Trust> {
    let authorities = held::inside(|inside| inside.authorities.clone());
    let trust = authorities.map(|pem| Trust {
        authorities: vec![pem],
        client: None,
        headers: Vec::new(),
        replaces_system: true,
    });
    trust.into_iter().map(|trust| (String::new(), trust)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_another_release_are_of_another_node() {
        let runtime = |text: &str| Runtime::parse(text).expect("a runtime");
        assert!(is_one_release(&runtime("containerd@1.6"), &runtime("containerd://1.6.20~ds1")));
        assert!(!is_one_release(&runtime("containerd@2.3.7"), &runtime("containerd://1.6.20~ds1")));
        assert!(!is_one_release(&runtime("cri-o@1.6.0"), &runtime("containerd://1.6.0")));
    }
}
