//! `paging`: pages are followed by their links, to the end, as given, and taken up again where they were refused.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Deserialize;

use super::context::{Report, Scene, report};
use super::flight::Flights;
use super::pages::{Links, Page, asks_for_page, followers, is_answered_whole, link_targets, pages};
use super::search::{Asked, asked, first_pages};
use super::words::{both, listed, named, quote};
use super::{Finding, Kind, Nature};
use crate::journal::{Api, Exchange, Step};
use crate::text::Text;

/// `paging`: pages are followed by their links.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Paging {
    /// What is looked at.
    pub look_at: PagingFacet,
}

/// What is looked at in paging.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PagingFacet {
    /// Every `next` link that was given is followed (unless the client reported an error).
    Complete,
    /// The links are used exactly as given; no URL of the client's own making asks for a page.
    Verbatim,
    /// A refused page is asked for again, not the first page.
    Resumed,
}

impl Kind for Paging {
    fn title(&self) -> Text {
        match self.look_at {
            PagingFacet::Complete => both!(
                "Le client lit toutes les pages, jusqu’à la dernière",
                "The client reads all pages, to the last"
            ),
            PagingFacet::Verbatim => both!(
                "Le client suit les liens « next » tels qu’ils sont donnés",
                "The client follows the `next` links as they are given"
            ),
            PagingFacet::Resumed => both!(
                "Une page refusée est redemandée, sans repartir de la première",
                "A refused page is asked for again, without starting over from the first"
            ),
        }
    }

    fn expected(&self, _: &Scene<'_>) -> Text {
        match self.look_at {
            PagingFacet::Complete => both!(
                "Chaque lien « next » reçu est suivi, ou bien le client signale une erreur.",
                "Each `next` link received is followed, or else the client reports an error."
            ),
            PagingFacet::Verbatim => both!(
                "L’URL de chaque page suivante est celle du lien « next », sans rien y changer.",
                "The URL of each further page is that of the `next` link, unchanged."
            ),
            PagingFacet::Resumed => both!(
                "Après le refus d’une page, l’appel suivant redemande cette même page.",
                "After a page is refused, the next call asks for that same page."
            ),
        }
    }

    fn nature(&self) -> Nature {
        match self.look_at {
            PagingFacet::Complete => Nature::Completion,
            PagingFacet::Verbatim | PagingFacet::Resumed => Nature::Reaction,
        }
    }

    fn evaluate(&self, scene: &Scene<'_>) -> Finding {
        let findings = scene.steps().filter_map(|step| {
            let asked = asked(step).filter(|asked| asked.all_pages)?;
            Some(match self.look_at {
                PagingFacet::Complete => complete(scene, step, &asked),
                PagingFacet::Verbatim => verbatim(scene, step, &asked),
                PagingFacet::Resumed => resumed(scene, step, &asked),
            })
        });
        Finding::of_all_steps(findings).unwrap_or_else(|| {
            Finding::undecided(
                both!("Aucune recherche de toutes les pages.", "No search for all pages."),
                both!(
                    "Aucun pas de test ne demande toutes les pages d’une recherche.",
                    "No step asks for all the pages of a search."
                ),
            )
        })
    }
}

fn no_link() -> Finding {
    Finding::undecided(
        both!("Aucun lien « next » n’a été donné.", "No `next` link was given."),
        both!(
            "Le client n’a reçu aucune page qui en annonce une autre : sa lecture des pages ne peut pas être jugée.",
            "The client received no page that announces another: its reading of pages cannot be judged."
        ),
    )
}

