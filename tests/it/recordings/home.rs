//! What the recorder could not upload comes home from its backup folder, and no copy goes before another is whole.

use std::{path::Path, time::Duration};

use chrono::{DateTime, Utc};
use meetbox::{
    app::recordings::{self, conclude::conclude, rescue::rescue},
    model::recording::{Course, End, Format, Phase, Recording, Report, Status},
};

use super::studio::{Studio, put};
use crate::house::program;
use crate::hung_up::cut_off;

const BYTES: u64 = 100_000;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000, 0).unwrap()
}

async fn studio() -> Studio {
    let studio = Studio::open(now()).await;
    studio.house.meeting("blue-heron").await;
    studio
}

/// The recorder says that it used its backup folder.
async fn tell_backup(studio: &Studio, recording: &Recording) -> Recording {
    let course = Course { backup_told: true, ..recording.course.clone() };
    let pool = &studio.house.pool;
    meetbox::db::recordings::save(pool, recording.id, &course, ("", None), now()).await.unwrap();
    assert_eq!(conclude(&studio.house.app, recording.id).await.unwrap(), Some(Status::Uploading));
    studio.get(recording.id).await.unwrap()
}

/// Brings home what there is; whoever was cut off before gives the lock back a moment later.
async fn bring_home(studio: &Studio) {
    for _ in 0..500 {
        if rescue(&studio.house.app).await.unwrap() > 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("nothing was brought home");
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).unwrap().next().is_none()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whenever_a_rescue_is_cut_off_nothing_is_lost_and_the_next_one_finishes() {
    let studio = studio().await;
    for polls in 0..1000 {
        let recording = studio.over("blue-heron", Format::Mp4, End::Complete, BYTES).await;
        let copy = studio.backup().join(&recording.key);
        put(&copy, BYTES);
        let recording = tell_backup(&studio, &recording).await;
        let is_done = cut_off(rescue(&studio.house.app), polls).await.is_some_and(|rescued| rescued.unwrap() == 1);

        let row = studio.get(recording.id).await.unwrap();
        let there = std::fs::metadata(studio.object(&row.key)).is_ok_and(|about| about.len() == BYTES);
        assert!(there || copy.is_file(), "cut off after {polls}: both are gone");
        assert!(there || !row.course.status.has_file(), "cut off after {polls}: {}", row.course.status);
        assert!(
            copy.is_file() || row.course.status == Status::Complete,
            "cut off after {polls}: {}",
            row.course.status
        );
        if copy.is_file() {
            bring_home(&studio).await;
        }
        let row = studio.get(recording.id).await.unwrap();
        assert_eq!((row.course.status, row.size), (Status::Complete, Some(BYTES)), "cut off after {polls}");
        studio.check_object(&row);
        // The folders that held it may outlive it, when somebody died between the two.
        assert!(!copy.exists());
        if is_done {
            assert!(polls > 10, "it was never cut off");
            return;
        }
    }
    panic!("a rescue never ends");
}

#[tokio::test]
async fn the_file_of_a_recording_that_is_not_over_stays_where_it_is() {
    let studio = studio().await;
    let recording = studio.record("blue-heron").await.unwrap();
    let copy = studio.backup().join(&recording.key);
    put(&copy, BYTES);
    assert_eq!(rescue(&studio.house.app).await.unwrap(), 0);
    assert!(copy.is_file());
    assert!(!studio.object(&recording.key).exists());
}

#[tokio::test]
async fn a_backup_folder_that_is_not_mounted_is_not_taken_for_an_empty_one() {
    let studio = studio().await;
    let recording = studio.over("blue-heron", Format::Mp4, End::Complete, BYTES).await;
    put(&studio.backup().join(&recording.key), BYTES);
    let elsewhere = studio.backup().with_file_name("elsewhere");
    std::fs::rename(studio.backup(), &elsewhere).unwrap();
    tell_backup(&studio, &recording).await;

    for _ in 0..3 {
        rescue(&studio.house.app).await.unwrap_err();
        studio.compare().await.unwrap();
        assert_eq!(studio.recording().await.course.status, Status::Uploading);
    }
    std::fs::rename(&elsewhere, studio.backup()).unwrap();
    bring_home(&studio).await;
    let recording = studio.recording().await;
    assert_eq!(recording.course.status, Status::Complete);
    studio.check_object(&recording);
    assert!(is_empty(&studio.backup()));
}

#[tokio::test]
async fn segments_in_the_backup_folder_join_those_that_are_in_storage() {
    let studio = studio().await;
    // Storage went away after most of it was uploaded: the last segments and the last playlist are in the backup folder.
    let recording = studio.over("blue-heron", Format::Hls, End::Complete, 100_000).await;
    for number in 0..9 {
        put(&studio.object(&format!("{}segment_{number:05}.ts", recording.prefix())), 10_000);
    }
    put(&studio.object(&recording.key), 900);
    put(&studio.backup().join(format!("{}segment_00009.ts", recording.prefix())), 10_000);
    put(&studio.backup().join(&recording.key), 1_000);

    tell_backup(&studio, &recording).await;
    bring_home(&studio).await;
    let row = studio.recording().await;
    assert_eq!((row.course.status, row.size), (Status::Complete, Some(101_000)), "{}", row.reason);
    assert!(is_empty(&studio.backup()), "the backup folder is tidied up");
    assert_eq!(std::fs::read_dir(studio.object(recording.prefix())).unwrap().count(), 11);
}

#[tokio::test]
async fn a_recording_that_is_deleted_while_it_comes_home_leaves_nothing() {
    let studio = studio().await;
    for polls in 0..1000 {
        let recording = studio.over("blue-heron", Format::Mp4, End::Complete, BYTES).await;
        put(&studio.backup().join(&recording.key), BYTES);
        tell_backup(&studio, &recording).await;
        // It goes on beside the deletion, as in another process.
        let mut rescuing = Box::pin(rescue(&studio.house.app));
        let rescued = cut_off(&mut rescuing, polls).await;
        let is_done = rescued.is_some();
        let going_on = async {
            if !is_done {
                // It may find that the file is gone.
                let _ = rescuing.await;
            }
        };
        let asker = program();
        let (deleted, ()) = tokio::join!(recordings::delete(&studio.house.app, &asker, recording.id), going_on);
        deleted.unwrap();
        assert_eq!(studio.get(recording.id).await, None);
        assert!(!studio.object(&recording.key).exists(), "left in storage, deleted after {polls}");
        assert!(!studio.backup().join(&recording.key).exists(), "left in the backup folder, deleted after {polls}");
        if is_done {
            return;
        }
    }
}

#[tokio::test]
async fn what_was_deleted_does_not_come_back_when_livekit_speaks_of_it_again() {
    let studio = studio().await;
    let recording = studio.complete("blue-heron", BYTES).await;
    let report = Report {
        egress_id: recording.course.egress_id.clone().unwrap(),
        room_name: "blue-heron".to_owned(),
        phase: Some(Phase::Complete),
        started_at: None,
        ended_at: None,
        outputs: vec![recording.key.clone()],
        size: Some(BYTES),
        duration: None,
        error: None,
        backup_used: false,
    };
    recordings::delete(&studio.house.app, &program(), recording.id).await.unwrap();

    // LiveKit lists for a day what is over, and a webhook may come late.
    let info = serde_json::json!({
        "egress_id": report.egress_id, "room_name": report.room_name, "status": "EGRESS_COMPLETE",
        "room_composite": { "file_outputs": [{ "filepath": recording.key }] },
        "file_results": [{ "filename": recording.key, "size": BYTES.to_string() }],
    });
    let listing = serde_json::json!({ "items": [info] });
    studio.house.livekit.world().script = Some(Box::new(move |_, _| (200, listing.clone())));
    studio.compare().await.unwrap();
    assert_eq!(studio.recordings().await, [], "it is back");
}
