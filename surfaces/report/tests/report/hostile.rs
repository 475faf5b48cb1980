//! Threat 18: nothing from outside reaches a page but as words.

use proptest::prelude::*;
use pullmedic_model::{Cause, Confidence, Hypothesis, Report};
use pullmedic_report::{CheckForm, Form, Look, hypothesis_json, shown, write_hypothesis_text};
use unicode_width::UnicodeWidthStr;

use crate::built::{HOSTILE, all, saying};
use crate::check::{check_saying, check_text};
use crate::record::{record_text, records_saying, why_saying, why_text};
use crate::{look, written};

const FORMS: [Form; 5] = [Form::Text, Form::Wide, Form::Json, Form::Yaml, Form::Markdown];

/// Removes the colours that `anstyle` writes: ESC, `[`, digits and semicolons, `m`.
pub(crate) fn without_colour(text: &str) -> String {
    regex::Regex::new("\u{1b}\\[[0-9;]*m").unwrap().replace_all(text, "").into_owned()
}

/// Whether a page holds nothing that moves or hides, but for the line feeds that end its own lines.
pub(crate) fn is_harmless(page: &str) -> bool {
    let page = page.replace('\n', "");
    shown(&page) == page
}

/// Every other page that words from outside reach: a probe, what tells causes apart, a check.
fn pages(words: &str, look: &Look) -> Vec<String> {
    let checks = [CheckForm::Text, CheckForm::Wide, CheckForm::Github, CheckForm::Json, CheckForm::Yaml]
        .map(|form| check_text(&check_saying(words), form, look));
    let mut pages = vec![record_text(&records_saying(words), look), why_text(&why_saying(words), look)];
    pages.extend(checks);
    pages
}

/// Every form of every built report says what it says without a character that a reader cannot see.
#[test]
fn no_built_report_holds_a_hidden_character() {
    for report in all() {
        for form in FORMS {
            let page = written(&report, form, &look());
            assert!(is_harmless(&page), "{form:?}: {page:?}");
            let ascii = written(&report, form, &Look { ascii: true, ..look() });
            assert!(ascii.is_ascii(), "{form:?}: {ascii}");
        }
    }
}

/// Colour adds nothing but colour.
#[test]
fn colour_is_no_carrier_of_meaning() {
    for report in all() {
        for (form, why) in [(Form::Text, false), (Form::Text, true), (Form::Wide, false)] {
            let coloured = written(&report, form, &Look { colour: true, why, ..look() });
            assert_eq!(without_colour(&coloured), written(&report, form, &Look { why, ..look() }));
        }
    }
    for words in ["x", "", HOSTILE, "画像がない"] {
        let plain = pages(words, &look());
        let coloured = pages(words, &Look { colour: true, ..look() });
        assert_eq!(coloured.iter().map(|page| without_colour(page)).collect::<Vec<_>>(), plain);
    }
    assert!(written(&saying("x"), Form::Text, &Look { colour: true, ..look() }).contains("\u{1b}["));
}

/// A name with a line feed would run what follows it.
#[test]
fn a_command_that_cannot_be_shown_exactly_is_left_out() {
    for name in ["a\nrm -rf b", "\u{202e}a", "a\u{1b}[2J", "a\u{a0}b"] {
        let mut report = saying("x");
        report.findings[0].remedies[0].command = Some(format!("kubectl get {name}"));
        for form in [Form::Text, Form::Wide, Form::Markdown] {
            let page = written(&report, form, &look());
            let unwrapped = page.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(unwrapped.contains("command is left out here"), "{page}");
            assert!(!page.contains("kubectl get a") && !page.contains("rm -rf b"), "{page}");
        }
    }
}

#[test]
fn an_undo_that_cannot_be_shown_exactly_is_left_out() {
    let mut report = saying("x");
    report.findings[0].remedies[0].undo = Some("kubectl undo a\nrm -rf b".to_owned());
    for (form, why) in [(Form::Text, true), (Form::Wide, false), (Form::Markdown, false)] {
        let page = written(&report, form, &Look { why, ..look() });
        let unwrapped = page.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(unwrapped.contains("undo is left out here"), "{page}");
        assert!(!page.contains("kubectl undo") && !page.contains("rm -rf"), "{page}");
    }
}

