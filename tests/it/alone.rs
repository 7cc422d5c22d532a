//! Tests that keep a machine busy take turns: a call between browsers breaks off while thousands of histories are told.

use tokio::sync::{Mutex, MutexGuard};

static TURN: Mutex<()> = Mutex::const_new(());

/// Waits for a turn, which lasts as long as the answer is kept.
pub async fn take_turn() -> MutexGuard<'static, ()> {
    TURN.lock().await
}
