//! The extractions (`$export`) of a step: each kick-off with what followed it: polls, manifest, files.

use serde::Deserialize;

use super::context::{Scene, decoded_path};
use super::pages::{decode, is_answered_whole, target_of};
use crate::journal::{Api, Exchange, Step};

/// One kick-off and what followed it.
pub(super) struct Job<'a> {
    pub(super) kick_off: &'a Exchange,
    /// Content-Location as given; none when the kick-off was refused or said nothing.
    pub(super) location: Option<String>,
    /// Requests for the state, by that URL in any equivalent encoding.
    pub(super) polls: Vec<&'a Exchange>,
    /// The manifest, as first received whole.
    pub(super) manifest: Option<(&'a Exchange, Manifest)>,
}

/// What an extraction has come to.
pub(super) struct Manifest {
    /// URLs of the files.
    pub(super) files: Vec<String>,
    /// How many errors it tells of.
    pub(super) errors: usize,
}

/// What a job lacks, with what shows it.
#[derive(Default)]
pub(super) struct Lack {
    pub(super) missing: Vec<String>,
    pub(super) cited: Vec<u32>,
}

impl<'a> Job<'a> {
    /// Requests for one of its files, whatever their answer.
    pub(super) fn requests_for(&self, scene: &Scene<'a>, step: &Step, file: &str) -> Vec<&'a Exchange> {
        let from = self.kick_off.number;
        let wanted = decode(target_of(file));
        scene
            .during(step)
            .filter(|exchange| exchange.number > from && exchange.request.method == "GET")
            .filter(|exchange| decode(&exchange.request.target) == wanted && !is_elsewhere(scene, exchange))
            .collect()
    }

    /// Polls and requests for files, in order.
    pub(super) fn calls(&self, scene: &Scene<'a>, step: &Step) -> Vec<&'a Exchange> {
        let mut calls = self.polls.clone();
        for file in self.manifest.iter().flat_map(|(_, manifest)| &manifest.files) {
            calls.extend(self.requests_for(scene, step, file));
        }
        calls.sort_by_key(|exchange| exchange.number);
        calls
    }

    /// What it did not bring; nothing when it was read to its end.
    pub(super) fn lack(&self, scene: &Scene<'a>, step: &Step) -> Lack {
        let one = |what: &str, cited: Vec<u32>| Lack { missing: vec![what.to_owned()], cited };
        let kick_off = self.kick_off.number;
        if !is_accepted(self.kick_off) {
            return one("$export", vec![kick_off]);
        }
        let Some(location) = &self.location else {
            return one("$export (Content-Location)", vec![kick_off]);
        };
        let Some((exchange, manifest)) = &self.manifest else {
            let polls = self.polls.iter().map(|poll| poll.number);
            return one(target_of(location), [kick_off].into_iter().chain(polls).collect());
        };
        let mut lack = Lack::default();
        if manifest.errors > 0 {
            lack.missing.push("$export (error)".to_owned());
            lack.cited.push(exchange.number);
        }
        for file in &manifest.files {
            let requests = self.requests_for(scene, step, file);
            if !requests.iter().any(|request| is_answered_whole(request)) {
                lack.missing.push(target_of(file).to_owned());
                lack.cited.extend(requests.iter().map(|request| request.number));
            }
        }
        if !lack.missing.is_empty() {
            lack.cited.push(exchange.number);
        }
        lack
    }
}

/// The extractions that a step started, in order.
pub(super) fn jobs<'a>(scene: &Scene<'a>, step: &Step) -> Vec<Job<'a>> {
    let kick_offs = scene.during(step).filter(|exchange| is_kick_off(scene, exchange));
    kick_offs.map(|kick_off| job(scene, step, kick_off)).collect()
}

/// Whether a request starts an extraction.
pub(super) fn is_kick_off(scene: &Scene<'_>, exchange: &Exchange) -> bool {
    exchange.api() == Api::Fhir
        && matches!(exchange.request.method.as_str(), "GET" | "POST")
        && decoded_path(exchange).strip_prefix(scene.fhir_base()) == Some("/$export")
        && !is_elsewhere(scene, exchange)
}

/// Whether a request went to the other host that a link named.
pub(super) fn is_elsewhere(scene: &Scene<'_>, exchange: &Exchange) -> bool {
    let connection = scene.evidence.connections.get(&exchange.request.connection);
    connection.is_some_and(|connection| connection.opened.listener == "another-host")
}

/// A kick-off that the ROR took: 202, or 200.
pub(super) fn is_accepted(exchange: &Exchange) -> bool {
    matches!(exchange.status(), Some(200 | 202))
}

fn job<'a>(scene: &Scene<'a>, step: &Step, kick_off: &'a Exchange) -> Job<'a> {
    let location = is_accepted(kick_off).then(|| kick_off.response_header("content-location")).flatten();
    let wanted = location.map(|url| decode(target_of(url)));
    let polls: Vec<&Exchange> = scene
        .during(step)
        .filter(|exchange| exchange.number > kick_off.number && exchange.request.method == "GET")
        .filter(|exchange| wanted.as_ref() == Some(&decode(&exchange.request.target)))
        .filter(|exchange| !is_elsewhere(scene, exchange))
        .collect();
    let manifest = polls
        .iter()
        .filter(|poll| is_answered_whole(poll))
        .find_map(|poll| Some((*poll, manifest(scene, poll)?)));
    Job { kick_off, location: location.map(str::to_owned), polls, manifest }
}

fn manifest(scene: &Scene<'_>, poll: &Exchange) -> Option<Manifest> {
    #[derive(Deserialize)]
    struct Body {
        #[serde(default)]
        output: Vec<File>,
        #[serde(default)]
        error: Vec<serde::de::IgnoredAny>,
    }
    #[derive(Deserialize)]
    struct File {
        url: String,
    }
    let body = &scene.evidence.exchange(poll.number)?.response.as_ref()?.body;
    let body: Body = serde_json::from_str(&scene.text(body)?).ok()?;
    Some(Manifest { files: body.output.into_iter().map(|file| file.url).collect(), errors: body.error.len() })
}
