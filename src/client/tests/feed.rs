//! The feed of bed capacities: replace, add where the record is unknown, report what is refused, keep what is left.

use super::*;

const RECORD: &str = "Location.extension.where(url='https://interop.esante.gouv.fr/ig/fhir/ror/StructureDefinition/ror-location-supported-capacity')";

struct Feed {
    world: World,
    _folder: tempfile::TempDir,
}

impl Feed {
    async fn new() -> Self {
        let mut world = World::new().await;
        let folder = tempfile::tempdir().unwrap();
        let url = world.server.uri();
        let more = [
            ("ROR_CAPACITY_URL", format!("{url}/beds")),
            ("ROR_SUPPLIER_CLIENT_ID", "supplier-1".to_owned()),
            ("ROR_STATE_DIR", folder.path().to_str().unwrap().to_owned()),
        ];
        world.environment.extend(more.map(|(name, value)| (name.to_owned(), value)));
        Self { world, _folder: folder }
    }

    async fn with(answers: Vec<ResponseTemplate>) -> Self {
        let feed = Self::new().await;
        feed.answers(answers).await;
        feed
    }

    async fn answers(&self, answers: Vec<ResponseTemplate>) {
        let turns = InTurn { answers, next: Mutex::new(0) };
        Mock::given(method("PATCH")).respond_with(turns).mount(&self.world.server).await;
    }

    async fn run(&self, capacities: Value, flaw: Option<Flaw>) -> Ran {
        let update =
            json!({ "establishment": "1350054680", "location": "SSR38888", "capacities": capacities });
        let flaws = flaw.into_iter().collect::<FlawSet>();
        self.world.run("update-capacity", json!({ "updates": [update] }), flaws).await
    }

    async fn patches(&self) -> Vec<Request> {
        let requests = self.world.server.received_requests().await.unwrap();
        requests.into_iter().filter(|request| request.method == "PATCH").collect()
    }

    /// What was sent: `replace 3`, `add 3`, `delete`.
    async fn sent(&self) -> Vec<String> {
        self.patches().await.iter().map(|patch| described(&patch.body)).collect()
    }
}

fn described(body: &[u8]) -> String {
    let body: Value = serde_json::from_slice(body).unwrap();
    let parts = &body["parameter"][0]["part"];
    let count = &parts[2]["part"][0]["extension"][0]["extension"][0]["valueInteger"];
    format!("{} {count}", parts[0]["valueString"].as_str().unwrap()).replace(" null", "")
}

fn beds(count: i64) -> Value {
    json!([of_gender(count, "03")])
}

fn of_gender(count: i64, gender: &str) -> Value {
    json!({ "operation": "set", "count": count, "status": "02", "type": "01", "temporality": "01",
        "assignment": "01", "gender": gender })
}

fn not_found(expression: Value) -> ResponseTemplate {
    let issue = json!([{ "severity": "error", "code": "not-found", "expression": expression }]);
    ResponseTemplate::new(404).set_body_json(json!({ "resourceType": "OperationOutcome", "issue": issue }))
}

fn no_record() -> ResponseTemplate {
    not_found(json!(RECORD))
}

fn no_place() -> ResponseTemplate {
    not_found(json!(["Location"]))
}

fn done() -> ResponseTemplate {
    ResponseTemplate::new(200)
}

#[tokio::test]
async fn a_capacity_is_replaced_with_the_suppliers_identity_and_no_ror_headers() {
    let feed = Feed::with(vec![done()]).await;
    let ran = feed.run(beds(3), None).await;
    ran.assert_done();
    let patches = feed.patches().await;
    assert_eq!(feed.world.targets().await[1], "PATCH /beds/Location?identifier=1350054680%2FSSR38888");
    assert_eq!(patches[0].headers.get("content-type").unwrap(), "application/fhir+json");
    assert!(patches[0].headers.keys().all(|name| !name.as_str().starts_with("ror-")));
    assert!(
        String::from_utf8_lossy(&patches[0].body).contains("2027-01-15T08:00:0"),
        "the date of the order"
    );
    let requests = feed.world.server.received_requests().await.unwrap();
    assert!(String::from_utf8_lossy(&requests[0].body).ends_with("client_id=supplier-1"));
}

