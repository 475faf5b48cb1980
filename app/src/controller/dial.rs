//! Which hosts the controller dials (security row 14): whoever may make a pod picks its image's host, and the controller
//! stands where the pod may not. Pure.

use std::net::IpAddr;

use pullmedic_model::Endpoint;
use pullmedic_model::endpoint::without_port;
use pullmedic_model::resource::{HostPattern, Profile};

/// Ends of names that mean something in the cluster, or on one machine, and no registry of the world.
const INTERNAL: [&str; 6] = [".svc", ".cluster.local", ".localhost", ".local", ".internal", ".localdomain"];

/// What may be dialled.
#[derive(Debug, Clone, Default)]
pub(crate) struct Dialling {
    /// Hosts, with or without a port, that are dialled whatever they are called.
    allowed: Vec<String>,
    /// The API server's own names and addresses.
    own: Vec<String>,
    /// What profiles say: whether hosts may be asked, and whether although they are of the cluster's inside.
    profiles: Vec<(HostPattern, Said)>,
}

/// What a profile says of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Ask,
    AskInside,
    Never,
}

impl Dialling {
    /// Allows these hosts, and never the API server at `server`, a URL, unless it is one of them.
    pub(crate) fn new<'a>(allowed: impl IntoIterator<Item = &'a str>, server: &str) -> Dialling {
        let one_form = |text: &str| text.trim().trim_end_matches('.').to_ascii_lowercase();
        let rest = server.split_once("://").map_or(server, |(_, rest)| rest);
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let mut own = vec![one_form(without_port(authority))];
        // What every pod is told of it: <https://kubernetes.io/docs/tutorials/services/connect-applications-service/>.
        own.extend(std::env::var("KUBERNETES_SERVICE_HOST").ok().map(|host| one_form(&host)));
        own.retain(|host| !host.is_empty());
        Dialling { allowed: allowed.into_iter().map(one_form).collect(), own, profiles: Vec::new() }
    }

    /// Takes what those who run the cluster say of registries.
    pub(crate) fn heed(&mut self, profiles: &[Profile]) {
        for profile in profiles {
            let said = match (profile.probe, profile.internal) {
                (false, _) => Said::Never,
                (true, true) => Said::AskInside,
                (true, false) => Said::Ask,
            };
            self.profiles.extend(profile.hosts.iter().map(|host| (host.clone(), said)));
        }
    }

    /// What profiles say of it; of several that name it one that forbids.
    fn said(&self, endpoint: &Endpoint) -> Option<Said> {
        let all = || self.profiles.iter().filter(|(host, _)| fits(host, endpoint)).map(|(_, said)| *said);
        let never = all().find(|said| *said == Said::Never);
        never.or_else(|| all().find(|said| *said == Said::AskInside)).or_else(|| all().next())
    }

    /// Why the endpoint is not dialled; `None`: it may be.
    pub(crate) fn refuses(&self, endpoint: &Endpoint) -> Option<&'static str> {
        let written = endpoint.as_str();
        let host = without_port(written).trim_end_matches('.');
        if self.allowed.iter().any(|allowed| allowed == written || allowed == host) {
            return None;
        }
        match self.said(endpoint) {
            Some(Said::Never) => return Some("a RegistryProfile forbids it"),
            Some(Said::AskInside) => return None,
            Some(Said::Ask) | None => {}
        }
        if self.own.iter().any(|own| own == host) {
            return Some("it is the API server's own address");
        }
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        if let Ok(address) = bare.parse::<IpAddr>() {
            return of_address(address);
        }
        // A text of digits and dots that is no address is one to some resolvers: 127.1, 2130706433, 0x7f.1.
        let looks_like_one = bare
            .split('.')
            .next_back()
            .is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x"));
        if looks_like_one {
            return Some("it is an address in disguise");
        }
        if !host.contains('.') {
            return Some("it is a single label, which means something else in each network");
        }
        if host == "kubernetes.default" || INTERNAL.iter().any(|end| host.ends_with(end)) {
            return Some("it is a name of the cluster or the machine itself");
        }
        // `registry.team-a` is how one namespace writes to another; a public name has a top-level domain of letters that is
        // none of ours to know, so what is left is a matter of the resolver, which is asked for absolute names only.
        None
    }
}

