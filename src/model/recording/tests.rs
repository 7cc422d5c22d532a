//! The rules of a recording's life, by example and over generated histories.

use proptest::{prelude::*, sample::Index};

use super::*;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
}

fn report(phase: Phase, second: i64) -> Report {
    Report {
        egress_id: "EG_1".to_owned(),
        room_name: "blue-heron".to_owned(),
        phase: Some(phase),
        started_at: Some(at(1)),
        ended_at: phase.end().map(|_| at(second)),
        outputs: Vec::new(),
        size: phase.end().map(|_| 100),
        duration: None,
        error: (phase == Phase::Failed).then(|| "signal: killed".to_owned()),
        backup_used: false,
    }
}

fn evidence(object: Object, backup: Backup) -> Evidence {
    Evidence { object, backup, backup_told: false, told_size: None }
}

#[test]
fn words_and_values_are_one_to_one() {
    for status in Status::ALL {
        assert_eq!(Status::parse(status.as_str()), Some(status));
        assert!(!(status.is_running() && status.is_final()));
        assert!(!status.has_file() || status.is_final());
    }
    for phase in Phase::ALL {
        assert_eq!(Phase::parse(phase.as_str()), Some(phase));
    }
    for word in ["complete", "failed", "aborted", "limit_reached", "lost", "never_taken"] {
        assert_eq!(End::parse(word).map(End::as_str), Some(word));
    }
}

#[test]
fn what_is_over_is_told_by_what_lies_in_storage() {
    use Backup::{Empty, Holds, Unseen};
    use Object::{Absent, There, Unknown};
    let there = There(100);
    let cases = [
        (End::Complete, there, Empty, Status::Complete),
        (End::LimitReached, there, Empty, Status::LimitReached),
        (End::Failed, there, Empty, Status::Partial),
        (End::Aborted, there, Empty, Status::Partial),
        (End::Lost, there, Unseen, Status::Partial),
        (End::NeverTaken, there, Empty, Status::Partial),
        (End::Complete, Absent, Empty, Status::Failed),
        (End::Complete, Absent, Unseen, Status::Failed),
        (End::LimitReached, Absent, Empty, Status::Failed),
        (End::Failed, Absent, Empty, Status::Failed),
        (End::Aborted, Absent, Empty, Status::Aborted),
        (End::Lost, Absent, Empty, Status::Failed),
        (End::NeverTaken, Absent, Unseen, Status::Failed),
        (End::Complete, Absent, Holds(100), Status::Uploading),
        (End::Failed, Absent, Holds(100), Status::Uploading),
        (End::Lost, Absent, Holds(100), Status::Uploading),
        (End::Complete, Unknown, Empty, Status::Uploading),
        (End::Aborted, Unknown, Holds(1), Status::Uploading),
        (End::Complete, There(0), Empty, Status::Failed),
        (End::Complete, There(40), Holds(100), Status::Complete),
    ];
    for (end, object, backup, status) in cases {
        let conclusion = conclude(end, evidence(object, backup), "");
        assert_eq!(conclusion.status, status, "{end:?} {object:?} {backup:?}");
        assert_eq!(conclusion.reason.is_empty(), status == Status::Complete, "{conclusion:?}");
        assert_eq!(conclusion.size.is_some(), status.has_file(), "{conclusion:?}");
    }
}

#[test]
fn a_file_smaller_than_the_recorder_said_is_not_whole() {
    let short = |backup| Evidence { told_size: Some(100), ..evidence(Object::There(40), backup) };
    assert_eq!(conclude(End::Complete, short(Backup::Empty), "").status, Status::Partial);
    assert_eq!(conclude(End::Complete, short(Backup::Holds(100)), "").status, Status::Uploading);
    let empty = Evidence { told_size: Some(100), ..evidence(Object::There(0), Backup::Holds(100)) };
    assert_eq!(conclude(End::Complete, empty, "").status, Status::Uploading);
}

#[test]
fn a_backup_folder_that_we_cannot_see_is_not_taken_for_empty_when_it_was_used() {
    let told = Evidence { backup_told: true, ..evidence(Object::Absent, Backup::Unseen) };
    assert_eq!(conclude(End::Complete, told, "").status, Status::Uploading);
    let gone = Evidence { backup: Backup::Empty, ..told };
    assert_eq!(conclude(End::Complete, gone, "").status, Status::Failed);
}

#[test]
fn the_recorders_own_words_reach_people() {
    let conclusion = conclude(End::Failed, evidence(Object::Absent, Backup::Empty), "signal: killed");
    assert!(conclusion.reason.contains("signal: killed"), "{}", conclusion.reason);
}

#[test]
fn a_recorder_that_nobody_sees_is_doubted_before_it_is_asked() {
    let mut course = Course::new(at(0));
    course.told(&report(Phase::Active, 2));
    let away = Sighting { listed: true, recorder: Seen::Away };
    let there = Sighting { listed: false, recorder: Seen::There };

    assert_eq!(course.sighted(away, at(10)), Doubt::Wait);
    assert_eq!(course.sighted(there, at(20)), Doubt::None, "not listed is not lost");
    assert_eq!(course.sighted(away, at(30)), Doubt::Wait, "counted anew");
    assert_eq!(course.sighted(away, at(55)), Doubt::AskToStop);

    course.stop_went_unheard(Seen::There);
    assert_eq!(course.end, None, "one witness is not enough");
    course.stop_went_unheard(Seen::Away);
    assert_eq!((course.end, course.status, course.to_conclude), (Some(End::Lost), Status::Stopping, true));
}

