//! `export`: an extraction is asked for, waited for and read as the ROR's `$export` wants it.

use schemars::JsonSchema;
use serde::Deserialize;

use super::context::{Report, Scene, report};
use super::export_pace;
use super::jobs::{Job, is_accepted, jobs};
use super::pages::{decode, target_of};
use super::region;
use super::words::{both, named, quote, values};
use super::{Finding, Kind, Nature};
use crate::journal::{Api, Exchange, Step};
use crate::text::Text;

/// `export`: an extraction is asked for, waited for and read as it should be.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Export {
    /// What is looked at.
    pub look_at: ExportFacet,
}

/// What is looked at in an extraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ExportFacet {
    /// The kick-off: JSON (or no `_outputFormat`), `_type` HealthcareService or absent.
    KickOff,
    /// The state is asked for at the URL of Content-Location.
    ContentLocation,
    /// Polling waits as told, and is no hot loop.
    Polling,
    /// Every file of the manifest is fetched whole, unless the client reports an error.
    AllFiles,
    /// A perimeter of one region is in the request, here or in the delta that follows.
    Region,
    /// A 429 or 503 on a poll or a file does not lead to a new kick-off while the job lives.
    OneJob,
}

impl Kind for Export {
    fn title(&self) -> Text {
        match self.look_at {
            ExportFacet::KickOff => both!(
                "L’export est demandé dans un format et pour un type que le ROR sert",
                "The export is asked for in a format and for a type that the ROR serves"
            ),
            ExportFacet::ContentLocation => both!(
                "L’export est suivi à l’adresse donnée par Content-Location",
                "The export is followed at the address given by Content-Location"
            ),
            ExportFacet::Polling => both!(
                "Le client attend entre deux demandes de l’état d’un export",
                "The client waits between two requests for the state of an export"
            ),
            ExportFacet::AllFiles => both!(
                "Tous les fichiers annoncés par le manifeste sont lus",
                "All the files that the manifest announces are read"
            ),
            ExportFacet::Region => both!(
                "La demande est limitée à la région du périmètre",
                "The request is limited to the region of the perimeter"
            ),
            ExportFacet::OneJob => both!(
                "Un refus passager ne fait pas recommencer tout l’export",
                "A passing refusal does not make the whole export start over"
            ),
        }
    }

    fn expected(&self, _: &Scene<'_>) -> Text {
        match self.look_at {
            ExportFacet::KickOff => both!(
                "GET $export ; _outputFormat absent, application/fhir+json ou application/json ; _type absent ou HealthcareService.",
                "GET $export; _outputFormat absent, application/fhir+json or application/json; _type absent or HealthcareService."
            ),
            ExportFacet::ContentLocation => both!(
                "L’URL du suivi est celle de l’en-tête Content-Location, sans rien y changer.",
                "The URL of the polls is that of the header Content-Location, unchanged."
            ),
            ExportFacet::Polling => both!(
                "Après une réponse 202, la demande suivante attend Retry-After ; sans lui, un délai raisonnable.",
                "After a 202, the next request waits for Retry-After; without it, for a reasonable time."
            ),
            ExportFacet::AllFiles => both!(
                "Chaque URL de « output » est lue en entier, ou bien le client signale une erreur.",
                "Each URL of `output` is read whole, or else the client reports an error."
            ),
            ExportFacet::Region => both!(
                "Le code de la région est dans _typeFilter (export) ou dans _tag (recherche).",
                "The code of the region is in _typeFilter (export) or in _tag (search)."
            ),
            ExportFacet::OneJob => both!(
                "Après un 429 ou un 503 sur un suivi ou un fichier, le même appel est repris ; pas de nouveau $export tant que le premier existe.",
                "After a 429 or a 503 on a poll or a file, the same call is taken up again; no new $export as long as the first one exists."
            ),
        }
    }

    fn nature(&self) -> Nature {
        match self.look_at {
            ExportFacet::KickOff | ExportFacet::Region => Nature::Form,
            ExportFacet::ContentLocation | ExportFacet::Polling | ExportFacet::OneJob => Nature::Reaction,
            ExportFacet::AllFiles => Nature::Completion,
        }
    }

