//! Comparisons with LiveKit: of a room that cannot be kept, and of rooms that are only tests.

use chrono::{DateTime, TimeDelta};
use meetbox::{
    app::reconcile::Reconciled,
    model::connection_test::{ROOM_LIFE, new_room},
};

use crate::{attendance::Record, house::TestHouse};

#[tokio::test(flavor = "multi_thread")]
async fn a_room_that_cannot_be_kept_does_not_cost_the_others_their_comparison() {
    let house = TestHouse::open(DateTime::from_timestamp(1_800_000_000, 0).unwrap()).await;
    let rooms = ["blue-heron", "calm-otter", "green-finch", "old-badger", "red-kite", "wise-owl"];
    for room in rooms {
        house.meeting(room).await;
        let now = house.livekit.now();
        house.livekit.world().join(room, "ada", now);
    }
    // Whoever holds the key can put anything into a token, also what Postgres has no text for.
    let now = house.livekit.now();
    house.livekit.world().join(rooms[3], "b\0b", now);

    // No webhook comes; the house looks for itself.
    house.clock.advance(TimeDelta::seconds(30));
    let compared = house.reconcile().await.unwrap();

    assert_eq!(compared, Reconciled::Rooms { compared: 5, unknown: 1 });
    assert_eq!(Record::read(&house.pool).await.present().len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn rooms_of_connection_tests_are_closed_when_their_time_is_over() {
    let house = TestHouse::open(DateTime::from_timestamp(1_800_000_000, 0).unwrap()).await;
    house.meeting("blue-heron").await;
    let [old, young] = [new_room(), new_room()];
    // Somebody stays in it, as if it were a meeting; so does somebody in a room of another program's.
    for room in [old.as_str(), "blue-heron", "_test_of_somebody_else"] {
        let now = house.livekit.now();
        house.livekit.world().join(room, "publisher", now);
    }
    house.clock.advance(ROOM_LIFE + TimeDelta::seconds(1));
    let now = house.livekit.now();
    house.livekit.world().join(&young, "publisher", now);

    house.reconcile().await.unwrap();

    let open = house.livekit.world().rooms.keys().cloned().collect::<Vec<_>>();
    let mut expected = vec!["_test_of_somebody_else".to_owned(), young, "blue-heron".to_owned()];
    expected.sort();
    assert_eq!(open, expected);
}
