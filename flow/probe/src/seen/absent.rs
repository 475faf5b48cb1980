//! What a 404 proves: nothing, until the same identity sees a sibling there (rules 7, 8 and 9).

use pullmedic_model::Stage;
use pullmedic_model::probe::{Ask, Class, Ended, Got, Record, Role, What};

use super::{Notes, Seen, body, login, outcome, with_login};
use crate::inquiry::{Inquiry, not_asked, same_minute};
use crate::near;
use crate::rules;
use crate::table::Kind;

/// Looks at a 404 for a manifest.
pub(crate) fn look(inquiry: &Inquiry<'_>, base: &Record, notes: &mut Notes) {
    let kind = if inquiry.by_digest() { Kind::AskedByDigest } else { Kind::AskedByTag };
    notes.see(Seen::object(kind, "image", format!("{} is asked for", inquiry.wanted)));
    // A registry that asks for a login, gets one and answers 404 has taken it.
    if base.ask.login.is_some() && is_challenged(base) {
        let text = "the registry asked for a login and took the pod's";
        notes.see(Seen::probe(Kind::PodLoginAccepted, base, text));
    }
    // Rule 7: at the origin only.
    if base.ask.host.role != Role::Origin {
        notes.unasked.push("the origin was not asked, and a mirror's 404 proves no absence".to_owned());
        return;
    }
    if let Some(who) = seen_by_others(inquiry) {
        hidden(inquiry, base, &who, notes);
        return;
    }
    match list(inquiry, base, notes) {
        Listed::Wanted => {}
        Listed::Siblings(names) => siblings(inquiry, base, &names, notes),
        Listed::No => {
            ran_before(inquiry, base, notes);
            if !notes.has(Kind::SiblingThere) {
                repository(inquiry, base, notes);
            }
        }
    }
    login::none_tried(inquiry, notes);
    if let Some(why) = rules::r03_may_be_answered_otherwise(inquiry.case, base) {
        notes.doubt.get_or_insert(why);
    }
}

/// Who has this very image: then its absence is not the same for all, and a 404 or a list of tags may be a filter.
fn seen_by_others(inquiry: &Inquiry<'_>) -> Option<String> {
    let case = inquiry.case;
    let runs = case.runs_for.first().map(|owner| format!("{owner} runs {}", case.image));
    runs.or_else(|| {
        let pulled = case.pulled_on.first()?;
        Some(format!("{} really pulled {} at {:.0}", pulled.node, case.image, pulled.at))
    })
}

/// An image that others have: no absence is proven, and another login may show that it is hidden.
fn hidden(inquiry: &Inquiry<'_>, base: &Record, who: &str, notes: &mut Notes) {
    notes.see(Seen::object(Kind::HadByOthers, "cluster", who));
    login::try_others(inquiry, base, notes);
    if !notes.want.is_empty() {
        return;
    }
    if notes.has(Kind::OtherLoginPasses)
        || notes.has(Kind::OtherLoginPassesWhereNoneWasSent)
        || notes.has(Kind::AnonymousPasses)
    {
        notes.doubt = Some(format!(
            "{} answers 404 to one login and not to another: its access rules would tell that it hides the image",
            base.ask.host.endpoint
        ));
        return;
    }
    notes.contradiction = Some(format!(
        "{who}, and {} says that it is not there: a login that may see it tells",
        base.ask.host.endpoint
    ));
    // What is there beside it serves a fix; a list that may be filtered proves nothing.
    if let Listed::Siblings(names) = list(inquiry, base, notes) {
        siblings(inquiry, base, &names, notes);
    }
    for seen in &mut notes.seen {
        if matches!(
            seen.kind,
            Kind::TagListedWithout | Kind::RepositoryVisible | Kind::SiblingThere | Kind::RepositoryUnknown
        ) {
            seen.kind = Kind::Unsettled;
        }
    }
}

/// What the list of tags gave.
enum Listed {
    /// Nothing yet: it is asked for.
    Wanted,
    Siblings(Vec<String>),
    /// No list.
    No,
}

