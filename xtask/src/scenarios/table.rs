//! `docs/accuracy.md`: every case that was run, nothing left out.

use std::fmt::Write as _;

use super::judge::{Answer, Grade};
use super::objects::Case;
use crate::cluster::layout::KUBERNETES;

/// One case and what came of it.
pub(crate) struct Row<'a> {
    /// What was injected where.
    pub(crate) case: Case<'a>,
    /// Seconds from the injection to the cluster's own sign; `None` if it never came.
    pub(crate) shown: Option<f64>,
    /// Seconds that the product took.
    pub(crate) took: f64,
    /// What it said.
    pub(crate) answer: Answer,
}

/// Characters of a proof in the table. Its end is shown: the innermost error stands last.
const WORDS: usize = 160;

/// The page.
pub(crate) fn page(rows: &[Row<'_>]) -> String {
    let count = |grade: Grade| rows.iter().filter(|row| row.answer.grade == grade).count();
    let passed = rows.iter().filter(|row| row.answer.differs.is_empty()).count();
    let mut page = format!(
        "# Accuracy\n\n\
         What `pullmedic diagnose` said about faults injected into a real cluster (Kubernetes {KUBERNETES}, both runtimes), \
         by the words alone.\nWritten by `cargo xtask scenarios`; each row is a file of `scenarios/`.\n\n\
         **{} right, {} undecided, {} wrong** of {} · {passed} as expected in every detail.\n\n\
         Right: it named the injected cause and stood by it. Undecided: it said that the words do not decide, and the \
         injected cause is among those it left. Wrong: anything else, silence included.\n\n\
         `shown`: seconds from the injection until the cluster itself showed the fault. `took`: seconds of `pullmedic diagnose`.\n\n\
         | scenario | fault | runtime | injected | said | certainty | counts as | proof | shown | took |\n\
         |---|---|---|---|---|---|---|---|--:|--:|\n",
        count(Grade::Right),
        count(Grade::Undecided),
        count(Grade::Wrong),
        rows.len(),
    );
    for row in rows {
        let scenario = row.case.scenario;
        let expected = scenario.expect.text.on(row.case.node.name);
        let injected = match &expected.inner {
            Some(inner) => format!("{} ({inner})", expected.cause),
            None => expected.cause.clone(),
        };
        let shown = row.shown.map_or("never".to_owned(), |seconds| format!("{seconds:.0}"));
        let answer = &row.answer;
        // A string always takes what is written to it.
        let _ = writeln!(
            page,
            "| {} | {} | {} | {injected} | {} | {} | {} | {} | {shown} | {:.2} |",
            scenario.id,
            cell(&scenario.title),
            row.case.node.runtime.name(),
            answer.cause,
            answer.certainty,
            answer.grade.word(),
            code(&answer.proof),
            row.took,
        );
    }
    let failed: Vec<&Row<'_>> = rows.iter().filter(|row| !row.answer.differs.is_empty()).collect();
    if !failed.is_empty() {
        page.push_str("\n## Not as expected\n\n");
        for row in failed {
            let what = cell(&row.answer.differs.join("; "));
            let _ = writeln!(page, "- {} on {}: {what}", row.case.scenario.id, row.case.node.runtime.name());
        }
    }
    page
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

    #[test]
    fn wrong_and_undecided_are_counted_and_none_is_hidden() {
        let scenarios = read(&checkout().join("scenarios"), &["S01".to_owned(), "S10a".to_owned()]).unwrap();
        let answers = [
            (Grade::Right, "tag-not-found", Vec::new()),
            (Grade::Undecided, "tag-not-found", Vec::new()),
            (Grade::Wrong, "dns", vec!["cause: expected connection-refused, said dns".to_owned()]),
            (Grade::Wrong, "nothing", vec!["it found nothing".to_owned()]),
        ];
        let rows: Vec<Row<'_>> = Case::all(&scenarios)
            .into_iter()
            .zip(answers)
            .map(|(case, (grade, cause, differs))| Row {
                case,
                shown: Some(3.0),
                took: 0.2,
                answer: Answer {
                    grade,
                    cause: cause.to_owned(),
                    certainty: "likely".to_owned(),
                    proof: "a | b\nc".to_owned(),
                    differs,
                },
            })
            .collect();
        let page = page(&rows);
        assert!(page.contains("**1 right, 1 undecided, 2 wrong** of 4 · 2 as expected"), "{page}");
        assert_eq!(page.lines().filter(|line| line.starts_with("| S")).count(), 4, "{page}");
        assert!(page.contains(r"`a \| b c`"), "{page}");
        assert!(page.contains("- S10a on containerd 2.3: it found nothing"), "{page}");
    }
}
