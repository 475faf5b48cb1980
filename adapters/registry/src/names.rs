//! Names to addresses: given by hand, from a node's hosts file, by the system, or by a given resolver configuration.
//!
//! `getaddrinfo` decides, as for most runtimes (they are built with cgo, or read the same files); hickory explains why it
//! failed. With a given resolver configuration hickory alone decides.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{
    ConnectionConfig, LookupIpStrategy, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts,
    ServerOrderingStrategy,
};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError, NoRecords};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::Name;
use pullmedic_model::probe::Class;

use crate::settings::{Pinned, SetupError};

/// How names become addresses here.
pub(crate) struct Names {
    pinned: Vec<Pinned>,
    hosts: HashMap<String, Vec<IpAddr>>,
    given: Option<TokioResolver>,
}

/// A name and what became of it.
pub(crate) struct Named {
    pub(crate) addresses: Result<Vec<IpAddr>, Class>,
    pub(crate) detail: String,
}

impl Names {
    pub(crate) fn new(
        pinned: Vec<Pinned>,
        hosts_file: Option<&Path>,
        resolv_conf: Option<&Path>,
    ) -> Result<Names, SetupError> {
        let read = |path: &Path| {
            std::fs::read(path)
                .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
                .map_err(|source| SetupError::Read { path: path.to_owned(), source })
        };
        let hosts = hosts_file.map(read).transpose()?.map(|text| hosts(&text)).unwrap_or_default();
        let given = match resolv_conf {
            None => None,
            Some(path) => {
                let (config, options) = resolv_conf_of(&read(path)?);
                if config.name_servers().is_empty() {
                    return Err(SetupError::NoNameServer { path: path.to_owned() });
                }
                let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
                *builder.options_mut() = options;
                let failed = |source: NetError| SetupError::Resolver {
                    path: path.to_owned(),
                    source: Box::new(source),
                };
                Some(builder.build().map_err(failed)?)
            }
        };
        Ok(Names { pinned, hosts, given })
    }

    /// The addresses of a host, in the order in which they are tried.
    pub(crate) async fn resolve(&self, host: &str, port: u16, limit: Duration) -> Named {
        let pinned: Vec<IpAddr> = self
            .pinned
            .iter()
            .filter(|pinned| pinned.host == host && pinned.port == port)
            .map(|pinned| pinned.address)
            .collect();
        if !pinned.is_empty() {
            return Named::found(pinned, "given by hand");
        }
        if let Ok(address) = host.parse::<IpAddr>() {
            return Named::found(vec![address], "an address");
        }
        if let Some(addresses) = self.hosts.get(host) {
            return Named::found(addresses.clone(), "from the hosts file");
        }
        match &self.given {
            Some(resolver) => match tokio::time::timeout(limit, resolver.lookup_ip(host)).await {
                Ok(Ok(found)) => Named::found(found.iter().collect(), "from the given name servers"),
                Ok(Err(error)) => {
                    let (class, why) = explained(&error);
                    Named { addresses: Err(class), detail: why }
                }
                Err(_) => Named {
                    addresses: Err(Class::NameServerSilent),
                    detail: "no name server answered in time".to_owned(),
                },
            },
            None => system(host, port, limit).await,
        }
    }
}

impl Named {
    fn found(addresses: Vec<IpAddr>, how: &str) -> Named {
        let mut unique: Vec<IpAddr> = Vec::new();
        for address in addresses {
            if !unique.contains(&address) {
                unique.push(address);
            }
        }
        if unique.is_empty() {
            return Named { addresses: Err(Class::NoAddress), detail: format!("no address {how}") };
        }
        let list: Vec<String> = unique.iter().map(IpAddr::to_string).collect();
        Named { detail: format!("{} {how}", list.join(" ")), addresses: Ok(unique) }
    }
}

