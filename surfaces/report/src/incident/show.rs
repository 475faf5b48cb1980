//! One incident as a short report: what, proof, what to do, what happened when, whom it touches, what it cost.

use std::cmp::Reverse;
use std::io;

use jiff::Timestamp;
use pullmedic_model::incident::{Detail as Verdict, Scope, Touched};
use pullmedic_model::{Certainty, Clears, Group, Incident};

use super::list::state;
use super::span::{began, lasted, words};
use super::timeline;
use super::whom::{is_over, sample_phrase, size, touched_phrase, whom};
use crate::Look;
use crate::paper::{DOUBT, FAINT, FAULT, GOOD, PLAIN, Paper, STRONG};
use crate::phrase::{asked, counted, rule};
use crate::text::{self, Detail};
use crate::{proof, remedy, wide};

/// Of a paragraph longer than any sentence of ours this many lines are kept from its start and from its end.
const LINES: (usize, usize) = (8, 3);

pub(super) fn write(
    incident: &Incident,
    detail: Detail,
    look: &Look,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let paper = &mut Paper::new(look, out);
    paper.keep = match detail {
        Detail::Short => Some(LINES),
        Detail::Why | Detail::Whole => None,
    };
    write_heading(paper, incident)?;
    let verdicts = verdicts(incident);
    paper.paragraph(2, summary(incident, &verdicts), PLAIN)?;
    paper.paragraph(2, &life(incident, paper.look, |at| paper.look.time(at)), FAINT)?;
    if let Some(other) = &incident.merged_into {
        paper.titled("Now part of", 4, &format!("{other}: pullmedic incidents show {other}"))?;
    }
    paper.gap()?;
    if let Some(inner) = incident.inner {
        paper.labelled("Inside", &format!("{}: {}", inner.code(), inner.title()), PLAIN)?;
    }
    for also in &incident.also {
        paper.labelled("Also", &format!("{}: {}", also.code(), also.title()), PLAIN)?;
    }
    let at = at(incident);
    if !at.is_empty() {
        paper.labelled("At", &at, PLAIN)?;
    }
    paper.labelled("Scope", scope(incident.scope), PLAIN)?;
    write_verdicts(paper, incident, &verdicts, detail)?;
    let still = still(incident, paper.look, |at| paper.look.time(at));
    if !still.is_empty() {
        paper.labelled("Still", &still.join("; "), PLAIN)?;
    }
    paper.labelled("Cost", &cost(incident), PLAIN)?;
    remedy::docs(paper, incident.cause)?;
    if !incident.timeline.is_empty() {
        paper.gap()?;
    }
    timeline::write(paper, incident, detail)?;
    write_touched(paper, incident, detail)
}

fn write_heading(paper: &mut Paper<'_>, incident: &Incident) -> io::Result<()> {
    let mark = match (&incident.merged_into, is_over(incident), incident.certainty) {
        // Neither over nor a fault of its own.
        (Some(_), _, _) => ("=", STRONG),
        (None, true, _) => (paper.glyph("✓", "+"), GOOD),
        (None, false, Certainty::Proven | Certainty::Likely) => (paper.glyph("✗", "x"), FAULT),
        (None, false, Certainty::Undecided) => ("?", DOUBT),
    };
    let place = format!("{}, since {}", whom(incident), paper.look.time(began(incident)));
    text::heading(paper, mark, incident.cause, &place, incident.certainty)
}

/// The verdicts that were reached, each in its namespace, that of the most pods first.
pub(super) fn verdicts(incident: &Incident) -> Vec<(&String, &Verdict)> {
    let mut verdicts: Vec<(&String, &Touched, &Verdict)> = incident
        .touched
        .iter()
        .filter_map(|(namespace, touched)| Some((namespace, touched, touched.detail.as_ref()?)))
        .collect();
    verdicts.sort_by_key(|(namespace, touched, _)| (Reverse(touched.pods), *namespace));
    verdicts.into_iter().map(|(namespace, _, verdict)| (namespace, verdict)).collect()
}