#[tokio::test]
async fn without_a_suppliers_identity_nothing_is_sent() {
    let mut feed = Feed::with(vec![done()]).await;
    feed.world.environment.remove("ROR_SUPPLIER_CLIENT_ID");
    feed.run(beds(3), None).await.assert_error("ROR_SUPPLIER_CLIENT_ID is missing");
    assert_eq!(feed.world.targets().await.len(), 0);
    feed.run(beds(3), Some(Flaw::FeedUsesConsumerIdentity)).await.assert_done();
}

#[tokio::test]
async fn an_unknown_record_is_added_and_an_unknown_place_is_not() {
    for expression in [json!(RECORD), json!([RECORD])] {
        let feed = Feed::with(vec![not_found(expression), done()]).await;
        feed.run(beds(0), None).await.assert_done();
        assert_eq!(feed.sent().await, ["replace 0", "add 0"], "zero is a value");
    }
    let unknown = Feed::with(vec![no_place(), done()]).await;
    let both = json!([of_gender(1, "01"), of_gender(2, "02")]);
    unknown.run(both, None).await.assert_error("1 refused: 1350054680/SSR38888 (capacityStatus 02");
    assert_eq!(unknown.sent().await, ["replace 1", "replace 2"], "the others are sent all the same");
    let added = Feed::with(vec![no_place(), done()]).await;
    added.run(beds(1), Some(Flaw::FeedAddsOnUnknownLocation)).await.assert_done();
    let never = Feed::with(vec![no_record(), done()]).await;
    never.run(beds(1), Some(Flaw::FeedNeverAdds)).await.assert_error("1 refused");
    let first = Feed::with(vec![done()]).await;
    first.run(beds(1), Some(Flaw::FeedAddsFirst)).await.assert_done();
    assert_eq!(first.sent().await, ["add 1"]);
}

#[tokio::test]
async fn refusals_are_reported_and_not_repeated() {
    for status in [400, 403, 412] {
        let feed = Feed::with(vec![refusal(status, "not yours"), done()]).await;
        let both = json!([of_gender(1, "01"), of_gender(2, "02")]);
        feed.run(both, None).await.assert_error(&format!("HTTP {status}: not yours"));
        // A 403 is about the establishment, whose other records are left out.
        let sent: &[&str] = if status == 403 { &["replace 1"] } else { &["replace 1", "replace 2"] };
        assert_eq!(feed.sent().await, sent);
        feed.run(json!([]), None).await.assert_done();
        assert_eq!(feed.sent().await.len(), sent.len(), "what was refused is not kept for later");
    }
    let feed = async |flaw: Flaw| {
        let feed = Feed::with(vec![refusal(403, "not yours")]).await;
        let ran = feed.run(json!([of_gender(1, "01"), of_gender(2, "02")]), Some(flaw)).await;
        (ran, feed.sent().await.len())
    };
    let (hidden, _) = feed(Flaw::FeedHidesRefusal).await;
    hidden.assert_done();
    let (stopped, sent) = feed(Flaw::FeedStopsAtFirstRefusal).await;
    stopped.assert_error("1 not sent");
    assert_eq!(sent, 1);
    assert_eq!(feed(Flaw::FeedRepeats403).await.1, 4);
    let (insists, sent) = feed(Flaw::FeedInsistsOnEstablishment).await;
    insists.assert_error("2 refused");
    assert_eq!(sent, 2);
}

#[tokio::test]
async fn a_delete_of_what_is_gone_is_done() {
    let order = || json!([{ "operation": "delete", "status": "05", "closing-type": "01" }]);
    for answer in [done(), no_record()] {
        let feed = Feed::with(vec![answer]).await;
        feed.run(order(), None).await.assert_done();
        assert_eq!(feed.sent().await, ["delete"]);
    }
    Feed::with(vec![no_place()]).await.run(order(), None).await.assert_error("refused");
}

