//! 429, 503 and failures that pass: waits as told, backs off within bounds, ends with an intelligible error.

use super::*;

async fn read_through(answers: Vec<ResponseTemplate>, flaw: Option<Flaw>) -> (World, Ran) {
    let world = World::new().await;
    world.answers("Location/1", answers).await;
    let ran = world.run("read", read("1"), flaw.into_iter().collect::<FlawSet>()).await;
    (world, ran)
}

fn then_found(refused: ResponseTemplate, times: usize) -> Vec<ResponseTemplate> {
    let mut answers = vec![refused; times];
    answers.push(ok(location("1")));
    answers
}

/// So many seconds after the start of the manual clock.
fn date_in(seconds: u64) -> String {
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(1_800_000_000 + seconds))
}

#[tokio::test]
async fn seconds_are_waited_for_on_429_and_503() {
    for status in [429, 503] {
        let (world, ran) = read_through(then_found(wait_told(status, "2"), 2), None).await;
        ran.assert_done();
        assert_eq!(world.waits(1000), [2000, 2000]);
    }
}

#[tokio::test]
async fn a_date_is_waited_for() {
    let (world, ran) = read_through(then_found(wait_told(429, &date_in(3)), 1), None).await;
    ran.assert_done();
    assert_eq!(world.waits(1000), [3050]);
}

#[tokio::test]
async fn without_a_usable_delay_the_client_backs_off_and_gives_up() {
    for (status, refused) in
        [(429, refusal(429, "quota")), (429, wait_told(429, "soon")), (503, wait_told(503, "-1"))]
    {
        let (world, ran) = read_through(vec![refused], None).await;
        ran.assert_error(&format!("GET Location/1: still HTTP {status} after 5 attempts"));
        assert_eq!(world.waits(1000), [1000, 2000, 4000, 4000]);
        assert_eq!(world.count("GET").await, 5);
    }
}

#[tokio::test]
async fn a_wait_past_the_deadline_is_not_waited_for() {
    let (world, ran) = read_through(vec![wait_told(429, "3600")], None).await;
    ran.assert_error("HTTP 429, and the wait asked for (3600 s) goes past the deadline");
    assert_eq!((world.count("GET").await, world.waits(1000).len()), (1, 0));
}

#[tokio::test]
async fn one_workers_429_holds_back_all_of_them() {
    let world = World::new().await;
    world.answers("Location/1", then_found(wait_told(429, "3600"), 1)).await;
    for id in ["2", "3", "4", "5", "6", "7", "8", "9"] {
        // Slower than the refusal, so that this worker is still busy when the other one is told to wait.
        let slow = ok(location(id)).set_delay(Duration::from_millis(300));
        world.answers(&format!("Location/{id}"), vec![slow]).await;
    }
    let ids = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];
    let ran = world.run("many-reads", many(&ids, 2), FlawSet::none()).await;
    ran.assert_error("goes past the deadline");
    // The first call, and at most the one that its neighbour had in flight.
    assert!(world.count("GET").await <= 2);
}

#[tokio::test]
async fn a_429_of_the_token_endpoint_is_waited_for_too() {
    let world = World::without_tokens().await;
    let turns = InTurn { answers: vec![wait_told(429, "2"), granted("opaque")], next: Mutex::new(0) };
    Mock::given(method("POST")).respond_with(turns).mount(&world.server).await;
    world.run("token", json!({}), FlawSet::none()).await.assert_done();
    assert_eq!(world.waits(1000), [2000]);
    let hot = World::without_tokens().await;
    Mock::given(method("POST")).respond_with(wait_told(429, "2")).mount(&hot.server).await;
    hot.run("token", json!({}), Flaw::Token429HotLoop).await.assert_error("still HTTP 429 after 11 attempts");
    assert_eq!(hot.waits(1), [0_u64; 0]);
}

