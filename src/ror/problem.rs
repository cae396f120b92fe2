//! Every error of the FHIR API, as an OperationOutcome: the one place that writes them.
//!
//! Statuses and codes that the ROR does not document are assumptions (`ror-fhir.md` §1.4); the texts are in French,
//! because the ROR's own are, and are part of what goes over the wire.

use serde_json::{Value, json};

/// An answer that is an error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{status} {code}: {diagnostics}")]
pub struct Problem {
    /// HTTP status, 4xx or 5xx.
    pub status: u16,
    /// `OperationOutcome.issue.code` (FHIR R4 value set issue-type).
    pub code: &'static str,
    /// `OperationOutcome.issue.diagnostics`.
    pub diagnostics: String,
    /// `OperationOutcome.issue.expression`: the element, or `http.<parameter>`.
    pub expression: Option<String>,
    /// The expression goes out as a plain string, as a documented answer of the ROR has it (`ror-fhir.md` §5.2), and
    /// not as the array that FHIR asks for.
    pub plain_expression: bool,
    /// What else is wrong with the same request.
    pub further: Vec<Issue>,
}

/// One more issue of the same OperationOutcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// `OperationOutcome.issue.code`.
    pub code: &'static str,
    /// `OperationOutcome.issue.diagnostics`.
    pub diagnostics: String,
    /// `OperationOutcome.issue.expression`.
    pub expression: Option<String>,
}

impl Problem {
    /// Any status and code.
    pub fn new(status: u16, code: &'static str, diagnostics: impl Into<String>) -> Self {
        Self {
            status,
            code,
            diagnostics: diagnostics.into(),
            expression: None,
            plain_expression: false,
            further: Vec::new(),
        }
    }

    /// All that is wrong at once; `None` when there is nothing.
    #[must_use]
    pub fn of_issues(status: u16, issues: Vec<Issue>) -> Option<Self> {
        let mut issues = issues.into_iter();
        let first = issues.next()?;
        let mut problem = Self::new(status, first.code, first.diagnostics);
        problem.expression = first.expression;
        problem.further = issues.collect();
        Some(problem)
    }

    /// Sends the expression as a plain string.
    #[must_use]
    pub fn with_plain_expression(mut self) -> Self {
        self.plain_expression = true;
        self
    }

    /// Adds the element concerned.
    #[must_use]
    pub fn at(mut self, expression: impl Into<String>) -> Self {
        self.expression = Some(expression.into());
        self
    }

    /// 400: the request cannot be understood.
    pub fn bad_request(diagnostics: impl Into<String>) -> Self {
        Self::new(400, "processing", diagnostics)
    }

    /// 400: a search parameter that the ROR does not know for this type.
    #[must_use]
    pub fn unknown_parameter(name: &str, known: &[String]) -> Self {
        let mut diagnostics = format!("Paramètre de recherche inconnu : '{}'.", shorten(name));
        if let Some(near) = nearest(name, known) {
            diagnostics.push_str(&format!(" Vouliez-vous dire '{near}' ?"));
        }
        diagnostics.push_str(&format!(" Paramètres connus : {}.", known.join(", ")));
        Self::new(400, "not-supported", diagnostics).at(format!("http.{}", shorten(name)))
    }

    /// 400: a search parameter that is announced, not live.
    #[must_use]
    pub fn draft_parameter(name: &str) -> Self {
        Self::new(
            400,
            "not-supported",
            format!(
                "Le paramètre de recherche '{}' est annoncé (draft) et pas encore en service.",
                shorten(name)
            ),
        )
        .at(format!("http.{}", shorten(name)))
    }

    /// 400: the value of a search parameter is malformed.
    #[must_use]
    pub fn invalid_value(name: &str, value: &str, why: &str) -> Self {
        Self::new(
            400,
            "value",
            format!("Valeur '{}' invalide pour '{}' : {why}.", shorten(value), shorten(name)),
        )
        .at(format!("http.{}", shorten(name)))
    }

