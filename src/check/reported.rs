//! Findings about what a client reported of a refusal, the same whatever was refused.

use super::Finding;
use super::words::{both, quote};

/// An error with a message; its wording is for a person.
pub(super) fn with_message(message: &str) -> Finding {
    let message = quote(message);
    Finding::met(
        both!("Le client a signalé : « {message} ».", "The client reported: `{message}`."),
        both!("Le refus est signalé avec un message.", "The refusal is reported with a message."),
    )
    .note(both!(
        "À vérifier par une personne : la clarté du message « {message} ».",
        "To be reviewed by a person: how clear the message `{message}` is."
    ))
}

/// A person's word.
pub(super) fn attested(answer: &str) -> Finding {
    let answer = quote(answer);
    Finding::review(
        both!("Réponse de la personne : « {answer} ».", "Answer of the person: `{answer}`."),
        both!("Ce qu’une personne atteste reste à vérifier.", "What a person attests is to be reviewed."),
    )
}

/// The step was cut short or could not run.
pub(super) fn nothing() -> Finding {
    Finding::undecided(
        both!("Aucun résultat.", "No result."),
        both!("Le résultat du pas de test n’est pas connu.", "The result of the step is not known."),
    )
}
