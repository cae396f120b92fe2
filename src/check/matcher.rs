//! Which exchanges a check means, and how often.

use schemars::JsonSchema;
use serde::Deserialize;

use super::context::{Scene, decoded_path, is_posted_search};
use super::words::{both, quote};
use crate::journal::{Api, Exchange};
use crate::text::Text;

/// Which exchanges are meant. All that is given must hold; everything when empty.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Matcher {
    /// Method. A search sent as a form (`POST …/_search`) counts as the GET that it stands for.
    pub method: Option<String>,
    /// Path, exact, or a prefix when it ends with `*`.
    pub path: Option<String>,
    /// API: token, fhir, capacity, anomalies.
    pub api: Option<String>,
    /// Query parameters that must be there, decoded, as `[name, value]`; others may be there too.
    pub parameters: Vec<(String, String)>,
    /// Status of the answer.
    pub status: Option<u16>,
    /// Whether a scripted reply of the scenario answered it.
    pub scripted: Option<bool>,
}

impl Matcher {
    /// Whether the exchange is meant.
    pub(super) fn matches<'a>(&self, scene: &Scene<'a>, exchange: &'a Exchange) -> bool {
        self.differences(scene, exchange).is_empty()
    }

    /// What keeps the exchange from being meant; empty when it is.
    pub(super) fn differences<'a>(&self, scene: &Scene<'a>, exchange: &'a Exchange) -> Vec<Text> {
        let mut found = Vec::new();
        if let Some(method) = &self.method {
            let stands_for_get = method.eq_ignore_ascii_case("GET") && is_posted_search(exchange);
            if !method.eq_ignore_ascii_case(&exchange.request.method) && !stands_for_get {
                let sent = quote(&exchange.request.method);
                found.push(both!("méthode {sent} au lieu de {method}", "method {sent} instead of {method}"));
            }
        }
        if let Some(path) = &self.path
            && !path_matches(path, exchange)
        {
            let sent = quote(exchange.path());
            found.push(both!("chemin {sent} au lieu de {path}", "path {sent} instead of {path}"));
        }
        if let Some(api) = &self.api
            && *api != api_name(exchange.api())
        {
            let sent = api_name(exchange.api());
            found.push(both!("API {sent} au lieu de {api}", "API {sent} instead of {api}"));
        }
        if !self.parameters.is_empty() {
            let mut sent = scene.parameters(exchange);
            for (name, value) in &self.parameters {
                match sent.iter().position(|pair| pair.0 == *name && pair.1 == *value) {
                    Some(position) => drop(sent.swap_remove(position)),
                    None => {
                        let pair = quote(&format!("{name}={value}"));
                        found.push(both!("sans le paramètre {pair}", "without the parameter {pair}"));
                    }
                }
            }
        }
        if let Some(status) = self.status
            && exchange.status() != Some(status)
        {
            found.push(match exchange.status() {
                Some(sent) => {
                    both!("réponse {sent} au lieu de {status}", "answered {sent} instead of {status}")
                }
                None => both!("sans réponse au lieu de {status}", "not answered instead of {status}"),
            });
        }
        if let Some(scripted) = self.scripted {
            let was = exchange.response.as_ref().is_some_and(|response| response.scripted.is_some());
            if was != scripted {
                found.push(if was {
                    both!("réponse prévue par le scénario", "answered by the scenario's script")
                } else {
                    both!("réponse ordinaire du banc", "answered as usual by the bench")
                });
            }
        }
        found
    }

    /// `GET /ws-diffusion-fhir/Location, answered 200`.
    pub(super) fn describe(&self) -> Text {
        let mut call = self.method.clone().unwrap_or_default();
        if let Some(path) = &self.path {
            if !call.is_empty() {
                call.push(' ');
            }
            call.push_str(path);
        }
        for (index, (name, value)) in self.parameters.iter().enumerate() {
            call.push_str(if index == 0 { "?" } else { "&" });
            call.push_str(&quote(&format!("{name}={value}")));
        }
        let mut text = if call.is_empty() { Text::default() } else { both!(" {call}", " {call}") };
        if let Some(api) = &self.api {
            text = super::words::join(&text, &both!(" sur l’API {api}", " on the API {api}"));
        }
        if let Some(status) = self.status {
            text = super::words::join(&text, &both!(", avec la réponse {status}", ", answered {status}"));
        }
        match self.scripted {
            Some(true) => {
                super::words::join(&text, &both!(" (prévue par le scénario)", " (by the scenario's script)"))
            }
            Some(false) => {
                super::words::join(&text, &both!(" (réponse ordinaire)", " (in the ordinary way)"))
            }
            None => text,
        }
    }
}

/// Bounds of a count; at least one of them.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Times {
    /// No fewer.
    pub at_least: Option<u32>,
    /// No more.
    pub at_most: Option<u32>,
    /// Just so many.
    pub exactly: Option<u32>,
}

impl Times {
    /// The lower and the upper bound.
    pub(super) fn bounds(&self) -> (u32, u32) {
        match self.exactly {
            Some(exactly) => (exactly, exactly),
            None => (self.at_least.unwrap_or(0), self.at_most.unwrap_or(u32::MAX)),
        }
    }

    /// `at least 2`.
    pub(super) fn describe(&self) -> Text {
        match self.bounds() {
            (low, high) if low == high => both!("exactement {low}", "exactly {low}"),
            (low, u32::MAX) => both!("au moins {low}", "at least {low}"),
            (0, high) => both!("au plus {high}", "at most {high}"),
            (low, high) => both!("entre {low} et {high}", "between {low} and {high}"),
        }
    }
}

/// The name of an API in YAML.
pub(super) fn api_name(api: Api) -> &'static str {
    match api {
        Api::Token => "token",
        Api::Fhir => "fhir",
        Api::Capacity => "capacity",
        Api::Anomalies => "anomalies",
        Api::Elsewhere => "elsewhere",
    }
}

fn path_matches(pattern: &str, exchange: &Exchange) -> bool {
    let path = decoded_path(exchange);
    match pattern.strip_suffix('*') {
        Some(prefix) => path.starts_with(prefix) || exchange.path().starts_with(prefix),
        None => {
            let pattern = pattern.trim_end_matches('/');
            path == pattern || is_posted_search(exchange) && path.strip_suffix("/_search") == Some(pattern)
        }
    }
}
