//! The list of meetings when there are a million: the first page against the deepest.

use serde_json::Value;

use crate::{
    ROUNDS,
    client::{self, Connection},
    parts::{Parts, Server},
    people,
    report::{Row, median},
    wrk::{self, Question, Seen},
};

const SECONDS: u32 = 3;
const MEETINGS: i64 = 1_000_000;

/// Past meetings, each with its own moment, as years of use leave them.
const FILL: &str = "
    insert into meetings (id, room_name, title, created_at, ended_at)
    select gen_random_uuid(), 'meeting-' || n, 'Meeting ' || n,
           timestamptz '2020-01-01' + n * interval '3 minutes',
           timestamptz '2020-01-01' + n * interval '3 minutes' + interval '1 hour'
    from generate_series(1, $1) n";

/// One row.
pub fn measure(parts: &Parts) -> Vec<Row> {
    let database = parts.database();
    let meetbox = parts.meetbox(&database);
    people::move_in(parts, &database);
    parts.ask(&database, |pool| async move {
        sqlx::query(FILL).bind(MEETINGS).execute(&pool).await.expect("a million meetings");
        sqlx::query("vacuum analyze meetings").execute(&pool).await.expect("statistics");
    });

    let deepest = parts.runtime.block_on(walk_to_the_end(&meetbox));
    let (first, deepest) = ("/meetings?limit=50", format!("/meetings?limit=50&cursor={deepest}"));
    vec![against_the_first(&meetbox, "`GET /meetings`, a million rows, 50 a page", first, &deepest)]
}

/// The deepest page of a list against its first.
pub fn against_the_first(meetbox: &Server, what: &str, first: &str, deepest: &str) -> Row {
    let question = |path: &str| Question { url: meetbox.url(path), script: None, bearer: Some(people::key()) };
    let (first_page, deepest_page) = (question(first), question(deepest));
    let turn = |question: &Question| wrk::ask(question, SECONDS, meetbox.pid());
    turn(&first_page);
    turn(&deepest_page);
    let rounds: Vec<(Seen, Seen)> = (0..ROUNDS).map(|_| (turn(&first_page), turn(&deepest_page))).collect();

    let pressed = |seen: &[f64]| format!("{:.0}/s", median(seen.iter().copied()));
    let rate = |pick: fn(&(Seen, Seen)) -> f64| rounds.iter().map(pick).collect::<Vec<_>>();
    let (first_rate, deepest_rate) = (rate(|it| it.0.per_second), rate(|it| it.1.per_second));
    let (first_p99, deepest_p99) = (unpressed(meetbox, first), unpressed(meetbox, deepest));
    Row {
        what: what.to_owned(),
        ours: format!("deepest page: {}, p99 {deepest_p99:.2} ms at 100/s", pressed(&deepest_rate)),
        against: format!("first page: {}, p99 {first_p99:.2} ms at 100/s", pressed(&first_rate)),
        result: format!("{:.2} × the first page's time", median(first_rate) / median(deepest_rate)),
        aim: "p99 ≤ 5 ms, ≤ 1.2 ×",
    }
}

/// The 99th percentile in milliseconds when a page is asked for a hundred times a second.
fn unpressed(meetbox: &Server, path: &str) -> f64 {
    let request = get(path);
    let pace = client::Pace { connections: 4, duration: std::time::Duration::from_secs(5), rate: Some(100.0) };
    client::run(meetbox.port, pace, move || request.clone()).latency(0.99)
}

/// A program's look, whose key reaches all meetings.
pub fn get(path: &str) -> Vec<u8> {
    let bearer = format!("Bearer {}", people::key().expose());
    client::request("GET", path, &[("authorization", bearer.as_str())], "")
}

/// Follows the cursors to the last page but one, and gives the cursor that opens the last.
async fn walk_to_the_end(meetbox: &Server) -> String {
    let mut connection = Connection::open(meetbox.port).await.expect("the server answers");
    let mut path = "/meetings?limit=100".to_owned();
    let mut last = String::new();
    let mut pages = 0;
    loop {
        let answer = connection.ask(&get(&path)).await.expect("the server answers");
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        let page: Value = serde_json::from_str(&answer.body).expect("JSON");
        pages += 1;
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        last = cursor.to_owned();
        path = format!("/meetings?limit=100&cursor={cursor}");
    }
    assert!(pages >= MEETINGS / 100, "the walk ended after {pages} pages");
    last
}
