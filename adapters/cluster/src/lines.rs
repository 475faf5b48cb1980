//! The lines of a watch.

use http::StatusCode;
use http_body_util::BodyExt;
use kube::client::Body;
use memchr::memchr;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::credential::Credential;
use crate::failure::{Cause, Failure};
use crate::tls;

/// The longest line: an object of etcd's largest request, 1.5 MiB, escaped and in its envelope.
const LINE_CAP: usize = 16 * 1024 * 1024;

/// How much room a watch that waits may hold on to.
const KEPT: usize = 64 * 1024;

/// A body as lines.
pub(crate) struct Lines {
    body: Body,
    server: String,
    bytes: Vec<u8>,
    /// Where in `bytes` the next line begins: what is before was taken.
    start: usize,
    /// Up to where `bytes` has no further line end, so that a long line is not searched anew with each frame.
    searched: usize,
}

impl Lines {
    pub(crate) fn new(body: Body, server: String) -> Lines {
        Lines { body, server, bytes: Vec::new(), start: 0, searched: 0 }
    }

    /// The next line that is not empty; `None` at the end. A last line without its end was cut off and is no line.
    pub(crate) async fn next(&mut self) -> Result<Option<&str>, Failure> {
        let (start, end) = loop {
            if let Some(found) = memchr(b'\n', &self.bytes[self.searched..]) {
                let (start, end) = (self.start, self.searched + found);
                (self.start, self.searched) = (end + 1, end + 1);
                if !self.bytes[start..end].trim_ascii().is_empty() {
                    break (start, end);
                }
                continue;
            }
            if self.start > 0 {
                self.bytes.drain(..self.start);
                self.start = 0;
                if self.bytes.is_empty() && self.bytes.capacity() > KEPT {
                    self.bytes = Vec::new();
                }
            }
            self.searched = self.bytes.len();
            if self.searched > LINE_CAP {
                return Err(Failure::TooLarge { cap: LINE_CAP });
            }
            match self.body.frame().await {
                None => return Ok(None),
                Some(Ok(frame)) => self.bytes.extend_from_slice(&frame.into_data().unwrap_or_default()),
                Some(Err(error)) => return Err(tls::failure_of(&error, &self.server)),
            }
        };
        let line = std::str::from_utf8(&self.bytes[start..end]);
        line.map(Some).map_err(|_| Failure::Undecodable { cause: Cause("it is not text".into()) })
    }
}

/// What one line of a watch says.
pub(crate) enum Word<'a> {
    /// This object is new or changed: its JSON.
    Is(&'a str, About),
    /// That object is gone.
    Gone(About),
    /// Nothing changed up to here.
    Bookmark(About),
    /// The watch failed.
    Failed(Failure),
}

/// The little of an object's metadata that a watch needs even when the rest does not decode.
#[derive(Deserialize, Default)]
pub(crate) struct About {
    #[serde(default)]
    metadata: AboutMeta,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct AboutMeta {
    name: String,
    namespace: String,
    resource_version: String,
}

impl About {
    /// Namespace and name.
    pub(crate) fn key(&self) -> (String, String) {
        (self.metadata.namespace.clone(), self.metadata.name.clone())
    }
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(rename = "type")]
    kind: String,
    #[serde(borrow)]
    object: &'a RawValue,
}

#[derive(Deserialize)]
struct Code {
    #[serde(default)]
    code: u16,
}

impl<'a> Word<'a> {
    /// # Errors
    /// When a line is none of a watch.
    pub(crate) fn of(line: &'a str) -> Result<Word<'a>, Failure> {
        let foreign = |what: &str| Failure::Undecodable { cause: Cause(what.into()) };
        let parsed: Line<'_> = serde_json::from_str(line).map_err(|_| foreign("it is no line of a watch"))?;
        let text = parsed.object.get();
        let about = || serde_json::from_str::<About>(text).unwrap_or_default();
        match parsed.kind.as_str() {
            "ADDED" | "MODIFIED" => Ok(Word::Is(text, about())),
            "DELETED" => Ok(Word::Gone(about())),
            "BOOKMARK" => Ok(Word::Bookmark(about())),
            "ERROR" => {
                let code = serde_json::from_str(text).map_or(0, |code: Code| code.code);
                let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                Ok(Word::Failed(Failure::refused(status, None, text, &Credential::default())))
            }
            _ => Err(foreign("it is no line of a watch")),
        }
    }

    /// The version up to which all is known after this line; `None` where the line tells none.
    pub(crate) fn version(&self) -> Option<&str> {
        let about = match self {
            Word::Is(_, about) | Word::Gone(about) | Word::Bookmark(about) => about,
            Word::Failed(_) => return None,
        };
        Some(about.metadata.resource_version.as_str()).filter(|version| !version.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_happened_even_when_its_object_does_not_decode() {
        let line =
            r#"{"type":"MODIFIED","object":{"kind":"Pod","metadata":{"resourceVersion":"9"},"spec":7}}"#;
        assert!(matches!(Word::of(line), Ok(word @ Word::Is(..)) if word.version() == Some("9")));
        let line = r#"{"type":"DELETED","object":{"metadata":{"name":"a","namespace":"b"}}}"#;
        assert!(matches!(Word::of(line), Ok(Word::Gone(about)) if about.key() == ("b".into(), "a".into())));
    }

    #[test]
    fn an_expired_version_is_told_from_other_errors() {
        let line = r#"{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired"}}"#;
        assert!(matches!(Word::of(line), Ok(Word::Failed(Failure::Expired))));
        let line = r#"{"type":"ERROR","object":{"kind":"Status","code":500}}"#;
        assert!(matches!(Word::of(line), Ok(Word::Failed(Failure::Busy { .. }))));
        for line in ["", "{}", "[]", r#"{"type":"ADDED"}"#, r#"{"type":"NEWS","object":{}}"#, "<html>"] {
            assert!(Word::of(line).is_err(), "{line}");
        }
    }
}
