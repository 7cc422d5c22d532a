//! How long recordings are kept, and what is done about what nobody knows of.

use chrono::{DateTime, TimeDelta, Utc};
use meetbox::{
    app::{
        meetings::{NewMeeting, PolicyChange, RecordingChange, create_meeting},
        recordings::{self, compare::adopt_objects, retention::retain},
    },
    model::{
        id::RecordingId,
        recording::{Format, Recording, Status, key_of},
        room_name::RoomName,
    },
};

use super::studio::{Studio, put};
use crate::house::program;
use crate::hung_up::cut_off;

const MEGABYTE: u64 = 1_000_000;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000, 0).unwrap()
}

async fn studio(settings: &[(&str, &str)]) -> Studio {
    let studio = Studio::open_with(now(), settings).await;
    studio.house.meeting("blue-heron").await;
    studio
}

async fn meeting(studio: &Studio, room_name: &str, recording: RecordingChange) {
    let room_name = Some(RoomName::parse(room_name).unwrap());
    let (policy, metadata) = (PolicyChange::default(), "{}".to_owned());
    let wish = NewMeeting { room_name, title: None, starts_at: None, policy, recording, metadata };
    create_meeting(&studio.house.app, &program(), wish).await.unwrap();
}

/// One complete recording an hour, the oldest first.
async fn hourly(studio: &Studio, rooms: &[&str], bytes: u64) -> Vec<Recording> {
    let mut made = Vec::new();
    for room in rooms {
        made.push(studio.complete(room, bytes).await);
        studio.house.clock.advance(TimeDelta::hours(1));
    }
    made
}

/// Deletes until nothing is left to be deleted; answers how many went.
async fn retain_all(studio: &Studio) -> u64 {
    let mut deleted = 0;
    loop {
        match retain(&studio.house.app).await.unwrap() {
            0 => return deleted,
            some => deleted += some,
        }
    }
}

async fn check_left(studio: &Studio, made: &[Recording], left: &[usize]) {
    for (number, recording) in made.iter().enumerate() {
        let row = studio.get(recording.id).await;
        assert_eq!(row.is_some(), left.contains(&number), "number {number}");
        assert_eq!(studio.object(&recording.key).exists(), row.is_some(), "number {number}");
    }
}

#[tokio::test]
async fn what_is_older_than_its_days_goes_and_what_is_on_hold_stays() {
    let studio = studio(&[("RECORDING_RETENTION_DAYS", "10")]).await;
    meeting(&studio, "brief", RecordingChange { days: Some(Some(2)), ..RecordingChange::default() }).await;
    let made = hourly(&studio, &["blue-heron", "brief", "blue-heron", "brief"], 10).await;
    recordings::set_hold(&studio.house.app, &program(), made[0].id, true).await.unwrap();
    assert_eq!(retain_all(&studio).await, 0);

    studio.house.clock.advance(TimeDelta::days(2));
    assert_eq!(retain_all(&studio).await, 2);
    check_left(&studio, &made, &[0, 2]).await;
    studio.house.clock.advance(TimeDelta::days(9));
    assert_eq!(retain_all(&studio).await, 1);
    check_left(&studio, &made, &[0]).await;
    let line =
        |action: &str, number: usize, why: &str| (action.to_owned(), made[number].id.to_string(), why.to_owned());
    let expired = |number| line("recording.expired", number, "age");
    assert_eq!(studio.audit().await, [line("recording.held", 0, ""), expired(1), expired(3), expired(2)]);

    recordings::set_hold(&studio.house.app, &program(), made[0].id, false).await.unwrap();
    assert_eq!(retain_all(&studio).await, 1);
    check_left(&studio, &made, &[]).await;
}

#[tokio::test]
async fn beyond_the_bytes_the_oldest_go_and_holds_count_and_stay() {
    let studio = studio(&[("RECORDING_RETENTION_BYTES", "3000000")]).await;
    let made = hourly(&studio, &["blue-heron"; 5], MEGABYTE).await;
    recordings::set_hold(&studio.house.app, &program(), made[0].id, true).await.unwrap();
    assert_eq!(retain_all(&studio).await, 1);
    check_left(&studio, &made, &[0, 2, 3, 4]).await;
}

