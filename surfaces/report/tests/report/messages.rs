//! One message, and the page of a cause.

use insta::assert_snapshot;
use pullmedic_model::{Cause, Clears, Confidence, Endpoint, Hypothesis, Stage};
use pullmedic_report::{
    causes_index_markdown, hypothesis_json, page_markdown, write_hypothesis_text, write_page_text,
};

use crate::look;

fn absent_tag() -> Hypothesis {
    Hypothesis {
        cause: Cause::TagNotFound,
        confidence: Confidence::Strong,
        rivals: vec![Cause::RepositoryNotFound],
        stage: Some(Stage::Manifest),
        endpoint: Endpoint::parse("docker.io").ok(),
        image: Some("nginx:1.92".to_owned()),
        clears: Some(Clears::Permanent),
        inner: None,
        status: Some(404),
        also: Vec::new(),
        leaf: "docker.io/library/nginx:1.92: not found".to_owned(),
        rule: Some("not-found"),
    }
}

fn text(number: Option<usize>, hypothesis: &Hypothesis) -> String {
    let mut out = Vec::new();
    write_hypothesis_text(number, hypothesis, &look(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn a_message_is_a_verdict_its_words_and_where_to_read_on() {
    assert_snapshot!(text(None, &absent_tag()), @r#"
    likely tag-not-found (strong), at stage manifest, endpoint docker.io
      rivals: repository-not-found
      by the words: docker.io/library/nginx:1.92: not found
      permanent until somebody acts · explain: pullmedic explain tag-not-found
    "#);
    let mut inside = Hypothesis {
        cause: Cause::SandboxImage,
        inner: Some(Cause::ConnectTimeout),
        also: vec![Cause::Dns],
        clears: None,
        rivals: vec![Cause::Unreachable, Cause::Proxy, Cause::ConnectionReset],
        ..absent_tag()
    };
    assert_snapshot!(text(Some(12), &inside), @r#"
    12: likely sandbox-image (strong), at stage manifest, endpoint docker.io
      rivals: unreachable, proxy, connection-reset
      inside connect-timeout: the registry does not answer in time
      also dns: the registry's name does not resolve
      by the words: docker.io/library/nginx:1.92: not found
      transient or permanent, by the case · explain: pullmedic explain sandbox-image
    "#);
    inside.leaf = "word ".repeat(200);
    assert!(text(None, &inside).lines().count() < 10);
}

#[test]
fn an_unknown_text_says_that_no_rule_knows_it() {
    let unknown = Hypothesis {
        cause: Cause::Unknown,
        confidence: Confidence::Weak,
        rivals: Vec::new(),
        stage: None,
        endpoint: None,
        image: None,
        clears: None,
        status: None,
        leaf: String::new(),
        rule: None,
        ..absent_tag()
    };
    assert_snapshot!(text(None, &unknown), @r#"
    undecided unknown (weak)                                               no rivals
      no rule knows this text · explain: pullmedic explain unknown
    "#);
}

#[test]
fn a_message_is_one_line_of_json_with_keys_in_order() {
    assert_snapshot!(hypothesis_json(&absent_tag()), @r#"{"cause":"tag-not-found","confidence":"strong","rivals":["repository-not-found"],"stage":"manifest","endpoint":"docker.io","image":"nginx:1.92","clears":"permanent","inner":null,"status":404,"also":[],"leaf":"docker.io/library/nginx:1.92: not found","rule":"not-found"}"#);
    let split = Hypothesis { leaf: "a\nb\u{2028}c".to_owned(), ..absent_tag() };
    assert_eq!(hypothesis_json(&split).lines().count(), 1);
}

#[test]
fn every_cause_has_a_page_in_both_forms() {
    let index = causes_index_markdown();
    for &cause in Cause::ALL {
        let mut out = Vec::new();
        write_page_text(cause, &look(), &mut out).unwrap();
        let page = String::from_utf8(out).unwrap();
        assert!(page.starts_with(&format!("{cause}\n  {}", &cause.title()[..20])), "{page}");
        let markdown = page_markdown(cause);
        assert!(markdown.starts_with(&format!("# {cause}\n")) && markdown.ends_with('\n'), "{markdown}");
        for heading in ["What it means", "How it is mended"] {
            assert!(page.contains(&format!("\n{heading}\n")), "{page}");
            assert!(markdown.contains(&format!("\n## {heading}\n\n")), "{markdown}");
        }
        assert_eq!(index.matches(&format!("[{cause}]({cause}.md)")).count(), 1);
    }
}

/// A reader pastes the command of a step whole.
#[test]
fn a_command_in_a_page_is_never_broken() {
    for &cause in Cause::ALL {
        let mut out = Vec::new();
        write_page_text(cause, &look(), &mut out).unwrap();
        let page = String::from_utf8(out).unwrap();
        for step in cause.page().mend {
            for command in step.split('`').skip(1).step_by(2).filter(|code| code.contains(' ')) {
                assert!(page.lines().any(|line| line.trim_start() == command), "{command}\n{page}");
            }
        }
    }
}
