//! The pages of the causes as documentation: `docs/causes/`.

use std::fmt::Write;

use pullmedic_model::cause::Page;
use pullmedic_model::{Cause, Group};

use crate::inline::{cell, fenced, prose};
use crate::page::{LOOKALIKES, MEANING, MEND, PREVENT, PROOF, SHOWS, clears};
use crate::phrase::team;

/// `docs/causes/CODE.md`.
pub fn page_markdown(cause: Cause) -> String {
    let Page { meaning, shows, proof, lookalikes, mend, prevent } = cause.page();
    let mut page = format!("# {}\n\n{}.\n\n", cause.code(), ours(&capitalised(cause.title())));
    page.push_str("| Family | Stage | Lasts | Acts |\n|---|---|---|---|\n");
    line(
        &mut page,
        format_args!(
            "| {} | {} | {} | {} |",
            cause.group().title(),
            cause.usual_stage(),
            clears(cause),
            team(cause.actor())
        ),
    );
    section(&mut page, MEANING, meaning);
    if !shows.is_empty() {
        heading(&mut page, SHOWS);
        for (index, shown) in shows.iter().enumerate() {
            if index > 0 {
                page.push('\n');
            }
            let source = match shown.source.starts_with("https://") {
                true => format!("[source](<{}>)", shown.source),
                false => ours(shown.source),
            };
            line(&mut page, format_args!("{} ({source}):\n", ours(shown.by)));
            page.push_str(&fenced("text", shown.text, false));
        }
    }
    section(&mut page, PROOF, proof);
    if !lookalikes.is_empty() {
        heading(&mut page, LOOKALIKES);
        for (other, difference) in *lookalikes {
            line(&mut page, format_args!("- [{0}]({0}.md): {1}", other.code(), ours(difference)));
        }
    }
    if !mend.is_empty() {
        heading(&mut page, MEND);
        for (index, step) in mend.iter().enumerate() {
            line(&mut page, format_args!("{}. {}", index + 1, ours(step)));
        }
    }
    section(&mut page, PREVENT, prevent);
    page
}

/// `docs/causes/README.md`.
pub fn causes_index_markdown() -> String {
    let mut index = String::from(
        "# Causes\n\nWhy an image cannot be pulled. The codes are the same in reports, metrics and custom resources; \
         `pullmedic explain CODE` prints a page.\n",
    );
    for group in Group::ALL {
        heading(&mut index, group.title());
        index.push_str("| Code | What is wrong | Lasts | Acts |\n|---|---|---|---|\n");
        for cause in Cause::ALL.iter().filter(|cause| cause.group() == group) {
            line(
                &mut index,
                format_args!(
                    "| [{0}]({0}.md) | {1} | {2} | {3} |",
                    cause.code(),
                    cell(&ours(cause.title())),
                    clears(*cause),
                    team(cause.actor())
                ),
            );
        }
    }
    index
}

/// Our own words: where their author set code spans, as they are.
fn ours(text: &str) -> String {
    if text.contains('`') { text.to_owned() } else { prose(text, false) }
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

fn heading(page: &mut String, title: &str) {
    line(page, format_args!("\n## {title}\n"));
}

fn section(page: &mut String, title: &str, text: &str) {
    if !text.is_empty() {
        heading(page, title);
        line(page, format_args!("{}", ours(text)));
    }
}

/// Writing to a String cannot fail.
fn line(page: &mut String, text: std::fmt::Arguments<'_>) {
    let _ = writeln!(page, "{text}");
}
