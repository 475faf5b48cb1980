//! A check before a deploy.

use insta::assert_snapshot;
use pullmedic_model::check::{AskedBy, CheckEntry, CheckKind, CheckReport, CheckVerdict, Nearest, Note};
use pullmedic_model::report::{ApiVersion, Skipped};
use pullmedic_model::{Cause, Certainty, Endpoint};
use pullmedic_report::{CheckForm, Look, check_schema, write_check};
use serde_json::Value;

use crate::built::{NOW, skipped};
use crate::look;

fn by(owner: &str, place: Option<(&str, usize)>) -> AskedBy {
    AskedBy {
        owner: owner.to_owned(),
        namespace: None,
        container: None,
        file: place.map(|(file, _)| file.to_owned()),
        line: place.map(|(_, line)| line),
    }
}

fn entry(image: &str, verdict: CheckVerdict, by: Vec<AskedBy>) -> CheckEntry {
    CheckEntry {
        image: image.to_owned(),
        verdict,
        certainty: None,
        by,
        endpoint: None,
        detail: None,
        nearest: Vec::new(),
        pin: None,
        reason: None,
    }
}

fn checked(entries: Vec<CheckEntry>, skipped: Vec<Skipped>) -> CheckReport {
    CheckReport {
        api_version: ApiVersion::V1Alpha1,
        kind: CheckKind::CheckReport,
        observed_at: NOW.parse().unwrap(),
        images: entries.len(),
        registries: 2,
        took_ms: 812,
        metered_pulls: 0,
        entries,
        skipped,
    }
}

fn several() -> CheckReport {
    let missing = CheckEntry {
        certainty: Some(Certainty::Proven),
        endpoint: Endpoint::parse("registry.acme.test").ok(),
        nearest: vec![
            Nearest { name: "4.1".to_owned(), made: Some("2026-11-20T09:00:00Z".parse().unwrap()) },
            Nearest { name: "4.0.9".to_owned(), made: None },
        ],
        ..entry(
            "shop/cart:4.1.0",
            CheckVerdict::Finding(Cause::TagNotFound),
            vec![by("Deployment/cart", Some(("deploy/cart.yaml", 21)))],
        )
    };
    let moving = CheckEntry {
        pin: Some("nginx@sha256:8f3c".to_owned()),
        ..entry(
            "nginx:latest",
            CheckVerdict::Note(Note::MovingTag),
            vec![by("CronJob/report", Some(("deploy/a, b.yaml", 9)))],
        )
    };
    let open = CheckEntry {
        reason: Some("platforms (metered host: --deep would spend 1 pull)".to_owned()),
        ..entry("acme/tool:3", CheckVerdict::NotChecked, vec![by("Job/migrate", None)])
    };
    checked(vec![missing, moving, open, entry("acme/web:1", CheckVerdict::Ok, Vec::new())], Vec::new())
}

/// Every text that comes from outside says `text`.
pub(crate) fn check_saying(text: &str) -> CheckReport {
    let asked = AskedBy {
        namespace: Some(text.to_owned()),
        container: Some(text.to_owned()),
        ..by(text, Some((text, 3)))
    };
    let all = |verdict| CheckEntry {
        certainty: Some(Certainty::Undecided),
        detail: Some(text.to_owned()),
        nearest: vec![Nearest { name: text.to_owned(), made: None }; 5],
        pin: Some(text.to_owned()),
        reason: Some(text.to_owned()),
        ..entry(text, verdict, vec![asked.clone(); 4])
    };
    let verdicts = [
        CheckVerdict::Finding(Cause::Dns),
        CheckVerdict::Note(Note::PullPolicy),
        CheckVerdict::NotChecked,
        CheckVerdict::Ok,
    ];
    checked(verdicts.into_iter().map(all).collect(), vec![skipped(text, text, Some(text), Some(text))])
}

