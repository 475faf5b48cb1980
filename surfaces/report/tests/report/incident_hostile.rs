//! Threat 18, for incidents: nothing from outside reaches a page but as words, and none leaves its place.

use proptest::prelude::*;
use pullmedic_model::Incident;
use pullmedic_model::incident::Event;
use pullmedic_report::{Changed, Form, Look, View, change_json};
use unicode_width::UnicodeWidthStr;

use crate::built_incident::{all_incidents, at, incident_saying, login};
use crate::hostile::{any_words, is_harmless, outside_of_code, without_colour};
use crate::incident::{history, list, show};
use crate::incident_changes::change;
use crate::look;

/// Every page of an incident.
fn pages(incident: &Incident, words: &str, look: &Look) -> Vec<String> {
    let one = std::slice::from_ref(incident);
    let mut pages = Vec::new();
    for form in [Form::Text, Form::Wide, Form::Json, Form::Yaml, Form::Markdown] {
        pages.push(show(incident, form, look));
        for view in [View::Namespace(words), View::Namespaces, View::Cluster] {
            pages.push(list(view, one, form, look));
            pages.push(list(view, &[], form, look));
            pages.push(history(view, one, form, look));
        }
    }
    pages.push(change(incident, Some(Event::Flapped), Some(words), look));
    let changed = Changed { at: at("16:20:00"), what: Some(Event::Flapped), note: Some(words), incident };
    pages.push(change_json(&changed, look));
    pages
}

/// Those that keep to the width of the page.
fn narrow(incident: &Incident, words: &str, look: &Look) -> Vec<String> {
    let one = std::slice::from_ref(incident);
    let mut pages =
        vec![show(incident, Form::Text, look), change(incident, Some(Event::Told), Some(words), look)];
    for view in [View::Namespace(words), View::Namespaces, View::Cluster] {
        pages.push(list(view, one, Form::Text, look));
        pages.push(history(view, one, Form::Text, look));
    }
    pages
}

/// What may be wider than the page: what is there to be pasted.
fn to_paste(incident: &Incident) -> Vec<String> {
    let remedies =
        incident.touched.values().flat_map(|touched| &touched.detail).flat_map(|verdict| &verdict.remedies);
    remedies
        .flat_map(|remedy| remedy.command.iter().chain(&remedy.yaml).chain(&remedy.undo))
        .flat_map(|lines| lines.split('\n'))
        .map(|line| line.trim().to_owned())
        .collect()
}

fn widest(page: &str, to_paste: &[String]) -> usize {
    let bound = page.lines().filter(|line| {
        let line = line.trim();
        !to_paste.iter().any(|paste| paste == line)
            && !line.contains("pullmedic explain ")
            && !line.starts_with("[{\"op\":")
    });
    bound.map(UnicodeWidthStr::width).max().unwrap_or(0)
}

#[test]
fn no_built_incident_leaves_its_place_at_any_width() {
    for incident in all_incidents() {
        let paste = to_paste(&incident);
        for width in [40, 60, 80, 100, 120, 160] {
            for now in [look().now, None] {
                let look = Look { width, now, ..look() };
                for page in narrow(&incident, "shop", &look) {
                    assert!(widest(&page, &paste) <= width, "{width}\n{page}");
                }
            }
        }
        for page in pages(&incident, "shop", &look()) {
            assert!(is_harmless(&page), "{page:?}");
        }
        for page in pages(&incident, "shop", &Look { ascii: true, ..look() }) {
            assert!(page.is_ascii(), "{page}");
        }
    }
}

/// A mark or word says what a colour says.
#[test]
fn colour_is_no_carrier_of_meaning() {
    for incident in all_incidents() {
        let plain = pages(&incident, "shop", &look());
        let coloured = pages(&incident, "shop", &Look { colour: true, ..look() });
        assert_eq!(coloured.iter().map(|page| without_colour(page)).collect::<Vec<_>>(), plain);
    }
    assert!(show(&login(), Form::Text, &Look { colour: true, ..look() }).contains("\u{1b}["));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_words_leave_their_place_in_an_incident(words in any_words(), width in 40_usize..160) {
        let incident = incident_saying(&words);
        let plain = Look { width, ..look() };
        for page in pages(&incident, &words, &plain) {
            prop_assert!(is_harmless(&page), "{page}");
        }
        for page in pages(&incident, &words, &Look { ascii: true, ..plain.clone() }) {
            prop_assert!(page.is_ascii(), "{page}");
        }
        for page in pages(&incident, &words, &Look { colour: true, ..plain.clone() }) {
            prop_assert!(is_harmless(&without_colour(&page)), "{page}");
        }
        let paste = to_paste(&incident);
        for page in narrow(&incident, &words, &plain) {
            prop_assert!(widest(&page, &paste) <= width, "{} > {width}\n{page}", widest(&page, &paste));
        }
    }

    #[test]
    fn no_line_is_wider_than_eighty_columns(words in any_words()) {
        let incident = incident_saying(&words);
        let paste = to_paste(&incident);
        for page in narrow(&incident, &words, &look()) {
            prop_assert!(widest(&page, &paste) <= 80, "{page}");
        }
    }

    #[test]
    fn no_markdown_of_an_incident_escapes_its_code(words in any_words()) {
        let incident = incident_saying(&words);
        let one = std::slice::from_ref(&incident);
        for page in [show(&incident, Form::Markdown, &look()), list(View::Namespaces, one, Form::Markdown, &look())] {
            let outside = outside_of_code(&page);
            for sign in ["<", "](", "@", "*/", "$"] {
                prop_assert!(!outside.contains(sign), "{sign:?} in\n{outside}");
            }
        }
    }
}
