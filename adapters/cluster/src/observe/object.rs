//! What is told of one object.

use pullmedic_model::object::{Object, Unreadable, decode_one};

use super::News;
use super::feed::{Feed, Item};
use super::kind::Part;
use super::word::{About, AboutMeta};
use crate::partial;

impl Feed {
    /// Version and news of an object.
    pub(super) fn read(&mut self, text: &str) -> (String, News) {
        match self.kind.part() {
            Part::Metadata => {
                let about = About::of(text);
                if about.name.is_empty() {
                    let object = self.not_one("it has no name");
                    return self.unreadable(about, object);
                }
                self.touched(about)
            }
            Part::Whole => match decode_one(&self.decoded, text).and_then(|object| self.is(object)) {
                Ok(told) => told,
                Err(object) => self.unreadable(About::of(text), object),
            },
        }
    }

    fn not_one(&self, reason: &str) -> Unreadable {
        Unreadable { what: self.kind.name().to_owned(), reason: reason.to_owned() }
    }

    pub(super) fn touched(&mut self, about: AboutMeta) -> (String, News) {
        let AboutMeta { namespace, name, resource_version: version, .. } = about;
        (version.clone(), News::Touched { kind: self.kind, namespace, name, version })
    }

    /// Version and news of a pod or an event.
    pub(super) fn is(&mut self, object: Object) -> Result<(String, News), Unreadable> {
        let meta = match &object {
            Object::Pod(pod) => &pod.metadata,
            Object::Event(event) => &event.metadata,
            Object::Workload(_) | Object::Node(_) | Object::ServiceAccount(_) | Object::Other(_) => {
                return Err(self.not_one("it is another kind of object"));
            }
        };
        if meta.name.is_empty() {
            return Err(self.not_one("it has no name"));
        }
        self.troubles
            .end_of_object(&meta.namespace, &meta.name, |news| self.pending.push_back(Item::News(news)));
        Ok((meta.resource_version.clone(), News::Is { kind: self.kind, object }))
    }

    /// An object that is there and does not decode: a trouble, and that it is there.
    pub(super) fn unreadable(&mut self, about: AboutMeta, object: Unreadable) -> (String, News) {
        let key = (about.namespace.clone(), about.name.clone());
        let plural = self.kind.resource().plural;
        for skipped in partial::unreadable(vec![object], plural) {
            let pending = &mut self.pending;
            self.troubles.of_object(key.clone(), skipped, plural, |news| pending.push_back(Item::News(news)));
        }
        self.touched(about)
    }

    pub(super) fn gone(&mut self, about: &AboutMeta) {
        let (namespace, name) = (about.namespace.clone(), about.name.clone());
        self.troubles.end_of_object(&namespace, &name, |news| self.pending.push_back(Item::News(news)));
        self.tell(News::Gone { kind: self.kind, namespace, name, uid: about.uid.clone() });
    }
}
