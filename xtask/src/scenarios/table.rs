//! `docs/accuracy.md`: every case that was run, nothing left out.

use std::fmt::Write as _;

use super::controller::Told;
use super::fix::Fixed;
use super::judge::Grade;
use super::objects::Case;
use super::product::{Run, Runs};
use crate::cluster::layout::KUBERNETES;

/// One case and what came of it.
pub(crate) struct Row<'a> {
    /// What was injected where.
    pub(crate) case: Case<'a>,
    /// Seconds from the injection to the cluster's own sign; `None` if it never came.
    pub(crate) shown: Option<f64>,
    /// What the product said.
    pub(crate) runs: Runs,
    /// What the controller said; `None` where there is none, or nothing fails.
    pub(crate) controller: Option<Told>,
    /// What came of its advice; `None` where there is nothing to mend, or nothing was tried.
    pub(crate) fixed: Option<Fixed>,
}

impl Row<'_> {
    /// All that is not as expected.
    pub(crate) fn differs(&self) -> Vec<String> {
        let of = |kind: &str, run: &Option<Run>| -> Vec<String> {
            let all = run.iter().flat_map(|run| &run.answer.differs);
            all.map(|difference| format!("{kind}: {difference}")).collect()
        };
        let mut all = of("words", &self.runs.words);
        all.extend(of("replay", &self.runs.replay));
        let told = self.controller.iter().flat_map(|told| &told.differs);
        all.extend(told.map(|difference| format!("controller: {difference}")));
        all.extend(
            self.fixed.iter().filter(|fixed| !fixed.runs).map(|fixed| format!("fix: {}", fixed.words)),
        );
        if self.shown.is_none() {
            all.push("the cluster never showed the fault".to_owned());
        }
        all
    }

    /// Whether a replay is not to decide, and did not.
    fn is_undecided_as_planned(&self) -> bool {
        let expected = self.case.scenario.expect.probe.as_ref().map(|said| said.on(self.case.node.name));
        let planned = expected.is_some_and(|said| said.certainty.iter().any(|word| word == "undecided"));
        let run = self.runs.replay.as_ref();
        planned && run.is_some_and(|run| run.answer.grade == Grade::Undecided)
    }

    /// Whether all was as expected.
    pub(crate) fn passed(&self) -> bool {
        self.differs().is_empty()
    }
}

/// Characters of a proof in the table. Its end is shown: the innermost error stands last.
const WORDS: usize = 160;

