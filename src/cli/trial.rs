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
use crate::scenario::diagnostic::nearest;
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
        baseline: None,
        driver,
        client,
        directories,
        jobs: 1,
        service: setting.service.clone(),
        reference: setting.reference.clone(),
        place: setting.place.clone(),
        tls: setting.tls.clone(),
        token_key: setting.token_key.clone(),
        impostors: setting.impostors.clone(),
        credentials: setting.credentials.clone(),
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
        let names = Action::names();
        let near = nearest(action, names.iter().copied());
        let (fr, en) = near.map_or((String::new(), String::new()), |near| {
            (format!(" Vouliez-vous dire « {near} » ?"), format!(" Did you mean `{near}`?"))
        });
        let names = names.join(", ");
        Failure::usage(
            format!("L’action « {action} » n’existe pas.{fr} Connues : {names}."),
            format!("There is no action `{action}`.{en} Known: {names}."),
        )
    })?;
    let input: Value = serde_json::from_str(input).map_err(|error| {
        Failure::usage(
            format!("L’entrée n’est pas du JSON : {error}. Mettez-la entre apostrophes."),
            format!("The input is not JSON: {error}. Put it between single quotes."),
        )
    })?;
    let input = known.complete(Some(&input));
    if let Some(field) = known
        .fields
        .iter()
        .find(|field| !input.get(field.name).is_some_and(|value| field.kind.accepts(value)))
    {
        let (name, about) = (field.name, field.about);
        return Err(Failure::usage(
            format!(
                "L’entrée de l’action « {action} » : le champ « {name} » manque ou n’est pas ce qu’il doit être ({about}). Voir « banc-ror schema adapter »."
            ),
            format!(
                "The input of the action `{action}`: the field `{name}` is missing or not what it has to be ({about}). See `banc-ror schema adapter`."
            ),
        ));
    }
    Ok(Scenario {
        id: "try".to_owned(),
        title: Text::same(action),
        description: Text::default(),
        plans: Vec::new(),
        profiles: (0..=5).collect(),
        criticality: crate::scenario::Criticality::Minor,
        tags: Vec::new(),
        optional: false,
        given: Given::default(),
        steps: vec![Step { act: Some(action.to_owned()), with: Some(input), ..Step::default() }],
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
        text.push_str(&format!("{end}: {}\n", describe(&ended.end).get(lang)));
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

/// How the step ended and, where something is to be done, what.
fn describe(end: &StepEnd) -> Text {
    match end {
        StepEnd::Done => Text::new("l’action est faite", "the action is done"),
        StepEnd::NoAction => Text::new(
            "le client n’a pas cette action (code 89)",
            "the client does not have this action (exit code 89)",
        ),
        StepEnd::Error { message } if message.is_empty() => Text::new(
            "le client signale une erreur, sans message : donnez-en un, sur la sortie d’erreur ou dans le résultat",
            "the client reports an error without a message: give one, on standard error or in the result",
        ),
        StepEnd::Error { message } => Text::new(
            format!("le client signale une erreur : {message}"),
            format!("the client reports an error: {message}"),
        ),
        StepEnd::NotStarted { reason } => Text::new(
            format!("l’adaptateur n’a pas pu démarrer : {reason}"),
            format!("the adapter could not start: {reason}"),
        ),
        StepEnd::Signal { signal } => Text::new(
            format!(
                "l’adaptateur a été tué par le signal {signal}, que le banc n’a pas envoyé : cherchez pourquoi il s’arrête"
            ),
            format!(
                "the adapter was killed by signal {signal}, which the bench did not send: find out why it ends"
            ),
        ),
        StepEnd::Deadline => Text::new(
            "l’échéance est passée, l’adaptateur a été arrêté avec tout ce qu’il avait lancé (--patience l’allonge)",
            "the deadline is over, the adapter was ended with all that it had started (--patience stretches it)",
        ),
        StepEnd::Human { answer } => Text::same(answer.as_str()),
    }
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