    /// 400: a mandatory header (or parameter) is missing.
    #[must_use]
    pub fn missing_header(name: &str) -> Self {
        Self::new(400, "required", format!("L'en-tête obligatoire '{name}' est absent."))
    }

    /// 401: no token, or one that is malformed, unknown or expired.
    pub fn unauthorized(diagnostics: impl Into<String>) -> Self {
        Self::new(401, "login", diagnostics)
    }

    /// 403: known, but not allowed.
    pub fn forbidden(diagnostics: impl Into<String>) -> Self {
        Self::new(403, "forbidden", diagnostics)
    }

    /// 404: no such resource, for this access profile.
    #[must_use]
    pub fn not_found(resource_type: &str, id: &str) -> Self {
        Self::new(
            404,
            "not-found",
            format!("La ressource {resource_type}/{} n'a pas été trouvée.", shorten(id)),
        )
        .at(resource_type)
    }

    /// 404: nothing at this path.
    #[must_use]
    pub fn unknown_path(path: &str) -> Self {
        Self::new(404, "not-found", format!("Le chemin '{}' n'existe pas.", shorten(path)))
    }

    /// 405: this interaction does not exist here.
    #[must_use]
    pub fn method_not_allowed(method: &str, path: &str) -> Self {
        Self::new(
            405,
            "not-supported",
            format!("La méthode {} n'est pas admise sur '{}'.", shorten(method), shorten(path)),
        )
    }

    /// 406: only JSON is served.
    #[must_use]
    pub fn not_acceptable(format: &str) -> Self {
        Self::new(
            406,
            "not-supported",
            format!(
                "Le format '{}' n'est pas servi ; formats servis : application/fhir+json.",
                shorten(format)
            ),
        )
    }

    /// 410: the page is no longer held.
    pub fn gone(diagnostics: impl Into<String>) -> Self {
        Self::new(410, "expired", diagnostics)
    }

    /// 412: a conditional interaction met several resources.
    #[must_use]
    pub fn multiple_matches(resource_type: &str, count: usize) -> Self {
        Self::new(
            412,
            "multiple-matches",
            format!("La ressource {resource_type} recherchée n'est pas unique, il y a '{count}' résultats"),
        )
        .at(resource_type)
    }

    /// 413: the request body is larger than is read.
    #[must_use]
    pub fn too_large(limit: usize) -> Self {
        Self::new(413, "too-long", format!("Le corps de la requête dépasse {limit} octets."))
    }

    /// 415: a body that is not FHIR JSON.
    #[must_use]
    pub fn unsupported_media_type(content_type: &str) -> Self {
        Self::new(
            415,
            "not-supported",
            format!(
                "Content-Type '{}' non supporté ; attendu : application/fhir+json.",
                shorten(content_type)
            ),
        )
    }

    /// 429: a quota is exceeded.
    pub fn too_many_requests(diagnostics: impl Into<String>) -> Self {
        Self::new(429, "throttled", diagnostics)
    }

    /// 500: the mock itself failed.
    pub fn internal(diagnostics: impl Into<String>) -> Self {
        Self::new(500, "exception", diagnostics)
    }

    /// 501: exists in the ROR, not in the mock.
    pub fn not_implemented(diagnostics: impl Into<String>) -> Self {
        Self::new(501, "not-supported", diagnostics)
    }

    /// 503: unavailable for a while.
    pub fn unavailable(diagnostics: impl Into<String>) -> Self {
        Self::new(503, "transient", diagnostics)
    }

    /// The body of the answer.
    #[must_use]
    pub fn to_operation_outcome(&self) -> Value {
        let first = issue(self.code, &self.diagnostics, self.expression.as_deref(), self.plain_expression);
        let further = self
            .further
            .iter()
            .map(|further| issue(further.code, &further.diagnostics, further.expression.as_deref(), false));
        let issues: Vec<Value> = std::iter::once(first).chain(further).collect();
        json!({"resourceType": "OperationOutcome", "issue": issues})
    }
}

