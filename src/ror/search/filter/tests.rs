//! The grammar of the record, errors with their place, bounds, and properties of the parser.
#![expect(clippy::unwrap_used)]
use proptest::prelude::*;

use super::*;

fn print(text: &str) -> String {
    Filter::parse(text).unwrap_or_else(|error| panic!("{text}: {error}")).to_string()
}

#[test]
fn the_forms_of_the_record() {
    for (text, printed) in [
        ("(specialty eq SYS|005 or SYS|481)", "(specialty eq SYS|005 or SYS|481)"),
        ("specialty eq 005", "specialty eq 005"),
        (
            "(_lastUpdated ge 2022-11-06T15:00 or organization._lastUpdated:above ge 2022-11-06T15:00)",
            "(_lastUpdated ge 2022-11-06T15:00 or organization._lastUpdated:above ge 2022-11-06T15:00)",
        ),
        (
            "(((a eq S|102) or (b eq S|233)) and (c le 35|https://u.org|a and d ge 35|https://u.org|a))",
            "((a eq S|102 or b eq S|233) and (c le 35|https://u.org|a and d ge 35|https://u.org|a))",
        ),
        ("(x eq \"60000\" or \"76620\")", "(x eq 60000 or 76620)"),
        ("(x eq S|18000 OR x eq S|13013)", "(x eq S|18000 or x eq S|13013)"),
        ("(a eq 1 AND b eq 2)", "(a eq 1 and b eq 2)"),
        (
            "(_has:Task:focus:business-status eq S|02 or S|10)",
            "(_has:Task:focus:business-status eq S|02 or S|10)",
        ),
        (
            "(_content=cardio or location._content=cardio)",
            "(_content eq cardio or location._content eq cardio)",
        ),
        ("( a  eq  1 )", "a eq 1"),
        ("a eq 1 or 2 or b eq 3", "((a eq 1 or 2) or b eq 3)"),
        (r#"name eq "l'\"Œuvre\" (site)""#, r#"name eq "l'\"Œuvre\" (site)""#),
    ] {
        assert_eq!(print(text), printed, "{text}");
    }
}

#[test]
fn errors_say_where_and_what_was_expected() {
    for (text, position, expected, found) in [
        ("", 1, EXPECTED_TERM, "la fin"),
        ("(specialty eq )", 15, EXPECTED_VALUE, "')'"),
        ("(specialty eq 005", 18, "'and', 'or' ou ')' attendus", "la fin"),
        ("specialty eq 005)", 17, EXPECTED_JUNCTION, "')'"),
        ("specialty co 005", 11, EXPECTED_OPERATOR, "'co'"),
        ("specialty", 10, EXPECTED_OPERATOR, "la fin"),
        ("é eq 1", 1, EXPECTED_TERM, "'é'"),
        ("a eq é b", 8, EXPECTED_JUNCTION, "'b'"),
        ("a eq 1 or b co 2", 13, EXPECTED_OPERATOR, "'co'"),
        ("a eq 1 or", 10, "un critère ou une valeur attendus", "la fin"),
        ("a eq 1 and", 11, EXPECTED_TERM, "la fin"),
        ("a eq or", 6, EXPECTED_VALUE, "'or'"),
        ("a eq \"b", 8, "guillemet fermant attendu", "la fin"),
        ("a eq 1 or 2 and b eq 3", 13, MIXED, "'and'"),
        ("b eq 3 and a eq 1 or 2", 19, MIXED, "'or'"),
        ("a ge 1 or 2", 12, EXPECTED_OPERATOR, "la fin"),
        ("()", 2, EXPECTED_TERM, "')'"),
    ] {
        let error = Filter::parse(text).unwrap_err();
        assert_eq!(
            (error.position, error.expected, error.found.as_str()),
            (position, expected, found),
            "{text}"
        );
    }
    let plus = Filter::parse("(_lastUpdated ge 2026-06-01T00:00:00 02:00)").unwrap_err();
    assert!(plus.to_string().contains("%2B"), "{plus}");
}

#[test]
fn depth_and_size_are_bounded() {
    let nested = |depth: usize| format!("{}a eq 1{}", "(".repeat(depth), ")".repeat(depth));
    assert!(Filter::parse(&nested(MAXIMUM_DEPTH)).is_ok());
    assert_eq!(Filter::parse(&nested(MAXIMUM_DEPTH + 1)).unwrap_err().position, MAXIMUM_DEPTH + 1);
    assert!(Filter::parse(&"(".repeat(10_000)).is_err());
    assert!(Filter::parse(&format!("a eq 1{}", " or 1".repeat(MAXIMUM_VALUES - 1))).is_ok());
    assert!(Filter::parse(&format!("a eq 1{}", " or 1".repeat(MAXIMUM_VALUES))).is_err());
    assert!(Filter::parse(&format!("a eq {}", "x".repeat(MAXIMUM_LENGTH))).is_err());
}

#[test]
fn values_become_those_of_an_ordinary_parameter() {
    let value = |text: &str| match Filter::parse(text).unwrap() {
        Filter::Criterion(criterion) => criterion.parameter_value(criterion.compares()),
        other => panic!("{other}"),
    };
    assert_eq!(value("a eq S|1 or S|2"), "S|1,S|2");
    assert_eq!(value("a ge 35|https://u.org|a"), "ge35|https://u.org|a");
    assert_eq!(value(r#"a eq "b, c\\d""#), r"b\, c\\d");
}

fn criterion() -> impl Strategy<Value = Filter> {
    let values = prop::collection::vec("\\PC{0,8}|and|OR|eq|a=b", 1..4);
    ("[a-z_][a-zA-Z0-9_.:-]{3,8}", prop::sample::select(OPERATORS.to_vec()), values).prop_map(
        |(name, operator, mut values)| {
            values.truncate(if operator == "eq" { 3 } else { 1 });
            Filter::Criterion(FilterCriterion { name, operator, values, position: 0 })
        },
    )
}

fn filter() -> impl Strategy<Value = Filter> {
    criterion().prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(Filter::All),
            prop::collection::vec(inner, 2..4).prop_map(Filter::Any),
        ]
    })
}

fn without_positions(filter: Filter) -> Filter {
    match filter {
        Filter::All(terms) => Filter::All(terms.into_iter().map(without_positions).collect()),
        Filter::Any(terms) => Filter::Any(terms.into_iter().map(without_positions).collect()),
        Filter::Criterion(criterion) => Filter::Criterion(FilterCriterion { position: 0, ..criterion }),
    }
}

proptest! {
    #[test]
    fn printing_and_reparsing_agree(filter in filter()) {
        let printed = filter.to_string();
        let again = Filter::parse(&printed).map(without_positions);
        prop_assert_eq!(again, Ok(filter), "{}", printed);
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,60}", tokens in prop::collection::vec("[(]|[)]|and|or|eq|ge|name|\"|x=|é| ", 0..30)) {
        for text in [text, tokens.join(" "), tokens.concat()] {
            if let Err(error) = Filter::parse(&text) {
                prop_assert!(error.position <= text.chars().count() + 1);
            }
        }
    }
}
