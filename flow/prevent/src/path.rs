//! Where a custom resource names images: `Kind=.spec.path[*].image`.

use std::fmt;

use serde_json::Value;

/// A kind, and the place of images in its objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImagePath {
    /// The kind.
    pub kind: String,
    steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Field(String),
    /// `[*]`: every item of a list, or every value of a map.
    Each,
    /// `[2]`.
    Item(usize),
}

/// The text is no such path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not of the form KIND=.field.list[*].field: {0}")]
pub struct NotAPath(&'static str);

impl ImagePath {
    /// Reads `Kind=.spec.path[*].image`, also with kubectl's braces: `Kind={.spec.image}`.
    ///
    /// # Errors
    /// When the text has another form.
    pub fn parse(text: &str) -> Result<ImagePath, NotAPath> {
        let (kind, path) = text.split_once('=').ok_or(NotAPath("there is no ="))?;
        if kind.is_empty() || !kind.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(NotAPath("the kind is not a word"));
        }
        let path = path.strip_prefix('{').and_then(|path| path.strip_suffix('}')).unwrap_or(path);
        let mut rest = path.strip_prefix('$').unwrap_or(path);
        let mut steps = Vec::new();
        while !rest.is_empty() {
            if let Some(field) = rest.strip_prefix('.') {
                let end = field.find(['.', '[']).unwrap_or(field.len());
                if end == 0 {
                    return Err(NotAPath("a field is empty"));
                }
                steps.push(Step::Field(field[..end].to_owned()));
                rest = &field[end..];
            } else if let Some((index, after)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']'))
            {
                steps.push(match index {
                    "*" => Step::Each,
                    _ => {
                        Step::Item(index.parse().map_err(|_| NotAPath("an index is neither * nor a number"))?)
                    }
                });
                rest = after;
            } else {
                return Err(NotAPath("a step begins with neither . nor ["));
            }
        }
        match steps.last() {
            None => Err(NotAPath("the path is empty")),
            Some(_) => Ok(ImagePath { kind: kind.to_owned(), steps }),
        }
    }

    /// The last field of it, which holds the image; `None` when it ends at items.
    pub fn field(&self) -> Option<&str> {
        match self.steps.last() {
            Some(Step::Field(field)) => Some(field),
            Some(Step::Each | Step::Item(_)) | None => None,
        }
    }

    /// The texts at the path, with their JSON pointers; what is absent or no text is left out.
    pub(crate) fn texts<'a>(&self, value: &'a Value) -> Vec<(String, &'a str)> {
        let mut here: Vec<(String, &Value)> = vec![(String::new(), value)];
        for step in &self.steps {
            let mut below = Vec::new();
            for (pointer, value) in here {
                match (step, value) {
                    (Step::Field(field), value) => below.extend(
                        value.get(field).map(|value| (format!("{pointer}/{}", escaped(field)), value)),
                    ),
                    (Step::Item(index), value) => {
                        below.extend(value.get(index).map(|value| (format!("{pointer}/{index}"), value)));
                    }
                    (Step::Each, Value::Array(items)) => below.extend(
                        items.iter().enumerate().map(|(index, value)| (format!("{pointer}/{index}"), value)),
                    ),
                    (Step::Each, Value::Object(fields)) => below.extend(
                        fields.iter().map(|(field, value)| (format!("{pointer}/{}", escaped(field)), value)),
                    ),
                    (Step::Each, _) => {}
                }
            }
            here = below;
        }
        here.into_iter().filter_map(|(pointer, value)| Some((pointer, value.as_str()?))).collect()
    }
}

fn escaped(field: &str) -> String {
    field.replace('~', "~0").replace('/', "~1")
}

impl fmt::Display for ImagePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.steps.iter().try_for_each(|step| match step {
            Step::Field(field) => write!(f, ".{field}"),
            Step::Each => f.write_str("[*]"),
            Step::Item(index) => write!(f, "[{index}]"),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_path_is_read_or_refused_with_the_reason() {
        for (text, shown) in [
            ("Widget=.spec.parts[*].image", Ok(".spec.parts[*].image")),
            ("Widget={.spec.image}", Ok(".spec.image")),
            ("Widget=$.a[0]", Ok(".a[0]")),
            ("Widget", Err("there is no =")),
            ("=.a", Err("the kind is not a word")),
            ("Widget=", Err("the path is empty")),
            ("Widget=spec", Err("a step begins with neither . nor [")),
            ("Widget=.a..b", Err("a field is empty")),
            ("Widget=.a[x]", Err("an index is neither * nor a number")),
            ("Widget=.a[1", Err("a step begins with neither . nor [")),
        ] {
            let read = ImagePath::parse(text).map(|path| path.to_string()).map_err(|error| error.0);
            assert_eq!(read, shown.map(str::to_owned), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_the_same_and_nothing_panics(text in "\\PC{0,24}") {
            if let Ok(path) = ImagePath::parse(&format!("Widget={text}")) {
                prop_assert_eq!(ImagePath::parse(&format!("Widget={path}")), Ok(path.clone()));
                prop_assert!(path.texts(&Value::Null).is_empty());
            }
        }
    }
}
