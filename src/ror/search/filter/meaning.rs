//! What a `_filter` means, apart from how it is written: for checks, which must not mind spaces, case or order.

use super::{Filter, FilterCriterion};

/// What a `_filter` means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FilterMeaning {
    /// The same as these ordinary parameters, all of which must hold.
    Parameters(Vec<(String, String)>),
    /// No ordinary parameters say the same; the expression in one form for all that mean it.
    Expression(String),
}

/// The meaning of an expression; none when it cannot be read.
#[must_use]
pub fn filter_meaning(text: &str) -> Option<FilterMeaning> {
    let filter = Filter::parse(text).ok()?;
    Some(match parameters(&filter) {
        Some(parameters) => FilterMeaning::Parameters(parameters),
        None => FilterMeaning::Expression(canonical(&filter)),
    })
}

fn parameters(filter: &Filter) -> Option<Vec<(String, String)>> {
    match filter {
        Filter::Criterion(criterion) => Some(vec![parameter(criterion)]),
        Filter::Any(alternatives) => Filter::as_one_criterion(alternatives).map(|one| vec![parameter(&one)]),
        Filter::All(terms) => {
            let pairs = terms.iter().map(parameters).collect::<Option<Vec<_>>>()?;
            Some(pairs.into_iter().flatten().collect())
        }
    }
}

fn parameter(criterion: &FilterCriterion) -> (String, String) {
    (criterion.name.clone(), criterion.parameter_value(criterion.compares()))
}

fn canonical(filter: &Filter) -> String {
    let joined = |terms: &[Filter], word: &str| {
        let mut terms: Vec<String> = terms.iter().map(canonical).collect();
        terms.sort();
        format!("({})", terms.join(word))
    };
    match filter {
        Filter::Criterion(criterion) => {
            let mut values = criterion.values.clone();
            values.sort();
            format!("{} {} {}", criterion.name, criterion.operator, values.join(" or "))
        }
        Filter::Any(terms) => match Filter::as_one_criterion(terms) {
            Some(one) => canonical(&Filter::Criterion(one)),
            None => joined(terms, " or "),
        },
        Filter::All(terms) => joined(terms, " and "),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn spaces_case_and_order_change_no_meaning() {
        let meaning = |text: &str| filter_meaning(text).unwrap();
        assert_eq!(meaning("((a eq s|1) or (b eq s|2))"), meaning("( b eq s|2 ) OR ( a eq s|1 )"));
        assert_ne!(meaning("((a eq 1) or (b eq 2))"), meaning("((a eq 1) or (b eq 3))"));
        assert_ne!(meaning("((a eq 1) or (b eq 2))"), meaning("((a eq 1) and (b eq 2))"));
        assert_eq!(
            meaning("(a eq s|1 or s|2)"),
            FilterMeaning::Parameters(vec![("a".to_owned(), "s|1,s|2".to_owned())])
        );
        assert_eq!(
            meaning("(a eq 1 and b ge 2026-01-01)"),
            FilterMeaning::Parameters(vec![
                ("a".to_owned(), "1".to_owned()),
                ("b".to_owned(), "ge2026-01-01".to_owned())
            ])
        );
        assert_eq!(filter_meaning("(a eq"), None);
    }
}