#[tokio::test]
async fn what_a_meeting_loses_by_its_own_bytes_costs_no_other_meeting_anything() {
    let studio = studio(&[("RECORDING_RETENTION_BYTES", "3000000")]).await;
    meeting(&studio, "small", RecordingChange { bytes: Some(Some(MEGABYTE)), ..RecordingChange::default() }).await;
    // Four megabytes together, of which `small` has to give one away: then the rest may stay.
    let made = hourly(&studio, &["blue-heron", "small", "blue-heron", "small"], MEGABYTE).await;
    assert_eq!(retain_all(&studio).await, 1);
    check_left(&studio, &made, &[0, 2, 3]).await;
    let why: Vec<String> = studio.audit().await.into_iter().map(|(_, _, why)| why).collect();
    assert_eq!(why, ["the meeting's bytes"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whenever_a_deletion_is_cut_off_its_row_outlives_its_object_and_the_next_one_finishes() {
    let studio = studio(&[("RECORDING_RETENTION_DAYS", "1")]).await;
    for polls in 0..1000 {
        let recording = studio.complete("blue-heron", 10).await;
        studio.house.clock.advance(TimeDelta::days(2));
        let is_done = cut_off(retain(&studio.house.app), polls).await.is_some_and(|deleted| deleted.unwrap() == 1);
        let row = studio.get(recording.id).await;
        assert!(row.is_some() || !studio.object(&recording.key).exists(), "cut off after {polls}: nobody knows of it");

        // Whoever was at it is not any more.
        studio.house.clock.advance(TimeDelta::minutes(3));
        for _ in 0..500 {
            if studio.get(recording.id).await.is_none() {
                break;
            }
            // Whoever was cut off gives the lock back a moment later.
            retain(&studio.house.app).await.unwrap();
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        check_left(&studio, std::slice::from_ref(&recording), &[]).await;
        let told = studio.audit().await.into_iter().filter(|(_, id, _)| *id == recording.id.to_string()).count();
        assert_eq!(told, 1, "cut off after {polls}: the audit log says it once");
        if is_done {
            assert!(polls > 5, "it was never cut off");
            return;
        }
    }
    panic!("a deletion never ends");
}

#[tokio::test]
async fn objects_that_nobody_knows_of_get_a_row_and_what_is_not_ours_is_left_alone() {
    let studio = studio(&[]).await;
    let id = RecordingId(uuid::Uuid::now_v7());
    let name = RoomName::parse("blue-heron").unwrap();
    let key = key_of(id, &name, now(), Format::Mp4);
    put(&studio.object(&key), 10);
    let elsewhere = key_of(RecordingId(uuid::Uuid::now_v7()), &RoomName::parse("no-such").unwrap(), now(), Format::Mp4);
    put(&studio.object(&elsewhere), 10);
    put(&studio.object("recordings/notes.txt"), 10);
    // Files have the machine's time.
    studio.house.advance_to(Utc::now() + TimeDelta::hours(1));
    // A recording that runs in the same meeting does not mind.
    let running = studio.record("blue-heron").await.unwrap();

    assert_eq!(adopt_objects(&studio.house.app).await.unwrap(), 1);
    assert_eq!(adopt_objects(&studio.house.app).await.unwrap(), 0);
    let row = studio.get(id).await.unwrap();
    assert_eq!((row.course.status, row.size), (Status::Partial, Some(10)));
    assert_eq!(studio.recordings().await.len(), 2);
    assert!(studio.get(running.id).await.unwrap().course.status.is_running());
    for key in [elsewhere.as_str(), "recordings/notes.txt"] {
        assert!(studio.object(key).exists());
    }
}

#[tokio::test]
async fn what_turns_up_of_a_recording_after_it_was_deleted_is_deleted_too() {
    let studio = studio(&[]).await;
    let recording = studio.complete("blue-heron", 10).await;
    let kept = studio.complete("blue-heron", 10).await;
    recordings::delete(&studio.house.app, &program(), recording.id).await.unwrap();
    assert!(!studio.object(&recording.key).exists());
    // A recorder that had been given up uploads in the end.
    put(&studio.object(&recording.key), 10);
    studio.house.advance_to(Utc::now() + TimeDelta::hours(1));

    assert_eq!(adopt_objects(&studio.house.app).await.unwrap(), 0);
    assert!(!studio.object(&recording.key).exists(), "it came back");
    assert!(studio.get(recording.id).await.is_none());
    assert!(studio.object(&kept.key).exists(), "another was taken for it");
}

#[tokio::test]
async fn a_run_that_nobody_knows_of_gets_a_row_and_is_looked_after() {
    let studio = studio(&[]).await;
    let now = studio.house.livekit.now();
    studio.house.livekit.world().join("blue-heron", "ada", now);
    let recording = studio.record("blue-heron").await.unwrap();
    studio.house.clock.advance(TimeDelta::seconds(10));
    // The database was brought back from before it.
    sqlx::query("delete from recordings").execute(&studio.house.pool).await.unwrap();
    studio.compare().await.unwrap();

    let row = studio.recording().await;
    assert_eq!((row.id, &row.key, row.course.status), (recording.id, &recording.key, Status::Active));
    assert_eq!(row.course.egress_id, recording.course.egress_id);
    recordings::stop(&studio.house.app, &program(), &recordings::Which::Id(row.id)).await.unwrap();
    studio.house.livekit.world().shelf.folder = Some(studio.object(""));
    studio.house.clock.advance(TimeDelta::seconds(30));
    studio.compare().await.unwrap();
    let row = studio.recording().await;
    assert_eq!(row.course.status, Status::Complete, "{}", row.reason);
    studio.check_object(&row);
}
