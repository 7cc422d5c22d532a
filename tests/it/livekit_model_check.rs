//! The model of LiveKit answers as the real one did when it was recorded.

use serde_json::{Value, json};

use crate::livekit_model::{
    API_KEY, API_SECRET, Call, answer, jwt, sign, trace,
    world::{DEPARTURE_TIMEOUT_MS, World},
};

const NOW: i64 = 1_795_348_500;

fn ask(world: &mut World, method: &str, request: &Value, video: &Value) -> (u16, Value) {
    let claims = json!({ "iss": API_KEY, "exp": NOW + 60, "nbf": NOW - 10, "video": video });
    let authorization = format!("Bearer {}", jwt::sign(&claims, API_SECRET));
    let path = format!("/twirp/livekit.{method}");
    let body = request.to_string();
    let call = Call { path: &path, authorization: Some(&authorization), body: body.as_bytes(), now_ms: NOW * 1000 };
    let answer = answer(world, &call);
    (answer.status, serde_json::from_str(&answer.body).unwrap_or(Value::String(answer.body)))
}

#[test]
fn the_model_refuses_with_the_recorded_words() {
    let recorded = trace::load("recording-errors");
    let refused = |what: &str| recorded.lines.iter().find(|line| line["what"] == what).unwrap();
    let ask = |authorization: Option<&str>| {
        let path = "/twirp/livekit.RoomService/ListRooms";
        answer(&mut World::default(), &Call { path, authorization, body: b"{}", now_ms: NOW * 1000 })
    };

    for (what, authorization) in [("no token", None), ("garbage", Some("Bearer garbage".to_owned()))] {
        let answer = ask(authorization.as_deref());
        assert_eq!(answer.body, refused(what)["response"].as_str().unwrap(), "{what}");
        assert_eq!(answer.content_type, refused(what)["content_type"].as_str().unwrap(), "{what}");
    }

    let bearer = |claims: Value, secret| format!("Bearer {}", jwt::sign(&claims, secret));
    let cases = [
        ("unknown key", bearer(json!({ "iss": "other", "exp": NOW + 60 }), API_SECRET)),
        ("wrong secret", bearer(json!({ "iss": API_KEY, "exp": NOW + 60 }), "another")),
        ("expired", bearer(json!({ "iss": API_KEY, "exp": NOW - 60 }), API_SECRET)),
    ];
    for (what, authorization) in cases {
        let answer = ask(Some(&authorization));
        // The real one echoes the token, which differs; the words around it do not.
        let words = |body: &str| body.split(' ').filter(|it| !it.contains('.')).collect::<Vec<_>>().join(" ");
        assert_eq!(words(&answer.body), words(refused(what)["response"].as_str().unwrap()), "{what}");
        assert_eq!(answer.status, 401);
    }
}

#[test]
fn the_model_gives_every_recorded_answer_about_rooms_that_it_can_know() {
    for recorded in trace::all() {
        for call in recorded.of_kind("call").filter(|it| it["service"] == "RoomService" && it["grants"].is_object()) {
            let method = call["method"].as_str().unwrap();
            // What was done to the room shows in the webhooks; here only refusals are compared.
            if call["status"] == 200 || call["status"] == 500 || method == "CreateRoom" || method == "RemoveParticipant"
            {
                continue;
            }
            let (status, body) =
                ask(&mut World::default(), &format!("RoomService/{method}"), &call["request"], &call["grants"]);
            // The recorder asked with a token for another room where it wanted to be refused.
            assert_eq!(call["status"], status, "{}: {call}", recorded.name);
            assert_eq!(call["response"], body, "{}: {call}", recorded.name);
        }
    }
}

#[test]
fn the_model_lists_what_the_real_one_listed() {
    let recorded = trace::load("meeting");
    let mut world = World::default();
    world.join("standup", "ada", NOW * 1000);
    let listed = recorded.of_kind("call").find(|it| it["method"] == "ListParticipants").unwrap();

    let video = json!({ "roomAdmin": true, "room": "standup" });
    let (_, answered) = ask(&mut world, "RoomService/ListParticipants", &json!({ "room": "standup" }), &video);
    let answered = answered["participants"][0].as_object().unwrap();
    let real = listed["response"]["participants"][0].as_object().unwrap();
    for (field, value) in answered {
        let same_kind = std::mem::discriminant(value) == std::mem::discriminant(&real[field]);
        assert!(same_kind, "`{field}` is {value} here and {} in LiveKit", real[field]);
    }
}