/// JSON has an escape for what a page may not hold.
#[test]
fn a_patch_reads_back_as_it_is_whatever_names_it_holds() {
    let report = saying(HOSTILE);
    let operations = &report.findings[0].remedies[1].patch.as_ref().unwrap().operations;
    let page = written(&report, Form::Text, &Look { ascii: true, ..look() });
    let line = page.lines().find(|line| line.trim_start().starts_with("[{\"op\":")).unwrap();
    assert_eq!(&serde_json::from_str::<serde_json::Value>(line).unwrap(), operations);
    let ticket = written(&report, Form::Markdown, &look());
    let block = ticket.split("```json\n").nth(1).unwrap().split("\n```").next().unwrap();
    assert_eq!(&serde_json::from_str::<serde_json::Value>(block).unwrap(), operations);
}

#[test]
fn markdown_has_no_html_no_link_and_no_mention_outside_of_code() {
    let page = written(&saying(HOSTILE), Form::Markdown, &look());
    let outside = outside_of_code(&page);
    for sign in ["<", "](", "@", "#1", "javascript", "evil.test", "~~~"] {
        assert!(!outside.contains(sign), "{sign:?} in\n{outside}");
    }
    for row in page.lines().filter(|line| line.starts_with("| ")) {
        let bars = row.replace("\\|", "").matches('|').count();
        assert_eq!(bars, 7, "{row}");
    }
}

/// What a renderer does not take for code: no fenced block, no code span.
pub(crate) fn outside_of_code(page: &str) -> String {
    let mut outside = String::new();
    let mut fence: Option<usize> = None;
    for line in page.lines() {
        let ticks = line.len() - line.trim_start_matches('`').len();
        match fence {
            Some(opened) if ticks >= opened && line.len() == ticks => fence = None,
            Some(_) => {}
            None if ticks >= 3 && !line[ticks..].contains('`') => fence = Some(ticks),
            None => {
                outside.push_str(&without_spans(line));
                outside.push('\n');
            }
        }
    }
    assert_eq!(fence, None, "a fence stays open");
    outside
}

fn without_spans(line: &str) -> String {
    let mut outside = String::new();
    let mut rest = line;
    while let Some(start) = rest.find('`') {
        outside.push_str(&rest[..start]);
        let ticks = rest[start..].len() - rest[start..].trim_start_matches('`').len();
        let inside = &rest[start + ticks..];
        let mut at = 0;
        // The next run of exactly as many backticks closes the span.
        let end = loop {
            let Some(found) = inside[at..].find('`') else { panic!("a span stays open in {line}") };
            let run = inside[at + found..].len() - inside[at + found..].trim_start_matches('`').len();
            if run == ticks {
                break at + found + run;
            }
            at += found + run;
        };
        rest = &inside[end..];
    }
    outside.push_str(rest);
    outside
}

fn hypothesis(text: &str) -> Hypothesis {
    Hypothesis {
        cause: Cause::Dns,
        confidence: Confidence::Strong,
        rivals: vec![Cause::Proxy, Cause::Unreachable, Cause::ConnectTimeout],
        stage: None,
        endpoint: None,
        image: Some(text.to_owned()),
        clears: None,
        inner: None,
        status: None,
        also: vec![Cause::MirrorMisconfigured],
        leaf: text.to_owned(),
        rule: None,
    }
}

fn widest(page: &str, report: &Report) -> usize {
    let commands: Vec<&str> = report
        .findings
        .iter()
        .flat_map(|finding| &finding.remedies)
        .flat_map(|remedy| remedy.command.iter().chain(&remedy.yaml).chain(&remedy.undo))
        .flat_map(|lines| lines.split('\n'))
        .chain(report.skipped.iter().filter_map(|entry| entry.next.as_deref()))
        .collect();
    let widths = page
        .lines()
        .filter(|line| {
            let line = line.trim().trim_start_matches("next: ").trim();
            !commands.iter().any(|command| command.trim() == line)
                && !line.contains("pullmedic explain ")
                && !line.starts_with("[{\"op\":")
        })
        .map(UnicodeWidthStr::width);
    widths.max().unwrap_or(0)
}

