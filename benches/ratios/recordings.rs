//! Recordings when there are a million: the deepest pages against the first, a single one with the link to its file, and the
//! round that compares them with LiveKit.

use std::{cell::Cell, rc::Rc, time::Duration};

use serde_json::Value;

use crate::{
    ROUNDS,
    client::{self, Connection, Pace},
    comparing, links, lists, machine,
    parts::{Parts, Server},
    people,
    report::{Row, median},
    services::postgres::Database,
};

const SECONDS: Duration = Duration::from_secs(3);
const RECORDINGS: i64 = 1_000_000;
/// How many different ones are looked at, in turn.
const LOOKED_AT: i64 = 10_000;

const FILL_MEETINGS: &str = "
    insert into meetings (id, room_name, title, created_at)
    select md5('meeting-' || n)::uuid, 'meeting-' || n, 'Meeting ' || n, timestamptz '2020-01-01'
    from generate_series(1, 50000) n";

/// As years of use leave them: most went well, one of a hundred failed, and one of a hundred is of the same meeting.
const FILL: &str = "
    insert into recordings (
        id, meeting_id, storage_path, status, reason, preset, requested_at, egress_id, phase, verdict,
        started_at, ended_at, told_size, duration_ms, completed_at, file_size
    )
    select id, md5(meeting)::uuid,
           'recordings/' || to_char(at at time zone 'utc', 'YYYY/MM/DD') || '/' || meeting || '/' || id || '.mp4',
           outcome, case when fine then '' else 'it has no file' end, 'H264_720P_30', at, 'EG_' || n, outcome, outcome,
           at + interval '2 seconds', at + interval '1 hour', size, 3600000, at + interval '61 minutes', size
    from (
        select n, gen_random_uuid() as id, timestamptz '2020-01-01' + n * interval '3 minutes' as at, n % 100 > 0 as fine,
               case when n % 100 > 0 then 'complete' else 'failed' end as outcome,
               case when n % 100 > 0 then 900000000 + n end as size,
               'meeting-' || case when n % 100 = 1 then 1 else 1 + n % 50000 end as meeting
        from generate_series(1, $1) n
    ) as made";

/// Six rows.
pub fn measure(parts: &Parts) -> Vec<Row> {
    let database = parts.database();
    let mut rows = {
        let meetbox = parts.meetbox_with(&database, &links::s3_variables());
        people::move_in(parts, &database);
        fill(parts, &database);
        let mut rows = pages(parts, &meetbox);
        rows.push(look(parts, &meetbox, &database));
        rows
    };
    rows.push(links::measure());
    rows.push(comparing::measure(parts, &database));
    rows
}

fn fill(parts: &Parts, database: &Database) {
    parts.ask(database, |pool| async move {
        sqlx::query(FILL_MEETINGS).execute(&pool).await.expect("meetings");
        sqlx::query(FILL).bind(RECORDINGS).execute(&pool).await.expect("a million recordings");
        sqlx::query("vacuum analyze meetings, recordings").execute(&pool).await.expect("statistics");
    });
}

/// All of them, those of one status, and those of one meeting.
fn pages(parts: &Parts, meetbox: &Server) -> Vec<Row> {
    let one_meeting = "&room_name=meeting-1";
    let kinds = [
        ("`GET /recordings`, a million rows, 50 a page", ""),
        ("the same of one status, which 10,000 have", "&status=failed"),
        ("the same of one meeting, which has 10,000", one_meeting),
    ];
    let row = |(what, filter): (&str, &str)| {
        let first = format!("/recordings?limit=50{filter}");
        let cursor = parts.runtime.block_on(before_the_last_fifty(meetbox, filter));
        lists::against_the_first(meetbox, what, &first, &format!("{first}&cursor={cursor}"))
    };
    kinds.into_iter().map(row).collect()
}

/// The cursor that opens the deepest page. A cursor is a place in the list, whichever way that is read, so it is found from
/// the other end.
async fn before_the_last_fifty(meetbox: &Server, filter: &str) -> String {
    let mut connection = Connection::open(meetbox.port).await.expect("the server answers");
    let backwards = page(&mut connection, &format!("/recordings?limit=51&order=oldest_first{filter}")).await;
    let cursor = backwards["next_cursor"].as_str().expect("more than a page").to_owned();

    let deepest = page(&mut connection, &format!("/recordings?limit=50{filter}&cursor={cursor}")).await;
    assert_eq!(deepest["items"].as_array().map(Vec::len), Some(50), "a whole page");
    assert!(deepest["next_cursor"].is_null(), "the last page");
    cursor
}

async fn page(connection: &mut Connection, path: &str) -> Value {
    let answer = connection.ask(&lists::get(path)).await.expect("the server answers");
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    serde_json::from_str(&answer.body).expect("JSON")
}

/// One after the other, each with the link to its file.
fn look(parts: &Parts, meetbox: &Server, database: &Database) -> Row {
    let paths = parts.ask(database, |pool| async move {
        let some = "select '/recordings/' || id from recordings where status = 'complete' order by id limit $1";
        sqlx::query_scalar::<_, String>(some).bind(LOOKED_AT).fetch_all(&pool).await.expect("recordings")
    });
    parts.runtime.block_on(async {
        let mut connection = Connection::open(meetbox.port).await.expect("the server answers");
        let recording = page(&mut connection, &paths[0]).await;
        assert!(recording["download_url"].is_string(), "a link: {recording}");
    });

    let requests: Rc<Vec<Vec<u8>>> = Rc::new(paths.iter().map(|path| lists::get(path)).collect());
    let at = Rc::new(Cell::new(0));
    let next = move || {
        at.set((at.get() + 1) % requests.len());
        requests[at.get()].clone()
    };
    let turn = || {
        let before = machine::cpu_seconds(meetbox.pid());
        let pace = Pace { connections: 32, duration: SECONDS, rate: None };
        let outcome = client::run(meetbox.port, pace, next.clone());
        assert_eq!(outcome.failed, 0, "recordings were not found");
        let cpu = machine::cpu_seconds(meetbox.pid()) - before;
        (outcome.fine as f64 / outcome.seconds, outcome.fine as f64 / cpu)
    };
    turn();
    let rounds: Vec<(f64, f64)> = (0..ROUNDS).map(|_| turn()).collect();
    let calmly = Pace { connections: 4, duration: Duration::from_secs(5), rate: Some(100.0) };
    let p99 = client::run(meetbox.port, calmly, next).latency(0.99);

    let per_cpu_second = median(rounds.iter().map(|it| it.1));
    Row {
        what: "`GET /recordings/{id}`, a million rows, with the link to its file".to_owned(),
        ours: format!("{per_cpu_second:.0}/CPU s, {:.0}/s", median(rounds.iter().map(|it| it.0))),
        against: format!("p99 {p99:.2} ms at 100/s"),
        result: format!("{:.2} ms of CPU", 1e3 / per_cpu_second),
        aim: "",
    }
}
