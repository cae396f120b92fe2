//! `banc-ror try ACTION [INPUT]`: run the adapter for one action and show what went over the wire.

use std::sync::Arc;

use serde_json::Value;
use time::OffsetDateTime;

use super::arguments::TryArguments;
use super::failure::Failure;
use super::preparation::{self, Setting};
use super::run::ready;
use super::{exit, progress, terminal};
use crate::bench::{self, RunFolder, RunPlan};
use crate::journal::{BodyFolder, Collector, Evidence, Exchange, Journal, Reader, StepEnd};
use crate::scenario::action::Action;
use crate::scenario::{Given, Scenario, Step};
use crate::text::{Lang, Text};

/// How much of a body is shown, in characters.
const BODY_SHOWN: usize = 1_500;

pub(super) fn run(arguments: &TryArguments, lang: Lang) -> Result<u8, Failure> {
    let campaign = preparation::campaign(&arguments.setup, lang)?;
    let scenario = scenario(&arguments.action, &arguments.input)?;
    let command = arguments.setup.client.as_deref().or(campaign.file.client.as_deref());
    let (driver, client) = preparation::driver(command, &[])?;
    let setting = Setting::prepare(&arguments.setup.place, campaign.profile, &campaign.file)?;
    let directories = preparation::directories([scenario.given.dataset.as_str()], campaign.seed)?;
    let temporary = tempfile::tempdir().map_err(|error| unwritable(&error))?;
    let folder =
        RunFolder::named(temporary.path()).map_err(|error| Failure::sentence(exit::USAGE, error.text()))?;
    let journal =
        Journal::create(folder.path(), OffsetDateTime::now_utc()).map_err(|error| unwritable(&error))?;
    let plan = RunPlan {
        scenarios: vec![Arc::new(ready(scenario))],
        campaign,
        driver,
        client,
        directories,
        jobs: 1,
        service: setting.service.clone(),
        reference: setting.reference.clone(),
        place: setting.place.clone(),
        tls: setting.tls.clone(),
        token_key: setting.token_key.clone(),
    };
    let progress = progress::on(1, lang);
    preparation::runtime()?.block_on(bench::run(
        plan,
        &folder,
        journal,
        progress.clone(),
        preparation::interrupted(),
    ));
    progress.finish();
    let evidence = evidence(folder.path())
        .ok_or_else(|| Failure::bench("Rien n’a été enregistré.", "Nothing was recorded."))?;
    terminal::print(&show(&evidence, &BodyFolder::new(folder.path()), lang));
    Ok(match evidence.steps.first().and_then(|step| step.ended.as_ref()).map(|ended| &ended.end) {
        Some(StepEnd::Done) => exit::CONFORMING,
        Some(StepEnd::Error { .. } | StepEnd::NoAction) => exit::FAILED,
        _ => exit::CONFIGURATION,
    })
}

fn scenario(action: &str, input: &str) -> Result<Scenario, Failure> {
    let known = Action::find(action).ok_or_else(|| {
        let names = Action::names().join(", ");
        Failure::usage(
            format!("L’action « {action} » n’existe pas. Connues : {names}."),
            format!("There is no action `{action}`. Known: {names}."),
        )
    })?;
    let input: Value = serde_json::from_str(input).map_err(|error| {
        Failure::usage(
            format!("L’entrée n’est pas du JSON : {error}. Mettez-la entre apostrophes."),
            format!("The input is not JSON: {error}. Put it between single quotes."),
        )
    })?;
    Ok(Scenario {
        id: "try".to_owned(),
        title: Text::same(action),
        description: Text::default(),
        plans: Vec::new(),
        profiles: (0..=5).collect(),
        criticality: crate::scenario::Criticality::Minor,
        tags: Vec::new(),
        given: Given::default(),
        steps: vec![Step {
            act: Some(action.to_owned()),
            with: Some(known.complete(Some(&input))),
            ..Step::default()
        }],
        checks: Vec::new(),
    })
}

fn evidence(folder: &std::path::Path) -> Option<Evidence> {
    let mut collector = Collector::default();
    for entry in Reader::open(folder).ok()?.map_while(Result::ok).filter(|entry| entry.scenario.is_some()) {
        collector.take(entry);
    }
    collector.finish()
}

fn show(evidence: &Evidence, bodies: &BodyFolder, lang: Lang) -> String {
    let mut text = String::new();
    for connection in evidence.connections.values() {
        if let Some(failure) = connection.handshake.as_ref().and_then(|handshake| handshake.failure.as_ref())
        {
            text.push_str(&format!("✗ TLS {}: {failure}\n", connection.opened.listener));
        }
    }
    for exchange in &evidence.exchanges {
        show_exchange(exchange, evidence, bodies, &mut text);
    }
    if let Some(ended) = evidence.steps.first().and_then(|step| step.ended.as_ref()) {
        let (end, result) = match lang {
            Lang::Fr => ("Fin", "Résultat"),
            Lang::En => ("End", "Result"),
        };
        text.push_str(&format!("{end}: {}\n", describe(&ended.end)));
        if let Some(result_line) = &ended.result {
            let line = serde_json::to_string(result_line).unwrap_or_default();
            text.push_str(&format!("{result}: {}\n", cut(&line)));
        }
        for (name, tail) in [("stdout", &ended.stdout_tail), ("stderr", &ended.stderr_tail)] {
            if !tail.trim().is_empty() {
                text.push_str(&format!("{name}:\n{}\n", cut(tail)));
            }
        }
    }
    terminal::printable(&text)
}

fn show_exchange(exchange: &Exchange, evidence: &Evidence, bodies: &BodyFolder, text: &mut String) {
    let at = exchange.request.first_byte_us.saturating_sub(evidence.started_us) / 1000;
    text.push_str(&format!(
        "[{}] +{at} ms  {} {}\n",
        exchange.number,
        exchange.request.version,
        exchange.summary()
    ));
    for (name, value) in &exchange.request.headers {
        text.push_str(&format!("  > {name}: {value}\n"));
    }
    if let Some(body) = bodies.text(&exchange.request.body) {
        text.push_str(&format!("  > {}\n", cut(&body)));
    }
    for decision in exchange.decisions.iter().filter(|decision| !decision.passed) {
        text.push_str(&format!("  ✗ {}: {}\n", decision.gate, decision.reason));
    }
    if let Some(response) = &exchange.response {
        for (name, value) in &response.headers {
            text.push_str(&format!("  < {name}: {value}\n"));
        }
        if let Some(body) = bodies.text(&response.body) {
            text.push_str(&format!("  < {}\n", cut(&body)));
        }
    }
}

fn describe(end: &StepEnd) -> String {
    serde_json::to_string(end).unwrap_or_default()
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(BODY_SHOWN) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}… ({} octets/bytes)", &text[..end], text.len()),
    }
}

fn unwritable(error: &std::io::Error) -> Failure {
    Failure::configuration(
        format!("Le dossier temporaire ne peut pas être écrit : {error}. Vérifiez TMPDIR."),
        format!("The temporary folder cannot be written: {error}. Check TMPDIR."),
    )
}
