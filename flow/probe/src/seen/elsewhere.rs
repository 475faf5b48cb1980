//! Whether another host has the same content: what to pull from while the origin is at fault.
//!
//! Nothing here tells of the fault itself: an answer, or none, changes no verdict.

use pullmedic_model::probe::{Ask, Class, Got, Host, Record, Role, What};

use super::{Notes, Seen, outcome, with_login};
use crate::dialect::same_host;
use crate::inquiry::Inquiry;
use crate::rules;
use crate::table::{Family, Kind};

/// Other hosts that are asked for one image.
const MOST: usize = 3;

/// Asks mirrors of the route, and other hosts at which the cluster names the same repository, for the very digest.
pub(crate) fn look(inquiry: &Inquiry<'_>, family: Family, notes: &mut Notes) {
    if !is_of_the_origin(family) {
        return;
    }
    let Some(digest) = digest(inquiry) else { return };
    let mut wants = Vec::new();
    for host in hosts(inquiry) {
        let ask = ask(inquiry, host, &digest);
        match inquiry.record(&ask) {
            None => wants.push(ask),
            Some(record) => tell(record, &digest, notes),
        }
    }
    if notes.want.is_empty() {
        notes.want = wants;
    }
}

/// Whether the same content elsewhere would help: a fault of the host or of what it holds, and not of who asks.
const fn is_of_the_origin(family: Family) -> bool {
    family.is_below_http()
        || matches!(
            family,
            Family::Limited
                | Family::ServerError
                | Family::NotARegistry
                | Family::AnswerTimeout
                | Family::BlobAbsent
                | Family::Content
        )
}

/// The digest that the image has: as the pod writes it, else as the origin gave it.
fn digest(inquiry: &Inquiry<'_>) -> Option<String> {
    if inquiry.by_digest() {
        return Some(inquiry.wanted.clone());
    }
    inquiry.records().into_iter().find_map(|record| {
        let asked = match &record.ask.what {
            What::ManifestHead(wanted) | What::Manifest(wanted) => *wanted == inquiry.wanted,
            _ => false,
        };
        match record.got() {
            Some(Got::Manifest { digest, .. })
                if asked
                    && record.ask.host.role == Role::Origin
                    && record.ask.repository == inquiry.repository() =>
            {
                digest.clone()
            }
            Some(_) | None => None,
        }
    })
}

/// Mirrors first, since the node asks them already.
fn hosts<'a>(inquiry: &Inquiry<'a>) -> impl Iterator<Item = &'a Host> {
    let origin = inquiry.origin().map(|origin| &origin.endpoint);
    let mut known = Vec::new();
    let mirrors = inquiry.case.route.hosts.iter().filter(|host| host.role != Role::Origin);
    mirrors
        .chain(&inquiry.case.elsewhere)
        .filter(move |host| origin.is_none_or(|origin| !same_host(origin, &host.endpoint)))
        .filter(|host| !rules::r02_is_elsewhere(inquiry.case, host, &[]))
        .filter(move |host| {
            let is_new = !known.contains(&&host.endpoint);
            known.push(&host.endpoint);
            is_new
        })
        .take(MOST)
}

/// The request by digest: to a mirror as the runtime would make it, elsewhere without a login, since the pod's matched
/// another host.
fn ask(inquiry: &Inquiry<'_>, host: &Host, digest: &str) -> Ask {
    let login = match host.role {
        Role::Mirror(_) => inquiry.unchanged(host, inquiry.identities.iter().flatten().next()).login,
        Role::Origin => None,
    };
    inquiry.ask(host, What::ManifestHead(digest.to_owned()), login)
}

fn tell(record: &Record, digest: &str, notes: &mut Notes) {
    let host = &record.ask.host.endpoint;
    let asked = with_login(&record.ask);
    let text = match (record.got(), record.refused()) {
        (Some(Got::Manifest { digest: Some(given), .. }), _) if given == digest => {
            notes.evidence.mirror_with_same_digest.get_or_insert_with(|| host.clone());
            format!("{host} has the same image, asked {asked} for {digest}")
        }
        (Some(_), _) => format!("{host}, asked {asked} for {digest}, gives something else"),
        (None, Some((_, _, Class::Status(404)))) => format!("{host} does not have {digest}, asked {asked}"),
        (None, Some(_)) => format!("{host}, asked {asked} for {digest}: {}", outcome(record)),
        (None, None) => return,
    };
    notes.see(Seen::probe(Kind::Unsettled, record, text));
}