fn fits(host: &HostPattern, endpoint: &Endpoint) -> bool {
    match host {
        HostPattern::Exactly(exactly) => exactly == endpoint,
        HostPattern::Below(below) => {
            let (below, endpoint) = (below.as_str(), endpoint.as_str());
            endpoint.strip_suffix(below).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
        }
    }
}

/// Loopback is another machine here than at the node; link-local addresses serve machines their credentials.
fn of_address(address: IpAddr) -> Option<&'static str> {
    let address = match address {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    };
    let local = match address {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.segments()[0] & 0xffc0 == 0xfe80,
    };
    if address.is_loopback() || address.is_unspecified() {
        Some("it is a loopback address, which is another machine here than on the node")
    } else if local {
        Some("it is a link-local address, at which machines are served their credentials")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(dialling: &Dialling, host: &str) -> bool {
        dialling.refuses(&Endpoint::parse(host).expect("an endpoint")).is_some()
    }

    #[test]
    fn the_cluster_itself_is_not_dialled() {
        let dialling = Dialling::new([], "https://10.96.0.1:443");
        for host in [
            "169.254.169.254",
            "[::ffff:169.254.169.254]",
            "[fe80::1]",
            "127.0.0.1:5000",
            "127.1",
            "2130706433",
            "0x7f.1",
            "localhost:5000",
            "[::1]:5000",
            "kubernetes.default.svc",
            "kubernetes.default",
            "kubernetes",
            "registry.shop.svc:5000",
            "registry.shop.svc.cluster.local",
            "registry.shop.svc.cluster.local.",
            "REGISTRY.SHOP.SVC",
            "metadata.google.internal",
            "10.96.0.1",
            "10.96.0.1:6443",
            "0.0.0.0",
        ] {
            assert!(refused(&dialling, host), "{host}");
        }
        for host in ["registry.acme.test", "docker.io", "10.0.0.9:5000", "[fd00::9]:5000", "ghcr.io"] {
            assert!(!refused(&dialling, host), "{host}");
        }
    }

    #[test]
    fn a_profile_lets_in_what_is_inside_and_keeps_out_what_is_not() {
        let profile = |hosts: Vec<HostPattern>, probe, internal| Profile {
            name: "p".into(),
            hosts,
            certificate_authorities: None,
            mirrors: Vec::new(),
            realms: Vec::new(),
            plain_http: false,
            probe,
            internal,
            rate: None,
        };
        let endpoint = |text: &str| Endpoint::parse(text).expect("an endpoint");
        let mut dialling = Dialling::new([], "https://10.96.0.1");
        dialling.heed(&[
            profile(vec![HostPattern::Below(endpoint("shop.svc:5000"))], true, true),
            profile(vec![HostPattern::Exactly(endpoint("paid.test"))], false, false),
        ]);
        for (host, expected) in [
            ("registry.shop.svc:5000", false),
            ("shop.svc:5000", true),
            ("registry.shop.svc", true),
            ("registry.bank.svc:5000", true),
            ("paid.test", true),
            ("paid.test:8443", false),
            ("ghcr.io", false),
        ] {
            assert_eq!(refused(&dialling, host), expected, "{host}");
        }
    }

    #[test]
    fn what_is_allowed_by_name_is_dialled_with_that_port_or_with_any() {
        let dialling = Dialling::new(["Registry.shop.svc:5000", "localhost"], "https://api.test:6443/x");
        assert!(!refused(&dialling, "registry.shop.svc:5000"));
        assert!(refused(&dialling, "registry.shop.svc"));
        assert!(!refused(&dialling, "localhost:5001"));
        assert!(refused(&dialling, "api.test"));
    }
}
