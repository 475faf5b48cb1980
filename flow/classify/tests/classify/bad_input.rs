//! Whatever the bytes, there is an answer.

use crate::composed::{Image, event, quoted, runtime_errors, waiting};
use proptest::prelude::*;
use pullmedic_classify::{Context, classify};
use pullmedic_model::{Cause, Confidence};

fn read(message: &[u8]) -> pullmedic_model::Hypothesis {
    classify(message, Context::default())
}

#[test]
fn nothing_says_nothing() {
    for text in ["", " ", "\n\n\t", "\u{0}"] {
        let hypothesis = read(text.as_bytes());
        assert_eq!((hypothesis.cause, hypothesis.confidence), (Cause::Unknown, Confidence::Weak));
        assert_eq!((hypothesis.rule, hypothesis.leaf.as_str(), hypothesis.image), (None, "", None));
        assert!(hypothesis.rivals.is_empty());
    }
}

#[test]
fn a_message_cut_off_at_any_byte_is_read() {
    let image = Image::plain();
    for error in runtime_errors(&image) {
        for message in
            [event(&image, &error), waiting(&image, &quoted(&error)), format!("[{error}, {error}]")]
        {
            for end in 0..message.len() {
                let _ = read(&message.as_bytes()[..end]);
                let _ = read(&message.as_bytes()[end..]);
            }
        }
    }
}

#[test]
fn a_cut_off_tail_leaves_what_was_said_before() {
    let whole =
        Image::plain().requesting("dial tcp: lookup registry.acme.test on 10.96.0.10:53: no such host");
    let cut = &whole[..whole.find("on 10").unwrap()];
    assert_eq!(read(cut.as_bytes()).cause, Cause::Dns);
    let cut = &whole[..whole.find(": dial").unwrap()];
    let hypothesis = read(cut.as_bytes());
    assert_eq!(hypothesis.cause, Cause::Unknown);
    assert_eq!(hypothesis.endpoint.unwrap().as_str(), "registry.acme.test");
}

#[test]
fn bytes_that_are_no_text_are_read() {
    let binary: Vec<u8> = (0..=255).cycle().take(4096).collect();
    let _ = read(&binary);
    let mut message = event(&Image::plain(), "pull QPS exceeded").into_bytes();
    message.splice(20..20, [0xff, 0xfe, 0xc3]);
    assert_eq!(read(&message).cause, Cause::LocalQpsLimited);
    message.extend([0xe2, 0x80]);
    assert!(read(&message).leaf.starts_with("pull QPS exceeded"));
}

#[test]
fn escapes_and_marks_of_direction_hide_nothing() {
    for mark in ["\u{1b}]8;;http://acme.test\u{7}", "\u{1b}[2J", "\u{202e}", "\u{0}", "\r"] {
        let message = event(&Image::plain(), &format!("{mark} pull QPS exceeded{mark}"));
        let hypothesis = read(message.as_bytes());
        assert_eq!(hypothesis.cause, Cause::LocalQpsLimited, "{mark:?}");
        assert!(!hypothesis.leaf.contains(['\u{1b}', '\u{7}', '\u{0}', '\r']), "{:?}", hypothesis.leaf);
    }
}

#[test]
fn a_long_line_is_read_at_both_ends() {
    let image = Image::plain();
    let filler = "x".repeat(10 << 20);
    let head = event(&image, &format!("pull QPS exceeded {filler}"));
    assert_eq!(read(head.as_bytes()).cause, Cause::LocalQpsLimited);
    let tail = format!("{filler} {}", event(&image, "pull QPS exceeded"));
    assert_eq!(read(tail.as_bytes()).cause, Cause::LocalQpsLimited);
}

#[test]
fn deep_nesting_and_endless_prefixes_end() {
    for piece in
        ["[", ": [", "[[[[]]]]", "image \"", "://", "(combined from similar events): ", "\\\\\"", "sha256:"]
    {
        let _ = read(piece.repeat((1 << 20) / piece.len()).as_bytes());
    }
    let prefixed = format!("{}pull QPS exceeded", "(combined from similar events): ".repeat(1 << 15));
    assert_eq!(read(prefixed.as_bytes()).cause, Cause::LocalQpsLimited);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2048), reason in ".*", image in ".*") {
        let _ = classify(&bytes, Context { image: Some(&image), reason: Some(&reason) });
    }

    #[test]
    fn no_mixture_of_the_grammars_words_makes_it_panic(
        pieces in proptest::collection::vec(
            prop_oneof![
                proptest::sample::select(vec![
                    "image \"", "reference \"", "://", "docker://", "https://", "lookup ", "dial tcp ", "[", "]", ": [", "\"", "\\\"",
                    "reading manifest ", " in ", "status", "(Mirrors also failed: [", "]): ", "; artifact err: ", "sha256:", " 401 ",
                    "rpc error: code = ", ", rpc error: code = ", "pinging container registry ", "@", ":", "/", " ", "\n", "é", "\u{202e}",
                ]).prop_map(str::to_owned),
                ".{0,8}",
            ],
            0..64,
        )
    ) {
        let text = pieces.concat();
        let hypothesis = read(text.as_bytes());
        prop_assert!(hypothesis.leaf.len() <= text.len() * 3 + 3);
    }
}