/// The page.
pub(crate) fn page(rows: &[Row<'_>]) -> String {
    let words: Vec<&Run> = rows.iter().filter_map(|row| row.runs.words.as_ref()).collect();
    let replays: Vec<&Run> = rows.iter().filter_map(|row| row.runs.replay.as_ref()).collect();
    let planned = rows.iter().filter(|row| row.is_undecided_as_planned()).count();
    let passed = rows.iter().filter(|row| row.passed()).count();
    let mut page = format!(
        "# Accuracy\n\n\
         What `pullmedic diagnose` said about faults injected into a real cluster (Kubernetes {KUBERNETES}, both runtimes), \
         by the words alone and with a replay of the pull.\nWritten by `cargo xtask scenarios`; each row is a file of \
         `scenarios/`.\n\n\
         - by the words alone: {}\n- with a replay: {}{}\n- advice followed: {}\n- by the controller: {}\n\n\
         {passed} of {} rows are as expected in every detail.\n\n\
         Right: it named the cause and stood by it. Undecided: it said that this is not enough to decide, and the cause is \
         among those it left. Wrong: anything else, silence included. A replay is held to the cause that was injected, the \
         words to the one that they can support (\"words tell\").\n\n\
         `shown`: seconds from the injection until the cluster itself showed the fault. `took`: seconds of \
         `pullmedic diagnose`. `asked`: registry requests. `advice`: what came of following the report until the pods ran. \
         `controller`: what `pullmedic controller`, which watched all the while under its own ServiceAccount and has no node's \
         files, had written into its PullIncident; `proven after`: seconds from when it first saw the container wait until that \
         was proven.\n\n\
         | scenario | fault | runtime | injected | replay said | counts as | proof | asked | took | advice \
         | controller said | counts as | proven after | words tell | words said | count as | words | shown | took |\n\
         |---|---|---|---|---|---|---|--:|--:|---|---|---|--:|---|---|---|---|--:|--:|\n",
        grades(&words),
        grades(&replays),
        if planned > 0 { format!(" · undecided as planned: {planned}") } else { String::new() },
        advice(rows),
        controlled(rows),
        rows.len(),
    );
    for row in rows {
        // A string always takes what is written to it.
        let _ = writeln!(page, "{}", line(row));
    }
    let failed: Vec<&Row<'_>> = rows.iter().filter(|row| !row.passed()).collect();
    let unsure = |row: &&Row<'_>| row.controller.as_ref().is_some_and(|told| told.less_sure.is_some());
    if rows.iter().any(|row| unsure(&row)) {
        page.push_str("\n## The controller is less sure than it should be\n\n");
        for row in rows.iter().filter(unsure) {
            let what = row.controller.as_ref().and_then(|told| told.less_sure.as_deref()).unwrap_or_default();
            let _ = writeln!(
                page,
                "- {} on {}: {}",
                row.case.scenario.id,
                row.case.node.runtime.name(),
                cell(what)
            );
        }
    }
    if !failed.is_empty() {
        page.push_str("\n## Not as expected\n\n");
        for row in failed {
            let what = cell(&row.differs().join("; "));
            let _ = writeln!(page, "- {} on {}: {what}", row.case.scenario.id, row.case.node.runtime.name());
        }
    }
    page
}

fn line(row: &Row<'_>) -> String {
    let scenario = row.case.scenario;
    let said = |run: &Option<Run>| match run {
        Some(run) => format!(
            "{} {} | {} | {}",
            run.answer.cause,
            run.answer.certainty,
            run.answer.grade.word(),
            code(&run.answer.proof)
        ),
        None => "– | – | –".to_owned(),
    };
    let took = |run: &Option<Run>| run.as_ref().map_or("–".to_owned(), |run| format!("{:.2}", run.took));
    let asked = row.runs.replay.as_ref().map_or("–".to_owned(), |run| run.answer.requests.to_string());
    let shown = row.shown.map_or("never".to_owned(), |seconds| format!("{seconds:.0}"));
    let advice = match (&row.fixed, &scenario.fix) {
        (Some(fixed), _) => fixed.words.clone(),
        (None, Some(_)) => "not tried".to_owned(),
        (None, None) => "–".to_owned(),
    };
    let told = scenario.expect.text.as_ref().map(|said| said.on(row.case.node.name));
    format!(
        "| {} | {} | {} | {} | {} | {asked} | {} | {} | {} | {} | {} | {shown} | {} |",
        scenario.id,
        cell(&scenario.title),
        row.case.node.runtime.name(),
        scenario.expect.injected(row.case.node.name),
        said(&row.runs.replay),
        took(&row.runs.replay),
        cell(&advice),
        controller(row),
        told.map_or("–", |said| said.cause.as_str()),
        said(&row.runs.words),
        took(&row.runs.words),
    )
}

fn controller(row: &Row<'_>) -> String {
    match &row.controller {
        None => "– | – | –".to_owned(),
        Some(told) => {
            let proven = told.proven_after.map_or("–".to_owned(), |seconds| format!("{seconds:.0}"));
            format!("{} | {} | {proven}", cell(&told.words), told.grade.word())
        }
    }
}

fn controlled(rows: &[Row<'_>]) -> String {
    let told: Vec<&Told> = rows.iter().filter_map(|row| row.controller.as_ref()).collect();
    if told.is_empty() {
        return "not tried".to_owned();
    }
    let count = |grade: Grade| told.iter().filter(|told| told.grade == grade).count();
    let mut seconds: Vec<f64> = told.iter().filter_map(|told| told.proven_after).collect();
    seconds.sort_by(f64::total_cmp);
    let proven = match (seconds.get(seconds.len() / 2), seconds.last()) {
        (Some(median), Some(most)) => {
            format!(" · proven after {median:.0} s in the median, {most:.0} s at most")
        }
        _ => String::new(),
    };
    format!(
        "**{} right, {} undecided, {} wrong** of {} · less sure than expected: {}{proven}",
        count(Grade::Right),
        count(Grade::Undecided),
        count(Grade::Wrong),
        told.len(),
        told.iter().filter(|told| told.less_sure.is_some()).count()
    )
}

fn grades(runs: &[&Run]) -> String {
    if runs.is_empty() {
        return "not tried".to_owned();
    }
    let count = |grade: Grade| runs.iter().filter(|run| run.answer.grade == grade).count();
    // Where nothing had to be asked, a count of none would flatter the rest.
    let mut asked: Vec<u64> =
        runs.iter().map(|run| run.answer.requests).filter(|requests| *requests > 0).collect();
    asked.sort_unstable();
    let asked = match (asked.get(asked.len() / 2), asked.last()) {
        (Some(median), Some(most)) => {
            format!(" · requests, where any were made: {median} in the median, {most} at most")
        }
        _ => String::new(),
    };
    format!(
        "**{} right, {} undecided, {} wrong** of {}{asked}",
        count(Grade::Right),
        count(Grade::Undecided),
        count(Grade::Wrong),
        runs.len()
    )
}

fn advice(rows: &[Row<'_>]) -> String {
    let tried: Vec<&Fixed> = rows.iter().filter_map(|row| row.fixed.as_ref()).collect();
    let wanted = rows.iter().filter(|row| row.case.scenario.fix.is_some()).count();
    let well = tried.iter().filter(|fixed| fixed.runs).count();
    format!("**{well} run, {} do not, {} not tried** of {wanted}", tried.len() - well, wanted - tried.len())
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace(['\n', '\r'], " ")
}

fn code(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let skipped = text.chars().count().saturating_sub(WORDS);
    let short: String = text.chars().skip(skipped).collect();
    let dots = if skipped > 0 { "… " } else { "" };
    format!("`{dots}{}`", cell(&short).replace('`', "'"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::layout::checkout;
    use crate::scenarios::file::read;
    use crate::scenarios::judge::Answer;

    fn run(grade: Grade, cause: &str, differs: &[&str]) -> Run {
        let answer = Answer {
            grade,
            cause: cause.to_owned(),
            certainty: "likely".to_owned(),
            proof: "a | b\nc".to_owned(),
            requests: 4,
            finding: None,
            differs: differs.iter().map(|difference| (*difference).to_owned()).collect(),
        };
        Run { answer, report: String::new(), took: 0.2 }
    }

    #[test]
    fn wrong_and_undecided_are_counted_and_none_is_hidden() {
        let scenarios = read(&checkout().join("scenarios"), &["S01".to_owned(), "S10a".to_owned()]).unwrap();
        let runs = [
            (run(Grade::Right, "tag-not-found", &[]), true),
            (run(Grade::Undecided, "tag-not-found", &[]), false),
            (run(Grade::Wrong, "dns", &["cause: expected connection-refused, said dns"]), true),
            (run(Grade::Wrong, "nothing", &["it found nothing"]), true),
        ];
        let rows: Vec<Row<'_>> = Case::all(&scenarios)
            .into_iter()
            .zip(runs)
            .map(|(case, (run, runs))| Row {
                fixed: case.scenario.fix.as_ref().map(|_| Fixed { runs, words: "so | so".to_owned() }),
                case,
                controller: None,
                shown: Some(3.0),
                runs: Runs { words: None, replay: Some(run) },
            })
            .collect();
        let page = page(&rows);
        assert!(page.contains("replay: **1 right, 1 undecided, 2 wrong** of 4"), "{page}");
        assert!(page.contains("alone: not tried") && page.contains("1 of 4 rows are as expected"), "{page}");
        assert!(page.contains("**1 run, 1 do not, 0 not tried** of 2"), "{page}");
        assert_eq!(page.lines().filter(|line| line.starts_with("| S")).count(), 4, "{page}");
        assert!(page.contains(r"`a \| b c`") && page.contains(r"so \| so"), "{page}");
        assert!(page.contains("- S10a on containerd 2.3: replay: it found nothing"), "{page}");
        let columns = |line: &str| line.replace(r"\|", "").matches('|').count();
        let table: Vec<usize> = page.lines().filter(|line| line.starts_with('|')).map(columns).collect();
        assert!(table.iter().all(|count| *count == 20), "{table:?}");
    }
}