fn complete(scene: &Scene<'_>, step: &Step, asked: &Asked) -> Finding {
    let pages = pages(scene, step);
    let given = pages.iter().filter(|page| page.next.is_some()).count();
    if given == 0 {
        return no_link();
    }
    let left: Vec<&Page<'_>> =
        pages.iter().filter(|page| page.next.is_some() && followers(scene, step, page).is_empty()).collect();
    let firsts: BTreeSet<u32> =
        first_pages(scene, step, &asked.resource).iter().map(|exchange| exchange.number).collect();
    let roots = pages.iter().filter(|page| firsts.contains(&page.exchange.number) && page.next.is_some());
    // A search that was started again may leave the links of its first attempt behind.
    let whole = roots.into_iter().any(|root| reaches_the_end(scene, step, root, &pages));
    let Some(first) = left.first().filter(|_| !whole) else {
        let count = pages.len();
        let finding = Finding::met(
            both!(
                "{count} page(s) lue(s), {given} lien(s) « next » suivi(s).",
                "{count} page(s) read, {given} `next` link(s) followed."
            ),
            both!("Tous les liens ont été suivis.", "All links were followed."),
        );
        return finding.citing(pages.iter().take(10).map(|page| page.exchange.number));
    };
    left_behind(scene, step, asked, first, left.len())
}