fn list(inquiry: &Inquiry<'_>, base: &Record, notes: &mut Notes) -> Listed {
    let ask = inquiry.ask(&base.ask.host, What::Tags, base.ask.login.clone());
    let Some(record) = inquiry.record(&ask) else {
        notes.want(ask);
        return Listed::Wanted;
    };
    match &record.ended {
        Ended::Got(Got::Tags { names, complete }) if !names.is_empty() => {
            notes.evidence.tags.clone_from(names);
            notes.evidence.tags_complete = *complete;
            tells(inquiry, record, names, *complete, notes);
            Listed::Siblings(names.clone())
        }
        Ended::Got(_) => {
            notes.see(Seen::probe(Kind::Unsettled, record, "the list of tags is empty"));
            Listed::No
        }
        Ended::Refused { class, .. } => {
            if *class == Class::Status(404) && says_name_unknown(record) {
                let text =
                    format!("{} says that it knows no repository {}", ask.host.endpoint, ask.repository);
                notes.see(Seen::probe(Kind::RepositoryUnknown, record, text));
            } else {
                let text = format!("asked for the tags: {}", outcome(record));
                notes.see(Seen::probe(Kind::Unsettled, record, text));
            }
            Listed::No
        }
        Ended::NotAsked(_) => {
            notes.unasked.extend(not_asked(record));
            Listed::No
        }
    }
}

fn tells(inquiry: &Inquiry<'_>, record: &Record, names: &[String], complete: bool, notes: &mut Notes) {
    let some = names.iter().take(4).cloned().collect::<Vec<_>>().join(", ");
    let count = names.len();
    if inquiry.by_digest() {
        let text = format!("the repository is there, with {count} tags: {some}");
        notes.see(Seen::probe(Kind::RepositoryVisible, record, text));
    } else if names.contains(&inquiry.wanted) {
        notes.contradiction = Some("the repository lists the tag, and does not give it".to_owned());
        notes.see(Seen::probe(Kind::TagListedYetAbsent, record, "the repository lists the tag"));
        read_body(inquiry, &record.ask, notes);
    } else if complete {
        let text = format!("the repository lists {count} tags, and not {}: {some}", inquiry.wanted);
        notes.see(Seen::probe(Kind::TagListedWithout, record, text));
    }
}

/// What the body of the 404 says: a `HEAD` has none, and a registry that lists what it does not give may name the reason.
fn read_body(inquiry: &Inquiry<'_>, like: &Ask, notes: &mut Notes) {
    let ask = Ask { what: What::Manifest(inquiry.wanted.clone()), ..like.clone() };
    let Some(record) = inquiry.record(&ask) else {
        notes.want(ask);
        return;
    };
    if let Some((Kind::SaysBlocked | Kind::SaysSomebodyBlocked, said)) = body::reason(inquiry, record) {
        let text = format!("asked {}: {}: {said}", with_login(&ask), outcome(record));
        notes.see(Seen::probe(Kind::MentionsPolicy, record, text));
    }
}

/// Another tag of the repository, asked in the same way: the nearest, which a fix may need as well.
fn siblings(inquiry: &Inquiry<'_>, base: &Record, names: &[String], notes: &mut Notes) {
    let ran = &inquiry.case.ran_before;
    // Beside a digest the tag may be written too: what it points to now is what a fix would take.
    let written =
        inquiry.reference.as_ref().filter(|_| inquiry.by_digest()).and_then(|image| image.tag.clone());
    let listed = written.filter(|tag| names.contains(tag));
    let Some(nearest) = listed.or_else(|| near::tags(&inquiry.wanted, names, ran).into_iter().next()) else {
        return;
    };
    sibling(inquiry, base, &nearest, notes, true);
}

