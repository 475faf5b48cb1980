//! The hosts where no `config_path` is set and images are pulled locally: the old `mirrors` tables, and the upstream.
//!
//! <https://github.com/containerd/containerd/blob/v1.7.34/pkg/cri/server/image_pull.go>, `registryHosts` and
//! `registryEndpoints`; <https://github.com/containerd/containerd/blob/v2.3.4/internal/cri/server/images/image_pull.go>

use std::collections::BTreeMap;

use pullmedic_model::Captured;
use pullmedic_model::probe::route::{Defect, DefectKind, Host, Route, Scheme};

use crate::address::{Address, clean_path, endpoint, is_loopback};
use crate::assumed::{DIAL_TIMEOUT_MS, upstream};
use crate::behaviour::Behaviour;
use crate::config::{Config, MAIN};
use crate::copy::EtcCopy;
use crate::directory::{is_proxy, role, trust_of_all};
use crate::trust::{Gathered, TrustFiles};

/// What is wrong with the files of `configs.HOST.tls`, by host.
pub(crate) type Faults = BTreeMap<String, Vec<Defect>>;

/// Reads the files of `configs.HOST.tls`.
pub(crate) fn read(
    copy: &EtcCopy,
    config: &Config,
    behaviour: Behaviour,
    trusts: &mut BTreeMap<String, TrustFiles>,
    remarks: &mut Vec<String>,
) -> Faults {
    let mut faults = Faults::new();
    if !behaviour.reads_configs_tls() || !config.asks_mirrors() {
        return faults;
    }
    for (host, tls) in &config.tls {
        let mut gathered = Gathered::default();
        if let Some(authority) = &tls.authority {
            gathered.authority(copy, authority);
        }
        match (&tls.certificate, &tls.key) {
            (Some(certificate), Some(key)) => gathered.client(copy, certificate, Some(key)),
            (None, None) => {}
            (Some(_), None) | (None, Some(_)) => gathered.defects.push(defect(
                DefectKind::Unreadable,
                format!(
                    "{}: cert_file and key_file go together; every pull from the host fails",
                    shown(host)
                ),
            )),
        }
        gathered.trust.headers.clone_from(&config.headers);
        remarks.append(&mut gathered.remarks);
        faults.insert(host.clone(), gathered.defects);
        trusts.insert(trust_name(host), gathered.trust);
    }
    faults
}

/// The route to images of `host`.
pub(crate) fn route(config: &Config, faults: &Faults, host: &str, behaviour: Behaviour) -> Route {
    let mut route = Route { of_node: true, ..Route::default() };
    for (place, address) in endpoints(config, host).into_iter().enumerate() {
        let Ok(address) = Address::parse(&address) else {
            route.defects.push(defect(
                DefectKind::Unreadable,
                format!("mirrors: endpoint {} is not an address, so every pull fails", place + 1),
            ));
            continue;
        };
        let scheme = if address.scheme == "http" { Scheme::Http } else { Scheme::Https };
        let dialled =
            endpoint(&address.host, scheme).filter(|_| matches!(address.scheme.as_str(), "http" | "https"));
        let Some(dialled) = dialled else {
            let detail = format!("mirrors: endpoint {} is no address that can be dialled", place + 1);
            route.defects.push(defect(DefectKind::Dropped, detail));
            continue;
        };
        let tls = config.tls.get(&address.host);
        let read = tls.filter(|_| behaviour.reads_configs_tls());
        if tls.is_some() && read.is_none() {
            let detail = format!("configs.{}.tls is not read since containerd 2.0", shown(&address.host));
            route.defects.push(defect(DefectKind::Dropped, detail));
        }
        route.defects.extend(faults.get(&address.host).into_iter().flatten().cloned());
        route.hosts.push(Host {
            role: role(host, &address.host, &dialled, place),
            endpoint: dialled,
            scheme,
            // `/v2` only where there is no path at all: `https://mirror/` is asked without it.
            path: if address.path.is_empty() { "/v2".into() } else { clean_path(&address.path) },
            namespace: is_proxy(host, &address.host).then(|| host.to_owned()),
            resolve: true,
            trust: read.map_or_else(|| trust_of_all(config), |_| trust_name(&address.host)),
            skip_verify: read.is_some_and(|tls| tls.skip_verify),
            dial_timeout_ms: DIAL_TIMEOUT_MS,
            answer_timeout_ms: behaviour.answer_timeout_ms(),
        });
    }
    route
}

/// The endpoints in order, the upstream last unless it is among them.
fn endpoints(config: &Config, host: &str) -> Vec<String> {
    let default_scheme = |host: &str| if is_loopback(host) { "http" } else { "https" };
    let named = config.mirrors.get(host).or_else(|| config.mirrors.get("*"));
    let mut endpoints: Vec<String> = Vec::new();
    for endpoint in named.into_iter().flatten() {
        endpoints.push(if endpoint.contains("://") {
            endpoint.clone()
        } else {
            let name = endpoint.split('/').next().unwrap_or_default();
            format!("{}://{endpoint}", default_scheme(name))
        });
    }
    let has_own =
        endpoints.iter().any(|endpoint| Address::parse(endpoint).is_ok_and(|address| address.host == host));
    if !has_own {
        let upstream = upstream(host);
        endpoints.push(format!("{}://{upstream}", default_scheme(upstream)));
    }
    endpoints
}

fn trust_name(host: &str) -> String {
    format!("{MAIN}#configs.{}.tls", shown(host))
}

fn shown(host: &str) -> Captured {
    Captured::new(host)
}

fn defect(kind: DefectKind, detail: String) -> Defect {
    Defect { file: MAIN.into(), kind, detail, corrected: None }
}
