//! Cross-checks of steps: act or wait, the action's input, instructions, deadlines.

use serde_json::Value;

use super::{Lint, place};
use crate::scenario::action::{Absent, Action, Kind, RESOURCES};
use crate::scenario::diagnostic::{Code, quoted, suggestion};
use crate::scenario::load::Key;
use crate::scenario::model::{CalledBy, Change, Defect, Step};
use crate::text::Text;

/// Most instances of a client side by side.
const MOST_INSTANCES: u32 = 8;

impl Lint<'_> {
    pub(super) fn steps(&mut self) {
        let steps = &self.scenario().steps;
        self.not_empty(steps.len(), "steps");
        for (index, step) in steps.iter().enumerate() {
            match (&step.act, &step.wait, &step.change) {
                (Some(act), None, None) => {
                    self.act(index, act, step);
                    if let Some(input) = &step.with {
                        self.instants(index, input);
                    }
                    self.instances(index, step);
                    self.server(index, step);
                }
                (None, Some(_), None) => self.passive(index, step),
                (None, None, Some(changes)) => {
                    self.passive(index, step);
                    self.changes(index, changes);
                }
                (None, None, None) => self.invalid_step(
                    place!["steps", index],
                    Text::new("cette étape ne fait rien", "this step does nothing"),
                ),
                (_, Some(_), _) => self.invalid_step(place!["steps", index, "wait"], one_thing()),
                _ => self.invalid_step(place!["steps", index, "change"], one_thing()),
            }
        }
    }

    /// A refusal proves something only between two steps in which the good server is accepted.
    fn server(&mut self, index: usize, step: &Step) {
        let Some(server) = step.server else { return };
        if server.token.is_none() && server.api.is_none() {
            self.at(
                Code::MissingControl,
                place!["steps", index, "server"],
                Text::new("aucun serveur n’est à refuser ici", "there is no server to refuse here"),
                Text::new(
                    "dites lequel et ce qui ne va pas : server: { token: expired }",
                    "say which one and what is wrong: server: { token: expired }",
                ),
            );
        }
        let (by_name, stapled) =
            (self.scenario().given.called_by == CalledBy::Name, self.scenario().given.staple);
        let wanted = [server.token, server.api];
        if by_name && wanted.contains(&Some(Defect::AddressNotNamed)) {
            self.at(
                Code::WrongValue,
                place!["steps", index, "server"],
                Text::new(
                    "appelé par son nom, un serveur dont le certificat ne dit pas l’adresse est bon",
                    "called by its name, a server whose certificate does not say its address is good",
                ),
                Text::new(
                    "faites appeler le bouchon par son adresse : given: { called-by: address }",
                    "have the mock called by its address: given: { called-by: address }",
                ),
            );
        }
        if !stapled && wanted.contains(&Some(Defect::Revoked)) {
            self.at(
                Code::WrongValue,
                place!["steps", index, "server"],
                Text::new(
                    "le bon serveur ne donne pas de statut : les deux différeraient en plus d’un point",
                    "the good server gives no status: the two would differ in more than one thing",
                ),
                Text::new(
                    "faites donner à chacun le statut de son certificat : given: { staple: true }",
                    "have each give the status of its certificate: given: { staple: true }",
                ),
            );
        }
        let steps = &self.scenario().steps;
        let is_control = |step: &Step| step.act.is_some() && step.server.is_none();
        let (before, after) = (steps[..index].iter().any(is_control), steps[index..].iter().any(is_control));
        if !before || !after {
            self.at_key(
                Code::MissingControl,
                place!["steps", index, "server"],
                Text::new(
                    "aucune étape n’appelle le bon serveur avant et après celle-ci",
                    "no step calls the good server before and after this one",
                ),
                Text::new(
                    "ajoutez une étape « act » sans « server » au début et à la fin",
                    "add a step `act` without `server` at the beginning and at the end",
                ),
            );
        }
    }

    /// Several instances are two at least, few enough for any machine, and all call the good server.
    fn instances(&mut self, index: usize, step: &Step) {
        let Some(instances) = step.instances else { return };
        if !(2..=MOST_INSTANCES).contains(&instances) {
            self.at(
                Code::InvalidCount,
                place!["steps", index, "instances"],
                Text::new(
                    format!("{instances} instances ne peuvent pas agir de front"),
                    format!("{instances} instances cannot act side by side"),
                ),
                Text::new(
                    format!("écrivez un nombre de 2 à {MOST_INSTANCES}, ou rien : une seule"),
                    format!("write a number from 2 to {MOST_INSTANCES}, or nothing: one only"),
                ),
            );
        }
        if step.server.is_some() {
            self.at_key(
                Code::InvalidCount,
                place!["steps", index, "instances"],
                Text::new(
                    "plusieurs instances n’appellent que le bon serveur",
                    "several instances call the good server only",
                ),
                Text::new("retirez « instances » ou « server »", "remove `instances` or `server`"),
            );
        }
    }

    fn invalid_step(&mut self, path: &[Key], message: Text) {
        self.at_key(
            Code::InvalidStep,
            path,
            message,
            Text::new(
                "une étape contient exactement une clé parmi « act », « wait » et « change »",
                "a step holds exactly one of `act`, `wait` and `change`",
            ),
        );
    }

    /// A step in which the client does nothing.
    fn passive(&mut self, index: usize, step: &Step) {
        let strangers = [
            (step.with.is_some(), "with"),
            (step.tell.is_some(), "tell"),
            (step.deadline.is_some(), "deadline"),
            (step.server.is_some(), "server"),
            (step.instances.is_some(), "instances"),
            (step.credential.is_some(), "credential"),
        ];
        for (there, key) in strangers {
            if there {
                self.invalid_step(
                    place!["steps", index, key],
                    Text::new(
                        format!("« {key} » n’a pas de sens dans une étape où le client n’agit pas"),
                        format!("`{key}` means nothing in a step in which the client does not act"),
                    ),
                );
            }
        }
    }

    fn changes(&mut self, index: usize, changes: &[Change]) {
        if changes.is_empty() {
            self.invalid_step(
                place!["steps", index, "change"],
                Text::new("cette étape ne fait rien", "this step does nothing"),
            );
        }
        for (number, change) in changes.iter().enumerate() {
            let named = [("resource", Some(&change.resource)), ("copy-of", change.copy_of.as_ref())];
            for (key, reference) in named {
                let Some(reference) = reference else { continue };
                let known =
                    reference.split_once('/').is_some_and(|(t, id)| RESOURCES.contains(&t) && !id.is_empty());
                if !known {
                    let shown = quoted(reference);
                    self.at(
                        Code::InvalidChange,
                        place!["steps", index, "change", number, key],
                        Text::new(
                            format!("« {shown} » ne désigne aucune ressource"),
                            format!("`{shown}` designates no resource"),
                        ),
                        Text::new(
                            "écrivez le type et l’id : HealthcareService/50001",
                            "write type and id: HealthcareService/50001",
                        ),
                    );
                }
            }
            let edits = [
                change.merge.is_some() || change.copy_of.is_some(),
                change.sensitive.is_some(),
                change.confidentiality_level.is_some(),
                change.remove,
            ];
            if edits.iter().filter(|there| **there).count() != 1 {
                self.at(
                    Code::InvalidChange,
                    place!["steps", index, "change", number],
                    Text::new(
                        "un changement fait exactement une chose",
                        "a change does exactly one thing",
                    ),
                    Text::new(
                        "gardez une clé parmi « merge » (avec ou sans « copy-of »), « sensitive », « confidentiality-level » et « remove »",
                        "keep one of `merge` (with `copy-of` or not), `sensitive`, `confidentiality-level` and `remove`",
                    ),
                );
            }
            if change.confidentiality_level.is_some_and(|level| !(1..=3).contains(&level)) {
                self.at(
                    Code::InvalidChange,
                    place!["steps", index, "change", number, "confidentiality-level"],
                    Text::new("les niveaux vont de 1 à 3", "levels go from 1 to 3"),
                    Text::new("écrivez 1, 2 ou 3", "write 1, 2 or 3"),
                );
            }
        }
    }

    fn act(&mut self, index: usize, act: &str, step: &Step) {
        if step.deadline().0 <= 0.0 {
            self.at(
                Code::InvalidDeadline,
                place!["steps", index, "deadline"],
                Text::new("le client n’a pas de temps pour agir", "the client has no time to act"),
                Text::new(
                    "écrivez par exemple 20s, ou rien : 30s",
                    "write 20s for instance, or nothing: 30s",
                ),
            );
        }
        match &step.tell {
            Some(tell) => self.text(tell, place!["steps", index, "tell"]),
            None => self.at_key(
                Code::MissingInstruction,
                place!["steps", index, "act"],
                Text::new(
                    "cette étape ne dit pas à une personne ce qu’elle doit faire",
                    "this step does not tell a person what to do",
                ),
                Text::new(
                    "ajoutez « tell: { fr: …, en: … } » pour le mode manuel",
                    "add `tell: { fr: …, en: … }` for the manual mode",
                ),
            ),
        }
        let Some(action) = Action::find(act) else {
            let shown = quoted(act);
            self.at(
                Code::UnknownAction,
                place!["steps", index, "act"],
                Text::new(
                    format!("il n’y a pas d’action « {shown} »"),
                    format!("there is no action `{shown}`"),
                ),
                suggestion(act, &Action::names()),
            );
            return;
        };
        self.input(index, action, step.with.as_ref());
    }

    fn input(&mut self, index: usize, action: &Action, input: Option<&Value>) {
        let empty = serde_json::Map::new();
        let members = match input {
            None => &empty,
            Some(Value::Object(members)) => members,
            Some(_) => {
                self.at(
                    Code::InvalidInput,
                    place!["steps", index, "with"],
                    Text::new("l’entrée est un objet", "the input is an object"),
                    Text::new("écrivez « with: { clé: valeur } »", "write `with: { key: value }`"),
                );
                return;
            }
        };
        let names: Vec<&str> = action.fields.iter().map(|field| field.name).collect();
        for key in members.keys().filter(|key| !names.contains(&key.as_str())) {
            let shown = quoted(key);
            let help = if names.is_empty() {
                Text::new("cette action n’a pas d’entrée", "this action takes no input")
            } else {
                suggestion(key, &names)
            };
            self.at_key(
                Code::InvalidInput,
                place!["steps", index, "with", key.as_str()],
                Text::new(
                    format!("l’action « {} » n’attend pas de « {shown} »", action.name),
                    format!("the action `{}` takes no `{shown}`", action.name),
                ),
                help,
            );
        }
        for field in action.fields {
            match members.get(field.name) {
                Some(value) if !field.kind.accepts(value) => {
                    let (message, help) = expected(field.name, field.kind, value);
                    self.at(Code::InvalidInput, place!["steps", index, "with", field.name], message, help);
                }
                None if field.default == Absent::Refused => self.at(
                    Code::InvalidInput,
                    place!["steps", index, "act"],
                    Text::new(
                        format!("l’entrée de « {} » n’a pas de « {} »", action.name, field.name),
                        format!("the input of `{}` has no `{}`", action.name, field.name),
                    ),
                    Text::new(
                        format!("écrivez « with: {{ {}: … }} »", names.join(": …, ")),
                        format!("write `with: {{ {}: … }}`", names.join(": …, ")),
                    ),
                ),
                _ => {}
            }
        }
    }
}