fn sibling(inquiry: &Inquiry<'_>, base: &Record, tag: &str, notes: &mut Notes, listed: bool) {
    let ask = Ask { what: What::ManifestHead(tag.to_owned()), ..base.ask.clone() };
    let Some(record) = inquiry.record(&ask) else {
        notes.want(ask);
        return;
    };
    match &record.ended {
        Ended::Got(got) => {
            let digest = match got {
                Got::Manifest { digest, .. } => digest.clone(),
                Got::Name(_)
                | Got::Ping
                | Got::Config { .. }
                | Got::Blob { .. }
                | Got::Tags { .. }
                | Got::Catalog { .. }
                | Got::Referrers { .. } => None,
            };
            if inquiry.reference.as_ref().is_some_and(|image| image.tag.as_deref() == Some(tag)) {
                notes.evidence.digest_now.clone_from(&digest);
            }
            if digest.as_ref() == Some(&inquiry.wanted) {
                notes.contradiction = Some(format!(
                    "the repository says that {tag} is {}, and does not give it",
                    inquiry.wanted
                ));
            }
            notes.evidence.there.push((tag.to_owned(), digest));
            let text = format!("asked for {tag} of the same repository, {}: there", with_login(&ask));
            notes.see(Seen::probe(Kind::SiblingThere, record, text));
        }
        Ended::Refused { .. } if listed => {
            notes.contradiction = Some(format!(
                "the repository lists {tag}, and answers {} when asked for it",
                outcome(record)
            ));
        }
        Ended::Refused { .. } => {
            let text = format!("asked for {tag} of the same repository: {}", outcome(record));
            notes.see(Seen::probe(Kind::Unsettled, record, text));
        }
        Ended::NotAsked(_) => notes.unasked.extend(not_asked(record)),
    }
}

/// Where tags cannot be listed: one that ran before.
fn ran_before(inquiry: &Inquiry<'_>, base: &Record, notes: &mut Notes) {
    let tags = inquiry.case.ran_before.iter().filter_map(|image| near::tag_of(image));
    if notes.has(Kind::RepositoryUnknown) {
        return;
    }
    let other = tags.into_iter().find(|tag| *tag != inquiry.wanted).map(str::to_owned);
    if let Some(tag) = other {
        sibling(inquiry, base, &tag, notes, false);
    }
}

/// Whether the repository itself is absent, for an identity that may see it.
fn repository(inquiry: &Inquiry<'_>, base: &Record, notes: &mut Notes) {
    may_be_seen(inquiry, base, notes);
    catalog(inquiry, base, notes);
    others(inquiry, base, notes);
    if !notes.has(Kind::MayBeSeen) && notes.want.is_empty() {
        // A 404 may hide what another login sees.
        login::try_others(inquiry, base, notes);
    }
}

fn may_be_seen(inquiry: &Inquiry<'_>, base: &Record, notes: &mut Notes) {
    let host = &base.ask.host;
    if let Some(dialect) = inquiry.dialect(host).filter(|dialect| dialect.never_hides_by_404) {
        let text = format!("{} never answers 404 for what it hides", dialect.name);
        notes.see(Seen::probe(Kind::MayBeSeen, base, text));
        return;
    }
    if let Some(record) = granted(inquiry, base, |repository| repository == base.ask.repository, true) {
        by_token(inquiry, base, record, notes);
        return;
    }
    let ask = inquiry.ask(host, What::Ping, None);
    match inquiry.record(&ask) {
        None => notes.want(ask),
        Some(record) if is_open(record) && !is_challenged(base) => {
            notes.see(Seen::probe(
                Kind::MayBeSeen,
                record,
                "the API answers 200 without a login, so nothing is hidden",
            ));
        }
        Some(record) => {
            notes.unasked.extend(not_asked(record));
        }
    }
}

/// A token that grants pull on the name. What its service thinks is all of it where the registry is known to judge by the
/// token alone, or where the service was seen to judge: it gave the same login no pull on another name. A registry may as well
/// have a gate of its own behind a service that grants everything, and hide by 404 what it does not give.
fn by_token(inquiry: &Inquiry<'_>, base: &Record, record: &Record, notes: &mut Notes) {
    let host = &base.ask.host;
    let by_token_alone = inquiry.dialect(host).filter(|dialect| dialect.judges_by_token_alone);
    let withheld = granted(inquiry, base, |repository| repository != base.ask.repository, false);
    let grants = "the token that was got grants pull on this very repository";
    let (kind, text) = match (by_token_alone, withheld) {
        (Some(dialect), _) => {
            (Kind::MayBeSeen, format!("{grants}, and {} judges by the token alone", dialect.name))
        }
        (None, Some(other)) => {
            (Kind::MayBeSeen, format!("{grants}, and the one for {} does not", other.ask.repository))
        }
        (None, None) => {
            notes.doubt.get_or_insert_with(|| {
                format!(
                    "that {} may be seen is what the token service says, and {} may hide by 404 what its token service grants: its access rules would tell, or another login",
                    base.ask.repository, host.endpoint
                )
            });
            (Kind::TokenGrantsPull, grants.to_owned())
        }
    };
    notes.see(Seen::probe(kind, record, text));
}

