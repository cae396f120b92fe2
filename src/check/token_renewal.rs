//! `token-renewal`: a job outlives its token (BANC-TOK-02): renewed ahead, or once after a 401, and no call is lost.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::batches;
use super::context::{Report, Scene, report};
use super::flight::call_key;
use super::no_silent_loss::balance;
use super::words::{both, join, listed, named, refusal};
use super::{Finding, Kind, Nature};
use crate::journal::{Api, Exchange, Step};
use crate::text::Text;

/// `token-renewal`: see [`super::Expect::TokenRenewal`].
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenRenewal {}

/// What became of the calls of one step.
enum Renewal<'a> {
    /// No renewal was needed, or none can be seen.
    NotNeeded,
    /// A new token was taken before the old one was refused.
    Ahead { grants: Vec<u32> },
    /// Calls refused with 401 were made again, with success.
    After401 { cited: Vec<u32> },
    /// A call refused with 401 never got its answer.
    Lost { refused: &'a Exchange, repeated: bool },
    /// A call was refused again and again.
    Insisted { cited: Vec<u32>, same_token: bool },
    /// The mock refused a fresh token as well: not the client's doing.
    FreshRefused { cited: Vec<u32> },
    /// A call was refused that nothing depended on, and no new token was taken.
    Spared { refused: &'a Exchange },
}

impl Kind for TokenRenewal {
    fn title(&self) -> Text {
        both!(
            "Un travail plus long que son jeton le renouvelle sans rien perdre",
            "A job that outlives its token renews it without losing anything"
        )
    }

    fn expected(&self, scene: &Scene<'_>) -> Text {
        let lifetime = scene.evidence.setting.token_lifetime_s;
        both!(
            "Jeton (durée {lifetime} s) renouvelé avant sa fin, ou une fois après un 401 ; chaque appel refusé est refait avec le nouveau jeton.",
            "Token (lifetime {lifetime} s) renewed before its end, or once after a 401; each refused call is made again with the new token."
        )
    }

    fn nature(&self) -> Nature {
        Nature::Completion
    }

    fn hinges_on_fault(&self, scripted: &[Option<u16>]) -> bool {
        scripted.contains(&Some(401))
    }

    fn evaluate(&self, scene: &Scene<'_>) -> Finding {
        let mut good = None;
        let (mut fresh_refused, mut spared) = (None, None);
        for step in scene.steps() {
            match follow(scene, step) {
                Renewal::NotNeeded => {}
                Renewal::FreshRefused { cited } => fresh_refused = Some(cited),
                Renewal::Spared { refused } => spared = Some(refused),
                Renewal::Ahead { grants } => {
                    let count = grants.len();
                    good = Some(
                        Finding::met(
                            both!(
                                "{count} jetons obtenus, aucun appel perdu.",
                                "{count} tokens granted, no call lost."
                            ),
                            both!(
                                "Le client a renouvelé son jeton avant sa fin.",
                                "The client renewed its token before its end."
                            ),
                        )
                        .citing(grants),
                    );
                }
                Renewal::After401 { cited } => {
                    good = Some(
                        Finding::met(
                            both!(
                                "Les appels refusés (401) ont été refaits avec succès.",
                                "The calls refused (401) were made again with success."
                            ),
                            both!(
                                "Après le 401, le client a pris un nouveau jeton et n’a rien perdu.",
                                "After the 401 the client took a new token and lost nothing."
                            ),
                        )
                        .citing(cited),
                    );
                }
                Renewal::Lost { refused, repeated } => return lost(step, refused, repeated),
                Renewal::Insisted { cited, same_token } => return insisted(cited, same_token),
            }
        }
        if let Some(cited) = fresh_refused {
            return Finding::undecided(
                both!("Un jeton neuf a été refusé lui aussi.", "A fresh token was refused as well."),
                both!(
                    "Le banc a refusé même un jeton neuf : le renouvellement ne peut pas être jugé ici.",
                    "The bench refused even a fresh token: the renewal cannot be judged here."
                ),
            )
            .citing(cited);
        }
        good.or_else(|| spared.map(needless)).or_else(|| batches::not_applicable(scene)).unwrap_or_else(|| {
            Finding::undecided(
                both!("Aucun 401, et un seul jeton a suffi.", "No 401, and one token was enough."),
                both!(
                    "Le travail n’a pas duré plus que son jeton : aucun renouvellement n’était nécessaire.",
                    "The job did not outlive its token: no renewal was needed."
                ),
            )
        })
    }
}

fn follow<'a>(scene: &Scene<'a>, step: &Step) -> Renewal<'a> {
    let mut calls: BTreeMap<String, Vec<&Exchange>> = BTreeMap::new();
    let mut grants: Vec<&Exchange> = Vec::new();
    let mut used: Vec<&Exchange> = Vec::new();
    for exchange in scene.during(step) {
        match exchange.api() {
            Api::Token if exchange.status() == Some(200) => grants.push(exchange),
            Api::Token | Api::Elsewhere => {}
            _ if exchange.header("authorization").is_some() => {
                calls.entry(call_key(exchange)).or_default().push(exchange);
                used.push(exchange);
            }
            _ => {}
        }
    }
    let mut renewed = Vec::new();
    let mut fresh_refused = Vec::new();
    let mut lost: Option<(&Exchange, bool)> = None;
    for series in calls.values() {
        let Some(first) = series.iter().position(|call| call.status() == Some(401)) else { continue };
        match series_fate(&series[first..], &grants) {
            Fate::Recovered(cited) => renewed.extend(cited),
            Fate::FreshRefused(cited) => fresh_refused.extend(cited),
            Fate::Insisted { cited, same_token } => return Renewal::Insisted { cited, same_token },
            Fate::Lost { repeated } => lost = lost.or(Some((series[first], repeated))),
        }
    }
    let mut spared = None;
    if let Some((refused, repeated)) = lost {
        if balance(scene, step).is_some_and(|balance| balance.missing.is_empty()) {
            let later = |grant: &&Exchange| grant.request.first_byte_us > refused.request.first_byte_us;
            // A search that was started over, with nothing missing in the end, has lost nothing.
            if grants.iter().any(later) {
                return Renewal::After401 { cited: vec![refused.number] };
            }
            spared = Some(refused);
        } else {
            return Renewal::Lost { refused, repeated };
        }
    }
    if !fresh_refused.is_empty() {
        return Renewal::FreshRefused { cited: fresh_refused };
    }
    if !renewed.is_empty() {
        return Renewal::After401 { cited: renewed };
    }
    // Renewed ahead: a later call carries another token than an earlier one.
    let tokens = |exchange: &&Exchange| exchange.header("authorization").map(str::to_owned);
    match (used.first().and_then(tokens), used.last().and_then(tokens)) {
        (Some(early), Some(late)) if grants.len() > 1 && early != late => {
            Renewal::Ahead { grants: grants.iter().map(|grant| grant.number).collect() }
        }
        _ => spared.map_or(Renewal::NotNeeded, |refused| Renewal::Spared { refused }),
    }
}

