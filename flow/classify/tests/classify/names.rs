//! The image's own name never votes, and no wrapper changes a verdict.

use crate::composed::{Image, event, grpc, quoted, runtime_errors, waiting};
use proptest::prelude::*;
use pullmedic_classify::{Context, classify, rules};
use pullmedic_model::Hypothesis;

/// What a name or a wrapper must not change.
fn verdict(hypothesis: &Hypothesis) -> impl PartialEq + std::fmt::Debug + use<> {
    let h = hypothesis.clone();
    (h.cause, h.confidence, h.rivals, h.stage, h.endpoint, h.status, h.also, h.rule)
}

fn read(message: &str) -> Hypothesis {
    classify(message.as_bytes(), Context::default())
}

/// Words of the table in the form that a repository's name may have.
fn repository_words() -> Vec<String> {
    let slug = |word: &str| -> String {
        let letters: String = word
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
            .collect();
        letters.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
    };
    rules()
        .flat_map(|rule| rule.words().iter().chain(rule.any_words()))
        .flat_map(|word| word.split('|'))
        .map(slug)
        .filter(|word| word.len() > 2)
        .collect()
}

#[test]
fn an_image_called_by_the_words_of_an_error_changes_no_verdict() {
    let plain = runtime_errors(&Image::plain());
    for (repository, tag) in [
        ("unauthorized/not-found", "429"),
        ("toomanyrequests/denied", "denied"),
        ("x509/eof", "401"),
        ("proxyconnect/authenticationrequired", "503"),
        ("a/errimageneverpull", "latest"),
        ("library/insufficient_scope", "no_such_host"),
        ("team/signaturevalidationfailed", "404"),
    ] {
        let image = Image::named(repository, tag);
        for (ours, other) in plain.iter().zip(runtime_errors(&image)) {
            assert_eq!(
                verdict(&read(&event(&Image::plain(), ours))),
                verdict(&read(&event(&image, &other))),
                "{other}"
            );
        }
    }
}

#[test]
fn a_name_of_one_word_is_set_aside_where_upstream_puts_it() {
    for (text, like) in [
        (
            "Failed to pull image \"denied\": rpc error: code = Unknown desc = Error response from daemon: manifest for \
             denied:latest not found: manifest unknown: manifest unknown",
            "Failed to pull image \"cart\": rpc error: code = Unknown desc = Error response from daemon: manifest for \
             cart:latest not found: manifest unknown: manifest unknown",
        ),
        (
            "Container image \"toomanyrequests\" is not present with pull policy of Never",
            "Container image \"cart\" is not present with pull policy of Never",
        ),
        ("Back-off pulling image \"unauthorized\"", "Back-off pulling image \"cart\""),
    ] {
        assert_eq!(verdict(&read(text)), verdict(&read(like)), "{text}");
    }
}

#[test]
fn an_image_that_only_the_caller_knows_is_set_aside_too() {
    let image = "registry.acme.test/toomanyrequests/denied:1";
    let text = format!("something odd befell {image}, retrying");
    let known = classify(text.as_bytes(), Context { image: Some(image), reason: None });
    assert_eq!(known.rule, None);
}

proptest! {
    #[test]
    fn no_name_made_of_the_tables_words_changes_a_verdict(
        (first, second, tag) in {
            let words = proptest::sample::select(repository_words());
            (words.clone(), words.clone(), words)
        }
    ) {
        let image = Image::named(&format!("{first}/{second}"), &tag);
        let plain = runtime_errors(&Image::plain());
        for (ours, other) in plain.iter().zip(runtime_errors(&image)) {
            prop_assert_eq!(verdict(&read(&event(&Image::plain(), ours))), verdict(&read(&event(&image, &other))), "{}", other);
        }
    }

    #[test]
    fn wrappers_change_nothing(index in 0..runtime_errors(&Image::plain()).len(), layers in proptest::collection::vec(0..5_usize, 1..5)) {
        let image = Image::plain();
        let bare = event(&image, &runtime_errors(&image)[index]);
        let mut wrapped = bare.clone();
        for layer in layers {
            wrapped = match layer {
                0 => event(&image, &wrapped),
                1 => waiting(&image, &wrapped),
                2 => grpc(&wrapped),
                3 => format!("(combined from similar events): {wrapped}"),
                _ => quoted(&wrapped),
            };
        }
        prop_assert_eq!(verdict(&read(&bare)), verdict(&read(&wrapped)), "{}", wrapped);
    }
}