impl Issue {
    /// What the client sent may be part of the diagnostics: it is cut where it is long.
    pub(super) fn new(code: &'static str, diagnostics: &str, expression: Option<&str>) -> Self {
        let cut: String = diagnostics.chars().take(1_000).collect();
        Self { code, diagnostics: cut, expression: expression.map(str::to_owned) }
    }
}

fn issue(code: &str, diagnostics: &str, expression: Option<&str>, plain: bool) -> Value {
    let mut issue = json!({"severity": "error", "code": code, "diagnostics": diagnostics});
    if let Some(expression) = expression {
        issue["expression"] = if plain { json!(expression) } else { json!([expression]) };
    }
    issue
}

/// The warning of a search whose matches beyond the cap are not given.
pub(super) fn truncated(given: usize, total: usize) -> Value {
    json!({"resourceType": "OperationOutcome", "issue": [{
        "severity": "warning",
        "code": "too-costly",
        "diagnostics": format!(
            "Résultat tronqué : {given} des {total} ressources trouvées sont rendues. Précisez la recherche, ou utilisez $export."
        )
    }]})
}

/// What the client sent is repeated in part only.
pub(super) fn shorten(text: &str) -> String {
    const LIMIT: usize = 200;
    if text.chars().count() <= LIMIT {
        return text.to_owned();
    }
    text.chars().take(LIMIT).chain(['…']).collect()
}

fn nearest<'a>(name: &str, known: &'a [String]) -> Option<&'a str> {
    if name.len() > 100 {
        return None;
    }
    known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate.as_str()))
        .min()
        .filter(|(distance, _)| *distance <= 2.max(name.chars().count() / 4))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used)]
    use super::*;
    use fhirkit::r4::OperationOutcome;

    #[test]
    fn outcomes_are_valid_r4() {
        for problem in [
            Problem::unknown_parameter("specialite", &["specialty".into(), "name".into()]),
            Problem::invalid_value("_count", "x", "entier attendu"),
            Problem::unauthorized("Jeton expiré."),
            Problem::too_many_requests("Quota dépassé."),
            Problem::not_found("Location", "12"),
        ] {
            let text = problem.to_operation_outcome().to_string();
            fhirkit::from_json_strict::<OperationOutcome>(&text).unwrap();
        }
    }

    #[test]
    fn several_issues_share_one_outcome_and_an_expression_may_be_a_plain_string() {
        let issues =
            vec![Issue::new("business-rule", "Un.", Some("Location")), Issue::new("required", "Deux.", None)];
        let problem = Problem::of_issues(400, issues).unwrap();
        let outcome = problem.to_operation_outcome();
        fhirkit::from_json_strict::<OperationOutcome>(&outcome.to_string()).unwrap();
        assert_eq!(outcome["issue"][0]["expression"], json!(["Location"]));
        assert_eq!(outcome["issue"][1]["code"], "required");
        assert_eq!(outcome["issue"][1].get("expression"), None);
        let plain = problem.with_plain_expression().to_operation_outcome();
        assert_eq!(plain["issue"][0]["expression"], "Location");
        assert_eq!(Problem::of_issues(400, Vec::new()), None);
    }

    #[test]
    fn an_unknown_parameter_names_its_neighbour() {
        let problem = Problem::unknown_parameter("specialtyy", &["name".into(), "specialty".into()]);
        assert_eq!(problem.status, 400);
        assert!(problem.diagnostics.contains("Vouliez-vous dire 'specialty' ?"), "{}", problem.diagnostics);
        assert_eq!(problem.expression.as_deref(), Some("http.specialtyy"));
    }

    #[test]
    fn what_the_client_sent_is_bounded() {
        let problem = Problem::invalid_value("name", &"x".repeat(100_000), "trop long");
        assert!(problem.diagnostics.len() < 500);
    }
}
