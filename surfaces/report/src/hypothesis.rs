//! What one message suggests.

use std::io;

use pullmedic_model::{Cause, Clears, Confidence, Hypothesis};

use crate::Look;
use crate::json;
use crate::paper::{DOUBT, FAINT, FAULT, PASTE, PLAIN, Paper, STRONG};
use crate::phrase::both_ends;
use crate::wrap::columns;

/// One line of JSON without a line feed, its keys in the order of [`Hypothesis`].
pub fn hypothesis_json(hypothesis: &Hypothesis) -> String {
    json::line(hypothesis, false)
}

/// Writes what `pullmedic classify` prints of one message; of several, with its number.
///
/// # Errors
/// Those of `out`.
pub fn write_hypothesis_text(
    message_number: Option<usize>,
    hypothesis: &Hypothesis,
    look: &Look,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let paper = &mut Paper::new(look, out);
    let (word, style) = match hypothesis.confidence {
        Confidence::Certain | Confidence::Strong => ("likely", FAULT),
        Confidence::Weak => ("undecided", DOUBT),
    };
    let number = message_number.map(|number| format!("{number}: ")).unwrap_or_default();
    let code = hypothesis.cause.code();
    let mut rest = format!(" ({})", hypothesis.confidence.code());
    if let Some(stage) = hypothesis.stage {
        rest.push_str(&format!(", at stage {stage}"));
    }
    if let Some(endpoint) = &hypothesis.endpoint {
        rest.push_str(&format!(", endpoint {endpoint}"));
    }
    let rivals: Vec<&str> = hypothesis.rivals.iter().map(|rival| rival.code()).collect();
    let rivals =
        if rivals.is_empty() { "no rivals".to_owned() } else { format!("rivals: {}", rivals.join(", ")) };
    let left = columns(&number) + word.len() + 1 + code.len() + columns(&rest);
    if left + 3 + rivals.len() <= look.columns() {
        let fill = " ".repeat(look.columns() - left - rivals.len());
        let (word, code) = (paper.painted(style, word), paper.painted(STRONG, code));
        let rivals = paper.painted(FAINT, &rivals);
        paper.line(&format!("{number}{word} {code}{rest}{fill}{rivals}"))?;
    } else {
        paper.paragraph(0, &format!("{number}{word} {code}{rest}"), STRONG)?;
        paper.paragraph(2, &rivals, PLAIN)?;
    }
    if let Some(inner) = hypothesis.inner {
        paper.paragraph(2, &format!("inside {}: {}", inner.code(), inner.title()), PLAIN)?;
    }
    for also in &hypothesis.also {
        paper.paragraph(2, &format!("also {}: {}", also.code(), also.title()), PLAIN)?;
    }
    write_leaf(paper, hypothesis)?;
    let outlook = match (hypothesis.cause, hypothesis.clears) {
        (Cause::Unknown, _) => "no rule knows this text",
        (_, Some(Clears::Transient)) => "transient, a retry may cure it",
        (_, Some(Clears::Permanent)) => "permanent until somebody acts",
        (_, None) => "transient or permanent, by the case",
    };
    let dot = paper.glyph("·", "-");
    let left = format!("  {outlook} {dot} explain: ");
    let explain = format!("pullmedic explain {code}");
    if columns(&left) + explain.len() <= look.columns() {
        let (left, explain) = (paper.painted(FAINT, &left), paper.painted(PASTE, &explain));
        return paper.line(&format!("{left}{explain}"));
    }
    paper.paragraph(2, outlook, FAINT)?;
    let explain = paper.painted(PASTE, &explain);
    paper.line(&format!("  {explain}"))
}

/// The decisive words, at most about two lines of them.
fn write_leaf(paper: &mut Paper<'_>, hypothesis: &Hypothesis) -> io::Result<()> {
    if hypothesis.leaf.is_empty() {
        return Ok(());
    }
    let room = paper.look.columns();
    let gap = paper.glyph("…", "...");
    let leaf = match both_ends(&hypothesis.leaf, room / 2, room) {
        Some((head, _, tail)) => format!("by the words: {head} {gap} {tail}"),
        None => format!("by the words: {}", hypothesis.leaf),
    };
    paper.paragraph(2, &leaf, FAINT)
}