/// What happened: in the words of its one namespace, else in those that name none.
pub(super) fn summary<'a>(incident: &'a Incident, verdicts: &[(&'a String, &'a Verdict)]) -> &'a str {
    match verdicts {
        [(_, verdict)] if incident.touched.len() == 1 => &verdict.summary,
        [] | [_, ..] => &incident.summary,
    }
}

/// `pi-k7m2qx, open for 18 min, came back once`: our own words, safe to print.
pub(super) fn life(incident: &Incident, look: &Look, time: impl Fn(Timestamp) -> String) -> String {
    let mut life = format!("{}, {}", incident.id, state(incident).0);
    match (incident.resolved_at, lasted(incident, look)) {
        (Some(at), Some(span)) => life.push_str(&format!(" at {} after {}", time(at), words(span))),
        (None, Some(span)) => life.push_str(&format!(" for {}", words(span))),
        (_, None) => {}
    }
    match incident.reopened {
        0 => {}
        1 => life.push_str(", came back once"),
        times => life.push_str(&format!(", came back {times} times")),
    }
    if !is_over(incident) && incident.most_pods > incident.counts.pods {
        life.push_str(&format!(", at most {} at one time", counted(size(incident.most_pods), "pod")));
    }
    life
}

/// `stage token, endpoint registry.acme.test, image …`.
fn at(incident: &Incident) -> String {
    let mut at = Vec::new();
    at.extend(incident.stage.map(|stage| format!("stage {stage}")));
    at.extend(incident.endpoint.as_ref().map(|endpoint| format!("endpoint {endpoint}")));
    at.extend(incident.image.as_ref().map(|image| format!("image {image}")));
    at.extend(incident.node.as_ref().map(|node| format!("node {node}")));
    at.join(", ")
}

/// How far it reaches, in a clause.
pub(super) fn scope(scope: Scope) -> &'static str {
    match scope {
        Scope::Pod => "pod: this pod alone, as far as was compared",
        Scope::Image => "image: one image, wherever it is asked for",
        Scope::Credential => "credential: everything asked with one login",
        Scope::Endpoint => "endpoint: everything asked of one host and port",
        Scope::Node => "node: everything asked on one node, while other nodes really pulled the same",
    }
}

fn write_verdicts(
    paper: &mut Paper<'_>,
    incident: &Incident,
    verdicts: &[(&String, &Verdict)],
    detail: Detail,
) -> io::Result<()> {
    let over = is_over(incident);
    if verdicts.is_empty() {
        paper.labelled("Proof", unproven(incident), PLAIN)?;
        if !incident.touched.is_empty() {
            remedy::offers(paper, &[], incident.cause.actor(), over, detail)?;
        }
        return Ok(());
    }
    // One is as good as the other to find out the cause; what to do differs.
    let shown = match detail {
        Detail::Short => 1,
        Detail::Why | Detail::Whole => verdicts.len(),
    };
    for (namespace, verdict) in &verdicts[..shown] {
        if incident.touched.len() > 1 {
            paper.paragraph(2, &format!("In {namespace}: {}", verdict.summary), STRONG)?;
        }
        write_verdict(paper, incident, verdict, over, detail)?;
    }
    if shown < verdicts.len() {
        let more = counted(verdicts.len() - shown, "more namespace");
        let text = format!("{more} with a verdict of its own (--why, or -n NAMESPACE)");
        paper.paragraph(2, &text, FAINT)?;
    }
    Ok(())
}

fn write_verdict(
    paper: &mut Paper<'_>,
    incident: &Incident,
    verdict: &Verdict,
    over: bool,
    detail: Detail,
) -> io::Result<()> {
    let Verdict { missing, proof, rivals, remedies, not_looked_at, .. } = verdict;
    if incident.certainty == Certainty::Undecided {
        text::missing(paper, incident.certainty, missing.as_deref())?;
    }
    proof::write_all(paper, proof, false, detail)?;
    text::doubt(paper, incident.certainty, rivals, missing.as_deref(), detail)?;
    remedy::offers(paper, remedies, incident.cause.actor(), over, detail)?;
    text::not_looked_at(paper, not_looked_at, detail)?;
    if detail.says_why() {
        let code = incident.certainty.code();
        let rule = format!("{code}: {} (docs/certainty.md)", rule(incident.certainty));
        paper.labelled("Rule", &rule, PLAIN)?;
        wide::write_rivals(paper, rivals)?;
    }
    Ok(())
}