/// The system decides; where it fails, hickory asks the same name servers and says why.
async fn system(host: &str, port: u16, limit: Duration) -> Named {
    let found = tokio::time::timeout(limit, tokio::net::lookup_host((host, port))).await;
    let said = match found {
        Ok(Ok(found)) => return Named::found(found.map(|address| address.ip()).collect(), "from the system"),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "no answer in time".to_owned(),
    };
    let asked = async {
        let mut builder = TokioResolver::builder_tokio()?;
        builder.options_mut().use_hosts_file = ResolveHosts::Never;
        builder.options_mut().timeout = Duration::from_secs(2);
        builder.options_mut().attempts = 1;
        builder.build()?.lookup_ip(host).await
    };
    match tokio::time::timeout(Duration::from_secs(6), asked).await {
        Ok(Ok(found)) => {
            let list: Vec<String> = found.iter().map(|address| address.to_string()).collect();
            let detail = format!("the system says: {said}; its name servers give {}", list.join(" "));
            Named { addresses: Err(class_of_words(&said)), detail }
        }
        Ok(Err(error)) => {
            let (class, why) = explained(&error);
            Named {
                addresses: Err(class),
                detail: format!("the system says: {said}; its name servers: {why}"),
            }
        }
        Err(_) => {
            let detail = format!("the system says: {said}; its name servers do not answer");
            Named { addresses: Err(Class::NameServerSilent), detail }
        }
    }
}

/// The class of the words of `getaddrinfo(3)`, where nothing explains them.
fn class_of_words(said: &str) -> Class {
    if said.contains("No address associated") {
        Class::NoAddress
    } else if said.contains("not known") || said.contains("nodename nor servname") {
        Class::NoSuchName
    } else if said.contains("no answer in time") {
        Class::NameServerSilent
    } else {
        Class::NameServerFailed
    }
}

/// The class of hickory's error, and the words for it.
fn explained(error: &NetError) -> (Class, String) {
    let code = match error {
        NetError::Dns(DnsError::NoRecordsFound(NoRecords { response_code, .. })) => Some(*response_code),
        NetError::Dns(DnsError::ResponseCode(code)) => Some(*code),
        _ => None,
    };
    match code {
        Some(ResponseCode::NXDomain) => (Class::NoSuchName, "NXDOMAIN".to_owned()),
        Some(ResponseCode::NoError) => {
            (Class::NoAddress, "the name has neither A nor AAAA (NODATA)".to_owned())
        }
        Some(code) => (Class::NameServerFailed, format!("the name server answered {code}")),
        None => match error {
            NetError::Timeout | NetError::NoConnections | NetError::Io(_) => {
                (Class::NameServerSilent, format!("no name server answered: {error}"))
            }
            other => (Class::NameServerFailed, other.to_string()),
        },
    }
}

/// A hosts file: address, then names.
fn hosts(text: &str) -> HashMap<String, Vec<IpAddr>> {
    let mut found: HashMap<String, Vec<IpAddr>> = HashMap::new();
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or_default();
        let mut words = line.split_ascii_whitespace();
        let Some(Ok(address)) = words.next().map(str::parse::<IpAddr>) else { continue };
        for name in words {
            found.entry(name.to_ascii_lowercase()).or_default().push(address);
        }
    }
    found
}

/// A `resolv.conf(5)`, with two additions that let it name a port: `nameserver ADDRESS:PORT` (or `[ADDRESS]:PORT`), and
/// `port N` as macOS's `resolver(5)` has it.
fn resolv_conf_of(text: &str) -> (ResolverConfig, ResolverOpts) {
    let mut servers: Vec<(IpAddr, Option<u16>)> = Vec::new();
    let mut search: Vec<Name> = Vec::new();
    let mut port_of_all = None;
    let mut options = ResolverOpts::default();
    options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
    options.use_hosts_file = ResolveHosts::Never;
    options.server_ordering_strategy = ServerOrderingStrategy::UserProvidedOrder;
    options.num_concurrent_reqs = 1;
    options.cache_size = 0;
    for line in text.lines() {
        let line = line.split(['#', ';']).next().unwrap_or_default();
        let mut words = line.split_ascii_whitespace();
        match words.next() {
            Some("nameserver") => servers.extend(words.next().and_then(server)),
            Some("port") => port_of_all = words.next().and_then(|port| port.parse().ok()),
            // The last of these lines counts.
            Some("search" | "domain") => {
                search = words.filter_map(|name| Name::from_str_relaxed(name).ok()).collect();
            }
            Some("options") => words.for_each(|word| option(&mut options, word)),
            Some(_) | None => {}
        }
    }
    let servers = servers
        .into_iter()
        .take(3)
        .map(|(address, port)| {
            let port = port.or(port_of_all).unwrap_or(53);
            let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()]
                .into_iter()
                .map(|mut connection| {
                    connection.port = port;
                    connection
                })
                .collect();
            NameServerConfig::new(address, true, connections)
        })
        .collect();
    (ResolverConfig::from_parts(None, search, servers), options)
}

