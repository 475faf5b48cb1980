//! A case and its transcript, prepared: what the runtime asks, with which logins, of which hosts, and what was answered.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use pullmedic_model::object::ContainerKind;
use pullmedic_model::probe::case::NodeCredentials;
use pullmedic_model::probe::login::SecretState;
use pullmedic_model::probe::{Ask, Case, Ended, Host, Login, LoginName, Record, Role, What};
use pullmedic_model::{Cause, Confidence, Endpoint, Reference};

use crate::dialect::{self, Dialect};
use crate::rules;
use crate::testimony::Testimony;

/// The logins of one pod that are replayed; each costs up to three requests.
const MOST_LOGINS: usize = 3;

/// The hosts of one route that are replayed.
const MOST_HOSTS: usize = 4;

/// A case and its transcript.
pub(crate) struct Inquiry<'a> {
    pub(crate) case: &'a Case,
    pub(crate) reference: Option<Reference>,
    /// The tag or digest that is asked for.
    pub(crate) wanted: String,
    /// The logins in the kubelet's order; `None` is the anonymous one.
    pub(crate) identities: Vec<Option<LoginName>>,
    /// Whether those are all that the kubelet sends, as far as the pod's secrets go.
    pub(crate) logins_known: bool,
    /// Hosts that are asked for the manifest, in order.
    pub(crate) hosts: Vec<&'a Host>,
    /// Whether the words are from before the last change (rule 5).
    pub(crate) history: bool,
    /// The words, in comparable terms; `None` when there are none, or they tell nothing.
    pub(crate) words: Option<Testimony>,
    /// Whether plain HTTP may be tried.
    pub(crate) allow_plain_http: bool,
    records: BTreeMap<&'a Ask, &'a Record>,
}

