//! What scenarios change outside of the API: endpoints, names, the runtimes' hosts.toml, the pause image. All of it can
//! be undone without knowing what was done, so that a run that was cut off is cleared away by the next.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};

use super::endpoint::{Authority, Endpoint, EndpointKind};
use super::file::{PauseImage, Scenario};
use crate::cluster::components::{ctr, start_runtime};
use crate::cluster::configuration::{runtime_of, standing_names, write};
use crate::cluster::layout::{
    CERTS, CONTROL_ADDRESS, FIRST_FREE_ADDRESS, NODES, Node, PAUSE_HOST, names, pki,
};
use crate::cluster::network::{add_address, inside, remove_address};
use crate::cluster::pki::{Certificate, TRUSTED, UNTRUSTED, issue};
use crate::cluster::process::{Daemon, Record};
use crate::cluster::registry::{Image, Registry, standing, wait_for_port};
use crate::cluster::{Cluster, testkit};
use crate::command::{read, run};

/// Records of our endpoints begin with one of these.
const REGISTRY: &str = "registry-at-";
const MUTE: &str = "mute-at-";

/// Places the endpoints, names and hosts.toml of all scenarios, and their images.
pub(crate) fn inject(cluster: &Cluster, scenarios: &[Scenario]) -> Result<()> {
    let endpoints = endpoints_of(scenarios)?;
    let program = match endpoints.iter().any(|endpoint| endpoint.kind == EndpointKind::Fault) {
        true => Some(testkit::build()?),
        false => None,
    };
    let mut lines = standing_names();
    for (number, endpoint) in (FIRST_FREE_ADDRESS..).zip(&endpoints) {
        let address = address(number);
        add_address(&cluster.spaces.registry, &address)?;
        place(cluster, endpoint, &address, program.as_deref())
            .with_context(|| format!("endpoint {}", endpoint.host))?;
        lines.push_str(&format!("{} {address}\n", endpoint.host));
    }
    for (name, answer) in scenarios.iter().flat_map(|scenario| &scenario.names) {
        lines.push_str(&format!("{name} {answer}\n"));
    }
    write(&names(), &lines)?;
    for (host, text) in scenarios.iter().flat_map(|scenario| &scenario.hosts) {
        for node in NODES {
            let folder = node.certs().join(host);
            fs::create_dir_all(&folder)?;
            write(&folder.join("hosts.toml"), text)?;
        }
    }
    for (host, trusting) in scenarios.iter().flat_map(|scenario| &scenario.trusted_on) {
        for node in NODES.iter().filter(|node| trusting.iter().any(|name| name == node.name)) {
            let folder = node.certs().join(host);
            fs::create_dir_all(&folder)?;
            fs::copy(pki(&format!("{UNTRUSTED}.crt")), folder.join("ca.crt"))?;
        }
    }
    for image in scenarios.iter().flat_map(|scenario| &scenario.images) {
        standing().push(&cluster.programs, image)?;
    }
    Ok(())
}

/// The endpoints of all scenarios, each once.
fn endpoints_of(scenarios: &[Scenario]) -> Result<Vec<Endpoint>> {
    let mut all: Vec<Endpoint> = Vec::new();
    for endpoint in scenarios.iter().flat_map(|scenario| &scenario.endpoints) {
        match all.iter().find(|known| known.host == endpoint.host) {
            None => all.push(endpoint.clone()),
            Some(known) if known == endpoint => {}
            Some(_) => bail!("two scenarios want {} in two ways, and they stand side by side", endpoint.host),
        }
    }
    Ok(all)
}

fn address(number: u8) -> String {
    format!("198.18.0.{number}")
}