/// A record of the same host and login whose token grants pull, or does not, on a repository of that kind.
fn granted<'a>(
    inquiry: &Inquiry<'a>,
    base: &Record,
    of: impl Fn(&str) -> bool,
    grants: bool,
) -> Option<&'a Record> {
    inquiry.records().into_iter().find(|record| {
        let alike = record.ask.host.endpoint == base.ask.host.endpoint && record.ask.login == base.ask.login;
        let mut answers = record.steps.iter().filter_map(|step| step.answer.as_ref());
        alike
            && !record.ask.repository.is_empty()
            && of(&record.ask.repository)
            && answers.any(|answer| answer.grants_pull == Some(grants))
    })
}

/// Whether a login was asked for on the way.
fn is_challenged(record: &Record) -> bool {
    record.steps.iter().any(|step| step.answer.as_ref().is_some_and(|answer| answer.status == 401))
}

/// Whether the API let everybody in: every answer was of success. A challenge is an answer of the API as well, and opens
/// nothing.
fn is_open(record: &Record) -> bool {
    let mut answers = record.steps.iter().filter_map(|step| step.answer.as_ref()).peekable();
    record.got().is_some()
        && answers.peek().is_some()
        && answers.all(|answer| (200..300).contains(&answer.status))
        && record.steps.iter().all(|step| step.stage != Stage::Token)
}

/// The repositories of the host, and the nearest of them.
fn catalog(inquiry: &Inquiry<'_>, base: &Record, notes: &mut Notes) {
    if !notes.want.is_empty() {
        return;
    }
    let ask = inquiry.ask(&base.ask.host, What::Catalog, base.ask.login.clone());
    // Public hosts list nothing, and would be asked in vain.
    let closed = inquiry.dialect(&base.ask.host).is_some_and(|dialect| dialect.metered || dialect.hides);
    let mut names: Vec<String> = inquiry.case.known_repositories.clone();
    match inquiry.record(&ask) {
        None if closed => {}
        None => {
            notes.want(ask);
            return;
        }
        Some(record) => match &record.ended {
            Ended::Got(Got::Catalog { names: listed, complete }) => {
                listed_or_not(inquiry, record, listed, *complete, notes);
                names.extend(listed.iter().cloned());
            }
            Ended::Got(_) | Ended::Refused { .. } => {}
            Ended::NotAsked(_) => notes.unasked.extend(not_asked(record)),
        },
    }
    names.sort();
    names.dedup();
    names.retain(|name| name != inquiry.repository());
    let nearest = near::repositories(inquiry.repository(), names.iter());
    notes.evidence.repositories = nearest.clone();
    if let Some(name) = nearest.into_iter().next() {
        let ask = Ask { repository: name.clone(), ..base.ask.clone() };
        match inquiry.record(&ask) {
            None => notes.want(ask),
            Some(record) if record.got().is_some() => {
                let text = format!("asked for {}:{} instead: there", name, inquiry.wanted);
                notes.see(Seen::probe(Kind::Unsettled, record, text));
                notes.evidence.repositories_there.push(name);
            }
            Some(_) => {}
        }
    }
}

/// Images that run from the same host and are asked for as a control.
const MOST_CONTROLS: usize = 2;

