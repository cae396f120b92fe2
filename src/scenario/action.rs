//! The actions of the adapter contract and the shape of their inputs: one table for the lint, the schema and the defaults.

use serde_json::{Map, Value, json};

/// The five resource types that the FHIR API serves for reading.
pub const RESOURCES: [&str; 5] =
    ["HealthcareService", "Location", "Organization", "Practitioner", "PractitionerRole"];

/// Most reads that `many-reads` runs side by side.
pub const PARALLEL_MAX: u64 = 64;

/// One action (`ROR_ACTION`).
#[derive(Debug)]
pub struct Action {
    /// Its name.
    pub name: &'static str,
    /// The members of its input (`ROR_INPUT`).
    pub fields: &'static [Field],
}

/// One member of an input.
#[derive(Debug)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// What it is for, in English, for the schema.
    pub about: &'static str,
    /// What the bench puts when a scenario leaves it out.
    pub default: Absent,
}

/// What a scenario's silence means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    /// The author must say it.
    Refused,
    /// `null`.
    Null,
    /// `true`.
    True,
    /// `false`.
    False,
    /// An empty list.
    EmptyList,
    /// Four at a time.
    Four,
}

/// What a member holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One of the five resource types.
    Resource,
    /// A text that is not empty.
    Word,
    /// A text, or `null`.
    WordOrNull,
    /// `true` or `false`.
    Flag,
    /// A whole number from the first bound to the second.
    Number(u64, u64),
    /// A list of texts, possibly empty.
    Words,
    /// A list of at least one text.
    SomeWords,
    /// A list of pairs `[name, value]`.
    Pairs,
    /// A list of at least one object.
    Objects,
}

const fn field(name: &'static str, kind: Kind, default: Absent, about: &'static str) -> Field {
    Field { name, kind, about, default }
}

const RESOURCE: Field = field("resource", Kind::Resource, Absent::Refused, "Type of the resource.");
const SINCE: Field =
    field("since", Kind::WordOrNull, Absent::Null, "Instant (RFC 3339); null: the client's own bookmark.");
const ACTIVITIES: Field =
    field("activities", Kind::Words, Absent::EmptyList, "Codes of fields of activity; all when empty.");
const AUDIENCES: Field =
    field("audiences", Kind::Words, Absent::EmptyList, "Codes of audiences; all when empty.");

/// All actions of the adapter contract.
pub const ACTIONS: &[Action] = &[
    Action { name: "token", fields: &[] },
    Action {
        name: "read",
        fields: &[RESOURCE, field("id", Kind::Word, Absent::Refused, "Technical id of the resource.")],
    },
    Action {
        name: "search",
        fields: &[
            RESOURCE,
            field(
                "parameters",
                Kind::Pairs,
                Absent::EmptyList,
                "Search parameters as pairs of name and value; a name can repeat.",
            ),
            field("all-pages", Kind::Flag, Absent::True, "False: the first page only."),
        ],
    },
    Action {
        name: "many-reads",
        fields: &[
            RESOURCE,
            field("ids", Kind::SomeWords, Absent::Refused, "Technical ids, all to be read."),
            field("parallel", Kind::Number(1, PARALLEL_MAX), Absent::Four, "Reads side by side."),
        ],
    },
    Action {
        name: "export",
        fields: &[field(
            "region",
            Kind::WordOrNull,
            Absent::Null,
            "Code of a region; null: the whole country.",
        )],
    },
    Action { name: "sync", fields: &[SINCE] },
    Action {
        name: "update-capacity",
        fields: &[field(
            "updates",
            Kind::Objects,
            Absent::Refused,
            "Capacities to set or delete, by location.",
        )],
    },
    Action {
        name: "report-anomaly",
        fields: &[
            field("healthcare-service", Kind::Word, Absent::Refused, "Technical id of the offer."),
            field("category", Kind::Word, Absent::Refused, "Code of the kind of anomaly."),
            field("description", Kind::Word, Absent::Refused, "What is wrong."),
        ],
    },
    Action {
        name: "update-anomaly",
        fields: &[
            field("task", Kind::Word, Absent::Refused, "Technical id of the anomaly."),
            field("status", Kind::Word, Absent::Refused, "Code of its new status."),
        ],
    },
    Action {
        name: "csd-extract",
        fields: &[field("profile", Kind::Number(0, 5), Absent::Refused, "Access profile of the extraction.")],
    },
    Action { name: "csd-changes", fields: &[SINCE, ACTIVITIES, AUDIENCES] },
    Action {
        name: "csd-read-establishment",
        fields: &[
            field("establishment", Kind::Word, Absent::Refused, "Identifier of the establishment."),
            SINCE,
            ACTIVITIES,
            AUDIENCES,
            field("restricted", Kind::Flag, Absent::False, "Whether restricted data are asked for."),
        ],
    },
    Action {
        name: "csd-read-organisation",
        fields: &[field(
            "organisation",
            Kind::Word,
            Absent::Refused,
            "Identifier given by the national ROR.",
        )],
    },
    Action {
        name: "show",
        fields: &[
            RESOURCE,
            field("id", Kind::Word, Absent::Refused, "Technical id of the resource."),
            field("as-profile", Kind::Number(0, 5), Absent::Refused, "Access profile of the user."),
            field("as-function", Kind::WordOrNull, Absent::Null, "Function of the user."),
        ],
    },
];

