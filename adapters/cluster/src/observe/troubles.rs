//! What the reader was told to be wrong, and is not yet over. Bounded: a watch that fails in ever new words, or of whose
//! objects none decodes, costs no more than one that is well.

use std::collections::BTreeMap;

use pullmedic_model::report::Skipped;

use super::News;

/// The most objects that are named; past them one more trouble stands for the rest.
const NAMED: usize = 32;

#[derive(Debug, Default)]
pub(super) struct Troubles {
    /// Why the kind cannot be read; one at a time.
    whole: Option<Skipped>,
    /// Objects that do not decode, by namespace and name.
    objects: BTreeMap<(String, String), Skipped>,
    /// What stands for those past the bound.
    rest: Option<Skipped>,
}

impl Troubles {
    /// The kind cannot be read.
    pub(super) fn of_whole(&mut self, skipped: Skipped, mut tell: impl FnMut(News)) {
        if self.whole.as_ref() == Some(&skipped) {
            return;
        }
        if let Some(other) = self.whole.replace(skipped.clone()) {
            tell(News::Over(other));
        }
        tell(News::Trouble(skipped));
    }

    /// It can again.
    pub(super) fn end_of_whole(&mut self, mut tell: impl FnMut(News)) {
        if let Some(skipped) = self.whole.take() {
            tell(News::Over(skipped));
        }
    }

    /// An object does not decode. `plural` names its kind.
    pub(super) fn of_object(
        &mut self,
        key: (String, String),
        skipped: Skipped,
        plural: &str,
        mut tell: impl FnMut(News),
    ) {
        if self.objects.get(&key) == Some(&skipped) {
            return;
        }
        if self.objects.len() >= NAMED && !self.objects.contains_key(&key) {
            if self.rest.is_none() {
                let rest = Skipped {
                    what: format!("more {plural}"),
                    reason: "they do not decode either".into(),
                    needs: None,
                    next: None,
                };
                self.rest = Some(rest.clone());
                tell(News::Trouble(rest));
            }
            return;
        }
        if let Some(other) = self.objects.insert(key, skipped.clone()) {
            tell(News::Over(other));
        }
        tell(News::Trouble(skipped));
    }

    /// An object decodes, or is gone.
    pub(super) fn end_of_object(&mut self, namespace: &str, name: &str, mut tell: impl FnMut(News)) {
        if self.objects.is_empty() {
            return;
        }
        if let Some(skipped) = self.objects.remove(&(namespace.to_owned(), name.to_owned())) {
            tell(News::Over(skipped));
        }
    }

    /// All are told anew, so those that still do not decode are told again.
    pub(super) fn end_of_objects(&mut self, mut tell: impl FnMut(News)) {
        let objects = std::mem::take(&mut self.objects).into_values();
        objects.chain(self.rest.take()).for_each(|skipped| tell(News::Over(skipped)));
    }
}