fn place(cluster: &Cluster, endpoint: &Endpoint, address: &str, program: Option<&Path>) -> Result<()> {
    let holder = &cluster.spaces.registry;
    let listen = format!("{address}:{}", endpoint.port);
    match endpoint.kind {
        EndpointKind::Dropped => {
            inside(holder, &["iptables", "--append", "INPUT", "--destination", address, "--jump", "DROP"])
                .map(drop)
        }
        EndpointKind::Mute => {
            let fixtures = cluster.programs.ours("fixtures").display().to_string();
            let line = vec![fixtures, "mute".to_owned(), "-listen".to_owned(), listen.clone()];
            Daemon::new(format!("{MUTE}{}", endpoint.host), line).inside(holder).ensure()?;
            wait_for_port(&listen)
        }
        EndpointKind::Registry => place_registry(cluster, endpoint, listen),
        EndpointKind::Fault => {
            let program = program.context("no program")?;
            place_faults(cluster, endpoint, &listen, program, &endpoint.fault)
        }
    }
}

fn place_faults(
    cluster: &Cluster,
    endpoint: &Endpoint,
    listen: &str,
    program: &Path,
    body: &Map<String, Value>,
) -> Result<()> {
    let file = certificate_of(cluster, endpoint)?;
    let layout = |name: &String| Ok((name.clone(), Image::test(name).write(&cluster.programs)?));
    let layouts: Vec<_> = endpoint.images.iter().map(layout).collect::<Result<_>>()?;
    let place =
        testkit::Place { host: &endpoint.host, listen, certificate: file.as_deref(), layouts: &layouts };
    testkit::ensure(program, &cluster.spaces.registry, &place, body)
}

/// Starts the failing registries of a scenario anew, without their rules.
pub(crate) fn get_well(cluster: &Cluster, scenario: &Scenario) -> Result<()> {
    let text = fs::read_to_string(names()).context("the names file")?;
    let program = testkit::program();
    for endpoint in scenario.endpoints.iter().filter(|endpoint| endpoint.kind == EndpointKind::Fault) {
        let address = text.lines().find_map(|line| line.strip_prefix(&format!("{} ", endpoint.host)));
        let listen = format!("{}:{}", address.context("the endpoint has no address")?, endpoint.port);
        let mut body = endpoint.fault.clone();
        body.remove("rules");
        place_faults(cluster, endpoint, &listen, &program, &body)?;
    }
    Ok(())
}

/// Issues an endpoint's certificate and answers its file name; `None`: it speaks plain HTTP.
fn certificate_of(cluster: &Cluster, endpoint: &Endpoint) -> Result<Option<String>> {
    let file = format!("endpoint-{}", endpoint.host);
    if let Some(certificate) = &endpoint.certificate {
        let host = [endpoint.host.as_str()];
        let listed: Vec<&str> = certificate.names.iter().map(String::as_str).collect();
        let names = if listed.is_empty() { &host[..] } else { &listed[..] };
        let wanted = Certificate {
            file: &file,
            authority: match certificate.authority {
                Authority::Trusted => TRUSTED,
                Authority::Untrusted => UNTRUSTED,
            },
            name: names.first().copied().unwrap_or_default(),
            organization: "Acme Corp",
            names,
            validity: (&certificate.from, &certificate.to),
        };
        issue(&cluster.programs, &wanted)?;
    }
    Ok(endpoint.certificate.as_ref().map(|_| file))
}

fn place_registry(cluster: &Cluster, endpoint: &Endpoint, listen: String) -> Result<()> {
    let file = certificate_of(cluster, endpoint)?;
    let registry = Registry {
        name: &format!("at-{}", endpoint.host),
        listen,
        certificate: file.as_deref(),
        login: endpoint.login.as_ref().map(|login| (login.user.as_str(), login.password.as_str())),
    };
    registry.ensure(&cluster.programs, &cluster.spaces.registry)?;
    endpoint.images.iter().try_for_each(|image| registry.push(&cluster.programs, image))
}

