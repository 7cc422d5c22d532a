//! Recorded runs of a real egress, played to the house: each ends as it deserves, whether LiveKit's words arrive or are lost.

use chrono::TimeDelta;
use futures_util::{StreamExt, stream};
use meetbox::model::recording::Status;

use super::{
    play::{Play, Words},
    story::Story,
};
use crate::livekit_model::trace::{self, Trace};

/// What a story deserves.
#[derive(Clone, Copy, Debug)]
struct Ends {
    trace: &'static str,
    /// Which of the starts that the trace tells of.
    start: usize,
    status: Status,
    /// Whether the file has to be brought home from the backup folder first.
    rescued: bool,
}

const fn ends(trace: &'static str, start: usize, status: Status) -> Ends {
    Ends { trace, start, status, rescued: false }
}

const fn rescued(trace: &'static str, status: Status) -> Ends {
    Ends { trace, start: 0, status, rescued: true }
}

const STORIES: [Ends; 18] = [
    ends("livekit-killed", 0, Status::Complete),
    ends("recording-complete", 0, Status::Complete),
    // Two were recording the same room; this one went on until it was empty.
    ends("recording-complete", 1, Status::Complete),
    ends("recording-empty-room", 0, Status::Aborted),
    ends("recording-everyone-leaves", 0, Status::Complete),
    ends("recording-handler-killed", 0, Status::Failed),
    ends("recording-no-capacity", 0, Status::Complete),
    ends("recording-no-capacity", 1, Status::Failed),
    ends("recording-no-worker", 0, Status::Failed),
    ends("recording-room-deleted", 0, Status::Complete),
    ends("recording-store-unreachable", 0, Status::Failed),
    ends("recording-upload-fails", 0, Status::Failed),
    rescued("recording-upload-fails-with-backup", Status::Complete),
    ends("recording-worker-killed", 0, Status::Failed),
    ends("recording-worker-killed", 1, Status::Failed),
    ends("recording-worker-sigint", 0, Status::Partial),
    rescued("recording-worker-sigint-with-backup", Status::Partial),
    ends("redis-restarted", 0, Status::Complete),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_recorded_run_ends_as_it_deserves() {
    let _turn = crate::alone::take_turn().await;
    let traces = trace::all();
    let traces = &traces[..];
    // Where the comparisons fall must not matter.
    let plays = STORIES.iter().flat_map(|ends| {
        [Words::Arrive, Words::Lost]
            .into_iter()
            .flat_map(move |words| [0, 9, 18, 27].into_iter().map(move |phase| play(traces, *ends, words, phase)))
    });
    let told = stream::iter(plays).buffer_unordered(4).collect::<Vec<()>>().await;
    assert_eq!(told.len(), STORIES.len() * 2 * 4);
}

#[test]
fn no_recorded_run_is_left_out() {
    let traces = trace::all();
    // What was refused as no request at all left no run, and has no row of ours: we do not ask like that.
    let asked = traces.iter().filter(|trace| trace.name != "recording-errors").flat_map(|trace| trace.of_kind("call"));
    let starts = asked.filter(|line| line["method"] == "StartRoomCompositeEgress").count();
    assert_eq!(starts, STORIES.len());
}

async fn play(traces: &[Trace], ends: Ends, words: Words, phase: i64) {
    let name = format!("{} ({}), words {words:?}, compared from second {phase}", ends.trace, ends.start);
    let story = Story::of(traces, ends.trace, ends.start);
    let mut play = Play::open(traces, story, words, phase).await;
    play.run().await;

    let mut recording = play.studio.recording().await;
    if ends.rescued {
        recording = play.rescue().await;
    }
    assert_eq!(recording.course.status, ends.status, "{name}: {recording:#?}");
    play.studio.check_object(&recording);
    assert_eq!(play.story.egress.lock().unwrap().unwanted_stops, 0, "{name}: a run that went on was asked to stop");
    assert_eq!(recording.reason.is_empty(), ends.status == Status::Complete, "{name}: {}", recording.reason);

    if ends.trace == "recording-worker-killed" && ends.start == 0 {
        let took = recording.completed_at.unwrap() - play.ghost_left.unwrap();
        assert!(took <= TimeDelta::seconds(60), "{name}: known only {took} after the recorder vanished");
    }
    let meeting = recording.meeting_id;
    let running = meetbox::db::recordings::find_running(&play.studio.house.pool, meeting).await.unwrap();
    assert_eq!(running, None, "{name}: the meeting cannot be recorded again");
    play.studio.house.close().await;
}