fn server(text: &str) -> Option<(IpAddr, Option<u16>)> {
    // A zone (`fe80::1%eth0`) is left out.
    let bare = text.split('%').next().unwrap_or(text);
    match (bare.parse::<IpAddr>(), text.parse::<SocketAddr>()) {
        (Ok(address), _) => Some((address, None)),
        (Err(_), Ok(address)) => Some((address.ip(), Some(address.port()))),
        (Err(_), Err(_)) => None,
    }
}

fn option(options: &mut ResolverOpts, word: &str) {
    // glibc caps them at 15, 30 and 5.
    match word.split_once(':').map(|(name, value)| (name, value.parse::<u64>())) {
        Some(("ndots", Ok(value))) => options.ndots = usize::try_from(value.min(15)).unwrap_or(15),
        Some(("timeout", Ok(value))) => options.timeout = Duration::from_secs(value.clamp(1, 30)),
        Some(("attempts", Ok(value))) => options.attempts = usize::try_from(value.clamp(1, 5)).unwrap_or(5),
        Some(_) | None => {}
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_file_is_read_to_an_end(text in "(nameserver|search|options|port|ndots:|#|;|[0-9.:%\\[\\] ]|\n|é){0,60}") {
            let (config, options) = resolv_conf_of(&text);
            prop_assert!(config.name_servers().len() <= 3 && options.ndots <= 15);
            let _ = hosts(&text);
        }
    }

    #[test]
    fn reads_a_resolver_configuration_as_glibc_does_and_ports_too() {
        let (config, options) = resolv_conf_of(
            "# x\nnameserver 127.0.0.1:5353\nnameserver ::1\nnameserver [::1]:54\nnameserver 9.9.9.9\n\
             search a.test b.test\ndomain c.test\noptions ndots:5 timeout:1 attempts:9 edns0\nnonsense\n",
        );
        let servers: Vec<(IpAddr, u16)> =
            config.name_servers().iter().map(|server| (server.ip, server.connections[0].port)).collect();
        assert_eq!(
            servers.iter().map(|(ip, port)| format!("{ip} {port}")).collect::<Vec<_>>(),
            ["127.0.0.1 5353", "::1 53", "::1 54"],
            "three at most"
        );
        assert_eq!(config.search().iter().map(Name::to_string).collect::<Vec<_>>(), ["c.test"]);
        assert_eq!((options.ndots, options.timeout.as_secs(), options.attempts), (5, 1, 5));
    }

    #[tokio::test]
    async fn what_is_given_by_hand_comes_first() {
        let mut names = Names::new(vec![Pinned::parse("r.test:443:10.0.0.9").expect("pinned")], None, None)
            .expect("names");
        names.hosts = hosts("10.0.0.1 r.test R2.test # r3.test\n::1 r.test\nnonsense r.test");
        let got = |port| names.resolve("r.test", port, Duration::from_secs(1));
        assert_eq!(got(443).await.detail, "10.0.0.9 given by hand");
        assert_eq!(got(444).await.detail, "10.0.0.1 ::1 from the hosts file");
        assert_eq!(
            names.resolve("r2.test", 443, Duration::from_secs(1)).await.addresses,
            Ok(vec!["10.0.0.1".parse().expect("an address")])
        );
    }

    #[tokio::test]
    async fn the_system_decides_where_nothing_is_given() {
        // Of the hosts file: no name server is asked.
        let names = Names::new(Vec::new(), None, None).expect("names");
        let named = names.resolve("localhost", 80, Duration::from_secs(5)).await;
        let addresses = named.addresses.expect("localhost has an address everywhere");
        assert!(addresses.iter().all(IpAddr::is_loopback), "{}", named.detail);
    }
}