/// What became of one call from its first 401 on.
enum Fate {
    Recovered(Vec<u32>),
    Lost { repeated: bool },
    Insisted { cited: Vec<u32>, same_token: bool },
    FreshRefused(Vec<u32>),
}

fn series_fate(series: &[&Exchange], grants: &[&Exchange]) -> Fate {
    let token = |call: &Exchange| call.header("authorization").map(str::to_owned);
    let refused: Vec<&&Exchange> = series.iter().filter(|call| call.status() == Some(401)).collect();
    let cited = || series.iter().map(|call| call.number).collect::<Vec<u32>>();
    // The same token sent again after it was known to be refused, without asking for another.
    for pair in series.windows(2).filter(|pair| pair[0].status() == Some(401)) {
        let Some(ready) = pair[0].ready_us() else { continue };
        let again = pair[1].request.first_byte_us;
        let asked =
            grants.iter().filter_map(|grant| grant.ready_us()).any(|at| (ready..=again).contains(&at));
        if again > ready && !asked && token(pair[0]) == token(pair[1]) {
            return Fate::Insisted { cited: vec![pair[0].number, pair[1].number], same_token: true };
        }
    }
    if series.last().is_some_and(|last| matches!(last.status(), Some(status) if status != 401)) {
        return if refused.len() > 2 {
            Fate::Insisted { cited: cited(), same_token: false }
        } else {
            Fate::Recovered(cited())
        };
    }
    match refused.len() {
        0 | 1 => Fate::Lost { repeated: series.len() > 1 },
        2 => Fate::FreshRefused(cited()),
        _ => Fate::Insisted { cited: cited(), same_token: false },
    }
}

/// The end of an export's job, for instance: the files are there.
fn needless(refused: &Exchange) -> Finding {
    let name = named(refused);
    Finding::undecided(
        Text::new(
            format!("Refusé (401) et pas refait : {}. Rien ne manque.", name.fr),
            format!("Refused (401) and not made again: {}. Nothing is missing.", name.en),
        ),
        both!(
            "Seul un appel dont rien ne dépend est venu après la fin du jeton : aucun renouvellement n’était nécessaire.",
            "Only a call on which nothing depends came after the end of the token: no renewal was needed."
        ),
    )
    .citing([refused.number])
}

fn lost(step: &Step, refused: &Exchange, repeated: bool) -> Finding {
    let name = named(refused);
    let ending = match report(step) {
        Report::Deadline => both!(
            " L’adaptateur tournait encore à l’échéance.",
            " The adapter was still running at the deadline."
        ),
        Report::Ok => both!(" Il a pourtant annoncé un succès.", " It reported success all the same."),
        _ => Text::default(),
    };
    let actual = Text::new(format!("Perdu : {}.", name.fr), format!("Lost: {}.", name.en));
    let what = if repeated {
        both!(
            "L’appel refusé (401) a été refait, mais sans obtenir de réponse.",
            "The call refused (401) was made again, but got no answer."
        )
    } else {
        both!(
            "Le client n’a pas refait l’appel refusé (401) avec un nouveau jeton : cet appel est perdu.",
            "The client did not make the refused call (401) again with a new token: that call is lost."
        )
    };
    let remedy = both!(
        "Renouvelez le jeton avant sa fin (exp), ou après un 401, puis refaites une fois l’appel refusé.",
        "Renew the token before its end (exp), or after a 401, then make the refused call once more."
    );
    Finding::broken(actual, join(&what, &ending), remedy).note(refusal(refused)).citing([refused.number])
}

fn insisted(cited: Vec<u32>, same_token: bool) -> Finding {
    let list = listed(&cited);
    let actual = Text::new(
        format!("Plusieurs 401 pour le même appel ({}).", list.fr),
        format!("Several 401 for the same call ({}).", list.en),
    );
    let why = if same_token {
        both!(
            "Le client a refait l’appel avec le jeton même qui venait d’être refusé.",
            "The client made the call again with the very token that had just been refused."
        )
    } else {
        both!(
            "Le client a refait l’appel alors qu’un jeton neuf avait déjà été refusé.",
            "The client made the call again although a fresh token had been refused already."
        )
    };
    let remedy = both!(
        "Après un 401, demandez un nouveau jeton, refaites l’appel une seule fois, puis signalez une erreur.",
        "After a 401 ask for a new token, make the call once more, then report an error."
    );
    Finding::broken(actual, why, remedy).citing(cited)
}