/// Whether the links from this page on were followed to a page without a link.
fn reaches_the_end(scene: &Scene<'_>, step: &Step, root: &Page<'_>, pages: &[Page<'_>]) -> bool {
    let mut at = root.exchange.number;
    while let Some(page) = pages.iter().find(|page| page.exchange.number == at) {
        if page.next.is_none() {
            return true;
        }
        let next = followers(scene, step, page).into_iter().find(|exchange| is_answered_whole(exchange));
        let Some(next) = next else { return false };
        at = next.number;
    }
    false
}

fn left_behind(scene: &Scene<'_>, step: &Step, asked: &Asked, page: &Page<'_>, count: usize) -> Finding {
    let number = page.exchange.number;
    let url = quote(page.next.as_deref().unwrap_or_default());
    let actual = both!(
        "{count} lien(s) « next » jamais suivi(s), dont celui de l’échange {number} : {url}",
        "{count} `next` link(s) never followed, among them that of exchange {number}: {url}"
    );
    match report(step) {
        Report::Error(message) if !message.trim().is_empty() => {
            let message = quote(&message);
            return Finding::met(
                actual,
                both!(
                    "Le client n’a pas lu toutes les pages et l’a signalé par une erreur.",
                    "The client did not read all pages and said so by an error."
                ),
            )
            .note(both!(
                "Message du client, à vérifier : « {message} »",
                "The client's message, to be reviewed: `{message}`"
            ))
            .citing([number]);
        }
        Report::Deadline | Report::Nothing => {
            return Finding::undecided(
                actual,
                both!(
                    "Le client a été arrêté à l’échéance avant d’avoir fini de lire les pages.",
                    "The client was stopped at the deadline before it had read all pages."
                ),
            )
            .citing([number]);
        }
        _ => {}
    }
    let links = link_targets(scene);
    let own = own_pairs(scene, step, asked);
    let altered = scene
        .during(step)
        .filter(|exchange| exchange.number > number && !links.is_given(exchange))
        .find(|exchange| is_page_request(scene, exchange, asked, &links, &own));
    let remedy = both!(
        "Suivez le lien « next » de chaque Bundle, tel quel, jusqu’à la page qui n’en a plus.",
        "Follow the `next` link of each Bundle, as it is, until the page that has none."
    );
    match altered {
        Some(exchange) => {
            let sent = quote(&exchange.request.target);
            let why = both!(
                "Le lien « next » de l’échange {number} n’a été demandé que sous une autre forme : reçu {url}, envoyé {sent}.",
                "The `next` link of exchange {number} was asked for only in another form: received {url}, sent {sent}."
            );
            Finding::broken(actual, why, remedy).citing([number, exchange.number])
        }
        None => {
            let why = both!(
                "Le client s’est arrêté à l’échange {number} alors que cette page annonçait une suite : des résultats manquent.",
                "The client stopped at exchange {number} although that page announced another: results are missing."
            );
            Finding::broken(actual, why, remedy).citing([number])
        }
    }
}

/// The pairs of the search itself: what was asked, and what the client sent first.
fn own_pairs(scene: &Scene<'_>, step: &Step, asked: &Asked) -> BTreeSet<(String, String)> {
    let sent = first_pages(scene, step, &asked.resource).first().map(|first| scene.parameters(first));
    asked.parameters.iter().cloned().chain(sent.unwrap_or_default()).collect()
}

/// A request of the client's own making that asks for a page.
fn is_page_request(
    scene: &Scene<'_>,
    exchange: &Exchange,
    asked: &Asked,
    links: &Links,
    own: &BTreeSet<(String, String)>,
) -> bool {
    if exchange.api() != Api::Fhir || exchange.request.method == "HEAD" {
        return false;
    }
    let of_type = scene.fhir_path(exchange).is_none_or(|(resource, _)| resource == asked.resource);
    let named = exchange
        .parameters()
        .iter()
        .any(|(name, value)| asks_for_page(name) && !own.contains(&(name.clone(), value.clone())));
    of_type && named || links.likeness(exchange, own).is_some()
}

fn verbatim(scene: &Scene<'_>, step: &Step, asked: &Asked) -> Finding {
    let links = link_targets(scene);
    let own = own_pairs(scene, step, asked);
    let mut followed = Vec::new();
    let mut reencoded = Vec::new();
    for exchange in scene.during(step) {
        if links.is_given(exchange) {
            if !links.is_verbatim(exchange) {
                reencoded.push(exchange.number);
            }
            followed.push(exchange.number);
        } else if is_page_request(scene, exchange, asked, &links, &own) {
            return made_up(exchange, &links, &own);
        }
    }
    if pages(scene, step).iter().all(|page| page.next.is_none()) {
        return no_link();
    }
    if followed.is_empty() {
        return Finding::undecided(
            both!("Aucun lien n’a été suivi.", "No link was followed."),
            both!(
                "Le client n’a suivi aucun lien : la façon dont il les suit ne peut pas être jugée.",
                "The client followed no link: how it follows them cannot be judged."
            ),
        );
    }
    let count = followed.len();
    let finding = Finding::met(
        both!("{count} lien(s) suivi(s) tels quels.", "{count} link(s) followed as given."),
        both!(
            "Les URL des pages sont celles des liens reçus.",
            "The URLs of the pages are those of the links received."
        ),
    )
    .citing(followed.into_iter().take(20));
    if reencoded.is_empty() {
        return finding;
    }
    let list = listed(&reencoded);
    finding.note(Text::new(
        format!("Lien réécrit dans un encodage équivalent ({}) : sans conséquence ici.", list.fr),
        format!("Link written again in an equivalent encoding ({}): of no consequence here.", list.en),
    ))
}

fn made_up(exchange: &Exchange, links: &Links, own: &BTreeSet<(String, String)>) -> Finding {
    let (number, sent) = (exchange.number, quote(&exchange.request.target));
    let why = match links.likeness(exchange, own) {
        Some(link) => {
            let link = quote(link);
            both!(
                "Le client a modifié le lien reçu (échange {number}) : reçu {link}, envoyé {sent}.",
                "The client altered the link received (exchange {number}): received {link}, sent {sent}."
            )
        }
        None => both!(
            "Le client a construit lui-même l’URL d’une page (échange {number}) : {sent}.",
            "The client made the URL of a page itself (exchange {number}): {sent}."
        ),
    };
    let remedy = both!(
        "Le lien « next » est opaque : reprenez-le tel quel, sans ajouter ni retirer de paramètre.",
        "The `next` link is opaque: take it as it is, without adding or removing a parameter."
    );
    let actual = both!(
        "URL de page non donnée par le ROR : {sent}",
        "URL of a page that the ROR did not give: {sent}"
    );
    Finding::broken(actual, why, remedy).citing([number])
}

fn resumed(scene: &Scene<'_>, step: &Step, asked: &Asked) -> Finding {
    let links = link_targets(scene);
    let flights = Flights::new(scene);
    let firsts: BTreeSet<u32> =
        first_pages(scene, step, &asked.resource).iter().map(|exchange| exchange.number).collect();
    let refused: Vec<&Exchange> = scene
        .during(step)
        .filter(|exchange| matches!(exchange.status(), Some(429 | 503)) && links.is_given(exchange))
        .collect();
    if refused.is_empty() {
        return Finding::undecided(
            both!("Aucune page suivante n’a été refusée.", "No further page was refused."),
            both!(
                "Aucun lien « next » n’a reçu de 429 ni de 503 : la reprise ne peut pas être jugée.",
                "No `next` link was answered 429 or 503: taking up again cannot be judged."
            ),
        );
    }
    let mut cited = Vec::new();
    let mut notes = Vec::new();
    for refusal in refused {
        let mut later = scene.during(step).filter(|call| {
            call.number > refusal.number && call.api() == Api::Fhir && !flights.in_flight(refusal, call)
        });
        let again = later.clone().find(|call| call.request.target == refusal.request.target);
        let restart = later.find(|call| firsts.contains(&call.number));
        let (number, name) = (refusal.number, named(refusal));
        cited.push(number);
        match (again, restart) {
            (again, Some(restart)) if again.is_none_or(|again| restart.number < again.number) => {
                let actual = Text::new(
                    format!("Refus : {} ; ensuite : {}.", name.fr, named(restart).fr),
                    format!("Refusal: {}; then: {}.", name.en, named(restart).en),
                );
                let why = both!(
                    "Après le refus d’une page (échange {number}), le client est reparti de la première au lieu de redemander celle qui manquait.",
                    "After a page was refused (exchange {number}) the client started over from the first instead of asking for the one that was missing."
                );
                let remedy = both!(
                    "Gardez le lien « next » refusé et redemandez-le après le délai.",
                    "Keep the `next` link that was refused and ask for it again after the delay."
                );
                return Finding::broken(actual, why, remedy).citing([number, restart.number]);
            }
            (Some(again), _) => cited.push(again.number),
            (None, _) => match report(step) {
                Report::Error(message) if !message.trim().is_empty() => {
                    let message = quote(&message);
                    notes.push(both!(
                        "La page refusée (échange {number}) n’a pas été redemandée ; le client a signalé une erreur, ce qui est permis : « {message} »",
                        "The refused page (exchange {number}) was not asked for again; the client reported an error, which is allowed: `{message}`"
                    ));
                }
                Report::Deadline | Report::Nothing => {
                    return Finding::undecided(
                        Text::new(format!("Refus : {}.", name.fr), format!("Refusal: {}.", name.en)),
                        both!(
                            "Le client a été arrêté à l’échéance sans avoir redemandé la page refusée.",
                            "The client was stopped at the deadline without having asked for the refused page again."
                        ),
                    )
                    .citing([number]);
                }
                _ => {
                    let why = both!(
                        "La page refusée (échange {number}) n’a jamais été redemandée, et le client n’a pas signalé d’erreur claire.",
                        "The refused page (exchange {number}) was never asked for again, and the client reported no clear error."
                    );
                    let remedy = both!(
                        "Redemandez la page après le délai, ou terminez par une erreur claire.",
                        "Ask for the page again after the delay, or end with a clear error."
                    );
                    let actual = Text::new(format!("Refus : {}.", name.fr), format!("Refusal: {}.", name.en));
                    return Finding::broken(actual, why, remedy).citing([number]);
                }
            },
        }
    }
    let count = cited.len();
    Finding::met(
        both!(
            "Refus et reprise : {count} échange(s) cité(s).",
            "Refusal and taking up again: {count} exchange(s) cited."
        ),
        both!(
            "Le client n’est pas reparti de la première page.",
            "The client did not start over from the first page."
        ),
    )
    .notes(notes)
    .citing(cited)
}
