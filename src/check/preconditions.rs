//! What must hold before any kind concludes: the client acted, something came, the fault was delivered.

use std::collections::BTreeSet;

use super::Party;
use super::context::Scene;
use super::reach::no_traffic;
use super::words::{both, quote};
use super::{Finding, Kind, Nature, Verdict};
use crate::journal::{Decision, Evidence, NotPlayable, Step, StepEnd};

/// Evaluates a kind, or says why nothing can be concluded.
pub(super) fn guard(kind: &dyn Kind, scene: &Scene<'_>) -> Finding {
    if let Some(reason) = scene.evidence.setting.not_playable {
        return not_playable(reason);
    }
    if let Some(obstacle) = obstacle(scene) {
        return unless_proved(kind, scene, obstacle, Nature::Reaction);
    }
    if instances_are_one(scene) {
        return one_fixed_port();
    }
    let silent = scene.exchanges().next().is_none() && !is_shown_from_base(kind, scene);
    if !kind.rests_on_connections() && silent {
        return no_traffic(scene);
    }
    if is_cut_short(scene) {
        let cut = Finding::undecided(
            both!("Le scénario n’est pas allé à son terme.", "The scenario did not come to its end."),
            both!(
                "Le scénario a été interrompu : ce qui manque au journal ne prouve rien.",
                "The scenario was interrupted: what the journal lacks proves nothing."
            ),
        );
        return unless_proved(kind, scene, cut, Nature::Reaction);
    }
    if fault_is_missing(scene.evidence, scene) {
        let finding = if kind.hinges_on_fault(scene.scripted) { None } else { Some(kind.evaluate(scene)) };
        return match finding {
            Some(finding) if kind.nature() == Nature::Form || finding.verdict != Verdict::Met => finding,
            _ => not_delivered(scene),
        };
    }
    if quota_is_unmet(scene) {
        // Obedience needs a refusal; what was done wrong stands.
        let finding = kind.evaluate(scene);
        let stands = kind.nature() == Nature::Form || finding.verdict != Verdict::Met;
        return if stands { finding } else { not_refused(scene) };
    }
    kind.evaluate(scene)
}

fn not_playable(reason: NotPlayable) -> Finding {
    match reason {
        NotPlayable::NotOnLoopback => Finding::skipped(
            both!(
                "Le bouchon n’est pas appelé sur la machine même (localhost), ou son certificat ne porte pas cette adresse.",
                "The mock is not called on the machine itself (localhost), or its certificate does not name that address."
            ),
            both!(
                "Ce scénario appelle le bouchon par son adresse IP : ce n’est possible que si le client est sur la même machine.",
                "This scenario calls the mock by its IP address: that is possible only with the client on the same machine."
            ),
        )
        .remedy(
            both!(
                "Jouez ce scénario sans --host ni --listen, avec le client sur la machine du banc.",
                "Play this scenario without --host and --listen, with the client on the bench's machine."
            ),
            Party::Configuration,
        ),
    }
}

/// Whether what is judged is what the client declares to show: it may do so without a call, out of what it got earlier
/// in the scenario.
fn is_shown_from_base(kind: &dyn Kind, scene: &Scene<'_>) -> bool {
    let declared = |step: &Step| {
        let result = step.ended.as_ref().and_then(|ended| ended.result.as_ref());
        step.started.action.as_deref() == Some("show") && result.is_some_and(|it| it.integrated.is_some())
    };
    kind.rests_on_declaration() && !scene.evidence.exchanges.is_empty() && scene.steps().all(declared)
}

/// Whether several instances of the client called on one port, so that nobody can tell them apart.
fn instances_are_one(scene: &Scene<'_>) -> bool {
    let several = |step: &Step| step.started.instance.is_some();
    scene.steps().filter(|step| several(step)).any(|step| {
        let number = Some(step.started.step);
        scene.exchanges().any(|exchange| exchange.step == number && exchange.instance.is_none())
    })
}

fn one_fixed_port() -> Finding {
    Finding::skipped(
        both!(
            "Plusieurs instances du client ont appelé le même port.",
            "Several instances of the client called the same port."
        ),
        both!(
            "Sur un port fixe, les instances ne se distinguent pas : aucune ne peut être jugée.",
            "On one fixed port the instances cannot be told apart: none can be judged."
        ),
    )
    .remedy(
        both!(
            "Rejouez ce scénario sans --port, si l’adaptateur sait lire les adresses dans ROR_TOKEN_URL et ROR_FHIR_URL.",
            "Play this scenario without --port, if the adapter can read the addresses in ROR_TOKEN_URL and ROR_FHIR_URL."
        ),
        Party::Configuration,
    )
}

/// Whether quotas were enforced and nobody exceeded them: how the client takes a refusal is then not known.
fn quota_is_unmet(scene: &Scene<'_>) -> bool {
    let by_quota = |decision: &Decision| {
        !decision.passed && ["quota-level-1", "quota-level-2"].contains(&decision.gate.as_str())
    };
    scene.evidence.setting.quotas.enforced
        && !scene.evidence.exchanges.iter().any(|exchange| exchange.decisions.iter().any(by_quota))
}

