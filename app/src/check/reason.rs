//! Why a request tells nothing of the image. Pure.

use pullmedic_model::Endpoint;
use pullmedic_model::probe::record::NotAsked;
use pullmedic_model::probe::{Class, Ended, Record, Role};

/// The refusal that counts: the origin's, else the one at `at`.
pub(super) fn decisive(records: &[Record], at: usize) -> Option<&Record> {
    let failed = records.get(at)?;
    let same = |record: &&Record| record.ask.what == failed.ask.what && record.got().is_none();
    let of_origin = |record: &&Record| record.ask.host.role == Role::Origin;
    records.iter().rfind(|record| same(record) && of_origin(record)).or(Some(failed))
}

/// Why a failure tells nothing of the image: it could not be asked, or not reached from here; `None` when it does tell.
pub(super) fn only_from_here(record: &Record) -> Option<String> {
    let host = &record.ask.host.endpoint;
    match &record.ended {
        Ended::Got(_) => None,
        Ended::NotAsked(why) => Some(not_asked(host, why)),
        Ended::Refused { endpoint, class, .. } => match class {
            Class::Status(429) => Some(format!("{endpoint} wants no more requests from here for now (429)")),
            Class::ServerError(code) => Some(format!("{endpoint} answers {code} for now")),
            Class::Status(_)
            | Class::Redirect
            | Class::NotARegistry
            | Class::WrongContent
            | Class::TooBig => None,
            Class::NoSuchName
            | Class::NoAddress
            | Class::NameServerFailed
            | Class::NameServerSilent
            | Class::Refused
            | Class::Unreachable
            | Class::ConnectTimeout
            | Class::Reset
            | Class::TlsTimeout
            | Class::UnknownAuthority
            | Class::HostnameMismatch
            | Class::CertificateExpired
            | Class::CertificateNotYetValid
            | Class::CertificateRefused
            | Class::ClientCertificateWanted
            | Class::TlsProtocol
            | Class::OurTlsLimit
            | Class::PlainHttpOnTlsPort
            | Class::TlsOnPlainPort
            | Class::AnswerTimeout
            | Class::Proxy
            | Class::Truncated
            | Class::Stalled => Some(format!("{endpoint} cannot be reached from here: {class}")),
        },
    }
}

fn not_asked(host: &Endpoint, why: &NotAsked) -> String {
    match why {
        NotAsked::Realm { realm } => {
            format!("the token service {realm} is not allowed for {host} (--allow-realm {host}={realm})")
        }
        NotAsked::Address(address) => format!("{host} resolves to {address}, which is never dialled"),
        NotAsked::LockOut { refused_at } => {
            format!("{host} refused this login at {refused_at}; a further try might lock the account")
        }
        NotAsked::NotForHost => format!("the login may not be sent to {host}"),
        NotAsked::Budget => "the budget of requests is used up".to_owned(),
        NotAsked::Limited { until: Some(until) } => format!("{host} wants no request before {until}"),
        NotAsked::Limited { until: None } => format!("{host} wants no request for a while"),
        NotAsked::Cancelled => "the time for asking was over (--probe-timeout)".to_owned(),
        NotAsked::Ours(what) => format!("asking {host} failed on our side: {what}"),
        NotAsked::Offline => "nothing was asked in this run".to_owned(),
    }
}
