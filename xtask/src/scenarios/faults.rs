//! What scenarios change outside of the API: endpoints, names, the runtimes' hosts.toml, the pause image. All of it can
//! be undone without knowing what was done, so that a run that was cut off is cleared away by the next.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::file::{Authority, Endpoint, EndpointKind, PauseImage, Scenario};
use crate::cluster::Cluster;
use crate::cluster::components::ctr;
use crate::cluster::configuration::{standing_names, write};
use crate::cluster::layout::{CONTROL_ADDRESS, FIRST_FREE_ADDRESS, NODES, PAUSE_HOST, names, pki};
use crate::cluster::network::{add_address, inside, remove_address};
use crate::cluster::pki::{Certificate, TRUSTED, UNTRUSTED, issue};
use crate::cluster::process::{Daemon, Record};
use crate::cluster::registry::{Registry, standing, wait_for_port};
use crate::command::run;

/// Records of our endpoints begin with one of these.
const REGISTRY: &str = "registry-at-";
const MUTE: &str = "mute-at-";

/// Places the endpoints, names and hosts.toml of all scenarios, and their images.
pub(crate) fn inject(cluster: &Cluster, scenarios: &[Scenario]) -> Result<()> {
    let endpoints = endpoints_of(scenarios)?;
    let mut lines = standing_names();
    for (number, endpoint) in (FIRST_FREE_ADDRESS..).zip(&endpoints) {
        let address = address(number);
        add_address(&cluster.spaces.registry, &address)?;
        place(cluster, endpoint, &address).with_context(|| format!("endpoint {}", endpoint.host))?;
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

fn place(cluster: &Cluster, endpoint: &Endpoint, address: &str) -> Result<()> {
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
    }
}

fn place_registry(cluster: &Cluster, endpoint: &Endpoint, listen: String) -> Result<()> {
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
    let registry = Registry {
        name: &format!("at-{}", endpoint.host),
        listen,
        certificate: endpoint.certificate.as_ref().map(|_| file.as_str()),
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
        let images =
            crate::command::read(&mut ctr(&cluster.programs, &node, &["images", "list", "--quiet"]))?;
        // The CRI plugin keeps three names of an image: by tag, by digest and by its configuration's digest.
        for image in images.lines().filter(|line| line.starts_with(PAUSE_HOST)) {
            run(&mut ctr(&cluster.programs, &node, &["images", "remove", "--sync", image]))?;
        }
    }
    Ok(())
}

/// Undoes all of it.
pub(crate) fn clear(cluster: &Cluster) -> Result<()> {
    for (name, record) in Record::all() {
        if name.starts_with(REGISTRY) || name.starts_with(MUTE) {
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
