//! Secrets that came to be known in this run: a registry may tell them back, and the kubelet prints what it is told.

use pullmedic_keyring::Found;
use pullmedic_model::echo;
use pullmedic_model::probe::Case;
use pullmedic_sight::Seen;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

/// The values, and the forms in which they are sent.
#[derive(Default)]
pub(crate) struct Hidden(Vec<SecretString>);

impl Hidden {
    /// Adds a login.
    pub(crate) fn add(&mut self, found: &Found) {
        let forms = echo::forms(found.user.expose_secret(), found.password.expose_secret());
        forms.into_iter().for_each(|form| self.push(form));
    }

    fn push(&mut self, value: String) {
        if !self.0.iter().any(|known| known.expose_secret() == value) {
            self.0.push(value.into());
        }
    }

    /// Takes over what another run of reading found.
    pub(crate) fn extend(&mut self, other: Hidden) {
        other.0.into_iter().for_each(|value| self.push(value.expose_secret().to_owned()));
    }

    fn values(&self) -> Vec<&str> {
        let mut values: Vec<&str> = self.0.iter().map(ExposeSecret::expose_secret).collect();
        // A secret within another must not leave the rest of it behind.
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        values
    }

    /// Leaves them out of everything that was said about a sighting.
    pub(crate) fn leave_out_of(&self, seen: &mut Seen) {
        let values = self.values();
        let told = seen.sighting.testimony.iter_mut().chain(&mut seen.sighting.beside);
        for testimony in told {
            testimony.words = testimony.words.without(&values);
            testimony.reason = testimony.reason.without(&values);
        }
        seen.sighting.reason = seen.sighting.reason.without(&values);
        if let Some(hypothesis) = &mut seen.hypothesis {
            hypothesis.leaf = clean(&hypothesis.leaf, &values);
        }
    }

    /// Leaves them out of the words of a case.
    pub(crate) fn leave_out_of_case(&self, case: &mut Case) {
        let values = self.values();
        if let Some(words) = &mut case.words {
            words.text = words.text.without(&values);
            words.reason = words.reason.without(&values);
            words.leaf = clean(&words.leaf, &values);
        }
    }

    /// Leaves them out of every text of a document.
    pub(crate) fn leave_out_of_value(&self, value: &mut Value) {
        let values = self.values();
        if !values.is_empty() {
            walk(value, &values);
        }
    }
}

fn clean(text: &str, values: &[&str]) -> String {
    pullmedic_model::Captured::new(text).without(values).as_str().to_owned()
}

fn walk(value: &mut Value, values: &[&str]) {
    match value {
        Value::String(text) if values.iter().any(|secret| text.contains(secret)) => {
            *text = clean(text, values)
        }
        Value::Array(items) => items.iter_mut().for_each(|item| walk(item, values)),
        Value::Object(fields) => fields.values_mut().for_each(|field| walk(field, values)),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
