//! The delta: each type by its own date, merged into the base, with a bookmark that nothing can slip behind.

use super::export::file_of;
use super::*;

struct Delta {
    world: World,
    folder: tempfile::TempDir,
}

const TYPES: [&str; 5] =
    ["HealthcareService", "Location", "Organization", "Practitioner", "PractitionerRole"];

impl Delta {
    async fn new() -> Self {
        let mut world = World::new().await;
        let folder = tempfile::tempdir().unwrap();
        world.environment.insert("ROR_STATE_DIR".to_owned(), folder.path().to_str().unwrap().to_owned());
        Self { world, folder }
    }

    /// What the search of each type gives; nothing where nothing is said.
    async fn changes(&self, changes: &[(&str, Vec<ResponseTemplate>)]) {
        for kind in TYPES {
            let given = changes.iter().find(|(changed, _)| *changed == kind);
            let answers = given.map_or_else(|| vec![ok(bundle(vec![], None))], |given| given.1.clone());
            self.world.answers(kind, answers).await;
        }
    }

    /// An export of `region` that gives `resources`.
    async fn exported(&self, region: Option<&str>, resources: &[Value]) {
        let url = |rest: &str| format!("{}/fhir/{rest}", self.world.server.uri());
        let place = url("poll");
        let accepted = ResponseTemplate::new(202).insert_header("Content-Location", place.as_str());
        self.world.answers("$export", vec![accepted]).await;
        let manifest =
            json!({ "transactionTime": "2026-11-01T00:00:00Z", "output": [{ "url": url("a.json") }] });
        self.world.answers("poll", vec![ok(manifest)]).await;
        self.world.answers("a.json", vec![ok(file_of(resources))]).await;
        self.world.run("export", json!({ "region": region }), FlawSet::none()).await.assert_done();
    }

    async fn run(&self, since: Option<&str>, flaw: Option<Flaw>) -> Ran {
        self.world.run("sync", json!({ "since": since }), flaw.into_iter().collect::<FlawSet>()).await
    }

    async fn searches(&self) -> Vec<String> {
        let targets = self.world.targets().await;
        targets.into_iter().filter(|target| target.contains("_lastUpdated")).collect()
    }

    fn bookmark(&self) -> Value {
        let base = std::fs::read(self.folder.path().join("base.json")).unwrap();
        serde_json::from_slice::<Value>(&base).unwrap()["bookmark"].clone()
    }
}

fn dated(kind: &str, id: &str, name: &str, updated: &str) -> Value {
    json!({ "resourceType": kind, "id": id, "name": name, "meta": { "lastUpdated": updated } })
}

fn changed(resources: &[Value]) -> ResponseTemplate {
    let entries = resources.iter().map(|one| json!({ "resource": one, "search": { "mode": "match" } }));
    // The server's clock of these tests stands at the eleventh of November.
    ok(bundle(entries.collect(), None)).insert_header("date", "Wed, 11 Nov 2026 00:00:00 GMT")
}

#[tokio::test]
async fn each_type_is_asked_for_by_its_own_date_from_the_bookmark_on() {
    let delta = Delta::new().await;
    delta.exported(Some("24"), &[dated("HealthcareService", "1", "a", "2026-10-30T12:00:00Z")]).await;
    assert_eq!(delta.bookmark(), "2026-10-30T12:00:00Z", "not later than the data held");
    delta.changes(&[]).await;
    delta.run(None, None).await.assert_done();
    let tag = "_tag=https%3A%2F%2Fmos.esante.gouv.fr%2FNOS%2FTRE_R30-RegionOM%2FFHIR%2FTRE-R30-RegionOM%7C24";
    let since = "_lastUpdated=ge2026-10-30T12%3A00%3A00Z";
    let searches = delta.searches().await;
    assert_eq!(
        searches[0],
        format!(
            "GET /fhir/HealthcareService?{since}&{tag}&_include=HealthcareService%3Aorganization&_include:iterate=Organization%3Apartof&_include=HealthcareService%3Alocation&_revinclude=PractitionerRole%3Aservice&_include=PractitionerRole%3Apractitioner"
        )
    );
    let others: Vec<_> = TYPES[1..].iter().map(|kind| format!("GET /fhir/{kind}?{since}&{tag}")).collect();
    assert_eq!(searches[1..], others);

    delta.run(None, Some(Flaw::SyncIgnoresRegion)).await.assert_done();
    assert!(!delta.searches().await[5].contains("_tag"));
    delta.run(None, Some(Flaw::SyncOffersOnly)).await.assert_done();
    assert_eq!(delta.searches().await[10..], [format!("GET /fhir/HealthcareService?{since}&{tag}")]);
    // The last one, since it moves the bookmark to its own clock.
    delta.run(None, Some(Flaw::SyncStrictBoundary)).await.assert_done();
    assert!(delta.searches().await[11].contains("_lastUpdated=gt2026"));
}

