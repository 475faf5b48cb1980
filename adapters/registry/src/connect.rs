//! From a host to an open connection: name, connect, TLS; each address its own step.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use pullmedic_model::probe::record::{Certificate, NotAsked};
use pullmedic_model::probe::{Class, Step};
use pullmedic_model::{Captured, Stage};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::guard;
use crate::handshake;
use crate::peek::Peek;
use crate::pool::Key;
use crate::proxy::{Proxy, Way};
use crate::target::Target;
use crate::tunnel;
use crate::walk::{Connection, Stop, Walk};
use crate::wire::{self, Open};

/// containerd's `TLSHandshakeTimeout`.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Which addresses may be dialled, beyond those that never are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Reach {
    /// A host of a spec: private and loopback ones too.
    Any,
    /// Where a redirect leads: loopback only if the registry is there itself.
    Redirect { from_loopback: bool },
    /// A token service that nothing but the challenge names: the public network only.
    Global,
}

impl Walk<'_> {
    /// The addresses of a host.
    pub(crate) async fn addresses(&mut self, target: &Target, reach: Reach) -> Result<Vec<IpAddr>, Stop> {
        let began = Instant::now();
        let named = self.shared.names.resolve(&target.host, target.port, self.dial_limit()).await;
        let endpoint = &target.endpoint;
        let addresses = match named.addresses {
            Ok(addresses) => addresses,
            Err(class) => {
                self.note(Stage::Name, endpoint, began, None, &named.detail, Some(class));
                return Err(self.refused(Stage::Name, endpoint, class));
            }
        };
        let may = |address: &IpAddr| match reach {
            _ if guard::is_never_dialled(*address) => false,
            Reach::Any | Reach::Redirect { from_loopback: true } => true,
            Reach::Redirect { from_loopback: false } => !address.to_canonical().is_loopback(),
            Reach::Global => guard::is_global(*address),
        };
        let (good, bad): (Vec<IpAddr>, Vec<IpAddr>) = addresses.into_iter().partition(may);
        let refused: Vec<String> = bad.iter().map(IpAddr::to_string).collect();
        let detail = match refused.as_slice() {
            [] => named.detail,
            _ => format!("{}; not dialled: {}", named.detail, refused.join(" ")),
        };
        self.note(Stage::Name, endpoint, began, None, &detail, None);
        // All addresses of a service that only a challenge names must be of the public network, not just one.
        match bad.first() {
            Some(first) if good.is_empty() || reach == Reach::Global => Err(NotAsked::Address(*first).into()),
            Some(_) | None => Ok(good),
        }
    }

    fn dial_limit(&self) -> Duration {
        Duration::from_millis(self.ask.host.dial_timeout_ms.clamp(1, 120_000))
    }

    /// A connection that an earlier ask left, with the steps of its making. It passed them then: a step of such a
    /// connection never fails, and takes no time.
    pub(crate) async fn reuse(&mut self, target: &Target, reach: Reach) -> Option<Connection> {
        // Behind one name many may answer, and a connection stays with the one that it found.
        if self.ask.again > 0 {
            return None;
        }
        let key = self.key(target, reach)?;
        // What was seen at its making may be told again for as long as any answer that may move.
        let age = self.shared.limits.reuse_tag;
        while let Some(mut connection) = self.shared.pool.take(&key, age) {
            if connection.open.is_reusable().await {
                // One place may be written in two ways, with its port and without it.
                connection.target = target.clone();
                self.steps.extend(
                    connection
                        .made
                        .iter()
                        .cloned()
                        .map(|step| Step { endpoint: target.endpoint.clone(), ..step }),
                );
                return Some(connection);
            }
        }
        None
    }

    /// What an idle connection must have in common with one that would be made now; `None` where none can be made.
    fn key(&self, target: &Target, reach: Reach) -> Option<Key> {
        let proxy = match self.shared.proxies.way(target.https, &target.host, target.port) {
            Way::Direct => None,
            Way::Through(proxy) => Some(proxy.to_string()),
            Way::Unusable(_) => return None,
        };
        Some(Key {
            https: target.https,
            host: target.host.clone(),
            port: target.port,
            reach,
            trust: self.ask.host.trust.clone(),
            skip_verify: self.is_unchecked(target),
            proxy,
        })
    }

    /// Whether the certificate is not checked. The settings of a host count for its token service on another port of it,
    /// not for other machines.
    fn is_unchecked(&self, target: &Target) -> bool {
        self.ask.host.skip_verify && target.host == self.target().host
    }

    /// Opens a connection: name, connect, TLS.
    pub(crate) async fn connect(&mut self, target: &Target, reach: Reach) -> Result<Connection, Stop> {
        let (shared, dialled, before) = (self.shared, Instant::now(), self.steps.len());
        let (stream, address, proxy) = match shared.proxies.way(target.https, &target.host, target.port) {
            Way::Direct => {
                let mut addresses = self.addresses(target, reach).await?;
                // Of what is asked once more the next address is asked first: replicas may stand under each.
                let turn = usize::from(self.ask.again).checked_rem(addresses.len()).unwrap_or_default();
                addresses.rotate_left(turn);
                let (stream, address) = self.dial(target, &addresses).await?;
                (Peek::new(stream), Some(address), None)
            }
            Way::Through(proxy) => {
                self.guard_unseen(target, reach)?;
                (self.dial_proxy(target, proxy).await?, None, Some(proxy))
            }
            Way::Unusable(why) => return Err(NotAsked::Ours(why.to_owned()).into()),
        };
        let first = stream.first();
        let (io, client): (wire::BoxedIo, _) = if target.https {
            let (io, client) = self.shake(target, stream, address).await?;
            (io, Some(client))
        } else {
            (Box::new(stream), None)
        };
        let open = match Open::new(io, first, client).await {
            Ok(open) => open,
            Err(error) => {
                return Err(self.no_answer(
                    target,
                    address,
                    Instant::now(),
                    String::new(),
                    None,
                    Stage::Connect,
                    &error,
                ));
            }
        };
        Ok(Connection {
            target: target.clone(),
            reach,
            key: self.key(target, reach),
            dialled,
            made: self.steps[before..].iter().filter(|step| step.failed.is_none()).map(as_reused).collect(),
            has_answered: false,
            open,
            address,
            proxy_authorization: proxy
                .filter(|_| !target.https)
                .and_then(|proxy| proxy.authorization.clone()),
            whole_url: proxy.is_some() && !target.https,
        })
    }

    /// Through a proxy the addresses are the proxy's business; what can be judged is a host that is an address itself.
    fn guard_unseen(&self, target: &Target, reach: Reach) -> Result<(), Stop> {
        match target.host.parse::<IpAddr>() {
            Ok(address) if guard::is_never_dialled(address) => Err(NotAsked::Address(address).into()),
            Ok(address) if reach == Reach::Global && !guard::is_global(address) => {
                Err(NotAsked::Address(address).into())
            }
            // A service that nothing but the challenge names cannot be judged unseen.
            Err(_) if reach == Reach::Global => {
                Err(NotAsked::Realm { realm: format!("{}://{}", target.scheme(), target.authority()) }.into())
            }
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// Tries all addresses in order; each is a step. The first refusal is the one that is told, as Go does.
    async fn dial(&mut self, target: &Target, addresses: &[IpAddr]) -> Result<(TcpStream, IpAddr), Stop> {
        let end = Instant::now() + self.dial_limit();
        let mut first = None;
        for (at, address) in addresses.iter().enumerate() {
            let began = Instant::now();
            let limit = share(end.saturating_duration_since(began), addresses.len() - at);
            let outcome = timeout(limit, TcpStream::connect(SocketAddr::new(*address, target.port))).await;
            let (class, detail) = match outcome {
                Ok(Ok(stream)) => {
                    // Small requests wait for nothing.
                    let _ = stream.set_nodelay(true);
                    self.note(Stage::Connect, &target.endpoint, began, Some(*address), "", None);
                    return Ok((stream, *address));
                }
                Ok(Err(error)) => (tunnel::class_of_dial(&error), error.to_string()),
                Err(_) => (Class::ConnectTimeout, format!("no answer within {} s", limit.as_secs_f32())),
            };
            self.note(Stage::Connect, &target.endpoint, began, Some(*address), &detail, Some(class));
            first.get_or_insert(class);
        }
        Err(self.refused(Stage::Connect, &target.endpoint, first.unwrap_or(Class::Unreachable)))
    }

    async fn dial_proxy(&mut self, target: &Target, proxy: &Proxy) -> Result<Peek, Stop> {
        let began = Instant::now();
        let opened =
            timeout(self.dial_limit(), tunnel::open(&self.shared.names, proxy, target, &self.agent)).await;
        let (failed, detail) = match opened {
            Ok(Ok(stream)) => {
                self.note(
                    Stage::Connect,
                    &target.endpoint,
                    began,
                    None,
                    &format!("through the proxy {proxy}"),
                    None,
                );
                return Ok(Peek::new(stream));
            }
            Ok(Err(why)) => (Class::Proxy, format!("proxy {proxy}: {why}")),
            Err(_) => (Class::Proxy, format!("proxy {proxy}: no answer in time")),
        };
        self.note(Stage::Connect, &target.endpoint, began, None, &detail, Some(failed));
        Err(self.refused(Stage::Connect, &target.endpoint, failed))
    }

    async fn shake(
        &mut self,
        target: &Target,
        stream: Peek,
        address: Option<IpAddr>,
    ) -> Result<(wire::BoxedIo, Arc<handshake::ClientAsked>), Stop> {
        let trust = &self.ask.host.trust;
        let skip = self.is_unchecked(target);
        let began = Instant::now();
        let shaken =
            timeout(HANDSHAKE, handshake::shake(stream, target, &self.shared.trusts, trust, skip)).await;
        let (class, told) = match shaken {
            Ok(Ok(shaken)) => {
                let step = self.note(Stage::Tls, &target.endpoint, began, address, &shaken.told.detail, None);
                self.steps[step].certificate = shaken.told.leaf.map(|leaf| leaf.certificate);
                return Ok((shaken.io, shaken.client));
            }
            Ok(Err((class, told))) => (class, Some(told)),
            Err(_) => (Class::TlsTimeout, None),
        };
        let detail =
            told.as_ref().map_or("no answer to the handshake within 10 s", |told| told.detail.as_str());
        let step = self.note(Stage::Tls, &target.endpoint, began, address, detail, Some(class));
        let certificate: Option<Certificate> = told.and_then(|told| told.leaf).map(|leaf| leaf.certificate);
        self.steps[step].certificate = certificate;
        Err(self.refused(Stage::Tls, &target.endpoint, class))
    }
}

/// A step of a connection's making, as it stands where the connection is used again.
fn as_reused(step: &Step) -> Step {
    let detail = match step.stage {
        // Its detail says what the certificate says.
        Stage::Tls => "reused".to_owned(),
        _ if step.detail.is_empty() => "reused".to_owned(),
        _ => format!("reused; {}", step.detail),
    };
    Step { took_us: 0, detail: Captured::new(&detail), ..step.clone() }
}

/// How long one of the addresses that are left may take: an equal share, but two seconds at least
/// (Go's `net.Dialer`, [`partialDeadline`](https://github.com/golang/go/blob/master/src/net/dial.go)).
fn share(left: Duration, addresses: usize) -> Duration {
    let equal = left / u32::try_from(addresses.max(1)).unwrap_or(u32::MAX);
    equal.max(Duration::from_secs(2)).min(left)
}