#[tokio::test]
async fn failures_that_may_pass_are_repeated_twice() {
    let broken = || {
        vec![
            refusal(500, "down"),
            refusal(502, "down"),
            refusal(504, "down"),
            ResponseTemplate::new(200).set_body_raw("{\"resourceType\":\"Loc", "application/fhir+json"),
            ResponseTemplate::new(200).set_body_raw("<html>maintenance</html>", "text/html"),
        ]
    };
    for failure in broken() {
        let (world, ran) = read_through(then_found(failure, 2), None).await;
        ran.assert_done();
        assert_eq!(world.waits(1000), [1000, 1000]);
    }
    for failure in broken() {
        let (world, ran) = read_through(vec![failure], None).await;
        ran.assert_error("(3 attempts)");
        assert_eq!(world.count("GET").await, 3);
    }
}

#[tokio::test]
async fn cut_connections_and_truncated_bodies_are_repeated() {
    use std::io::{Read, Write};
    let whole = location("1").to_string();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", whole.len());
    // Nothing at all, then half a body, then the whole.
    let sent = [String::new(), format!("{head}{}", &whole[..10]), format!("{head}{whole}")];
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut world = World::new().await;
    let url = format!("http://{}/fhir", listener.local_addr().unwrap());
    world.environment.insert("ROR_FHIR_URL".to_owned(), url);
    let server = std::thread::spawn(move || {
        for answer in sent {
            let (mut stream, _) = listener.accept().unwrap();
            assert!(stream.read(&mut [0; 4096]).unwrap() > 0);
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    world.run("read", read("1"), FlawSet::none()).await.assert_done();
    server.join().unwrap();
    assert_eq!(world.waits(1000), [1000, 1000]);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_an_intelligible_error() {
    let mut world = World::without_tokens().await;
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    world.environment.insert("ROR_TOKEN_URL".to_owned(), format!("http://{nobody}/token"));
    let ran = world.run("token", json!({}), FlawSet::none()).await;
    ran.assert_error("token request: no connection to http://127.0.0.1");
    assert_eq!(world.waits(1000), [1000, 1000]);
}

#[tokio::test]
async fn flawed_waits_deviate_where_they_say() {
    let told = || then_found(wait_told(429, "2"), 1);
    let (world, ran) = read_through(told(), Some(Flaw::RetriesEarly)).await;
    ran.assert_done();
    assert_eq!(world.waits(500), [1000]);
    let (world, ran) = read_through(told(), Some(Flaw::IgnoresRetryAfter)).await;
    ran.assert_done();
    assert_eq!(world.waits(1), [30]);
    let (world, ran) = read_through(vec![wait_told(503, "2")], Some(Flaw::Ignores503RetryAfter)).await;
    ran.assert_error("after 6 attempts");
    assert_eq!(world.waits(1), [30; 5]);
    let (world, ran) =
        read_through(then_found(wait_told(429, &date_in(3)), 1), Some(Flaw::MisreadsRetryAfterDate)).await;
    ran.assert_done();
    assert_eq!(world.waits(1), [100]);
    let (world, ran) = read_through(vec![refusal(429, "")], Some(Flaw::HotLoopWithoutRetryAfter)).await;
    ran.assert_error("after 21 attempts");
    assert_eq!(world.waits(1), [0_u64; 0]);
    let (world, ran) = read_through(vec![refusal(429, "")], Some(Flaw::UnboundedRetries)).await;
    ran.assert_error("deadline");
    assert!(world.count("GET").await > 200);
}

#[tokio::test]
async fn a_flood_is_not_paced() {
    let calls_take = async |flaw: Option<Flaw>| {
        let world = World::new().await;
        let ids: Vec<String> = (0..20).map(|id| id.to_string()).collect();
        for id in &ids {
            world.has_location(id).await;
        }
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        world.run("many-reads", many(&ids, 4), flaw.into_iter().collect::<FlawSet>()).await.assert_done();
        world.clock.now()
    };
    assert!(calls_take(None).await >= Duration::from_millis(19 * 115));
    assert_eq!(calls_take(Some(Flaw::Floods)).await, Duration::ZERO);
}
