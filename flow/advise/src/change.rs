//! RFC 6902 operations and those that take them back.

use serde_json::{Value, json};

/// A change of one object: operations in order, and what undoes them. Operations that replace or remove hold a `test` of
/// the old value before them, so that a change made meanwhile by others is never overwritten.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Change {
    pub(crate) operations: Vec<Value>,
    pub(crate) undo: Vec<Value>,
}

impl Change {
    /// Another value in place of `old`.
    pub(crate) fn replace(path: &str, old: &Value, new: &Value) -> Change {
        Change { operations: replaced(path, old, new), undo: replaced(path, new, old) }
    }

    /// A member where there was none.
    pub(crate) fn add(path: &str, value: &Value) -> Change {
        Change { operations: vec![added(path, value)], undo: removed(path, value) }
    }

    /// One more element at the end of a list that has some.
    pub(crate) fn append(path: &str, held: &[Value], value: &Value) -> Change {
        let operations = vec![test(path, &json!(held)), added(&format!("{path}/-"), value)];
        Change { operations, undo: removed(&format!("{path}/{}", held.len()), value) }
    }

    /// A list without some of its elements; without the list when none is left, since `[]` may not be stored.
    pub(crate) fn thin(path: &str, held: &[Value], left: &[Value]) -> Change {
        if left.is_empty() {
            let undo = vec![added(path, &json!(held))];
            return Change { operations: removed(path, &json!(held)), undo };
        }
        Change::replace(path, &json!(held), &json!(left))
    }
}

fn test(path: &str, value: &Value) -> Value {
    json!({"op": "test", "path": path, "value": value})
}

fn added(path: &str, value: &Value) -> Value {
    json!({"op": "add", "path": path, "value": value})
}

fn removed(path: &str, value: &Value) -> Vec<Value> {
    vec![test(path, value), json!({"op": "remove", "path": path})]
}

fn replaced(path: &str, old: &Value, new: &Value) -> Vec<Value> {
    vec![test(path, old), json!({"op": "replace", "path": path, "value": new})]
}

/// A key as a part of a JSON pointer (RFC 6901).
pub(crate) fn pointer(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn applied(operations: &[Value], to: &Value) -> Value {
        let patch: json_patch::Patch = serde_json::from_value(json!(operations)).expect("operations");
        let mut document = to.clone();
        json_patch::patch(&mut document, &patch).expect("a patch that applies");
        document
    }

    fn names() -> impl Strategy<Value = Vec<Value>> {
        proptest::collection::vec("[a-z]{1,3}".prop_map(|name| json!({"name": name})), 1..4)
    }

    proptest! {
        #[test]
        fn what_is_undone_is_as_it_was(held in names(), new in "[a-z/~]{1,4}", kept in 0_usize..4) {
            let with = json!({"spec": {"list": held, "a/b~c": "old"}});
            let without = json!({"spec": {}});
            let value = json!({"name": new});
            let left = &held[..kept.min(held.len() - 1)];
            for (change, document) in [
                (Change::append("/spec/list", &held, &value), &with),
                (Change::thin("/spec/list", &held, left), &with),
                (Change::replace(&format!("/spec/{}", pointer("a/b~c")), &json!("old"), &value), &with),
                (Change::add("/spec/list", &json!([value])), &without),
                (Change::add(&format!("/spec/{}", pointer(&new)), &value), &without),
            ] {
                let after = applied(&change.operations, document);
                prop_assert_ne!(&after, document);
                prop_assert_eq!(&applied(&change.undo, &after), document);
            }
        }
    }

    #[test]
    fn what_somebody_changed_meanwhile_is_left_alone() {
        let held = [json!({"name": "a"})];
        let since = json!({"l": [{"name": "a"}, {"name": "theirs"}]});
        for change in [
            Change::append("/l", &held, &json!({"name": "b"})),
            Change::thin("/l", &held, &[]),
            Change::replace("/l", &json!(held), &json!([])),
        ] {
            let patch: json_patch::Patch =
                serde_json::from_value(json!(change.operations)).expect("operations");
            assert!(json_patch::patch(&mut since.clone(), &patch).is_err(), "{change:?}");
        }
    }
}