/// Why there is no verdict to show.
pub(super) fn unproven(incident: &Incident) -> &'static str {
    match (incident.cost.proofs, incident.touched.is_empty(), is_over(incident)) {
        (0, _, false) => "nothing was asked yet; this is what the words say",
        (0, _, true) => "nothing was asked before it was over; this is what the words said",
        (_, true, _) => {
            "what was tried is told in the namespaces that it touches, to those who may read pods there"
        }
        (_, false, _) => {
            "it was asked for a container of another namespace, with the words that are seen here too"
        }
    }
}

/// What is to be expected of it when nobody acts: our own words, safe to print.
pub(super) fn still(incident: &Incident, look: &Look, time: impl Fn(Timestamp) -> String) -> Vec<String> {
    let mut still = Vec::new();
    if is_over(incident) {
        return still;
    }
    still.extend(match incident.clears {
        Some(Clears::Transient) => Some("may clear by itself".to_owned()),
        Some(Clears::Permanent) => Some("stays until somebody acts".to_owned()),
        None => None,
    });
    let past = |at: Timestamp| look.now.is_some_and(|now| at < now);
    if let Some(at) = incident.resets_at {
        let what = match (incident.cause.group(), past(at)) {
            (Group::Limit, false) => "the limit resets at",
            (Group::Limit, true) => "the limit was to reset at",
            (_, false) => "the login expires at",
            (_, true) => "the login expired at",
        };
        still.push(format!("{what} {}", time(at)));
    }
    still.extend(incident.next_probe.map(|at| match past(at) {
        true => format!("it was to be asked about again at {}", time(at)),
        false => format!("it is asked about again at {}", time(at)),
    }));
    still
}

/// `2 proofs, 6 registry requests`.
pub(super) fn cost(incident: &Incident) -> String {
    match incident.cost.proofs {
        0 => "nothing was asked".to_owned(),
        proofs => format!("{}, {}", counted(size(proofs), "proof"), asked(incident.cost.requests)),
    }
}

/// The namespaces that it touches, or touched last, each with some of its containers.
fn write_touched(paper: &mut Paper<'_>, incident: &Incident, detail: Detail) -> io::Result<()> {
    if incident.touched.is_empty() {
        return Ok(());
    }
    paper.gap()?;
    let title = if is_over(incident) { "  Touched last:" } else { "  Touches:" };
    paper.line(&paper.painted(FAINT, title))?;
    let mut all: Vec<(&String, &Touched)> = incident.touched.iter().collect();
    all.sort_by_key(|(namespace, touched)| (Reverse(touched.pods), *namespace));
    let shown = detail.cut(all.len(), 5);
    for (namespace, touched) in &all[..shown] {
        paper.hanging_at(4, 6, &format!("{namespace}: {}", touched_phrase(touched)))?;
        let samples = detail.cut(touched.samples.len(), 3);
        for sample in &touched.samples[..samples] {
            let mut phrase = sample_phrase(sample);
            if let Some(since) = sample.since {
                phrase.push_str(&format!(", since {}", paper.look.time(since)));
            }
            if touched.images.len() != 1 {
                phrase.push_str(&format!(": {}", sample.image));
            }
            paper.after("      - ", 8, 8, &phrase)?;
        }
        let pods = size(touched.pods).max(touched.samples.len());
        if samples < pods && samples > 0 {
            paper.paragraph(8, &format!("and {} more", pods - samples), FAINT)?;
        }
    }
    if shown < all.len() {
        paper.paragraph(4, &format!("and {} more namespaces (--why)", all.len() - shown), FAINT)?;
    }
    Ok(())
}