fn one_thing() -> Text {
    Text::new("une étape ne fait qu’une chose", "a step does one thing only")
}

fn expected(name: &str, kind: Kind, value: &Value) -> (Text, Text) {
    let (fr, en) = match kind {
        Kind::Resource => {
            let written = value.as_str().unwrap_or_default();
            let shown = quoted(written);
            return (
                Text::new(
                    format!("« {shown} » n’est pas un des cinq types de ressource"),
                    format!("`{shown}` is none of the five resource types"),
                ),
                suggestion(written, &RESOURCES),
            );
        }
        Kind::Word => ("un texte non vide, entre guillemets", "a text that is not empty, in quotes"),
        Kind::WordOrNull => ("un texte entre guillemets, ou null", "a text in quotes, or null"),
        Kind::Flag => ("true ou false", "true or false"),
        Kind::Number(least, most) => {
            return (
                Text::new(format!("« {name} » est mal écrit"), format!("`{name}` is badly written")),
                Text::new(
                    format!("un nombre entier de {least} à {most}"),
                    format!("a whole number from {least} to {most}"),
                ),
            );
        }
        Kind::Words => ("une liste de textes entre guillemets", "a list of texts in quotes"),
        Kind::SomeWords => {
            ("une liste d’au moins un texte entre guillemets", "a list of at least one text in quotes")
        }
        Kind::Pairs => (
            "une liste de paires de textes : [[nom, \"valeur\"], [nom, \"valeur\"]]",
            "a list of pairs of texts: [[name, \"value\"], [name, \"value\"]]",
        ),
        Kind::Objects => ("une liste d’au moins un objet", "a list of at least one object"),
    };
    (Text::new(format!("« {name} » est mal écrit"), format!("`{name}` is badly written")), Text::new(fr, en))
}