#[tokio::test]
async fn a_lost_replace_is_sent_again_and_a_lost_add_is_looked_for_first() {
    let lost = || refusal(502, "lost");
    let replaced = Feed::with(vec![lost(), done()]).await;
    replaced.run(beds(1), None).await.assert_done();
    assert_eq!(replaced.sent().await, ["replace 1", "replace 1"]);
    let added = Feed::with(vec![no_record(), lost(), done()]).await;
    added.run(beds(1), None).await.assert_done();
    assert_eq!(added.sent().await, ["replace 1", "add 1", "replace 1"]);
    let not_added = Feed::with(vec![no_record(), lost(), no_record(), done()]).await;
    not_added.run(beds(1), None).await.assert_done();
    assert_eq!(not_added.sent().await, ["replace 1", "add 1", "replace 1", "add 1"]);
    let blindly = Feed::with(vec![no_record(), lost(), done()]).await;
    blindly.run(beds(1), Some(Flaw::FeedReaddsAfterLostAnswer)).await.assert_done();
    assert_eq!(blindly.sent().await, ["replace 1", "add 1", "add 1"]);
}

#[tokio::test]
async fn what_could_not_be_sent_is_kept_and_sent_first_the_next_time() {
    let feed = Feed::with(vec![done(), wait_told(503, "3600"), done()]).await;
    let both = json!([of_gender(1, "01"), of_gender(2, "02"), of_gender(3, "03")]);
    feed.run(both, None).await.assert_error("2 not sent and kept for the next time");
    assert_eq!(feed.sent().await, ["replace 1", "replace 2"]);
    // Older than what is kept: it must not overwrite it.
    let mut older = of_gender(9, "02");
    older["updated"] = json!("2026-01-01T00:00:00Z");
    let mut newer = of_gender(8, "03");
    newer["updated"] = json!("2027-02-01T00:00:00Z");
    feed.run(json!([of_gender(7, "01"), older, newer]), None).await.assert_done();
    assert_eq!(feed.sent().await[2..], ["replace 2", "replace 8", "replace 7"]);
    feed.run(json!([]), None).await.assert_done();
    assert_eq!(feed.sent().await.len(), 5, "sent once");

    let dropped = Feed::with(vec![wait_told(503, "3600"), done()]).await;
    dropped.run(beds(1), Some(Flaw::FeedDropsBacklog)).await.assert_done();
    dropped.run(json!([]), None).await.assert_done();
    assert_eq!(dropped.sent().await.len(), 1);
}

#[tokio::test]
async fn a_quota_is_waited_for() {
    let feed = Feed::with(vec![wait_told(429, "2"), done()]).await;
    feed.run(beds(1), None).await.assert_done();
    assert_eq!(feed.world.waits(1000), [2000]);
    assert_eq!(feed.world.count("POST /token").await, 1);
    let greedy = Feed::with(vec![done()]).await;
    greedy
        .run(json!([of_gender(1, "01"), of_gender(2, "02")]), Some(Flaw::FeedTokenPerUpdate))
        .await
        .assert_done();
    assert_eq!(greedy.world.count("POST /token").await, 2);
}

#[tokio::test]
async fn flaws_of_the_request_deviate_where_they_say() {
    let patch = async |flaw: Flaw| {
        let feed = Feed::with(vec![done()]).await;
        feed.run(beds(1), Some(flaw)).await.assert_done();
        feed.patches().await.remove(0)
    };
    let with_headers = patch(Flaw::FeedSendsRorHeaders).await;
    assert_eq!(with_headers.headers.get("ror-role-metier-code").unwrap(), "AUTOMATE");
    let json = patch(Flaw::FeedJsonContentType).await;
    assert_eq!(json.headers.get("content-type").unwrap(), "application/json");
    let skipped = Feed::with(vec![done()]).await;
    skipped.run(beds(0), Some(Flaw::FeedSkipsZero)).await.assert_done();
    assert_eq!(skipped.sent().await.len(), 0);
}