fn not_refused(scene: &Scene<'_>) -> Finding {
    let count = scene.evidence.exchanges.len();
    Finding::undecided(
        both!("{count} échange(s), tous dans le quota.", "{count} exchange(s), all within the quota."),
        both!(
            "Le client n’a jamais atteint le quota : sa réaction à un refus n’a donc pas pu être observée.",
            "The client never reached the quota, so its reaction to a refusal could not be observed."
        ),
    )
}

/// A violation seen on the wire stands, whatever else went wrong, when the kind's nature allows it.
fn unless_proved(kind: &dyn Kind, scene: &Scene<'_>, otherwise: Finding, widest: Nature) -> Finding {
    let stands = match kind.nature() {
        Nature::Form => true,
        Nature::Reaction => widest == Nature::Reaction,
        Nature::Completion => false,
    };
    if stands && scene.exchanges().next().is_some() {
        let finding = kind.evaluate(scene);
        // Without an exchange to show, what is missing may be missing because of the obstacle.
        if finding.verdict == Verdict::Broken && !finding.exchanges.is_empty() {
            return finding.notes([otherwise.why]);
        }
    }
    otherwise
}

/// A step that the client does not have, or that could not run.
pub(super) fn obstacle(scene: &Scene<'_>) -> Option<Finding> {
    for step in scene.steps() {
        let action = quote(step.started.action.as_deref().unwrap_or_default());
        match step.ended.as_ref().map(|ended| &ended.end) {
            Some(StepEnd::NoAction) => {
                let finding = Finding::skipped(
                    both!(
                        "L’adaptateur a répondu qu’il n’a pas l’action « {action} » (code 89).",
                        "The adapter answered that it does not have the action `{action}` (code 89)."
                    ),
                    both!(
                        "Le client n’a pas l’action « {action} ».",
                        "The client does not have the action `{action}`."
                    ),
                );
                return Some(finding.remedy(
                    both!(
                        "Si le client sait faire « {action} », ajoutez cette action à l’adaptateur.",
                        "If the client can do `{action}`, add that action to the adapter."
                    ),
                    Party::Configuration,
                ));
            }
            Some(StepEnd::NotStarted { reason }) => {
                let reason = quote(reason);
                return Some(Finding::config_error(
                    both!("L’adaptateur n’a pas démarré : {reason}", "The adapter did not start: {reason}"),
                    both!(
                        "L’adaptateur n’a pas pu être lancé pour l’action « {action} ».",
                        "The adapter could not be started for the action `{action}`."
                    ),
                    both!(
                        "Vérifiez la commande donnée à --client : chemin, droit d’exécution, interpréteur.",
                        "Check the command given to --client: its path, its right to be executed, its interpreter."
                    ),
                ));
            }
            Some(StepEnd::Signal { signal }) => {
                return Some(Finding::config_error(
                    both!(
                        "L’adaptateur a été tué par le signal {signal}, que le banc n’a pas envoyé.",
                        "The adapter was killed by signal {signal}, which the bench did not send."
                    ),
                    both!(
                        "L’adaptateur s’est arrêté de façon anormale pendant l’action « {action} ».",
                        "The adapter ended abnormally during the action `{action}`."
                    ),
                    both!(
                        "Cherchez pourquoi le programme s’est arrêté (mémoire, plantage) : la fin de sa sortie d’erreur est dans le rapport.",
                        "Find out why the program ended (memory, crash): the end of its standard error is in the report."
                    ),
                ));
            }
            _ => {}
        }
    }
    None
}

fn is_cut_short(scene: &Scene<'_>) -> bool {
    let evidence = scene.evidence;
    let missing =
        scene.step.is_some_and(|wanted| !evidence.steps.iter().any(|step| step.started.step == wanted));
    evidence.ended.is_none() || missing || scene.steps().any(|step| step.ended.is_none())
}

/// Whether one of the scripted replies never went out.
fn fault_is_missing(evidence: &Evidence, scene: &Scene<'_>) -> bool {
    let delivered: BTreeSet<u32> =
        evidence.exchanges.iter().filter_map(|exchange| exchange.response.as_ref()?.scripted).collect();
    (1..).zip(scene.scripted).any(|(number, _)| !delivered.contains(&number))
}

fn not_delivered(scene: &Scene<'_>) -> Finding {
    let count = scene.evidence.exchanges.len();
    Finding::undecided(
        both!(
            "{count} échange(s), mais aucun n’a reçu la réponse particulière que ce scénario prévoit.",
            "{count} exchange(s), but none was given the out-of-the-ordinary reply that this scenario holds."
        ),
        both!(
            "Le client n’a pas fait l’appel que ce scénario attendait : sa réaction n’a donc pas pu être observée.",
            "The client did not make the call that this scenario waited for, so its reaction could not be observed."
        ),
    )
    .remedy(
        both!(
            "Vérifiez que l’adaptateur exécute l’action demandée en entier (ROR_ACTION, ROR_INPUT). Si le client fait autrement ce qui est demandé (lectures groupées, par exemple), ce contrôle ne peut pas conclure.",
            "Check that the adapter carries out the whole of the action asked for (ROR_ACTION, ROR_INPUT). If the client does what is asked in another way (batched reads, for instance), this check cannot conclude."
        ),
        Party::Configuration,
    )
}
