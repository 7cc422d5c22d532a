//! A comparison with LiveKit in which one room cannot be kept.

use chrono::{DateTime, TimeDelta};
use meetbox::app::reconcile::Reconciled;

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
