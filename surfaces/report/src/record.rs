//! What `pullmedic probe` prints: every request with its stages, addresses, logins and answers.

use std::io;

use jiff::Timestamp;
use pullmedic_model::Stage;
use pullmedic_model::probe::login::LoginName;
use pullmedic_model::probe::record::{Answer, Body, Certificate};
use pullmedic_model::probe::route::{Role, Scheme};
use pullmedic_model::probe::{Ended, Host, Record, Step};

use crate::Look;
use crate::answer::{got, listed, not_asked, what};
use crate::ladder::{LONGEST, mark, took};
use crate::paper::{DOUBT, FAINT, FAULT, GOOD, PLAIN, Paper, STRONG};
use crate::phrase::asked;
use crate::wrap::columns;

/// The columns of a stage's row: where its mark, its time and its words start.
const MARK: usize = 14;
/// See [`MARK`].
const TIME: usize = MARK + 3;
/// See [`MARK`].
const WORDS: usize = TIME + LONGEST + 2;

/// Below this many columns the words of a stage stand under it instead of beside it.
const BESIDE: usize = 60;

/// Writes what became of each request, in order: a heading for each host, a ladder for each request.
///
/// # Errors
/// Those of `out`.
pub fn write_record(records: &[Record], look: &Look, out: &mut dyn io::Write) -> io::Result<()> {
    let paper = &mut Paper::new(look, out);
    let mut host: Option<&Host> = None;
    for record in records {
        if host != Some(&record.ask.host) {
            if host.is_some() {
                paper.gap()?;
            }
            write_host(paper, &record.ask.host)?;
            host = Some(&record.ask.host);
        }
        write_request(paper, record)?;
    }
    let requests: u32 = records.iter().map(|record| record.requests).fold(0, u32::saturating_add);
    if !records.is_empty() {
        paper.gap()?;
    }
    paper.paragraph(0, &format!("{} sent.", asked(requests)), PLAIN)
}

/// `registry.acme.test   the registry that the image names`.
fn write_host(paper: &mut Paper<'_>, host: &Host) -> io::Result<()> {
    let mut facts = vec![match host.role {
        Role::Origin => "the registry that the image names".to_owned(),
        Role::Mirror(place) => format!("mirror {} of the node's file", u32::from(place) + 1),
    }];
    match host.scheme {
        Scheme::Https => {}
        Scheme::Http => facts.push("plain HTTP".to_owned()),
        Scheme::HttpsThenHttp => facts.push("TLS, or plain HTTP where the port answers plainly".to_owned()),
    }
    if host.path != "/v2" {
        facts.push(format!("under {}", host.path));
    }
    facts.extend(host.namespace.as_ref().map(|namespace| format!("asked for ns={namespace}")));
    if !host.resolve {
        facts.push("not asked for tags".to_owned());
    }
    if host.skip_verify {
        facts.push("its certificate is not checked".to_owned());
    }
    let lead = format!("{}  ", paper.painted(STRONG, host.endpoint.as_str()));
    paper.after(&lead, columns(host.endpoint.as_str()) + 2, 2, &facts.join(", "))
}

fn write_request(paper: &mut Paper<'_>, record: &Record) -> io::Result<()> {
    let login = match &record.ask.login {
        Some(login) => format!("with {}", named(login)),
        None => "anonymously".to_owned(),
    };
    let mut line = format!("{} {login}", what(&record.ask));
    line.push_str(&format!(", at {}", paper.look.time_with_seconds(record.at)));
    // Below HTTP there is nothing to count.
    if record.requests == 0 && record.answer().is_some() {
        line.push_str(" (kept from an earlier answer)");
    }
    paper.paragraph(2, &line, PLAIN)?;
    for step in &record.steps {
        write_step(paper, step, &record.ask.host)?;
    }
    write_end(paper, &record.ended)
}

/// A row: stage, mark, time, and what was sent and came back.
fn write_step(paper: &mut Paper<'_>, step: &Step, host: &Host) -> io::Result<()> {
    let ascii = paper.look.ascii;
    let (mark, style) = mark(step.failed.is_none(), ascii);
    let time = took(step.took_us);
    let lead = format!(
        "    {:<width$}{}{}{}{}",
        step.stage.code(),
        paper.painted(style, mark),
        " ".repeat(TIME - MARK - columns(mark)),
        paper.painted(FAINT, &time),
        " ".repeat(WORDS - TIME - columns(&time)),
        width = MARK - 4,
    );
    let words = words(step, host, paper.glyph("→", "->"));
    if words.is_empty() {
        return paper.line(&lead);
    }
    if paper.look.columns() < BESIDE {
        paper.line(&lead)?;
        return paper.paragraph(6, &words, PLAIN);
    }
    paper.after(&lead, WORDS, WORDS, &words)
}

