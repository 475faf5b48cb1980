//! Schemas for values whose set may grow. A newer controller under an older definition must not have its objects refused
//! because of one new word, so the definition holds the form of a code, not the list.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

/// The longest code that we have is 27 letters; 63 is what a label's value may be.
pub(super) const CODE: usize = 63;

/// A code in kebab-case.
pub(super) struct Code;

impl JsonSchema for Code {
    fn schema_name() -> Cow<'static, str> {
        "Code".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "maxLength": CODE, "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$"})
    }
}

/// The name of an incident.
pub(super) struct Id;

impl JsonSchema for Id {
    fn schema_name() -> Cow<'static, str> {
        "Id".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "maxLength": CODE, "pattern": "^pi-[a-km-np-z2-9]{6}$"})
    }
}

/// A host with an optional port.
pub(super) struct HostPort;

impl JsonSchema for HostPort {
    fn schema_name() -> Cow<'static, str> {
        "HostPort".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let port = "(:[0-9]{1,5})?";
        json_schema!({
            "type": "string", "minLength": 1, "maxLength": HOST,
            "pattern": format!(r"^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.%]+\]){port}$"),
        })
    }
}

/// The same, or all names below one of at least two labels: `*.acme.test`.
pub(super) struct HostOrBelow;

impl JsonSchema for HostOrBelow {
    fn schema_name() -> Cow<'static, str> {
        "HostOrBelow".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let port = "(:[0-9]{1,5})?";
        json_schema!({
            "type": "string", "minLength": 1, "maxLength": HOST + 2,
            "pattern": format!(
                r"^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.%]+\]|\*(\.[A-Za-z0-9_-]+){{2,}}){port}$"
            ),
        })
    }
}

/// The longest host name of DNS, with brackets and a port.
const HOST: usize = 253 + 2 + 6;