impl<'a> Inquiry<'a> {
    /// Prepares a case. The order of the records never matters (rule 16): they are found by what was asked.
    pub(crate) fn new(case: &'a Case, transcript: &'a [Record]) -> Inquiry<'a> {
        let mut records: BTreeMap<&Ask, &Record> = BTreeMap::new();
        for record in transcript {
            let kept = records.entry(&record.ask).or_insert(record);
            // One request is asked once; should a transcript hold two answers, the later one counts.
            if record.at > kept.at {
                *kept = record;
            }
        }
        let reference = Reference::parse(&case.image).ok();
        let wanted = reference.as_ref().map_or_else(String::new, |reference| {
            let tag = || reference.tag.clone().unwrap_or_else(|| "latest".to_owned());
            reference.digest.clone().unwrap_or_else(tag)
        });
        let by_digest = reference.as_ref().is_some_and(|reference| reference.digest.is_some());
        let hosts = case.route.hosts.iter().filter(|host| by_digest || host.resolve).take(MOST_HOSTS);
        let history = rules::r05_is_history(case);
        Inquiry {
            identities: rules::r15_identities(case).into_iter().take(MOST_LOGINS).collect(),
            logins_known: case.kind == ContainerKind::Sandbox || !has_unread(case),
            hosts: hosts.collect(),
            words: if history { None } else { Testimony::of_words(case) },
            history,
            reference,
            wanted,
            allow_plain_http: false,
            records,
            case,
        }
    }

    /// What became of a request; `None` when it was not asked.
    pub(crate) fn record(&self, ask: &Ask) -> Option<&'a Record> {
        self.records.get(ask).copied()
    }

    /// Every record, in the order of their times and then of what was asked.
    pub(crate) fn records(&self) -> Vec<&'a Record> {
        let mut all: Vec<&Record> = self.records.values().copied().collect();
        all.sort_by(|a, b| (a.at, &a.ask).cmp(&(b.at, &b.ask)));
        all
    }

    /// HTTP requests that were spent.
    pub(crate) fn spent(&self) -> u32 {
        self.records.values().map(|record| record.requests).fold(0, u32::saturating_add)
    }

    /// How many more requests `limit` allows, each at the price of the dearest so far.
    pub(crate) fn affordable(&self, limit: u32) -> usize {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let spent = usize::try_from(self.spent()).unwrap_or(usize::MAX).max(self.records.len());
        let price = self.records.values().map(|record| record.requests).max().unwrap_or(1).max(1);
        let left = limit.saturating_sub(spent);
        let price = usize::try_from(price).unwrap_or(usize::MAX);
        // One may pass the limit by itself; of several together each may turn out to walk through a token service.
        (left / price).min((left / price.max(3)).max(1))
    }

    /// A request to a host for the image's own repository.
    pub(crate) fn ask(&self, host: &Host, what: What, login: Option<LoginName>) -> Ask {
        let repository = match what {
            What::Name | What::Ping | What::Catalog => String::new(),
            What::ManifestHead(_)
            | What::Manifest(_)
            | What::Config(_)
            | What::BlobHead(_)
            | What::Blob(_)
            | What::Tags
            | What::Referrers(_) => self.repository().to_owned(),
        };
        Ask { host: host.clone(), repository, what, login, again: 0 }
    }

    /// The unchanged request: what the runtime asks first of a host.
    pub(crate) fn unchanged(&self, host: &Host, identity: Option<&LoginName>) -> Ask {
        let login = identity.filter(|_| self.may_send(host)).cloned();
        self.ask(host, What::ManifestHead(self.wanted.clone()), login)
    }

    /// Whether the runtime offers the kubelet's login to the host: containerd to mirrors too, the others to the origin
    /// only (`pull-facts` §2.4, §3.1).
    fn may_send(&self, host: &Host) -> bool {
        let containerd = self.case.runtime.as_ref().is_none_or(|runtime| runtime.name == "containerd");
        host.role == Role::Origin || (containerd && self.case.route.of_node)
    }

    /// Whether a pull was announced, and nothing was written since.
    pub(crate) fn is_pulling(&self) -> bool {
        self.case.pulling && self.case.words.is_none()
    }

    pub(crate) fn repository(&self) -> &str {
        self.reference.as_ref().map_or("", |reference| &reference.repository)
    }

    pub(crate) fn by_digest(&self) -> bool {
        self.reference.as_ref().is_some_and(|reference| reference.digest.is_some())
    }

    /// The registry that the image names; `None` when the node's files leave it out.
    pub(crate) fn origin(&self) -> Option<&'a Host> {
        self.case.route.origin()
    }

    /// The dialect of a host: by its name, else by what any of its answers gives away.
    pub(crate) fn dialect(&self, host: &Host) -> Option<&'static Dialect> {
        dialect::of_host(&host.endpoint).or_else(|| {
            let of_host =
                self.records().into_iter().filter(|record| record.ask.host.endpoint == host.endpoint);
            of_host
                .flat_map(|record| record.steps.iter().filter_map(|step| step.answer.as_ref()))
                .find_map(dialect::of_answer)
        })
    }

    /// Whether the node itself may hold a login for the image's host (rule 10).
    pub(crate) fn node_credentials(&self) -> NodeCredentials {
        let named = self.reference.as_ref().and_then(|reference| Endpoint::parse(&reference.host).ok());
        let by_name = named.as_ref().and_then(dialect::of_host);
        let dialect = by_name.or_else(|| self.origin().and_then(|origin| self.dialect(origin)));
        let served = dialect.is_some_and(|dialect| dialect.node_credentials);
        match self.case.node_credentials {
            NodeCredentials::NotKnown if served => NodeCredentials::Possible,
            known => known,
        }
    }

    /// Whether the kubelet is known to send no login at all.
    pub(crate) fn nothing_sent(&self) -> bool {
        self.logins_known && self.identities == [None] && self.node_credentials() != NodeCredentials::Possible
    }

    /// Whether the runtime says itself that no login reached it ("no basic auth credentials", "anonymous token"), whatever
    /// node credentials there may be.
    pub(crate) fn words_say_nothing_sent(&self) -> bool {
        let words = self.case.words.as_ref().filter(|_| !self.history && self.logins_known);
        self.identities == [None]
            && words.is_some_and(|words| {
                words.cause == Cause::NoCredentials && words.confidence >= Confidence::Strong
            })
    }

    /// Whether a login of the pod is sent.
    pub(crate) fn login_sent(&self) -> bool {
        self.identities.iter().any(Option::is_some)
    }

    /// A login of the pod or a candidate, by name.
    pub(crate) fn login(&self, name: &LoginName) -> Option<&'a Login> {
        self.case.logins.iter().chain(&self.case.candidates).find(|login| login.name == *name)
    }
}

fn has_unread(case: &Case) -> bool {
    case.secrets.iter().any(|secret| matches!(secret.state, SecretState::Unread { .. }))
}

/// Whether two times are within the minute that a control needs (rule 6).
pub(crate) fn same_minute(a: Timestamp, b: Timestamp) -> bool {
    a.duration_since(b).abs() <= SignedDuration::from_secs(60)
}

/// Why a request was not asked, in words for `missing`; `None` when it was.
pub(crate) fn not_asked(record: &Record) -> Option<String> {
    use pullmedic_model::probe::record::NotAsked as N;
    let Ended::NotAsked(why) = &record.ended else { return None };
    let host = &record.ask.host.endpoint;
    Some(match why {
        N::Realm { realm } => {
            format!("realm {realm} is not allowed for {host} (--allow-realm {host}={realm})")
        }
        N::Address(address) => format!("{host} resolves to {address}, which is never dialled"),
        N::LockOut { refused_at } => {
            format!("{host} refused this login at {refused_at:.0}; a further try might lock the account")
        }
        N::NotForHost => format!("the login may not be sent to {host}"),
        N::Budget => "the budget of requests is used up".to_owned(),
        N::Limited { until: Some(until) } => format!("{host} wants no request before {until:.0}"),
        N::Limited { until: None } => format!("{host} wants no request for a while"),
        N::Cancelled => "the time for asking was over (--probe-timeout)".to_owned(),
        N::Ours(what) => format!("asking {host} failed on our side: {what}"),
        N::Offline => "nothing was asked in this run (--probe)".to_owned(),
    })
}