/// Takes the pause image away from the scenario's nodes, and its registry from all.
pub(crate) fn disturb_pause_image(cluster: &Cluster, scenario: &Scenario) -> Result<()> {
    let Some(PauseImage::Gone) = scenario.pause_image else { return Ok(()) };
    let text = fs::read_to_string(names()).context("the names file")?;
    // The control plane's address exists and nothing listens there on the registry's port: refused, not unreachable.
    let others = text.lines().filter(|line| !line.starts_with(PAUSE_HOST)).map(|line| format!("{line}\n"));
    let lines: String = others.chain([format!("{PAUSE_HOST} {CONTROL_ADDRESS}\n")]).collect();
    write(&names(), &lines)?;
    for node in scenario.runs_on() {
        let images = read(&mut ctr(&cluster.programs, &node, &["images", "list", "--quiet"]))?;
        // The CRI plugin keeps three names of an image: by tag, by digest and by its configuration's digest.
        for image in images.lines().filter(|line| line.starts_with(PAUSE_HOST)) {
            run(&mut ctr(&cluster.programs, &node, &["images", "remove", "--sync", image]))?;
        }
    }
    Ok(())
}

/// Starts the runtimes of the scenario's nodes anew with its `config_path`.
pub(crate) fn disturb_runtime(cluster: &Cluster, scenario: &Scenario) -> Result<()> {
    let Some(path) = &scenario.config_path else { return Ok(()) };
    for node in scenario.runs_on() {
        configure_runtime(cluster, &node, path)?;
    }
    Ok(())
}

/// Does nothing where the runtime has this configuration already.
fn configure_runtime(cluster: &Cluster, node: &Node, certs: &str) -> Result<()> {
    write(&node.runtime_configuration(), &runtime_of(node, certs))?;
    start_runtime(&cluster.programs, node, cluster.spaces.of(node))
}

/// Pushes another image under a tag of the registry that works.
pub(crate) fn move_tag(cluster: &Cluster, name: &str) -> Result<()> {
    standing().push_as(&cluster.programs, &Image::test(&format!("{name}, built anew")), name)
}

/// Removes from the nodes all images but the pause image: what a fix pulled would hide the next run's fault.
fn remove_images(cluster: &Cluster, node: &Node) -> Result<()> {
    let listed = read(&mut ctr(&cluster.programs, node, &["images", "list"]))?;
    let rows = || listed.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>());
    let digest = |row: &[&str]| row.get(2).map(|digest| (*digest).to_owned());
    let kept: Vec<_> =
        rows().filter(|row| row[0].starts_with(PAUSE_HOST)).filter_map(|row| digest(&row)).collect();
    let gone: Vec<String> = rows()
        .filter(|row| digest(row).is_some_and(|digest| !kept.contains(&digest)))
        .map(|row| row[0].to_owned())
        .collect();
    if gone.is_empty() {
        return Ok(());
    }
    let mut remove = ctr(&cluster.programs, node, &["images", "remove", "--sync"]);
    run(remove.args(&gone))
}

/// Undoes all of it.
pub(crate) fn clear(cluster: &Cluster) -> Result<()> {
    for (name, record) in Record::all() {
        if [REGISTRY, MUTE, testkit::RECORD].iter().any(|kind| name.starts_with(kind)) {
            record.running.stop(Duration::from_secs(5))?;
            Record::forget(&name);
        }
    }
    write(&names(), &standing_names())?;
    let holder = &cluster.spaces.registry;
    inside(holder, &["iptables", "--flush", "INPUT"])?;
    let addresses = inside(holder, &["ip", "-brief", "-4", "address", "show", "dev", "eth0"])?;
    for number in FIRST_FREE_ADDRESS..=u8::MAX {
        let address = address(number);
        if addresses.split_whitespace().any(|word| word == format!("{address}/24")) {
            remove_address(holder, &address);
        }
    }
    for node in NODES {
        for entry in fs::read_dir(node.certs())?.flatten() {
            fs::remove_dir_all(entry.path())?;
        }
        configure_runtime(cluster, &node, CERTS)?;
    }
    for entry in fs::read_dir(pki(""))?.flatten() {
        // Their validity is relative to the moment of issue.
        if entry.file_name().to_string_lossy().starts_with("endpoint-") {
            fs::remove_file(entry.path())?;
        }
    }
    // A pause image that was removed is left to the next pod of its node, which pulls it.
    Ok(())
}

/// Undoes what the nodes still hold once no pod of a scenario is left.
pub(crate) fn clear_nodes(cluster: &Cluster) -> Result<()> {
    NODES.iter().try_for_each(|node| remove_images(cluster, node))
}
