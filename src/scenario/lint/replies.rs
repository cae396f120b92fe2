//! Cross-checks of scripted replies, and of the matchers that checks share with them.

use super::{APIS, Lint, place};
use crate::check::Matcher;
use crate::scenario::diagnostic::{Code, quoted, suggestion};
use crate::scenario::load::Key;
use crate::scenario::model::{On, Reply};
use crate::text::Text;

/// Most white space in a reply, MiB.
const MOST_PADDING: u32 = 16;

const METHODS: [&str; 6] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"];

impl Lint<'_> {
    pub(super) fn replies(&mut self) {
        for (index, scripted) in self.scenario().given.replies.iter().enumerate() {
            self.on(index, &scripted.on);
            self.reply(index, &scripted.reply);
        }
    }

    fn on(&mut self, index: usize, on: &On) {
        let base = place!["given", "replies", index, "on"];
        self.request(base, on.method.as_deref(), on.path.as_deref(), on.api.as_deref(), None);
        self.path(place!["given", "replies", index, "on", "or-path"], on.or_path.as_deref());
        for (value, key) in [(on.nth, "nth"), (on.times, "times"), (on.step, "step")] {
            if value == Some(0) {
                self.count(place!["given", "replies", index, "on", key]);
            }
        }
        let ways = [(on.forever, "forever"), (on.during.is_some(), "during"), (on.times.is_some(), "times")];
        let used: Vec<&str> = ways.iter().filter(|(there, _)| *there).map(|(_, key)| *key).collect();
        if let [first, .., last] = used.as_slice() {
            self.at_key(
                Code::InvalidTimes,
                place!["given", "replies", index, "on", *last],
                Text::new(
                    format!("« {last} » et « {first} » se contredisent"),
                    format!("`{last}` and `{first}` contradict each other"),
                ),
                Text::new("gardez l’un des deux", "keep one of them"),
            );
        }
    }

    fn reply(&mut self, index: usize, reply: &Reply) {
        let base = place!["given", "replies", index, "reply"];
        let alters = reply.fault.is_some()
            || reply.hold.is_some()
            || reply.content_type.is_some()
            || reply.gzip.is_some()
            || reply.strangers
            || reply.padding.is_some();
        if reply.status.is_none() && !alters {
            self.at(
                Code::EmptyReply,
                base,
                Text::new(
                    "cette réponse n’a ni statut, ni défaut, ni retenue",
                    "this reply has no status, no fault and no hold",
                ),
                Text::new(
                    "ajoutez « status: 429 » ou « fault: reset »",
                    "add `status: 429` or `fault: reset`",
                ),
            );
        }
        self.status(place!["given", "replies", index, "reply", "status"], reply.status);
        if let Some(padding) = reply.padding.filter(|padding| !(1..=MOST_PADDING).contains(padding)) {
            self.at(
                Code::InvalidCount,
                place!["given", "replies", index, "reply", "padding"],
                Text::new(format!("{padding} Mio ne se peuvent pas"), format!("{padding} MiB cannot be had")),
                Text::new("écrivez un nombre de 1 à 16", "write a number from 1 to 16"),
            );
        }
        let redirects = reply.status.is_some_and(|status| (300..400).contains(&status));
        if reply.redirect.is_some() && !redirects {
            self.at_key(
                Code::InvalidMatcher,
                place!["given", "replies", index, "reply", "redirect"],
                Text::new("une redirection a un statut 3xx", "a redirection has a 3xx status"),
                Text::new("ajoutez « status: 307 »", "add `status: 307`"),
            );
        }
        let ways = [
            (reply.retry_after.is_some(), "retry-after"),
            (reply.retry_after_date.is_some(), "retry-after-date"),
            (reply.retry_after_raw.is_some(), "retry-after-raw"),
            (!reply.retry_after_several.is_empty(), "retry-after-several"),
        ];
        let used: Vec<&str> = ways.iter().filter(|(there, _)| *there).map(|(_, key)| *key).collect();
        if let [_, second, ..] = used.as_slice() {
            self.at_key(
                Code::SeveralDelays,
                place!["given", "replies", index, "reply", *second],
                Text::new(
                    format!("le délai est annoncé de plusieurs façons : {}", used.join(", ")),
                    format!("the delay is advertised in several ways: {}", used.join(", ")),
                ),
                Text::new("gardez-en une seule", "keep one of them"),
            );
        }
        let longest =
            self.scenario().steps.iter().filter(|step| step.act.is_some()).map(|step| step.deadline().0);
        let longest = longest.fold(0.0, f64::max);
        let delays = [(reply.retry_after, "retry-after"), (reply.retry_after_date, "retry-after-date")];
        for (delay, key) in delays {
            if delay.is_some_and(|delay| delay.0 > longest && longest > 0.0) {
                self.at(
                    Code::DelayBeyondDeadline,
                    place!["given", "replies", index, "reply", key],
                    Text::new(
                        format!("ce délai dépasse le temps laissé au client ({longest} s)"),
                        format!("this delay is longer than the time allowed to the client ({longest} s)"),
                    ),
                    Text::new(
                        "raccourcissez-le, ou allongez « deadline » de l’étape",
                        "shorten it, or lengthen the step's `deadline`",
                    ),
                );
            }
        }
    }

    pub(super) fn matcher(&mut self, base: &[Key], matcher: &Matcher) {
        let Matcher { method, path, api, status, .. } = matcher;
        self.request(base, method.as_deref(), path.as_deref(), api.as_deref(), *status);
    }

    fn request(
        &mut self,
        base: &[Key],
        method: Option<&str>,
        path: Option<&str>,
        api: Option<&str>,
        status: Option<u16>,
    ) {
        let inside = |key: &str| [base, &[Key::from(key)]].concat();
        if let Some(method) = method.filter(|method| !METHODS.contains(method)) {
            let shown = quoted(method);
            self.at(
                Code::InvalidMatcher,
                &inside("method"),
                Text::new(
                    format!("il n’y a pas de méthode « {shown} »"),
                    format!("there is no method `{shown}`"),
                ),
                suggestion(method, &METHODS),
            );
        }
        self.path(&inside("path"), path);
        if let Some(api) = api.filter(|api| !APIS.contains(api)) {
            let shown = quoted(api);
            self.at(
                Code::UnknownApi,
                &inside("api"),
                Text::new(format!("il n’y a pas d’API « {shown} »"), format!("there is no API `{shown}`")),
                suggestion(api, &APIS),
            );
        }
        self.status(&inside("status"), status);
    }

    fn path(&mut self, place: &[Key], path: Option<&str>) {
        if let Some(path) = path.filter(|path| !path.starts_with('/') || path.contains(['?', '#', ' '])) {
            let shown = quoted(path);
            self.at(
                Code::InvalidMatcher,
                place,
                Text::new(
                    format!("« {shown} » ne peut être le chemin d’aucune requête"),
                    format!("`{shown}` can be the path of no request"),
                ),
                Text::new(
                    "un chemin commence par « / », sans paramètres : /ws-diffusion-fhir/Location/*",
                    "a path begins with `/` and has no parameters: /ws-diffusion-fhir/Location/*",
                ),
            );
        }
    }

    fn status(&mut self, path: &[Key], status: Option<u16>) {
        if let Some(status) = status.filter(|status| !(200..=599).contains(status)) {
            self.at(
                Code::InvalidMatcher,
                path,
                Text::new(
                    format!("{status} n’est pas le statut d’une réponse HTTP"),
                    format!("{status} is not the status of an HTTP answer"),
                ),
                Text::new("les statuts vont de 200 à 599", "statuses go from 200 to 599"),
            );
        }
    }
}