pub(crate) fn check_text(report: &CheckReport, form: CheckForm, look: &Look) -> String {
    let mut out = Vec::new();
    write_check(report, form, look, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn a_check_is_a_table_where_it_fits() {
    assert_snapshot!(check_text(&several(), CheckForm::Text, &Look { width: 140, ..look() }), @r#"
    ✗ 4 images of 2 registries: 1 finding, 1 note, 1 not checked (812 ms, no metered pull spent)

    ✗ tag-not-found   shop/cart:4.1.0   Deployment/cart (deploy/cart.yaml:21)   nearest: 4.1 (made 2026-11-20), 4.0.9; proven
    ! moving-tag      nginx:latest      CronJob/report (deploy/a, b.yaml:9)     pin: nginx@sha256:8f3c
    - not checked     acme/tool:3       Job/migrate                             platforms (metered host: --deep would spend 1 pull)
    "#);
}

#[test]
fn a_check_is_a_paragraph_an_image_where_a_line_is_too_short() {
    assert_snapshot!(check_text(&several(), CheckForm::Text, &look()), @r#"
    ✗ 4 images of 2 registries: 1 finding, 1 note, 1 not checked (812 ms, no metered
      pull spent)

    ✗ tag-not-found   shop/cart:4.1.0                                         proven
      Deployment/cart (deploy/cart.yaml:21)
      nearest: 4.1 (made 2026-11-20), 4.0.9
    ! moving-tag   nginx:latest
      CronJob/report (deploy/a, b.yaml:9)
      pin: nginx@sha256:8f3c
    - not checked   acme/tool:3
      Job/migrate
      platforms (metered host: --deep would spend 1 pull)
    "#);
    assert_snapshot!(check_text(&several(), CheckForm::Text, &Look { width: 60, ascii: true, ..look() }), @r#"
    x 4 images of 2 registries: 1 finding, 1 note, 1 not checked
      (812 ms, no metered pull spent)

    x tag-not-found   shop/cart:4.1.0                     proven
      Deployment/cart (deploy/cart.yaml:21)
      nearest: 4.1 (made 2026-11-20), 4.0.9
    ! moving-tag   nginx:latest
      CronJob/report (deploy/a, b.yaml:9)
      pin: nginx@sha256:8f3c
    - not checked   acme/tool:3
      Job/migrate
      platforms (metered host: --deep would spend 1 pull)
    "#);
}

#[test]
fn first_line_says_the_worst() {
    let ok = || entry("acme/web:1", CheckVerdict::Ok, Vec::new());
    let note = entry("nginx:latest", CheckVerdict::Note(Note::MovingTag), Vec::new());
    let open = entry("acme/tool:3", CheckVerdict::NotChecked, Vec::new());
    let unread = vec![skipped("a.yaml", "not YAML", None, None)];
    for (report, line) in [
        (
            checked(Vec::new(), Vec::new()),
            "✓ 0 images of 2 registries: nothing to check (812 ms, no metered pull spent)",
        ),
        (
            checked(vec![ok()], Vec::new()),
            "✓ 1 image of 2 registries: all can be pulled (812 ms, no metered pull spent)",
        ),
        (
            checked(vec![ok(), note.clone()], Vec::new()),
            "! 2 images of 2 registries: 1 note (812 ms, no metered pull spent)",
        ),
        (
            checked(vec![note, open], Vec::new()),
            "- 2 images of 2 registries: 1 note, 1 not checked (812 ms, no metered pull",
        ),
        (
            checked(vec![ok()], unread),
            "- 1 image of 2 registries: not everything was read (812 ms, no metered pull",
        ),
        (several(), "✗ 4 images of 2 registries: 1 finding, 1 note, 1 not checked (812 ms, no metered"),
    ] {
        assert_eq!(check_text(&report, CheckForm::Text, &look()).lines().next(), Some(line));
    }
}

#[test]
fn wide_lists_what_is_in_order() {
    assert!(!check_text(&several(), CheckForm::Text, &look()).contains("acme/web:1"));
    assert!(check_text(&several(), CheckForm::Wide, &look()).contains("✓ ok   acme/web:1"));
}

#[test]
fn github_shows_each_finding_at_its_line() {
    assert_snapshot!(check_text(&several(), CheckForm::Github, &look()), @r#"
    ::error file=deploy/cart.yaml,line=21,title=tag-not-found (proven)::shop/cart:4.1.0, asked for by Deployment/cart%0Anearest: 4.1 (made 2026-11-20), 4.0.9
    ::warning file=deploy/a%2C b.yaml,line=9,title=moving-tag::nginx:latest, asked for by CronJob/report%0Apin: nginx@sha256:8f3c
    ::notice title=not checked::acme/tool:3, asked for by Job/migrate%0Aplatforms (metered host: --deep would spend 1 pull)
    ::notice title=pullmedic check::4 images of 2 registries: 1 finding, 1 note, 1 not checked (812 ms, no metered pull spent)
    "#);
}

/// A runner takes every line that begins with two colons for a command of ours.
#[test]
fn no_words_become_a_workflow_command() {
    for text in
        ["\n::stop-commands::x", "\r\n::error::x", "a%0A::warning::x", "x,line=1::error file=y", "::debug::"]
    {
        let page = check_text(&check_saying(text), CheckForm::Github, &look());
        for line in page.lines() {
            let (properties, data) = line.strip_prefix("::").unwrap().split_once("::").unwrap();
            let (level, properties) = properties.split_once(' ').unwrap();
            assert!(["error", "warning", "notice"].contains(&level), "{line}");
            let names: Vec<&str> =
                properties.split(',').map(|property| property.split_once('=').unwrap().0).collect();
            assert!(names == ["title"] || names == ["file", "line", "title"], "{line}");
            assert!(!data.contains(['\r', '\n']), "{line}");
        }
        // One for each place that asks, one for what was not read, and the whole.
        assert_eq!(page.lines().count(), 3 * 4 + 2, "{page}");
    }
}

#[test]
fn the_public_form_of_a_check_keeps_to_its_schema() {
    let validator = jsonschema::validator_for(&check_schema()).unwrap();
    for report in [several(), check_saying("x"), checked(Vec::new(), Vec::new())] {
        let json: Value = serde_json::from_str(&check_text(&report, CheckForm::Json, &look())).unwrap();
        let faults: Vec<String> = validator.iter_errors(&json).map(|fault| fault.to_string()).collect();
        assert!(faults.is_empty(), "{faults:?}");
        let yaml: Value = serde_saphyr::from_str(&check_text(&report, CheckForm::Yaml, &look())).unwrap();
        assert_eq!(yaml, json);
        assert_eq!(json["kind"], "CheckReport");
    }
    let mut bad = serde_json::to_value(several()).unwrap();
    bad["entries"][0]["verdict"]["code"] = "tag_not_found".into();
    assert!(!validator.is_valid(&bad));
}
