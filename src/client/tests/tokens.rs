//! Tokens: asked for once, renewed in time, renewed once after a 401.

use super::*;

/// The bodies of the token requests.
async fn forms(world: &World) -> Vec<String> {
    let requests = world.server.received_requests().await.unwrap();
    let posts = requests.iter().filter(|request| request.url.path() == "/token");
    posts.map(|request| String::from_utf8(request.body.clone()).unwrap()).collect()
}

/// The numbers of the tokens of the GETs, in order.
async fn serials(world: &World) -> Vec<u64> {
    let requests = world.server.received_requests().await.unwrap();
    let serial = |request: &Request| {
        let header = request.headers.get("authorization")?.to_str().unwrap();
        let claims = header.strip_prefix("Bearer ").unwrap().split('.').nth(1).unwrap();
        let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
        claims["jti"].as_u64()
    };
    requests.iter().filter_map(serial).collect()
}

#[tokio::test]
async fn the_token_action_asks_once_and_prints_no_token() {
    let world = World::new().await;
    let ran = world.run("token", json!({}), FlawSet::none()).await;
    ran.assert_done();
    assert_eq!(forms(&world).await, ["grant_type=client_credentials&client_id=client-1"]);
    assert!(!ran.printed.contains("e30"));
    assert!(ran.result.get("integrated").is_none());
}

#[tokio::test]
async fn a_secret_is_sent_when_there_is_one_and_never_printed() {
    let mut world = World::without_tokens().await;
    world.environment.insert("ROR_CLIENT_SECRET".to_owned(), "s3cret&=é".to_owned());
    let refused = ResponseTemplate::new(401)
        .set_body_json(json!({"error": "invalid_client", "error_description": "s3cret&=é?"}));
    Mock::given(method("POST")).respond_with(refused).mount(&world.server).await;
    let ran = world.run("token", json!({}), FlawSet::none()).await;
    ran.assert_error("HTTP 401: invalid_client: [hidden]?");
    assert_eq!(forms(&world).await.len(), 1, "a refusal is not repeated");
    assert!(forms(&world).await[0].ends_with("&client_secret=s3cret%26%3D%C3%A9"));
    assert!(!ran.printed.contains("s3cret"));
}

#[tokio::test]
async fn one_token_serves_a_whole_series() {
    let world = World::new().await;
    for id in ["1", "2", "3", "4", "5"] {
        world.has_location(id).await;
    }
    let ran = world.run("many-reads", many(&["1", "2", "3", "4", "5"], 4), FlawSet::none()).await;
    ran.assert_done();
    assert_eq!(ran.ids(), ["1", "2", "3", "4", "5"], "in the order asked");
    assert_eq!(world.count("POST /token").await, 1);
    let per_call = World::new().await;
    per_call.has_location("1").await;
    per_call.has_location("2").await;
    per_call.run("many-reads", many(&["1", "2"], 1), Flaw::TokenPerCall).await.assert_done();
    assert_eq!(per_call.count("POST /token").await, 2);
}

#[tokio::test]
async fn a_short_lived_token_is_renewed_before_it_expires() {
    let ids: Vec<String> = (0..60).map(|id| id.to_string()).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let run = async |flaw: Option<Flaw>| {
        let world = World::with_token_life(3).await;
        for id in &ids {
            world.has_location(id).await;
        }
        world.run("many-reads", many(&ids, 2), flaw.into_iter().collect::<FlawSet>()).await.assert_done();
        world.count("POST /token").await
    };
    // 60 reads take 6.8 s, longer on a loaded machine; each token serves 2 s.
    let tokens = run(None).await;
    assert!((4..30).contains(&tokens), "{tokens} tokens");
    assert_eq!(run(Some(Flaw::IgnoresTokenExpiry)).await, 1);
}

