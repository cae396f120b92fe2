//! The campaign as rows of a table, whatever it holds.

use serde_json::Value;

/// More rows than that are not shown.
const MOST_ROWS: usize = 300;
/// Deeper values are shown in one line.
const DEEPEST: usize = 6;

/// One key of the campaign.
pub(crate) struct Row {
    /// How far in, from 0.
    pub(crate) depth: usize,
    pub(crate) key: String,
    /// None for a key that only holds other keys.
    pub(crate) value: Option<Value>,
}

/// The rows of a campaign, in its own order.
pub(crate) fn rows(campaign: &Value) -> Vec<Row> {
    let mut rows = Vec::new();
    add_members(&mut rows, campaign, 0);
    rows
}

fn add_members(rows: &mut Vec<Row>, value: &Value, depth: usize) {
    match value {
        Value::Object(members) => members.iter().for_each(|(key, value)| add(rows, key, value, depth)),
        Value::Array(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(index, item)| add(rows, &(index + 1).to_string(), item, depth));
        }
        _ => {}
    }
}

fn add(rows: &mut Vec<Row>, key: &str, value: &Value, depth: usize) {
    if rows.len() >= MOST_ROWS {
        return;
    }
    let nested = match value {
        Value::Object(members) => !members.is_empty(),
        Value::Array(items) => items.iter().any(|item| item.is_object() || item.is_array()),
        _ => false,
    };
    let nested = nested && depth < DEEPEST;
    rows.push(Row { depth, key: key.to_owned(), value: (!nested).then(|| value.clone()) });
    if nested {
        add_members(rows, value, depth + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn nested_keys_become_rows_and_plain_lists_stay_one_row() {
        let rows = rows(&json!({ "a": { "b": 1, "c": ["x", "y"] }, "d": [{ "e": null }] }));
        let shape: Vec<_> =
            rows.iter().map(|row| (row.depth, row.key.as_str(), row.value.is_some())).collect();
        assert_eq!(
            shape,
            [
                (0, "a", false),
                (1, "b", true),
                (1, "c", true),
                (0, "d", false),
                (1, "1", false),
                (2, "e", true)
            ]
        );
    }

    #[test]
    fn depth_and_number_are_bounded() {
        let mut deep = json!("end");
        for _ in 0..100 {
            deep = json!({ "in": deep });
        }
        assert_eq!(rows(&deep).len(), DEEPEST + 1);
        assert_eq!(rows(&json!((0..10_000).map(|n| json!({ "n": n })).collect::<Vec<_>>())).len(), MOST_ROWS);
    }
}