    fn evaluate(&self, scene: &Scene<'_>) -> Finding {
        let findings = scene.steps().filter(|step| is_bulk(step)).filter_map(|step| {
            if self.look_at == ExportFacet::Region {
                return region::judge(scene, step);
            }
            let jobs = jobs(scene, step);
            if jobs.is_empty() {
                return None;
            }
            Some(match self.look_at {
                ExportFacet::KickOff => kick_off(&jobs),
                ExportFacet::ContentLocation => content_location(scene, step, &jobs),
                ExportFacet::Polling => export_pace::judge(scene, &jobs),
                ExportFacet::AllFiles => all_files(scene, step, &jobs),
                ExportFacet::Region | ExportFacet::OneJob => one_job(scene, step, &jobs),
            })
        });
        Finding::of_all_steps(findings).unwrap_or_else(nothing_to_judge)
    }
}

fn is_bulk(step: &Step) -> bool {
    matches!(step.started.action.as_deref(), Some("export" | "sync"))
}

fn nothing_to_judge() -> Finding {
    Finding::undecided(
        both!("Aucune demande d’export ($export).", "No request for an export ($export)."),
        both!(
            "Le client n’a pas lancé d’export : s’il obtient les données autrement, ce contrôle ne peut pas conclure.",
            "The client started no export: if it gets the data in another way, this check cannot conclude."
        ),
    )
}

/// Names of JSON that the ROR takes. A `+` that was not percent-encoded reads as a space.
fn is_served(format: &str) -> bool {
    let format = format.trim().to_ascii_lowercase().replace(' ', "+");
    let bare = format.split(';').next().unwrap_or_default();
    matches!(bare, "" | "json" | "application/json" | "application/fhir+json")
}

fn kick_off(jobs: &[Job<'_>]) -> Finding {
    for job in jobs {
        let (exchange, number) = (job.kick_off, job.kick_off.number);
        for (name, value) in exchange.parameters() {
            if name == "_outputFormat" && !is_served(&value) {
                let value = quote(&value);
                let actual =
                    Text::new(format!("{}.", named(exchange).fr), format!("{}.", named(exchange).en));
                let why = both!(
                    "L’échange {number} demande le format {value}, que le ROR ne sert pas.",
                    "Exchange {number} asks for the format {value}, which the ROR does not serve."
                );
                let remedy = both!(
                    "Demandez _outputFormat=application/fhir%2Bjson, et lisez chaque fichier comme du JSON.",
                    "Ask for _outputFormat=application/fhir%2Bjson, and read each file as JSON."
                );
                return Finding::broken(actual, why, remedy).citing([number]);
            }
        }
    }
    for job in jobs {
        let (exchange, number) = (job.kick_off, job.kick_off.number);
        let types = exchange.parameters().into_iter().filter(|(name, _)| name == "_type");
        let other = types
            .flat_map(|(_, value)| value.split(',').map(|t| t.trim().to_owned()).collect::<Vec<_>>())
            .find(|t| t != "HealthcareService");
        if let Some(other) = other {
            let other = quote(&other);
            let actual = Text::new(format!("{}.", named(exchange).fr), format!("{}.", named(exchange).en));
            let why = both!(
                "L’échange {number} demande le type {other} ; la documentation ne connaît que _type=HealthcareService, avec lequel tout ce qui est lié aux offres est exporté.",
                "Exchange {number} asks for the type {other}; the documentation knows _type=HealthcareService only, with which all that is linked to the offers is exported."
            );
            let remedy = both!("Demandez _type=HealthcareService.", "Ask for _type=HealthcareService.");
            let mut finding = Finding::broken(actual, why, remedy).citing([number]);
            // The record does not say what the ROR answers to other types.
            finding.at_most_should = true;
            return finding;
        }
    }
    let count = jobs.len();
    Finding::met(
        both!("{count} demande(s) d’export.", "{count} request(s) for an export."),
        both!("Format et type sont servis par le ROR.", "Format and type are served by the ROR."),
    )
    .citing(jobs.iter().map(|job| job.kick_off.number))
}

fn content_location(scene: &Scene<'_>, step: &Step, jobs: &[Job<'_>]) -> Finding {
    let given: Vec<&str> = jobs.iter().filter_map(|job| job.location.as_deref()).collect();
    if given.is_empty() {
        return Finding::undecided(
            both!("Aucune adresse de suivi n’a été donnée.", "No address to follow was given."),
            both!(
                "Aucune réponse n’a porté Content-Location : le suivi ne peut pas être jugé.",
                "No answer had a Content-Location: how the export is followed cannot be judged."
            ),
        );
    }
    let first = jobs.iter().map(|job| job.kick_off.number).min().unwrap_or_default();
    let known: Vec<_> = given.iter().map(|url| decode(target_of(url))).collect();
    let made_up = scene.during(step).find(|exchange| {
        exchange.number > first
            && exchange.request.method == "GET"
            && is_poll(scene, exchange, &known)
            && !known.contains(&decode(&exchange.request.target))
    });
    if let Some(exchange) = made_up {
        let (number, sent, link) = (exchange.number, quote(&exchange.request.target), quote(given[0]));
        let why = both!(
            "Le client a fabriqué l’adresse du suivi (échange {number}) : reçu {link}, envoyé {sent}.",
            "The client made up the address of the poll (exchange {number}): received {link}, sent {sent}."
        );
        let remedy = both!(
            "L’URL de Content-Location est opaque : reprenez-la telle quelle.",
            "The URL of Content-Location is opaque: take it as it is."
        );
        let actual = both!("Suivi à {sent}.", "Poll at {sent}.");
        return Finding::broken(actual, why, remedy).citing([first, number]);
    }
    let polls: Vec<u32> = jobs.iter().flat_map(|job| job.polls.iter().map(|poll| poll.number)).collect();
    if polls.is_empty() {
        return Finding::undecided(
            both!(
                "L’adresse de suivi n’a jamais été demandée.",
                "The address to follow was never asked for."
            ),
            both!(
                "Le client n’a pas suivi l’export : la façon dont il le suit ne peut pas être jugée.",
                "The client did not follow the export: how it does cannot be judged."
            ),
        );
    }
    let count = polls.len();
    Finding::met(
        both!("{count} demande(s) à l’adresse donnée.", "{count} request(s) at the address given."),
        both!(
            "L’export est suivi à l’adresse de Content-Location.",
            "The export is followed at the address of Content-Location."
        ),
    )
    .citing(polls.into_iter().take(20))
}