/// What was sent, to which address, with which login, and what came back. Not escaped.
fn words(step: &Step, host: &Host, arrow: &str) -> String {
    let mut sent = Vec::new();
    if !step.sent.is_empty() {
        sent.push(step.sent.clone());
    }
    if step.endpoint != host.endpoint {
        sent.push(format!("to {}", step.endpoint));
    }
    // Every later stage speaks over that connection.
    if let (Stage::Connect, Some(address)) = (step.stage, step.address) {
        sent.push(format!("to {address}"));
    }
    sent.extend(step.login.as_ref().map(|login| format!("with {}", named(login))));
    let mut back = Vec::new();
    // The class repeats a status.
    match (&step.answer, step.failed) {
        (Some(answer), _) => back.extend(answered(answer)),
        (None, Some(class)) => back.push(class.to_string()),
        (None, None) => {}
    }
    let detail = step.detail.as_str();
    match &step.certificate {
        Some(certificate) => {
            // A detail that names the subject is the certificate in other words.
            if !detail.is_empty() && !detail.contains(certificate.subject.as_str()) {
                back.push(detail.to_owned());
            }
            back.push(presented(certificate));
        }
        None if !detail.is_empty() => back.push(detail.to_owned()),
        None => {}
    }
    match (sent.is_empty(), back.is_empty()) {
        (false, false) => format!("{} {arrow} {}", sent.join(" "), back.join("; ")),
        (false, true) => sent.join(" "),
        (true, _) => back.join("; "),
    }
}

/// `CN=registry.acme.test for registry.acme.test, by CN=Acme CA, 2026-01-01 to 2027-01-01`.
fn presented(certificate: &Certificate) -> String {
    let Certificate { subject, issuer, names, not_before, not_after, chain_ends_at } = certificate;
    let mut text = format!("{subject}");
    if !names.is_empty() {
        text.push_str(&format!(" for {}", listed(names)));
    }
    text.push_str(&format!(", by {issuer}"));
    if chain_ends_at != issuer && !chain_ends_at.is_empty() {
        text.push_str(&format!(", chain ends at {chain_ends_at}"));
    }
    let day = |at: &Timestamp| at.strftime("%Y-%m-%d").to_string();
    match (not_before, not_after) {
        (Some(from), Some(until)) => text.push_str(&format!(", {} to {}", day(from), day(until))),
        (None, Some(until)) => text.push_str(&format!(", until {}", day(until))),
        (Some(from), None) => text.push_str(&format!(", from {}", day(from))),
        (None, None) => {}
    }
    text
}

/// An answer in a few clauses, its status first.
fn answered(answer: &Answer) -> Vec<String> {
    let mut clauses = vec![match answer.body {
        Body::Html => format!("{} with a web page", answer.status),
        Body::Empty | Body::Json | Body::Other => answer.status.to_string(),
    }];
    for challenge in &answer.challenges {
        let mut wants = format!("wants {}", challenge.scheme);
        for (word, value) in [
            (" from ", &challenge.realm),
            (" for service ", &challenge.service),
            (" and scope ", &challenge.scope),
            (", says ", &challenge.error),
        ] {
            if !value.is_empty() {
                wants.push_str(word);
                wants.push_str(value);
            }
        }
        clauses.push(wants);
    }
    for error in &answer.errors {
        clauses.push(match (error.code.as_str(), error.message.as_str()) {
            (code, "") => code.to_owned(),
            ("", message) => message.to_owned(),
            (code, message) => format!("{code}: {message}"),
        });
    }
    match answer.grants_pull {
        Some(true) => clauses.push("the token grants pull".to_owned()),
        Some(false) => clauses.push("the token does not grant pull".to_owned()),
        None => {}
    }
    clauses.extend(answer.headers.iter().map(|(name, value)| format!("{name}: {value}")));
    clauses
}

/// `secret shop/regcred`, or a login given by hand.
fn named(login: &LoginName) -> String {
    let LoginName { namespace, secret, key } = login;
    let key = if key.is_empty() { String::new() } else { format!(" (key {key})") };
    match namespace.as_str() {
        "" => format!("login {secret}{key}"),
        namespace => format!("secret {namespace}/{secret}{key}"),
    }
}

fn write_end(paper: &mut Paper<'_>, ended: &Ended) -> io::Result<()> {
    let (passed, failed) = (paper.glyph("✓", "ok"), paper.glyph("✗", "x"));
    let (mark, style, text) = match ended {
        Ended::Got(what) => (passed, GOOD, got(what)),
        Ended::Refused { stage, endpoint, class } => {
            (failed, FAULT, format!("stage {stage} failed at {endpoint}: {class}"))
        }
        Ended::NotAsked(reason) => ("?", DOUBT, format!("not asked: {}", not_asked(reason, paper.look))),
    };
    let lead = format!("    {} ", paper.painted(style, mark));
    paper.after(&lead, 5 + columns(mark), 5 + columns(mark), &text)
}