/// Any text, with a taste for what is hostile.
pub(crate) fn any_words() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[a-z0-9/:. -]{0,200}",
        "[ -~]{0,120}",
        "[`|<>@#*_~\\[\\]()! a\n]{0,60}",
        proptest::collection::vec(
            prop_oneof![
                any::<char>(),
                Just('\u{1b}'),
                Just('\u{202e}'),
                Just('\u{2066}'),
                Just('画'),
                Just(' ')
            ],
            0..200
        )
        .prop_map(|characters| characters.into_iter().collect()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_words_leave_their_place(words in any_words(), width in 40_usize..160) {
        let report = saying(&words);
        let plain = Look { width, ..look() };
        for form in FORMS {
            prop_assert!(is_harmless(&written(&report, form, &plain)), "{form:?}");
            let ascii = written(&report, form, &Look { ascii: true, ..plain.clone() });
            prop_assert!(ascii.is_ascii(), "{form:?}");
        }
        let coloured = written(&report, Form::Text, &Look { colour: true, ..plain.clone() });
        prop_assert!(is_harmless(&without_colour(&coloured)));
    }

    /// Every escape says what it stands for.
    #[test]
    fn no_words_change_in_the_public_format(words in any_words(), ascii in any::<bool>()) {
        let report = saying(&words);
        let look = Look { ascii, ..look() };
        let document = serde_json::to_value(&report).unwrap();
        let json: serde_json::Value = serde_json::from_str(&written(&report, Form::Json, &look)).unwrap();
        prop_assert_eq!(&json, &document);
        let yaml = written(&report, Form::Yaml, &look);
        match serde_saphyr::from_str::<serde_json::Value>(&yaml) {
            Ok(read) => prop_assert_eq!(&read, &document, "{}", yaml),
            Err(fault) => prop_assert!(false, "{fault}\n{yaml}"),
        }
    }

    #[test]
    fn no_words_leave_their_place_in_a_probe_or_a_check(words in any_words(), width in 40_usize..160) {
        let plain = Look { width, ..look() };
        for page in pages(&words, &plain) {
            prop_assert!(is_harmless(&page), "{page}");
        }
        for page in pages(&words, &Look { ascii: true, ..plain.clone() }) {
            prop_assert!(page.is_ascii(), "{page}");
        }
        for page in pages(&words, &Look { colour: true, ..plain.clone() }) {
            prop_assert!(is_harmless(&without_colour(&page)), "{page}");
        }
        let next = words.trim();
        for page in pages(&words, &plain).iter().take(4) {
            for line in page.lines().filter(|line| !line.contains(next) || !line.contains("next:")) {
                prop_assert!(line.width() <= width, "{} > {width}\n{line}", line.width());
            }
        }
    }

    #[test]
    fn no_line_is_wider_than_the_page(words in any_words(), width in 40_usize..160, why in any::<bool>()) {
        let report = saying(&words);
        let page = written(&report, Form::Text, &Look { width, why, ..look() });
        prop_assert!(widest(&page, &report) <= width, "{} > {width}\n{page}", widest(&page, &report));
    }

    #[test]
    fn no_markdown_escapes_its_code(words in any_words()) {
        let outside = outside_of_code(&written(&saying(&words), Form::Markdown, &look()));
        for sign in ["<", "](", "@", "*/", "$"] {
            prop_assert!(!outside.contains(sign), "{sign:?} in\n{outside}");
        }
    }

    #[test]
    fn no_message_leaves_its_lines(words in any_words(), width in 40_usize..160) {
        let mut out = Vec::new();
        let hypothesis = hypothesis(&words);
        write_hypothesis_text(Some(7), &hypothesis, &Look { width, ..look() }, &mut out).unwrap();
        let page = String::from_utf8(out).unwrap();
        prop_assert!(is_harmless(&page));
        prop_assert!(page.lines().all(|line| line.width() <= width), "{page}");
        let line = hypothesis_json(&hypothesis);
        prop_assert_eq!(shown(&line), line.as_str());
    }
}
