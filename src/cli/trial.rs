//! `banc-ror try ACTION [INPUT]`: run the adapter for one action and show what went over the wire.

use serde_json::Value;

use super::arguments::TryArguments;
use super::failure::{Failure, did_you_mean};
use super::once::{self, Played};
use super::preparation::{self, Setting};
use super::{exit, terminal};
use crate::journal::{BodyFolder, Evidence, Exchange, StepEnd};
use crate::scenario::action::Action;
use crate::text::{Lang, Text};

/// How much of a body is shown, in characters.
const BODY_SHOWN: usize = 1_500;

pub(super) fn run(arguments: &TryArguments, lang: Lang) -> Result<u8, Failure> {
    let campaign = preparation::campaign(&arguments.setup, lang)?;
    let input = input(&arguments.action, &arguments.input)?;
    let command = arguments.setup.client.as_deref().or(campaign.file.client.as_deref());
    let driver = preparation::driver(command, &[])?;
    let setting = Setting::prepare(&arguments.setup.place, campaign.profile, &campaign.file)?;
    let Played { evidence, bodies, .. } =
        &once::play(&arguments.action, input, &campaign, &driver, &setting)?;
    terminal::print(&show(evidence, bodies, lang));
    Ok(match evidence.steps.first().and_then(|step| step.ended.as_ref()).map(|ended| &ended.end) {
        Some(StepEnd::Done) => exit::CONFORMING,
        Some(StepEnd::Error { .. } | StepEnd::NoAction) => exit::FAILED,
        _ => exit::CONFIGURATION,
    })
}

/// The input of an action, complete.
fn input(action: &str, input: &str) -> Result<Value, Failure> {
    let known = Action::find(action).ok_or_else(|| {
        let names = Action::names();
        let Text { fr, en } = did_you_mean(action, names.iter().copied());
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
    Ok(input)
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
