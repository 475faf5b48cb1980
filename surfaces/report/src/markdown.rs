//! A ticket that can be pasted: it is read elsewhere and later, so it names the cluster and gives every time in full.

use std::collections::BTreeSet;
use std::io;

use pullmedic_model::finding::{FindingState, Observation, Remedy, Rival, Standing, Witness};
use pullmedic_model::sighting::Place;
use pullmedic_model::{Actor, Certainty, Finding, Report};

use crate::Look;
use crate::inline::{cell, code, fenced, prose};
use crate::json;
use crate::ladder;
use crate::paper::pasteable;
use crate::phrase::{
    asked, both_ends, in_reading_order, injected, lasts, managed, next_attempt, open_rivals, patched, rule,
    serving, speaker, team, terms, would,
};
use crate::remedy::LEFT_OUT;
use crate::tail::{found, ground, grouped, is_command};
use crate::text::names_namespaces;
use crate::whom::whom;

/// Rows of a table of places; issue trackers fold or refuse very long tickets.
const PLACES: usize = 30;

/// Characters kept of long words, from the start and from the end.
const WORDS: (usize, usize) = (1000, 3000);

/// Observations and skipped things that are spelled out.
const ENTRIES: usize = 10;

/// A ticket that is being written.
pub(crate) struct Ticket<'a> {
    pub(crate) look: &'a Look,
    pub(crate) text: String,
}

pub(crate) fn write(report: &Report, look: &Look, out: &mut dyn io::Write) -> io::Result<()> {
    let mut ticket = Ticket { look, text: String::new() };
    ticket.heading(report);
    let name_namespace = names_namespaces(report);
    for (index, finding) in report.findings.iter().enumerate() {
        ticket.finding(index + 1, finding, name_namespace);
    }
    ticket.skipped(report);
    out.write_all(ticket.text.as_bytes())
}

