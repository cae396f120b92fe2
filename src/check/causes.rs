//! Why what a client declares differs from the truth, and what to do: the cause where the evidence tells it, the
//! possible ones where it does not.

use super::comparison::Comparison;
use super::integrated::Compared;
use super::words::{both, values};
use crate::text::Text;

/// What is known of a difference, beside the difference itself.
pub(super) struct Known<'a> {
    pub(super) compared: Compared,
    /// The action of the step.
    pub(super) action: &'a str,
    pub(super) comparison: &'a Comparison,
    /// Pages, reads or files that the step asked for and that never came whole.
    pub(super) never_came: &'a [String],
}

impl Known<'_> {
    /// What to do about it.
    pub(super) fn remedy(&self) -> Text {
        if self.comparison.stale {
            return both!(
                "Le client tient une version antérieure. Causes possibles : la demande commence après le changement (repère trop avancé, « gt » au lieu de « ge »), ce type n’est pas demandé, une réponse manquée n’est pas redemandée, ou la version reçue n’a pas remplacé l’ancienne.",
                "The client holds an earlier version. Possible causes: the request begins after the change (a bookmark too far ahead, `gt` instead of `ge`), that type is not asked for, an answer that was lost is not asked for again, or the version received has not replaced the old one."
            );
        }
        match self.compared {
            Compared::Ids => self.remedy_of_ids(),
            Compared::NoRepeat => both!(
                "Dédoublonnez par type et identifiant technique : une même ressource peut revenir dans plusieurs pages, plusieurs fichiers ou plusieurs synchronisations.",
                "Merge by type and technical id: the same resource may come back on several pages, in several files or in several synchronisations."
            ),
            Compared::Names => both!(
                "Causes possibles : le nom est lu ailleurs que dans l’élément name, coupé, changé de casse, ou décodé autrement qu’en UTF-8.",
                "Possible causes: the name is read from elsewhere than the element name, cut, put into another case, or decoded otherwise than as UTF-8."
            ),
            Compared::Telecoms | Compared::AllTelecoms => both!(
                "N’intégrez et ne montrez que les coordonnées reçues avec ce profil pour cette ressource. Causes possibles : celles d’une autre ressource, ou celles d’avant un changement.",
                "Integrate and show only the telecoms received with this profile for that resource. Possible causes: those of another resource, or those from before a change."
            ),
            Compared::Capacities | Compared::AllCapacities => both!(
                "Lisez statut et nombre dans la même extension de capacité, chacun selon l’url de sa sous-extension et non selon sa place. Autre cause possible : des nombres d’avant un changement.",
                "Read status and count from the same capacity extension, each by the url of its sub-extension and not by its place. Another possible cause: numbers from before a change."
            ),
            Compared::Identifiers => both!(
                "Choisissez l’identifiant par identifier.type, jamais par sa place dans la liste.",
                "Choose the identifier by identifier.type, never by its place in the list."
            ),
        }
    }

    fn remedy_of_ids(&self) -> Text {
        if self.comparison.missing && !self.never_came.is_empty() {
            let never = values(self.never_came);
            return both!(
                "Ceci n’est jamais arrivé en entier : {never}. Demandez-le, et redemandez dans des limites raisonnables ce qui échoue, ou terminez en erreur.",
                "This never came whole: {never}. Ask for it, and within reason again for what fails, or end with an error."
            );
        }
        let missing = self.comparison.missing.then(|| self.missing());
        let extra = self.comparison.extra.then(|| self.extra());
        let parts: Vec<Text> = [missing, extra].into_iter().flatten().collect();
        let join = |texts: Vec<&str>| texts.join(" ");
        Text::new(
            join(parts.iter().map(|part| part.fr.as_str()).collect()),
            join(parts.iter().map(|part| part.en.as_str()).collect()),
        )
    }

    fn missing(&self) -> Text {
        match self.action {
            "export" => both!(
                "Causes possibles de ce qui manque : un fichier du manifeste qui n’est pas lu ou ne l’est qu’en partie, un export pris pour fini avant son manifeste, un filtre trop étroit, des ressources fermées écartées.",
                "Possible causes of what is missing: a file of the manifest that is not read or only in part, an export taken for finished before its manifest, too narrow a filter, closed resources left out."
            ),
            "sync" => both!(
                "Causes possibles de ce qui manque : la base vidée, ou remplacée par les seuls changements ; un export manqué auparavant ; une page non lue ; une date de départ trop tardive ; des ressources fermées écartées.",
                "Possible causes of what is missing: the base emptied, or replaced by the changes alone; an export that failed before; a page that is not read; a date to begin from that is too late; closed resources left out."
            ),
            "show" => both!(
                "Cette ressource est visible pour cet utilisateur. Causes possibles : elle n’est plus dans la base (un export manqué l’a vidée, par exemple), ou la politique d’accès est appliquée trop strictement.",
                "That resource is visible to this user. Possible causes: it is no longer in the base (an export that failed emptied it, for instance), or the access policy is applied too strictly."
            ),
            "search" => both!(
                "Causes possibles de ce qui manque : une page non lue, un résultat (search.mode=match) pris pour une ressource incluse, des ressources fermées ou incomplètes écartées, un critère changé.",
                "Possible causes of what is missing: a page that is not read, a result (search.mode=match) taken for an included resource, closed or incomplete resources left out, a criterion changed."
            ),
            _ => both!(
                "Causes possibles de ce qui manque : une lecture qui a échoué sans être reprise, ou une ressource fermée ou incomplète écartée.",
                "Possible causes of what is missing: a read that failed and was not made again, or a closed or incomplete resource left out."
            ),
        }
    }

    fn extra(&self) -> Text {
        match self.action {
            "export" | "sync" => both!(
                "Causes possibles de ce qui est en trop : ce que la base tenait avant et que le dernier export n’apporte plus, une autre région, un identifiant mal lu.",
                "Possible causes of what is too much: what the base held before and the last export does not bring any more, another region, an id misread."
            ),
            "show" => both!(
                "Montrez à cet utilisateur ce que son profil voit, et rien d’autre.",
                "Show this user what its profile sees, and nothing else."
            ),
            _ => both!(
                "Causes possibles de ce qui est en trop : des ressources incluses (search.mode=include) prises pour des résultats, des restes d’une demande précédente, un identifiant mal lu.",
                "Possible causes of what is too much: included resources (search.mode=include) taken for results, remains of an earlier request, an id misread."
            ),
        }
    }
}
