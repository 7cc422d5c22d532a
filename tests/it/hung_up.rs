//! Whoever asks may be gone before the answer: what was begun for them is dropped at any point, and nothing of it stays.

use std::{future::Future, time::Duration};

use chrono::DateTime;
use meetbox::{
    app::meetings::{NewMeeting, PolicyChange, RecordingChange, create_meeting},
    model::room_name::RoomName,
};

use sqlx::{Connection, PgConnection};

use crate::house::{TestHouse, program};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_is_dropped_at_any_point_leaves_no_transaction_open() {
    let house = TestHouse::open(DateTime::from_timestamp(1_795_000_000, 0).unwrap()).await;
    // Apart from the house's own: one of those that are looked for would do the looking.
    let mut onlooker = PgConnection::connect(&house.database.url()).await.unwrap();
    for polls in 0..1000 {
        let wish = NewMeeting {
            room_name: Some(RoomName::parse(&format!("room-{polls}")).unwrap()),
            title: None,
            starts_at: None,
            policy: PolicyChange::default(),
            recording: RecordingChange::default(),
            metadata: "{}".to_owned(),
        };
        let asker = program();
        let made = cut_off(create_meeting(&house.app, &asker, wish), polls).await;
        nothing_stays_open(&mut onlooker, polls).await;
        if let Some(made) = made {
            made.unwrap();
            assert!(polls > 2, "it was never cut off");
            return;
        }
    }
    panic!("a meeting is never made");
}

/// What others write on that connection would never be committed.
async fn nothing_stays_open(onlooker: &mut PgConnection, polls: usize) {
    let open = "select count(*) from pg_stat_activity
                where datname = current_database() and state like 'idle in transaction%'";
    for _ in 0..300 {
        let open: i64 = sqlx::query_scalar(open).fetch_one(&mut *onlooker).await.unwrap();
        if open == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("cut off after {polls}: a transaction stays open");
}

/// Polls a future so many times, and drops it then, as a process that dies at that moment would.
pub async fn cut_off<F: Future>(future: F, polls: usize) -> Option<F::Output> {
    let mut future = std::pin::pin!(future);
    let mut left = polls;
    std::future::poll_fn(|context| {
        if left == 0 {
            return std::task::Poll::Ready(None);
        }
        left -= 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}