#[test]
fn the_models_webhooks_have_the_shape_of_recorded_ones() {
    let recorded = trace::load("meeting");
    let mut world = World::default();
    world.join("standup", "bob", NOW * 1000);
    world.tell_track("track_published", "standup", "bob", NOW * 1000);
    world.join("standup", "bob", NOW * 1000 + 10);
    world.leave("standup", "bob", "CLIENT_INITIATED", NOW * 1000 + 20);
    world.tick(NOW * 1000 + 20 + DEPARTURE_TIMEOUT_MS);

    let events = world.take_events();
    let names: Vec<&str> = events.iter().map(|it| it.name).collect();
    let life = ["room_started", "participant_joined", "track_published", "participant_left", "participant_joined"];
    assert_eq!(names, [&life[..], &["participant_left", "room_finished"]].concat());

    for event in events {
        let ours: Value = serde_json::from_str(&event.body).unwrap();
        let theirs = recorded.of_kind("webhook").map(|it| &it["body"]).find(|it| it["event"] == event.name).unwrap();
        for part in ["room", "participant", "track"] {
            for (field, value) in ours[part].as_object().into_iter().flatten() {
                let same_kind = std::mem::discriminant(value) == std::mem::discriminant(&theirs[part][field]);
                assert!(same_kind, "`{part}.{field}` of {} is {value} here", event.name);
            }
        }
    }
}

#[test]
fn the_model_signs_as_the_recorded_deliveries_are_signed() {
    let recorded = trace::load("participant-vanishes");
    assert!(recorded.of_kind("raw").count() > 0);
    for delivery in recorded.of_kind("raw") {
        let (authorization, body) = (delivery["authorization"].as_str().unwrap(), delivery["raw"].as_str().unwrap());
        let claims = jwt::read(authorization).unwrap();
        assert!(jwt::is_signed_with(authorization, API_SECRET));

        let ours = sign(body, claims["nbf"].as_i64().unwrap(), API_KEY, API_SECRET);
        assert_eq!(jwt::read(&ours.authorization).unwrap(), claims);
    }
}

#[test]
fn the_model_does_to_participants_and_rooms_what_it_is_told() {
    let mut world = World::default();
    world.join("standup", "ada", NOW * 1000);
    let track = world.publish("standup", "ada");
    let video = json!({ "roomAdmin": true, "room": "standup" });
    let mut told = |method: &str, identity: &str, more: Value| {
        let mut request = json!({ "room": "standup", "identity": identity });
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ask(&mut world, &format!("RoomService/{method}"), &request, &video)
    };

    let mute = json!({ "track_sid": track, "muted": true });
    assert_eq!(told("MutePublishedTrack", "ada", mute.clone()).1["track"]["muted"], true);
    assert_eq!(
        told("MutePublishedTrack", "ada", json!({ "track_sid": "TR_x", "muted": true })).1["track"],
        Value::Null
    );
    assert_eq!(told("MutePublishedTrack", "bob", mute).0, 503);

    let wish = json!({ "attributes": { "hat": "red" }, "permission": { "can_publish": false } });
    let (status, ada) = told("UpdateParticipant", "ada", wish.clone());
    assert_eq!((status, &ada["attributes"]["hat"]), (200, &json!("red")));
    assert_eq!(ada["permission"]["can_publish"], false);
    assert_eq!(told("UpdateParticipant", "bob", wish).0, 404);

    assert_eq!(told("UpdateRoomMetadata", "", json!({ "metadata": "{}" })).1["metadata"], "{}");
    let other = json!({ "roomAdmin": true, "room": "other" });
    let absent = ask(&mut world, "RoomService/UpdateRoomMetadata", &json!({ "room": "other", "metadata": "" }), &other);
    assert_eq!(absent.0, 404);
}
