//! What to ask next, and what the answers prove.
//!
//! A case (one image, as pods on one kind of node ask for it) and a transcript (what was asked so far) go in; out come
//! the next requests, or a verdict. Pure and deterministic: the same input gives the same output, and the order of the
//! records never matters. The method is elimination, by the law in `docs/decisions/0006-elimination.md`:
//!
//! - `testimony`: the node's words, in the terms in which answers are compared.
//! - `inquiry`: a case and its transcript, prepared; records are found by what was asked.
//! - `rules`: the numbered rules of the law.
//! - `replay`: the unchanged request, asked again, compared with the words.
//! - `twice`: what decides, asked once more. `beside`: what other cases of a run show.
//! - `seen`: answers and objects to observations, and what to ask for the next ones.
//! - `table`: what each kind of observation means for each cause.
//! - `decide`: what is left, and how sure that is.
//! - `dialect`: how registries differ, as data.
//! - `near`: names near another.
//! - `platform`: which platforms a runtime takes on a node.
//! - `sentence`: a decision in words.
//! - `why`: what proves and what excludes a cause, from the same table.

mod beside;
mod decide;
mod dialect;
mod inquiry;
mod look;
mod near;
mod platform;
mod replay;
mod rules;
mod seen;
mod sentence;
mod table;
mod testimony;
mod twice;
mod why;

use pullmedic_model::probe::{Answer, Ask, Case, Record};
use pullmedic_model::{Endpoint, Verdict};

pub use beside::compare;
use inquiry::Inquiry;
pub use why::why;

/// What a diagnosis may spend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// HTTP requests in all. A request that walks through a token service counts as three.
    pub requests: u32,
    /// Whether plain HTTP may be tried where a TLS port answers plainly.
    pub allow_plain_http: bool,
}

impl Default for Limits {
    /// 20 requests, no plain HTTP.
    fn default() -> Limits {
        Limits { requests: 20, allow_plain_http: false }
    }
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Ask these. They are independent and may run together; none of them is in the transcript.
    Ask(Vec<Ask>),
    /// Nothing more would tell, or the limits are reached.
    Done(Box<Verdict>),
}

/// What to do next, given the case and everything asked so far.
///
/// Ends within `limits.requests` records, whatever is answered: it never asks what is in the transcript.
pub fn next(case: &Case, transcript: &[Record], limits: &Limits) -> Next {
    let mut inquiry = Inquiry::new(case, transcript);
    inquiry.allow_plain_http = limits.allow_plain_http;
    let looked = look::look(inquiry);
    let mut wants = looked.notes.want.clone();
    wants.retain(|ask| looked.inquiry.record(ask).is_none());
    wants.truncate(looked.inquiry.affordable(limits.requests));
    if wants.is_empty() { Next::Done(Box::new(sentence::verdict(&looked))) } else { Next::Ask(wants) }
}

/// The verdict on what is there now. With an empty transcript: what the words and objects alone support.
pub fn judge(case: &Case, transcript: &[Record]) -> Verdict {
    sentence::verdict(&look::look(Inquiry::new(case, transcript)))
}

/// Whether a `GET` of a manifest at this host counts against a limit: by its name, by the vendor that an answer gives
/// away, or because the answer tells what is left of one.
pub fn metered(host: &Endpoint, answer: Option<&Answer>) -> bool {
    let by_name = dialect::of_host(host).is_some_and(|dialect| dialect.metered);
    by_name
        || answer.is_some_and(|answer| {
            dialect::of_answer(answer).is_some_and(|dialect| dialect.metered)
                || answer.headers.contains_key("ratelimit-limit")
                || answer.headers.contains_key("ratelimit-remaining")
        })
}

/// The tags nearest to `wanted`, best first, at most five.
pub fn nearest_tags(wanted: &str, tags: &[String]) -> Vec<String> {
    near::tags(wanted, tags, &[])
}