/// Whether a request asks for the state of an export: the path of a given URL, or one named after it.
fn is_poll(scene: &Scene<'_>, exchange: &Exchange, known: &[(String, Vec<(String, String)>)]) -> bool {
    let target = decode(&exchange.request.target);
    let named = scene.fhir_path(exchange).is_some_and(|(first, _)| first == "$export-poll-status");
    let of_job = known
        .iter()
        .flat_map(|(_, pairs)| pairs)
        .any(|(_, job)| job.len() >= 12 && target.1.iter().any(|(_, value)| value == job));
    exchange.api() == Api::Fhir && (named || of_job || known.iter().any(|(path, _)| *path == target.0))
}

fn all_files(scene: &Scene<'_>, step: &Step, jobs: &[Job<'_>]) -> Finding {
    let ready: Vec<&Job<'_>> = jobs.iter().filter(|job| job.manifest.is_some()).collect();
    let best =
        ready.iter().map(|job| (*job, job.lack(scene, step))).min_by_key(|(_, lack)| lack.missing.len());
    let Some((job, lack)) = best else {
        return Finding::undecided(
            both!("Aucun manifeste n’a été reçu.", "No manifest was received."),
            both!(
                "Sans manifeste, on ne sait pas quels fichiers étaient à lire.",
                "Without a manifest it is not known which files were to be read."
            ),
        );
    };
    let count = job.manifest.as_ref().map_or(0, |(_, manifest)| manifest.files.len());
    if lack.missing.is_empty() {
        return Finding::met(
            both!(
                "{count} fichier(s) annoncé(s), tous lus en entier.",
                "{count} file(s) announced, all read whole."
            ),
            both!("Tous les fichiers ont été lus.", "All files were read."),
        );
    }
    let shown = values(&lack.missing);
    let actual = both!(
        "{count} fichier(s) annoncé(s) ; il manque {shown}.",
        "{count} file(s) announced; missing: {shown}."
    );
    let finding = match report(step) {
        Report::Error(message) if !message.trim().is_empty() => Finding::met(
            actual,
            both!(
                "Le client n’a pas tout lu et l’a signalé par une erreur.",
                "The client did not read everything and said so by an error."
            ),
        ),
        Report::Human(_) => Finding::review(
            actual,
            both!(
                "Une personne doit vérifier que le client a signalé ce qui manque.",
                "A person has to check that the client said what is missing."
            ),
        ),
        Report::Deadline | Report::Nothing => Finding::undecided(
            actual,
            both!(
                "Le client a été arrêté à l’échéance avant d’avoir lu tous les fichiers.",
                "The client was stopped at the deadline before it had read all files."
            ),
        ),
        _ => Finding::broken(
            actual,
            both!(
                "Le manifeste annonce des fichiers que le client n’a pas lus en entier : {shown}.",
                "The manifest announces files that the client did not read whole: {shown}."
            ),
            both!(
                "Lisez chaque URL de « output », redemandez un fichier incomplet, et terminez en erreur s’il manque encore.",
                "Read each URL of `output`, ask again for a file that is not whole, and end with an error if it is still missing."
            ),
        ),
    };
    finding.citing(lack.cited)
}

