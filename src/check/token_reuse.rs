//! `token-reuse`: within one step, a valid token is used again (BANC-TOK-01). Processes do not share memory.

use schemars::JsonSchema;
use serde::Deserialize;

use super::batches;
use super::context::Scene;
use super::words::{both, listed};
use super::{Finding, Kind, Nature};
use crate::journal::{Api, Exchange, Step};
use crate::text::Text;

/// `token-reuse`: within one step, a valid token is used again.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TokenReuse {
    /// Most tokens granted within one step, beyond those that a renewal explains.
    pub tokens_at_most: u32,
}

/// Fewer calls than that show nothing.
const ENOUGH_CALLS: usize = 2;
/// A token with less than that left may be renewed, whatever its lifetime.
const NEARLY_OVER_US: u64 = 15_000_000;

/// The tokens of one step.
#[derive(Default)]
struct Tokens {
    calls: usize,
    grants: Vec<u32>,
    unexplained: Vec<u32>,
    parallel: u32,
    renewed: u32,
}

impl Kind for TokenReuse {
    fn title(&self) -> Text {
        both!(
            "Un jeton encore valable est réutilisé, au lieu d’un jeton par appel",
            "A token that is still valid is used again instead of one token per call"
        )
    }

    fn expected(&self, _: &Scene<'_>) -> Text {
        let most = self.tokens_at_most;
        both!(
            "Au plus {most} jeton(s) par pas de test, hors renouvellements justifiés (fin de validité, 401).",
            "At most {most} token(s) in a step, beside renewals for a reason (end of validity, 401)."
        )
    }

    fn nature(&self) -> Nature {
        Nature::Form
    }

    fn evaluate(&self, scene: &Scene<'_>) -> Finding {
        let most = usize::try_from(self.tokens_at_most).unwrap_or(usize::MAX);
        let mut judged: Vec<Tokens> = Vec::new();
        for step in scene.steps() {
            let tokens = tokens(scene, step);
            let needed = usize::from(!tokens.grants.is_empty()) + tokens.unexplained.len();
            if needed > most && tokens.calls >= ENOUGH_CALLS {
                return broken(&tokens, needed, most);
            }
            if tokens.calls >= ENOUGH_CALLS {
                judged.push(tokens);
            }
        }
        let lifetime_us = scene.evidence.setting.token_lifetime_s.saturating_mul(1_000_000);
        let Some(longest) = judged.into_iter().max_by_key(|tokens| tokens.calls) else {
            if let Some(finding) = batches::not_applicable(scene) {
                return finding;
            }
            return Finding::undecided(
                both!(
                    "Moins de {ENOUGH_CALLS} appels avec un jeton.",
                    "Fewer than {ENOUGH_CALLS} calls with a token."
                ),
                both!(
                    "Trop peu d’appels pour dire si le jeton est réutilisé.",
                    "Too few calls to tell whether the token is used again."
                ),
            );
        };
        if lifetime_us <= NEARLY_OVER_US {
            return Finding::undecided(
                both!("Jetons de très courte durée.", "Tokens of a very short lifetime."),
                both!(
                    "La durée des jetons de ce scénario est si courte que tout renouvellement se justifie.",
                    "The tokens of this scenario live so short a time that any renewal has its reason."
                ),
            );
        }
        let (calls, grants) = (longest.calls, longest.grants.len());
        let finding = Finding::met(
            both!("{calls} appels avec {grants} jeton(s).", "{calls} calls with {grants} token(s)."),
            both!("Le jeton est réutilisé.", "The token is used again."),
        );
        finding.notes(remarks(&longest)).citing(longest.grants)
    }
}

/// The API calls that carried a token, and the tokens granted, in one step.
fn tokens(scene: &Scene<'_>, step: &Step) -> Tokens {
    let lifetime_us = scene.evidence.setting.token_lifetime_s.saturating_mul(1_000_000);
    let mut found = Tokens::default();
    let mut grants: Vec<&Exchange> = Vec::new();
    let mut refused: Vec<u64> = Vec::new();
    for exchange in scene.during(step) {
        match exchange.api() {
            Api::Token if exchange.status() == Some(200) => grants.push(exchange),
            Api::Token | Api::Elsewhere => {}
            _ if exchange.status() == Some(401) => refused.extend(exchange.ready_us()),
            _ => found.calls += usize::from(exchange.header("authorization").is_some()),
        }
    }
    found.grants = grants.iter().map(|grant| grant.number).collect();
    // The grant that workers may ask for together: the first, then each that a renewal explains.
    let mut anchor_ready = None;
    let mut previous_ready = 0;
    for grant in grants {
        let (asked, ready) = (grant.request.first_byte_us, grant.ready_us().unwrap_or_default());
        let nearly_over = (lifetime_us / 2).max(NEARLY_OVER_US);
        let left = previous_ready + lifetime_us;
        if anchor_ready.is_none() {
            anchor_ready = Some(ready);
        } else if anchor_ready.is_some_and(|anchor| asked <= anchor) {
            found.parallel += 1;
        } else if left.saturating_sub(asked) <= nearly_over
            || refused.iter().any(|refusal| (previous_ready..=asked).contains(refusal))
        {
            found.renewed += 1;
            anchor_ready = Some(ready);
        } else {
            found.unexplained.push(grant.number);
        }
        previous_ready = previous_ready.max(ready);
    }
    found
}

fn broken(tokens: &Tokens, needed: usize, most: usize) -> Finding {
    let (calls, grants, list) = (tokens.calls, tokens.grants.len(), listed(&tokens.unexplained));
    let actual = Text::new(
        format!("{grants} jetons obtenus pour {calls} appels ; sans raison : {}.", list.fr),
        format!("{grants} tokens granted for {calls} calls; without a reason: {}.", list.en),
    );
    let why = both!(
        "Le client a demandé {needed} jetons au lieu de {most} : le jeton précédent était encore valable et accepté.",
        "The client asked for {needed} tokens instead of {most}: the token before was still valid and accepted."
    );
    let remedy = both!(
        "Gardez le jeton en mémoire, partagé entre les fils d’exécution, et ne le renouvelez que près de sa fin (exp) ou après un 401.",
        "Keep the token in memory, shared by all workers, and renew it only near its end (exp) or after a 401."
    );
    Finding::broken(actual, why, remedy).notes(remarks(tokens)).citing(tokens.unexplained.iter().copied())
}

fn remarks(tokens: &Tokens) -> Vec<Text> {
    let (parallel, renewed) = (tokens.parallel, tokens.renewed);
    let mut notes = Vec::new();
    if parallel > 0 {
        notes.push(both!(
            "{parallel} jeton(s) de plus demandé(s) en même temps que le premier, par des fils d’exécution parallèles : non compté(s).",
            "{parallel} more token(s) asked for at the same time as the first, by parallel workers: not counted."
        ));
    }
    if renewed > 0 {
        notes.push(both!("{renewed} renouvellement(s) justifié(s).", "{renewed} renewal(s) for a reason."));
    }
    notes
}