impl Action {
    /// The action of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        ACTIONS.iter().find(|action| action.name == name)
    }

    /// The names of all actions.
    #[must_use]
    pub fn names() -> Vec<&'static str> {
        ACTIONS.iter().map(|action| action.name).collect()
    }

    /// `ROR_INPUT` as the adapter gets it: what the scenario says, and the defaults of what it does not say.
    #[must_use]
    pub fn complete(&self, input: Option<&Value>) -> Value {
        let said = input.and_then(Value::as_object);
        let members = self.fields.iter().filter_map(|field| {
            let value =
                said.and_then(|said| said.get(field.name)).cloned().or_else(|| field.default.value())?;
            Some((field.name.to_owned(), value))
        });
        Value::Object(members.collect::<Map<String, Value>>())
    }

    /// JSON Schema of the input.
    #[must_use]
    pub fn schema(&self) -> Value {
        let members = self.fields.iter().map(|field| {
            let mut schema = field.kind.schema();
            schema["description"] = json!(field.about);
            (field.name.to_owned(), schema)
        });
        let names: Vec<&str> = self.fields.iter().map(|field| field.name).collect();
        json!({
            "type": "object",
            "properties": members.collect::<Map<String, Value>>(),
            "required": names,
            "additionalProperties": false,
        })
    }
}

impl Absent {
    fn value(self) -> Option<Value> {
        match self {
            Self::Refused => None,
            Self::Null => Some(Value::Null),
            Self::True => Some(json!(true)),
            Self::False => Some(json!(false)),
            Self::EmptyList => Some(json!([])),
            Self::Four => Some(json!(4)),
        }
    }
}

impl Kind {
    /// Whether `value` is of that kind.
    #[must_use]
    pub fn accepts(self, value: &Value) -> bool {
        let word = |value: &Value| value.as_str().is_some_and(|text| !text.trim().is_empty());
        let list = |value: &Value, item: &dyn Fn(&Value) -> bool| {
            value.as_array().is_some_and(|items| items.iter().all(item))
        };
        let some = |value: &Value| value.as_array().is_some_and(|items| !items.is_empty());
        match self {
            Self::Resource => value.as_str().is_some_and(|text| RESOURCES.contains(&text)),
            Self::Word => word(value),
            Self::WordOrNull => value.is_null() || word(value),
            Self::Flag => value.is_boolean(),
            Self::Number(least, most) => {
                value.as_u64().is_some_and(|number| (least..=most).contains(&number))
            }
            Self::Words => list(value, &word),
            Self::SomeWords => some(value) && list(value, &word),
            Self::Pairs => list(value, &|pair| {
                pair.as_array().is_some_and(|pair| pair.len() == 2 && word(&pair[0]) && pair[1].is_string())
            }),
            Self::Objects => some(value) && list(value, &Value::is_object),
        }
    }

    fn schema(self) -> Value {
        match self {
            Self::Resource => json!({"enum": RESOURCES}),
            Self::Word => json!({"type": "string", "minLength": 1}),
            Self::WordOrNull => json!({"type": ["string", "null"], "minLength": 1}),
            Self::Flag => json!({"type": "boolean"}),
            Self::Number(least, most) => json!({"type": "integer", "minimum": least, "maximum": most}),
            Self::Words => json!({"type": "array", "items": {"type": "string", "minLength": 1}}),
            Self::SomeWords => {
                json!({"type": "array", "minItems": 1, "items": {"type": "string", "minLength": 1}})
            }
            Self::Pairs => json!({"type": "array", "items": {
                "type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 2}}),
            Self::Objects => json!({"type": "array", "minItems": 1, "items": {"type": "object"}}),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn an_input_is_completed_with_its_defaults() {
        let search = Action::find("search").unwrap();
        let input = search.complete(Some(&json!({"resource": "Location"})));
        assert_eq!(input, json!({"resource": "Location", "parameters": [], "all-pages": true}));
        assert_eq!(Action::find("sync").unwrap().complete(None), json!({"since": null}));
        assert_eq!(Action::find("token").unwrap().complete(None), json!({}));
        assert!(Action::find("tokens").is_none());
    }

    #[test]
    fn kinds_refuse_what_is_not_theirs() {
        assert!(Kind::Pairs.accepts(&json!([["name", ""], ["name", "a"]])));
        assert!(!Kind::Pairs.accepts(&json!([["name"]])));
        assert!(!Kind::Pairs.accepts(&json!([["name", 3]])));
        assert!(!Kind::Pairs.accepts(&json!({"name": "a"})));
        assert!(!Kind::Number(1, 64).accepts(&json!(0)));
        assert!(!Kind::Number(1, 64).accepts(&json!(65)));
        assert!(!Kind::Resource.accepts(&json!("Patient")));
        assert!(!Kind::SomeWords.accepts(&json!([])));
        assert!(Kind::Words.accepts(&json!([])));
    }
}
