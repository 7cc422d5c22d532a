//! What LiveKit's egress is asked, and how its answers are read.

use crate::model::recording::{Layout, Measures, Preset};

use super::*;

fn body(format: Format, encoding: Encoding, path: &str) -> Value {
    let shape = Shape { layout: Layout::SingleSpeaker, format, encoding };
    Order { room_name: "blue-heron", shape, path }.body()
}

#[test]
fn each_format_is_asked_for_in_its_own_words() {
    let hd = Encoding::Preset(Preset::Hd30);
    let asked = body(Format::Mp4, hd, "recordings/a.mp4");
    assert_eq!(
        asked,
        json!({ "room_name": "blue-heron", "layout": "single-speaker", "preset": "H264_720P_30",
            "file_outputs": [{ "file_type": "MP4", "filepath": "recordings/a.mp4", "disable_manifest": true }] })
    );
    let asked = body(Format::Ogg, hd, "recordings/a.ogg");
    assert_eq!((&asked["audio_only"], &asked["preset"]), (&json!(true), &Value::Null));

    let own = Measures { width: Some(640), height: Some(360), ..Measures::default() };
    let asked = body(Format::Hls, Encoding::Measures(own), "recordings/a/index.m3u8");
    assert_eq!(asked["advanced"], json!({ "width": 640, "height": 360 }));
    assert_eq!(asked["segment_outputs"][0]["filename_prefix"], "recordings/a/segment");
    assert_eq!(asked["segment_outputs"][0]["playlist_name"], "recordings/a/index.m3u8");
}

#[test]
fn a_webhook_and_a_listing_say_the_same() {
    let webhook = r#"{"egressId":"EG_1","roomName":"a-b","status":"EGRESS_COMPLETE","startedAt":"5","endedAt":"9000000000",
        "fileResults":[{"filename":"x.mp4","startedAt":"2000000000","duration":"1500000000","size":"12"}],"future":{}}"#;
    let listing = r#"{"egress_id":"EG_1","room_name":"a-b","status":3,"started_at":"5","ended_at":"9000000000","error":"",
        "file_results":[{"filename":"x.mp4","started_at":"2000000000","duration":"1500000000","size":"12","location":""}]}"#;
    let read = |text| serde_json::from_str::<Told>(text).unwrap().report().unwrap();
    let report = read(webhook);
    assert_eq!(report, read(listing));
    assert_eq!((report.phase, report.size), (Some(Phase::Complete), Some(12)));
    assert_eq!(report.started_at, DateTime::from_timestamp(2, 0), "the file's own start");
    assert_eq!(report.duration, Some(TimeDelta::milliseconds(1500)));
}

#[test]
fn a_phase_that_is_absent_is_the_first_and_one_of_tomorrow_is_none() {
    assert_eq!(phase(None), Some(Phase::Starting));
    assert_eq!(phase(Some(&json!("EGRESS_LIMIT_REACHED"))), Some(Phase::LimitReached));
    assert_eq!(phase(Some(&json!("EGRESS_DREAMING"))), None);
    assert_eq!(phase(Some(&json!(77))), None);
}

#[test]
fn an_error_is_kept_short_and_without_signatures() {
    let error = format!("Put \"http://store/x?X-Amz-Signature=hush\": refused {}", "more ".repeat(400));
    let short = shortened(&error);
    assert!(!short.contains("hush") && short.starts_with("Put \"http://store/x refused"), "{short}");
    assert!(short.chars().count() <= LONGEST_ERROR + 1);
}