#[tokio::test]
async fn after_a_401_the_call_is_repeated_once_with_a_new_token() {
    let answers = || vec![refusal(401, "expired"), ok(location("1"))];
    let world = World::new().await;
    world.answers("Location/1", answers()).await;
    world.run("read", read("1"), FlawSet::none()).await.assert_done();
    assert_eq!(serials(&world).await, [1, 2]);
    for flaw in [Flaw::NoRenewalAfter401, Flaw::IgnoresTokenExpiry] {
        let world = World::new().await;
        world.answers("Location/1", answers()).await;
        world.run("read", read("1"), flaw).await.assert_error("HTTP 401: expired");
        assert_eq!(serials(&world).await, [1]);
    }
}

#[tokio::test]
async fn a_401_with_a_fresh_token_ends_the_whole_series() {
    let world = World::new().await;
    for id in ["1", "2", "3", "4"] {
        world.answers(&format!("Location/{id}"), vec![refusal(401, "unknown token")]).await;
    }
    let ran = world.run("many-reads", many(&["1", "2", "3", "4"], 1), FlawSet::none()).await;
    ran.assert_error("3 not tried");
    assert_eq!(serials(&world).await, [1, 2]);
    let forever = World::new().await;
    forever.answers("Location/1", vec![refusal(401, "unknown token")]).await;
    forever.run("read", read("1"), Flaw::RenewsForeverOn401).await.assert_error("HTTP 401");
    assert_eq!(serials(&forever).await, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
}

#[tokio::test]
async fn workers_that_meet_a_401_together_renew_once() {
    let world = World::new().await;
    // The first token is revoked: its JWT says so to this server only.
    let revoked = |request: &Request| {
        let header = request.headers.get("authorization").unwrap().to_str().unwrap();
        let id = request.url.path().rsplit('/').next().unwrap();
        if header == format!("Bearer {}", jwt(1, 1_800_000_300)) {
            refusal(401, "revoked")
        } else {
            ok(location(id))
        }
    };
    Mock::given(method("GET")).respond_with(revoked).mount(&world.server).await;
    let ran = world.run("many-reads", many(&["1", "2", "3", "4", "5", "6"], 3), FlawSet::none()).await;
    ran.assert_done();
    assert_eq!(ran.ids().len(), 6);
    assert_eq!(world.count("POST /token").await, 2);
}

#[tokio::test]
async fn an_unusable_token_answer_is_an_error() {
    for body in [json!({}), json!({"access_token": ""}), json!({"access_token": "a b"}), json!([])] {
        let world = World::without_tokens().await;
        Mock::given(method("POST")).respond_with(ok(body)).mount(&world.server).await;
        world.run("token", json!({}), FlawSet::none()).await.assert_error("no usable access_token");
    }
}

#[tokio::test]
async fn flaws_of_the_token_request_deviate_where_they_say() {
    let world = World::new().await;
    world.run("token", json!({}), Flaw::SendsSecretWithCertificate).await.assert_done();
    assert!(forms(&world).await[0].contains("client_secret="));
    let hammered = World::without_tokens().await;
    Mock::given(method("POST")).respond_with(ResponseTemplate::new(403)).mount(&hammered.server).await;
    hammered.run("token", json!({}), Flaw::HammersTokenRefusal).await.assert_error("HTTP 403");
    assert_eq!(forms(&hammered).await.len(), 6);
    let in_url = World::new().await;
    in_url.has_location("1").await;
    in_url.run("read", read("1"), Flaw::TokenInUrl).await.assert_done();
    assert_eq!(in_url.count("GET /fhir/Location/1?access_token=e30.").await, 1);
}

#[tokio::test]
async fn a_token_that_lives_a_second_does_not_keep_the_client_busy_for_ever() {
    let mut world = World::with_token_life(1).await;
    world.environment.insert("ROR_PROFILE".to_owned(), "0".to_owned());
    world.environment.remove("ROR_DEADLINE_MS");
    for id in ["1", "2", "3", "4"] {
        world.has_location(id).await;
    }
    world.run("many-reads", many(&["1", "2", "3", "4"], 4), FlawSet::none()).await.assert_done();
    assert!(world.count("POST /token").await <= 16);
}