#[tokio::test]
async fn changes_are_merged_and_the_bookmark_follows_the_data() {
    let run = async |flaw: Option<Flaw>| {
        let delta = Delta::new().await;
        let held = [
            dated("HealthcareService", "1", "old", "2026-10-30T12:00:00Z"),
            dated("Organization", "5", "old", "2026-10-01T00:00:00Z"),
        ];
        delta.exported(None, &held).await;
        let mut closed = dated("HealthcareService", "1", "new", "2026-11-09T10:00:00Z");
        closed["active"] = json!(false);
        let moved = dated("Organization", "5", "moved", "2026-11-10T10:00:00Z");
        let changes =
            [("HealthcareService", vec![changed(&[closed])]), ("Organization", vec![changed(&[moved])])];
        delta.changes(&changes).await;
        let ran = delta.run(None, flaw).await;
        ran.assert_done();
        let items = ran.result["integrated"].as_array().unwrap();
        let names: Vec<_> = items.iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect();
        (names.join(" "), delta.bookmark())
    };
    assert_eq!(run(None).await, ("new moved".to_owned(), json!("2026-11-10T10:00:00Z")));
    assert_eq!(run(Some(Flaw::SyncOffersOnly)).await.0, "new old");
    assert_eq!(run(Some(Flaw::SyncDropsClosed)).await.0, "moved");
    assert_eq!(run(Some(Flaw::SyncDuplicates)).await.0, "old old new moved");
}

#[tokio::test]
async fn the_bookmark_does_not_pass_the_first_answer() {
    let delta = Delta::new().await;
    delta.exported(None, &[dated("HealthcareService", "1", "a", "2026-10-30T12:00:00Z")]).await;
    // It changed while the searches ran: an offer may have changed as well, after it was asked for.
    let late = dated("PractitionerRole", "7", "b", "2026-11-11T00:00:05Z");
    let offers = vec![changed(&[])];
    delta.changes(&[("HealthcareService", offers), ("PractitionerRole", vec![changed(&[late])])]).await;
    delta.run(None, None).await.assert_done();
    assert_eq!(delta.bookmark(), "2026-11-11T00:00:00Z");
}

#[tokio::test]
async fn a_failure_keeps_base_and_bookmark_as_they_were() {
    let refused = vec![refusal(403, "no")];
    let delta = Delta::new().await;
    delta.exported(None, &[dated("HealthcareService", "1", "old", "2026-10-30T12:00:00Z")]).await;
    let before = std::fs::read(delta.folder.path().join("base.json")).unwrap();
    let new = dated("HealthcareService", "1", "new", "2026-11-09T10:00:00Z");
    delta.changes(&[("HealthcareService", vec![changed(&[new])]), ("Organization", refused)]).await;
    delta.run(None, None).await.assert_error("GET Organization, page 1: the ROR answered HTTP 403");
    assert_eq!(std::fs::read(delta.folder.path().join("base.json")).unwrap(), before);
    delta.run(None, Some(Flaw::SyncBookmarkDespiteFailure)).await.assert_error("HTTP 403");
    assert!(delta.bookmark().as_str().unwrap().starts_with("2027-01-15T08:00"));
}

#[tokio::test]
async fn without_a_base_there_is_an_export_or_what_the_delta_brings() {
    let since = Delta::new().await;
    let new = dated("HealthcareService", "1", "new", "2026-11-09T10:00:00Z");
    let included = json!({ "resource": dated("Organization", "5", "eg", "2020-01-01T00:00:00Z"), "search": { "mode": "include" } });
    let found = json!({ "resource": new, "search": { "mode": "match" } });
    let offers = ok(bundle(vec![found, included], None));
    since.changes(&[("HealthcareService", vec![offers, wait_told(429, "1")])]).await;
    let ran = since.run(Some("2026-11-01T00:00:00Z"), None).await;
    ran.assert_done();
    assert_eq!(ran.ids(), ["1", "5"]);
    assert!(since.searches().await[0].contains("_lastUpdated=ge2026-11-01"));

    let nothing = Delta::new().await;
    nothing.run(None, None).await.assert_error("GET $export: the ROR answered HTTP 404");
}

#[tokio::test]
async fn a_search_that_gives_less_than_its_total_is_an_error() {
    let world = World::new().await;
    let mut page = bundle(vec![found("1")], None);
    page["total"] = json!(2);
    world.answers("Location", vec![ok(page)]).await;
    world.run("search", search(json!([])), FlawSet::none()).await.assert_error("1 of 2 results");
    world.run("search", search(json!([])), Flaw::HidesTruncation).await.assert_done();
    let first = json!({ "resource": "Location", "parameters": [], "all-pages": false });
    world.run("search", first, FlawSet::none()).await.assert_done();
}