/// A 404 needs a control as a 401 does: in the same minute the host must give something that it has (rule 6).
fn others(inquiry: &Inquiry<'_>, base: &Record, notes: &mut Notes) {
    if !notes.has(Kind::RepositoryUnknown) || !notes.want.is_empty() {
        return;
    }
    let host = &base.ask.host;
    let given = inquiry.records().into_iter().find(|record| {
        record.ask.host.endpoint == host.endpoint
            && same_minute(record.at, base.at)
            && is_of_another(inquiry, record)
    });
    if let Some(record) = given {
        let text = format!("in the same minute {} gave {}", host.endpoint, what_it_gave(record));
        notes.see(Seen::probe(Kind::HostHasOthers, record, text));
        return;
    }
    let running = inquiry.case.runs_there.iter().filter(|other| other.repository != inquiry.repository());
    for other in running.take(MOST_CONTROLS) {
        let ask = Ask {
            repository: other.repository.clone(),
            what: What::ManifestHead(other.reference.clone()),
            ..base.ask.clone()
        };
        let Some(record) = inquiry.record(&ask) else {
            notes.want(ask);
            return;
        };
        let text = format!(
            "asked for {}:{}, which {} runs, {}: {}",
            other.repository,
            other.reference,
            other.owner,
            with_login(&ask),
            outcome(record)
        );
        notes.see(Seen::probe(Kind::Unsettled, record, text));
        if matches!(
            record.refused(),
            Some((_, _, Class::Status(404) | Class::NotARegistry | Class::ServerError(_)))
        ) {
            notes.contradiction = Some(format!(
                "{} refuses {}:{} as well, which {} runs: ask again in a few minutes, when it may have come back",
                host.endpoint, other.repository, other.reference, other.owner
            ));
            return;
        }
        notes.unasked.extend(not_asked(record));
    }
    notes.doubt.get_or_insert_with(|| format!(
        "nothing else of {} was seen in the same minute, so that it answers 404 to everything just now is not excluded: an image that it is known to have would tell",
        host.endpoint
    ));
}

/// Whether the answer shows that the host has another repository.
fn is_of_another(inquiry: &Inquiry<'_>, record: &Record) -> bool {
    let other = !record.ask.repository.is_empty() && record.ask.repository != inquiry.repository();
    match record.got() {
        Some(Got::Catalog { names, complete }) => {
            *complete && !names.is_empty() && !names.iter().any(|name| name == inquiry.repository())
        }
        Some(Got::Manifest { .. }) => other,
        Some(Got::Tags { names, .. }) => other && !names.is_empty(),
        Some(Got::Name(_) | Got::Ping | Got::Config { .. } | Got::Blob { .. } | Got::Referrers { .. })
        | None => false,
    }
}

fn what_it_gave(record: &Record) -> String {
    match &record.ask.what {
        What::Catalog => "its list of repositories".to_owned(),
        What::ManifestHead(reference) | What::Manifest(reference) => {
            format!("{}:{reference}", record.ask.repository)
        }
        What::Name
        | What::Ping
        | What::Config(_)
        | What::BlobHead(_)
        | What::Blob(_)
        | What::Tags
        | What::Referrers(_) => record.ask.repository.clone(),
    }
}

fn listed_or_not(
    inquiry: &Inquiry<'_>,
    record: &Record,
    listed: &[String],
    complete: bool,
    notes: &mut Notes,
) {
    let name = inquiry.repository();
    if listed.iter().any(|listed| listed == name) {
        notes.see(Seen::probe(Kind::RepositoryListed, record, format!("the registry lists {name}")));
    } else if complete && !listed.is_empty() && !notes.has(Kind::RepositoryUnknown) {
        let text = format!("the registry lists {} repositories, and not {name}", listed.len());
        notes.see(Seen::probe(Kind::RepositoryUnknown, record, text));
    }
}

fn says_name_unknown(record: &Record) -> bool {
    record.answer().is_some_and(|answer| {
        answer.errors.iter().any(|error| {
            let words = error.message.as_str().to_ascii_lowercase();
            error.code.eq_ignore_ascii_case("NAME_UNKNOWN")
                || words.contains("repository name not known")
                || (words.contains("repository")
                    && (words.contains("not found") || words.contains("does not exist")))
        })
    })
}