/// What shows that a job is over or spoilt, so that starting again is right.
fn spoils(exchange: &Exchange) -> bool {
    let spoilt = exchange.complete == Some(false)
        || exchange.response.as_ref().is_none_or(|response| response.fault.is_some());
    spoilt || exchange.status().is_none_or(|status| status >= 400 && !matches!(status, 429 | 503 | 401))
}

fn one_job(scene: &Scene<'_>, step: &Step, jobs: &[Job<'_>]) -> Finding {
    let mut refusals = Vec::new();
    for (index, job) in jobs.iter().enumerate().filter(|(_, job)| is_accepted(job.kick_off)) {
        let calls = job.calls(scene, step);
        let refused: Vec<&Exchange> =
            calls.iter().copied().filter(|call| matches!(call.status(), Some(429 | 503))).collect();
        refusals.extend(refused.iter().map(|refusal| refusal.number));
        let Some(first) = refused.first() else { continue };
        let Some(next) = jobs[index + 1..].iter().find(|next| next.kick_off.number > first.number) else {
            continue;
        };
        let until = next.kick_off.number;
        let told = job.manifest.as_ref().is_some_and(|(_, manifest)| manifest.errors > 0);
        let over = told || calls.iter().any(|call| call.number < until && spoils(call));
        // Whoever gave up after several attempts at that call may start again.
        let insisted = refused.iter().filter(|call| call.number < until).count() > 2;
        let complete = job.lack(scene, step).missing.is_empty();
        if over || insisted || complete {
            continue;
        }
        let (refusal, status) = (first.number, first.status().unwrap_or_default());
        let actual = Text::new(
            format!("Refus : {} ; ensuite : {}.", named(first).fr, named(next.kick_off).fr),
            format!("Refusal: {}; then: {}.", named(first).en, named(next.kick_off).en),
        );
        let why = both!(
            "Après le {status} de l’échange {refusal}, le client a lancé un nouvel export (échange {until}) alors que le premier existait toujours : le travail est doublé au moment où le ROR demande de ralentir.",
            "After the {status} of exchange {refusal} the client started a new export (exchange {until}) although the first one still existed: the work is doubled just when the ROR asks to slow down."
        );
        let remedy = both!(
            "Attendez le délai, puis redemandez le même suivi ou le même fichier ; ne relancez $export que si le ROR répond 404 ou 410.",
            "Wait for the delay, then ask for the same poll or file again; start $export anew only when the ROR answers 404 or 410."
        );
        return Finding::broken(actual, why, remedy).citing([refusal, until]);
    }
    if refusals.is_empty() {
        return Finding::undecided(
            both!("Ni suivi ni fichier n’a été refusé.", "Neither poll nor file was refused."),
            both!(
                "Aucun suivi ni fichier n’a reçu de 429 ni de 503 : la reprise ne peut pas être jugée.",
                "No poll and no file was answered 429 or 503: taking up again cannot be judged."
            ),
        );
    }
    let count = refusals.len();
    Finding::met(
        both!("{count} refus sur un suivi ou un fichier.", "{count} refusal(s) of a poll or a file."),
        both!("Aucun export n’a été relancé pour autant.", "No export was started anew because of it."),
    )
    .citing(refusals)
}