impl Ticket<'_> {
    pub(crate) fn prose(&self, text: &str) -> String {
        prose(text, self.look.ascii)
    }

    pub(crate) fn code(&self, text: &str) -> String {
        code(text, self.look.ascii)
    }

    pub(crate) fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push('\n');
    }

    /// A paragraph, with an empty line after it.
    pub(crate) fn paragraph(&mut self, text: &str) {
        self.push(text);
        self.push("");
    }

    fn fenced(&mut self, language: &str, text: &str) {
        let block = fenced(language, text, self.look.ascii);
        self.push(&block);
    }

    fn heading(&mut self, report: &Report) {
        let title = match (report.findings.is_empty(), report.skipped.is_empty()) {
            (false, _) => format!("Images that cannot be pulled: {}", found(report)),
            (true, true) => "No container waits for an image".to_owned(),
            (true, false) => "Nothing found, but not everything was read".to_owned(),
        };
        self.paragraph(&format!("# {title}"));
        let mut lines = self.prose(&ground(report));
        if let Some(cluster) = &report.cluster {
            lines.push_str(&format!(" API server {}.", self.code(&cluster.server)));
        }
        if let Some(at) = report.observed_at {
            lines.push_str(&format!(" Seen at {}.", self.look.time_to_paste(at)));
        }
        self.paragraph(&lines);
    }

    fn finding(&mut self, number: usize, finding: &Finding, name_namespace: bool) {
        let place = self.prose(&whom(finding, name_namespace));
        let (cause, certainty) = (finding.cause.code(), finding.certainty.code());
        self.paragraph(&format!("## {number}. {cause}: {place} ({certainty})"));
        let summary = self.prose(&finding.summary);
        self.paragraph(&summary);
        match finding.certainty {
            // Nothing else helps a reader of a verdict that is none.
            Certainty::Undecided => self.missing(finding.certainty, finding.missing.as_deref()),
            Certainty::Likely | Certainty::Proven => {}
        }
        self.facts(finding);
        if !finding.proof.is_empty() || finding.ladder.is_some() {
            self.paragraph("### Proof");
            self.ladder(finding);
            self.observations(&finding.proof);
        }
        self.doubt(finding.certainty, &finding.rivals, finding.missing.as_deref());
        match finding.state {
            FindingState::Over => {}
            FindingState::Active | FindingState::Unknown => self.remedies(&finding.remedies, finding.actor),
        }
        self.paragraph("### Where");
        self.places(&finding.sightings);
    }

    fn facts(&mut self, finding: &Finding) {
        self.fact("Certainty", &format!("{}: {}", finding.certainty.code(), rule(finding.certainty)));
        for (name, cause) in finding
            .inner
            .iter()
            .map(|inner| ("Inside", inner))
            .chain(finding.also.iter().map(|also| ("Also", also)))
        {
            self.fact(name, &format!("{}: {}", cause.code(), cause.title()));
        }
        for (name, at) in [("Since", finding.since), ("Next try expected", next_attempt(finding))] {
            if let Some(at) = at {
                self.push(&format!("- {name}: {}", self.look.time_to_paste(at)));
            }
        }
        if let Some(stage) = finding.stage {
            self.fact("Stage", stage.code());
        }
        if let Some(endpoint) = &finding.endpoint {
            self.fact("Endpoint", endpoint.as_str());
        }
        let images: BTreeSet<&String> = finding.image.iter().chain(&finding.images).collect();
        for image in images.into_iter().take(ENTRIES) {
            self.push(&format!("- Image: {}", self.code(image)));
        }
        self.fact("Acts", team(finding.actor));
        for manager in finding.managed_by.iter().take(ENTRIES) {
            self.fact("Change", &managed(manager));
        }
        for image in finding.injected_by.iter().take(ENTRIES) {
            self.fact("Origin", &injected(image));
        }
        for served in finding.serving.iter().take(ENTRIES) {
            self.fact("Still", &serving(served));
        }
        if let Some(lasts) = lasts(finding) {
            self.fact("Lasts", lasts);
        }
        for thing in finding.not_looked_at.iter().take(ENTRIES) {
            self.fact("Not looked at", thing);
        }
        if finding.requests > 0 {
            self.fact("Cost", &asked(finding.requests));
        }
        self.push(&format!("- Read on: `pullmedic explain {}`", finding.cause.code()));
        self.push("");
    }

    pub(crate) fn fact(&mut self, name: &str, fact: &str) {
        let fact = self.prose(fact);
        self.push(&format!("- {name}: {fact}"));
    }

    /// What decides, our own questions first.
    pub(crate) fn observations(&mut self, proof: &[Observation]) {
        for observation in in_reading_order(proof).into_iter().take(ENTRIES) {
            self.observation(observation);
        }
        self.more(proof.len(), ENTRIES);
    }

    fn observation(&mut self, observation: &Observation) {
        let mut line = self.prose(&speaker(observation));
        if !observation.source.is_empty() {
            line.push_str(match observation.by {
                Witness::Probe => ", ",
                Witness::Object | Witness::Kubelet | Witness::ApiServer => ", in ",
            });
            line.push_str(&self.code(&observation.source));
        }
        if let Some(at) = observation.at {
            line.push_str(&format!(", at {}", self.look.time_to_paste(at)));
        }
        self.paragraph(&format!("{line}:"));
        let words = observation.text.as_str();
        match observation.by {
            // Our own sentence, and no quotation.
            Witness::Probe | Witness::Object if words.len() <= WORDS.0 => {
                let words = self.prose(words);
                return self.paragraph(&words);
            }
            Witness::Probe | Witness::Object | Witness::Kubelet | Witness::ApiServer => {}
        }
        match both_ends(words, WORDS.0, WORDS.1) {
            Some((head, left_out, tail)) => {
                self.fenced("text", &format!("{head}\n[{left_out} characters left out]\n{tail}"));
            }
            None => self.fenced("text", words),
        }
    }

    fn ladder(&mut self, finding: &Finding) {
        let Some(ladder) = &finding.ladder else { return };
        let endpoint = self.code(ladder.endpoint.as_str());
        let at = self.look.time_to_paste(ladder.at);
        self.paragraph(&format!("{endpoint} asked from where pullmedic ran, at {at}:"));
        self.fenced("text", &ladder::plain(ladder, self.look.ascii));
    }

    pub(crate) fn missing(&mut self, certainty: Certainty, missing: Option<&str>) {
        if let Some(missing) = missing {
            let missing = self.prose(missing);
            self.paragraph(&format!("**{}** {missing}", would(certainty)));
        }
    }

    pub(crate) fn doubt(&mut self, certainty: Certainty, rivals: &[Rival], missing: Option<&str>) {
        let open = match certainty {
            Certainty::Proven => false,
            Certainty::Likely | Certainty::Undecided => open_rivals(rivals).next().is_some(),
        };
        if open {
            self.paragraph("### Not yet excluded");
            self.rivals(rivals, Standing::Open);
        }
        match certainty {
            Certainty::Likely => self.missing(certainty, missing),
            Certainty::Undecided | Certainty::Proven => {}
        }
        if self.look.why && rivals.iter().any(|rival| rival.standing == Standing::Excluded) {
            self.paragraph("### Excluded");
            self.rivals(rivals, Standing::Excluded);
        }
    }

    fn rivals(&mut self, rivals: &[Rival], standing: Standing) {
        for rival in rivals.iter().filter(|rival| rival.standing == standing) {
            let because = self.prose(&rival.because);
            self.push(&format!("- {}: {because}", rival.code.code()));
        }
        self.push("");
    }

    pub(crate) fn remedies(&mut self, remedies: &[Remedy], actor: Actor) {
        self.paragraph("### Fix");
        if remedies.is_empty() {
            self.paragraph(&format!("None that can be offered from here; {} must act.", team(actor)));
        }
        for remedy in remedies {
            self.remedy(remedy);
        }
    }

    fn remedy(&mut self, remedy: &Remedy) {
        let (title, terms) = (self.prose(&remedy.title), self.prose(&terms(remedy)));
        self.paragraph(&format!("**Option:** {title} ({terms})"));
        if let Some(note) = &remedy.note {
            let note = self.prose(note);
            self.paragraph(&note);
        }
        self.block("sh", "command", remedy.command.as_deref());
        self.block("yaml", "YAML", remedy.yaml.as_deref());
        if let Some(how) = &remedy.tried_how {
            self.aside("Tried:", how);
        }
        if let Some(changes) = &remedy.changes {
            self.aside("Changes:", changes);
        }
        if let Some(patch) = &remedy.patch {
            self.aside("The exact patch of", &format!("{}:", patched(patch)));
            // Escaped as JSON, so that it pastes exactly whatever names it holds.
            self.fenced("json", &json::indented(&patch.operations, self.look.ascii));
        }
        if let Some(undo) = &remedy.undo {
            self.paragraph("To take it back:");
            self.block("sh", "undo", Some(undo));
        }
    }

    fn aside(&mut self, label: &str, text: &str) {
        let text = self.prose(text);
        self.paragraph(&format!("{label} {text}"));
    }

    /// Lines to paste, or why they are not there. Only YAML is of several lines.
    fn block(&mut self, language: &str, what: &str, lines: Option<&str>) {
        match lines {
            Some(lines) if pasteable(lines, self.look.ascii, language == "yaml") => {
                self.fenced(language, lines)
            }
            Some(_) => self.paragraph(&format!("The {what} is {LEFT_OUT}.")),
            None => {}
        }
    }

    fn places(&mut self, places: &[Place]) {
        self.push("| Namespace | Owner | Pod | Container | Kind | Node |");
        self.push("|---|---|---|---|---|---|");
        for place in places.iter().take(PLACES) {
            let owner = place.owner.as_ref().map(ToString::to_string);
            let cells = [
                Some(place.namespace.as_str()),
                owner.as_deref(),
                place.pod.as_deref(),
                Some(place.container.as_str()),
                Some(place.kind.code()),
                place.node.as_deref(),
            ]
            .map(|text| cell(&self.code(text.unwrap_or_default())).into_owned());
            self.push(&format!("| {} |", cells.join(" | ")));
        }
        self.push("");
        self.more(places.len(), PLACES);
    }

    fn skipped(&mut self, report: &Report) {
        if report.skipped.is_empty() {
            return;
        }
        self.paragraph("## Not read");
        let groups = grouped(&report.skipped);
        for group in groups.iter().take(ENTRIES) {
            let Some(first) = group.first() else { continue };
            let mut names: Vec<String> =
                group.iter().take(ENTRIES).map(|entry| self.prose(&entry.what)).collect();
            if group.len() > ENTRIES {
                names.push(format!("{} more", group.len() - ENTRIES));
            }
            let reason = self.prose(&first.reason);
            self.push(&format!("- {}: {reason}", names.join(", ")));
            if let Some(needs) = &first.needs {
                let needs = self.prose(needs);
                self.push(&format!("  - needs: {needs}"));
            }
            if let Some(next) = &first.next {
                let next = if is_command(next) { self.code(next) } else { self.prose(next) };
                self.push(&format!("  - next: {next}"));
            }
        }
        self.push("");
        self.more(groups.len(), ENTRIES);
    }

    pub(crate) fn more(&mut self, all: usize, shown: usize) {
        if all > shown {
            self.paragraph(&format!("And {} more: `-o json` has all.", all - shown));
        }
    }
}
