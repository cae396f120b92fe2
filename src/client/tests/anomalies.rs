//! Anomalies: reported once, whatever is lost on the way; their business status changed.

use super::*;

async fn world() -> World {
    let mut world = World::new().await;
    // ROR_TASK_URL is the URL of Task itself.
    let url = format!("{}/anomalies/Task", world.server.uri());
    world.environment.insert("ROR_TASK_URL".to_owned(), url);
    world
}

async fn posts(world: &World, answers: Vec<ResponseTemplate>) {
    let turns = InTurn { answers, next: Mutex::new(0) };
    let given = Mock::given(method("POST")).and(path("/anomalies/Task"));
    given.respond_with(turns).mount(&world.server).await;
}

async fn there_are(world: &World, tasks: Vec<Value>) {
    let entries = tasks.into_iter().map(|task| json!({ "resource": task, "search": { "mode": "match" } }));
    let given = Mock::given(method("GET")).and(path("/anomalies/Task"));
    given.respond_with(ok(bundle(entries.collect(), None))).mount(&world.server).await;
}

async fn sent(world: &World, method: &str) -> Vec<Request> {
    let requests = world.server.received_requests().await.unwrap();
    let wanted = |request: &Request| request.method == method && request.url.path() != "/token";
    requests.into_iter().filter(wanted).collect()
}

fn created() -> ResponseTemplate {
    ResponseTemplate::new(201).insert_header("Location", "https://ror.example/anomalies/Task/687/_history/1")
}

fn anomaly() -> Value {
    json!({ "healthcare-service": "508875", "category": "06", "description": "L'adresse est erronée" })
}

#[tokio::test]
async fn an_anomaly_is_reported_with_all_that_a_task_needs() {
    let report = async |flaw: Option<Flaw>| {
        let world = world().await;
        posts(&world, vec![created()]).await;
        let flaws = flaw.into_iter().collect::<FlawSet>();
        let ran = world.run("report-anomaly", anomaly(), flaws).await;
        ran.assert_done();
        assert_eq!(ran.message(), "anomaly reported: Task 687");
        let post = sent(&world, "POST").await.remove(0);
        assert_eq!(post.headers.get("content-type").unwrap(), "application/fhir+json");
        assert!(!post.headers.contains_key("ror-profil-utilisateur-code"));
        serde_json::from_slice::<Value>(&post.body).unwrap()
    };
    let task = report(None).await;
    assert_eq!((&task["status"], &task["intent"]), (&json!("in-progress"), &json!("order")));
    assert_eq!(task["businessStatus"]["coding"][0]["code"], "01");
    assert_eq!(
        task["code"]["coding"][0],
        json!({ "system": "https://mos.esante.gouv.fr/NOS/TRE_R350-ThematiqueAnomalie/FHIR/TRE-R350-ThematiqueAnomalie", "code": "06" })
    );
    assert_eq!(task["focus"]["reference"], "HealthcareService/508875");
    assert_eq!(task["reasonCode"]["coding"][0]["code"], "COR");
    assert!(task["authoredOn"].is_string() && task["lastModified"].is_string());
    assert_eq!(task["input"][0]["type"]["coding"][0]["code"], "systemRequester");
    assert_eq!(report(Some(Flaw::AnomalyWithoutRequester)).await["input"], Value::Null);
}

#[tokio::test]
async fn a_lost_report_is_looked_for_before_it_is_sent_again() {
    let lost = || refusal(502, "lost");
    let arrived = world().await;
    posts(&arrived, vec![lost(), created()]).await;
    let task = json!({ "resourceType": "Task", "id": "900", "description": "L'adresse est erronée",
        "code": { "coding": [{ "code": "06" }] }, "authoredOn": "2027-01-15" });
    let another = json!({ "resourceType": "Task", "id": "899", "description": "autre",
        "code": { "coding": [{ "code": "06" }] } });
    there_are(&arrived, vec![another.clone(), task]).await;
    let ran = arrived.run("report-anomaly", anomaly(), FlawSet::none()).await;
    ran.assert_done();
    assert_eq!(ran.message(), "anomaly reported: Task 900");
    assert_eq!(sent(&arrived, "POST").await.len(), 1);
    assert_eq!(arrived.count("GET /anomalies/Task?focus=HealthcareService%2F508875").await, 1);

    let not_arrived = world().await;
    posts(&not_arrived, vec![lost(), created()]).await;
    there_are(&not_arrived, vec![another]).await;
    not_arrived.run("report-anomaly", anomaly(), FlawSet::none()).await.assert_done();
    assert_eq!(sent(&not_arrived, "POST").await.len(), 2);

    let blindly = world().await;
    posts(&blindly, vec![lost(), created()]).await;
    blindly.run("report-anomaly", anomaly(), Flaw::AnomalyPostsTwice).await.assert_done();
    assert_eq!((sent(&blindly, "POST").await.len(), sent(&blindly, "GET").await.len()), (2, 0));
}

#[tokio::test]
async fn a_refused_report_is_an_error() {
    let world = world().await;
    posts(&world, vec![refusal(400, "no such offer")]).await;
    let ran = world.run("report-anomaly", anomaly(), FlawSet::none()).await;
    ran.assert_error("POST Task: the ROR answered HTTP 400: no such offer");
    assert_eq!(sent(&world, "POST").await.len(), 1);
}

#[tokio::test]
async fn the_business_status_is_replaced() {
    let update = async |flaw: Option<Flaw>| {
        let world = world().await;
        Mock::given(method("PATCH")).respond_with(ok(json!({}))).mount(&world.server).await;
        let flaws = flaw.into_iter().collect::<FlawSet>();
        world.run("update-anomaly", json!({ "task": "687", "status": "08" }), flaws).await.assert_done();
        let patch = sent(&world, "PATCH").await.remove(0);
        assert_eq!(patch.url.path(), "/anomalies/Task/687");
        serde_json::from_slice::<Value>(&patch.body).unwrap()["parameter"][0]["part"].clone()
    };
    let parts = update(None).await;
    assert_eq!(
        (&parts[0]["valueString"], &parts[1]["valueString"]),
        (&json!("replace"), &json!("Task.businessStatus"))
    );
    assert_eq!(
        parts[2]["valueCodeableConcept"]["coding"][0],
        json!({ "system": "https://mos.esante.gouv.fr/NOS/TRE_R352-StatutMetierAnomalie/FHIR/TRE-R352-StatutMetierAnomalie", "code": "08" })
    );
    assert_eq!(update(Some(Flaw::AnomalyPatchesStatus)).await[1]["valueString"], "Task.status");
}
