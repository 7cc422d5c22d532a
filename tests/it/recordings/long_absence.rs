//! LiveKit is away for longer than it lists what is over: no recording runs for ever because nobody can say that it ended.

use chrono::{DateTime, TimeDelta, Utc};
use meetbox::{
    app::recordings::{self, Which},
    cli::dev::recorder::Trouble,
    model::recording::{Recording, Status},
};

use super::studio::Studio;
use crate::house::program;

const AWAY: TimeDelta = TimeDelta::hours(25);

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000, 0).unwrap()
}

/// Three meetings that are being recorded.
async fn studio() -> Studio {
    let studio = Studio::open(now()).await;
    studio.house.livekit.world().shelf.folder = Some(studio.object(""));
    for room in ["stops", "breaks", "goes-on"] {
        studio.house.meeting(room).await;
        studio.house.livekit.world().join(room, "ada", now().timestamp_millis());
        studio.record(room).await.unwrap();
    }
    pass(&studio, TimeDelta::seconds(30)).await;
    studio.compare().await.unwrap();
    for recording in studio.recordings().await {
        assert_eq!(recording.course.status, Status::Active);
    }
    studio
}

async fn pass(studio: &Studio, time: TimeDelta) {
    studio.house.clock.advance(time);
    studio.house.livekit.world().tick(studio.house.livekit.now());
}

/// A day and an hour without an answer; what is told meanwhile is lost.
async fn pass_in_silence(studio: &Studio) {
    for _ in 0..50 {
        pass(studio, AWAY / 50).await;
        studio.compare().await.unwrap_err();
        for recording in studio.recordings().await {
            assert!(recording.course.status.is_running(), "nobody can know: {recording:?}");
        }
    }
    studio.house.livekit.world().take_events();
}

async fn compare_for_a_minute(studio: &Studio) {
    for _ in 0..3 {
        studio.compare().await.unwrap();
        pass(studio, TimeDelta::seconds(30)).await;
    }
}

async fn status(studio: &Studio, room: &str) -> Status {
    let recordings = studio.recordings().await;
    let recording = recordings.iter().find(|it| it.room_name.as_str() == room).unwrap();
    studio.check_object(recording);
    recording.course.status
}

#[tokio::test]
async fn runs_that_ended_while_livekit_could_not_be_reached_end_by_what_is_in_storage() {
    let studio = studio().await;
    studio.house.livekit.go_away().await;
    let egress_id = |recordings: &[Recording], room: &str| {
        let recording = recordings.iter().find(|it| it.room_name.as_str() == room).unwrap();
        recording.course.egress_id.clone().unwrap()
    };
    let recordings = studio.recordings().await;
    let now = studio.house.clock.now();
    let (stops, breaks) = (egress_id(&recordings, "stops"), egress_id(&recordings, "breaks"));
    {
        let mut world = studio.house.livekit.world();
        world.egresses.stop(&serde_json::json!({ "egress_id": stops }), now);
        world.egresses.kill_handler(&breaks, now);
        world.settle(now.timestamp_millis());
    }
    pass_in_silence(&studio).await;

    studio.house.livekit.come_back().await;
    compare_for_a_minute(&studio).await;
    assert_eq!(status(&studio, "stops").await, Status::Partial);
    assert_eq!(status(&studio, "breaks").await, Status::Failed);
    assert_eq!(status(&studio, "goes-on").await, Status::Active, "it has not ended");
    for room in ["stops", "breaks"] {
        studio.record(room).await.expect("the meeting can be recorded again");
    }
}

#[tokio::test]
async fn runs_that_a_dead_livekit_cut_off_end_when_it_is_back() {
    let studio = studio().await;
    let now = studio.house.livekit.now();
    studio.house.livekit.world().kill(now);
    studio.house.livekit.go_away().await;
    pass_in_silence(&studio).await;

    studio.house.livekit.come_back().await;
    // What the workers tell now, a day late, is lost as well.
    studio.house.livekit.world().take_events();
    compare_for_a_minute(&studio).await;
    for recording in studio.recordings().await {
        assert!(recording.course.status.has_file(), "{recording:?}");
        studio.check_object(&recording);
    }
}

#[tokio::test]
async fn a_run_that_turns_up_when_it_was_given_up_is_stopped_and_its_file_counts() {
    let studio = Studio::open(now()).await;
    studio.house.livekit.world().shelf.folder = Some(studio.object(""));
    studio.house.meeting("late").await;
    studio.house.livekit.world().join("late", "ada", now().timestamp_millis());
    // LiveKit does not answer for a minute and more, and then the recorder is there all the same.
    studio.house.livekit.go_away().await;
    studio.record("late").await.unwrap_err();
    studio.house.livekit.come_back().await;
    pass(&studio, TimeDelta::seconds(70)).await;
    studio.compare().await.unwrap();
    let recording = studio.recording().await;
    assert_eq!(recording.course.status, Status::Failed);
    {
        let mut world = studio.house.livekit.world();
        let sid = world.rooms["late"].sid.clone();
        let outputs = serde_json::json!([{ "file_type": "MP4", "filepath": studio.object(&recording.key) }]);
        let body = serde_json::json!({ "room_name": "late", "layout": "grid", "file_outputs": outputs });
        let reply = world.egresses.start(&body, Some(&sid), "EG_late", studio.house.clock.now());
        assert_eq!(reply.status, 200);
    }
    pass(&studio, TimeDelta::seconds(30)).await;
    assert!(studio.house.livekit.world().egresses.is_alive("EG_late"));

    compare_for_a_minute(&studio).await;
    assert!(!studio.house.livekit.world().egresses.is_alive("EG_late"), "it records, and nobody knows");
    assert_eq!(status(&studio, "late").await, Status::Complete);
}

#[tokio::test]
async fn a_recorder_that_died_while_it_uploaded_holds_its_meeting_for_two_minutes_at_most() {
    let studio = studio().await;
    studio.house.livekit.world().shelf.trouble = Some(Trouble::Unreachable("no".to_owned()));
    for recording in studio.recordings().await {
        recordings::stop(&studio.house.app, &program(), &Which::Id(recording.id)).await.unwrap();
    }
    pass(&studio, TimeDelta::seconds(5)).await;
    let now = studio.house.clock.now();
    studio.house.livekit.world().egresses.kill_worker(now);
    for _ in 0..4 {
        pass(&studio, TimeDelta::seconds(30)).await;
        studio.compare().await.unwrap();
    }
    for recording in studio.recordings().await {
        assert_eq!(recording.course.status, Status::Failed, "{recording:?}");
    }
}