#[test]
fn what_nobody_took_on_is_given_up_only_when_no_answer_can_come_any_more() {
    let mut course = Course::new(at(0));
    let unlisted = Sighting { listed: false, recorder: Seen::Away };
    assert_eq!(course.sighted(unlisted, at(59)), Doubt::Wait);
    assert_eq!(course.sighted(unlisted, at(60)), Doubt::GiveUp);
}

#[test]
fn what_is_to_stop_is_asked_until_it_does() {
    let mut course = Course::new(at(0));
    course.asked_to_stop(at(1));
    assert_eq!(course.status, Status::Stopping);
    course.told(&report(Phase::Starting, 2));
    assert_eq!(course.status, Status::Stopping, "only forward");
    assert_eq!(course.sighted(Sighting { listed: true, recorder: Seen::There }, at(5)), Doubt::AskToStop);
}

#[test]
fn what_livekit_says_late_corrects_what_was_inferred() {
    let mut course = Course::new(at(0));
    course.told(&report(Phase::Active, 2));
    course.over(End::Lost);
    course.to_conclude = false;
    course.advance(Status::Failed);

    course.told(&report(Phase::Complete, 9));
    assert_eq!((course.end, course.to_conclude), (Some(End::Complete), true));
    course.advance(Status::Complete);
    assert_eq!(course.status, Status::Complete, "a file that turns up counts");
    course.over(End::Lost);
    assert_eq!(course.end, Some(End::Complete));
}

#[test]
fn a_second_run_for_the_same_row_does_not_speak_for_it() {
    let mut course = Course::new(at(0));
    course.told(&report(Phase::Active, 2));
    course.told(&Report { egress_id: "EG_2".to_owned(), ..report(Phase::Failed, 3) });
    assert_eq!((course.status, course.end), (Status::Active, None));
}

/// Something that happens to a course.
#[derive(Clone, Copy, Debug)]
enum Happening {
    Told(Phase),
    Unknown,
    AskedToStop,
    Sighted(Sighting, i64),
    Unheard(Seen),
    Inferred(End),
    Concluded(Object, Backup),
}

fn happening() -> impl Strategy<Value = Happening> {
    let seen = prop_oneof![Just(Seen::There), Just(Seen::Away)];
    let object = prop_oneof![Just(Object::Absent), Just(Object::Unknown), (0_u64..200).prop_map(Object::There)];
    let backup = prop_oneof![Just(Backup::Empty), Just(Backup::Unseen), (1_u64..200).prop_map(Backup::Holds)];
    prop_oneof![
        4 => any::<Index>().prop_map(|index| Happening::Told(*index.get(&Phase::ALL))),
        1 => Just(Happening::Unknown),
        1 => Just(Happening::AskedToStop),
        2 => (any::<bool>(), seen.clone(), 0_i64..200)
            .prop_map(|(listed, recorder, second)| Happening::Sighted(Sighting { listed, recorder }, second)),
        1 => seen.prop_map(Happening::Unheard),
        1 => prop_oneof![Just(End::Lost), Just(End::NeverTaken)].prop_map(Happening::Inferred),
        3 => (object, backup).prop_map(|(object, backup)| Happening::Concluded(object, backup)),
    ]
}

fn happen(course: &mut Course, happening: Happening) {
    match happening {
        Happening::Told(phase) => course.told(&report(phase, 9)),
        Happening::Unknown => course.told(&Report { phase: None, ..report(Phase::Active, 9) }),
        Happening::AskedToStop => course.asked_to_stop(at(3)),
        Happening::Sighted(sighting, second) => {
            let _ = course.sighted(sighting, at(second));
        }
        Happening::Unheard(seen) => course.stop_went_unheard(seen),
        Happening::Inferred(end) => course.over(end),
        Happening::Concluded(object, backup) => {
            let Some(end) = course.end else { return };
            let evidence = Evidence { told_size: course.told_size, ..evidence(object, backup) };
            course.advance(conclude(end, evidence, &course.error).status);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_recording_only_moves_forward(happenings in prop::collection::vec(happening(), 0..40)) {
        let mut course = Course::new(at(0));
        for happening in happenings {
            let (before, end) = (course.status, course.end);
            happen(&mut course, happening);
            prop_assert!(course.status == before || before.may_become(course.status), "{before} → {}", course.status);
            prop_assert!(end.is_none() || course.end.is_some());
            prop_assert!(end.is_none_or(|end| !end.is_told()) || course.end == end, "what was told stays");
            prop_assert!(!course.status.is_final() || course.end.is_some());
        }
    }

    #[test]
    fn lost_doubled_and_shuffled_reports_end_in_the_same(
        end in prop_oneof![Just(Phase::Complete), Just(Phase::Failed), Just(Phase::Aborted), Just(Phase::LimitReached)],
        order in prop::collection::vec(any::<Index>(), 0..12),
    ) {
        let told = [Phase::Starting, Phase::Active, Phase::Ending, end];
        let mut straight = Course::new(at(0));
        told.iter().for_each(|phase| straight.told(&report(*phase, 9)));
        let mut mixed = Course::new(at(0));
        order.iter().for_each(|index| mixed.told(&report(*index.get(&told), 9)));
        mixed.told(&report(end, 9));
        order.iter().for_each(|index| mixed.told(&report(*index.get(&told), 9)));
        prop_assert_eq!(straight, mixed);
    }
}
