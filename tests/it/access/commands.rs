//! Accounts and keys at the command line: the real binary, passwords on its stdin.

use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use reqwest::{Method, header::COOKIE};
use serde_json::json;

use super::house::{House, PASSWORD};
use crate::livekit_model::{API_KEY, API_SECRET};

/// What a command said, and how it ended.
#[derive(Debug)]
struct Said {
    code: i32,
    out: String,
    err: String,
}

/// Runs a command of the binary against that house, with this on its stdin.
fn meetbox(house: &House, arguments: &[&str], stdin: &str) -> Said {
    meetbox_at(&house.serving.ground.database_url, house, arguments, stdin)
}

fn meetbox_at(database_url: &str, house: &House, arguments: &[&str], stdin: &str) -> Said {
    let ground = &house.serving.ground;
    let mut child = Command::new(Path::new(env!("CARGO_BIN_EXE_meetbox")))
        .args(arguments)
        .env_clear()
        .env("APP_ENV", "local")
        .env("PORT", ground.port.to_string())
        .env("DATABASE_URL", database_url)
        .env("DATABASE_START_TIMEOUT_SECONDS", "1")
        .env("REDIS_URL", &ground.redis_url)
        .env("LIVEKIT_URL", &ground.livekit_url)
        .env("LIVEKIT_API_KEY", API_KEY)
        .env("LIVEKIT_API_SECRET", API_SECRET)
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // One that wants no input may have ended.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let said = Said { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) };
    assert!(!said.err.contains(&*PASSWORD) && !said.out.contains(&*PASSWORD), "{said:?}");
    said
}

impl Said {
    #[track_caller]
    fn says(&self, out: &str) {
        assert_eq!((self.code, self.out.as_str(), self.err.as_str()), (0, out, ""));
    }

    #[track_caller]
    fn fails(&self, code: i32, with: &str) {
        assert_eq!((self.code, self.out.as_str()), (code, ""), "{self:?}");
        assert!(self.err.starts_with("error: ") && self.err.contains(with), "{self:?}");
    }
}

/// Asks until the answer has that status: another process took it back, and this one knows for a second what was.
async fn soon(house: &House, token: &str, path: &str, status: u16) {
    let asked = Instant::now();
    loop {
        let answer = house.get(token, path).await;
        if answer.status.as_u16() == status {
            return;
        }
        assert!(asked.elapsed() < Duration::from_secs(3), "{path} is still {}: {}", answer.status, answer.body);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_makes_accounts_changes_them_and_keeps_them_out() {
    let house = House::open().await;
    let password = format!("{}\n", *PASSWORD);
    let add = |arguments: &[&str], stdin: &str| meetbox(&house, &[&["account", "add"], arguments].concat(), stdin);
    let ada = ["ada@example.org", "--name", "Ada", "--role", "admin"];
    add(&ada, &password).says("ada@example.org can sign in as admin\n");
    add(&ada, &password).fails(1, "another account has the address `ada@example.org`");
    add(&["bob@example.org", "--name", "Bob"], "short\n").fails(1, "a password has 10 to 256 characters");
    add(&["bob@example.org", "--name", "Bob"], "").fails(1, "a password has 10 to 256 characters");
    add(&["nobody", "--name", "Bob"], &password).fails(1, "an e-mail address has");
    add(&["bob@example.org", "--name", "Bob"], &password).says("bob@example.org can sign in as host\n");
    add(&["eve@example.org", "--name", "Eve", "--no-password"], "").says("eve@example.org can sign in as host\n");
    for wrong in [&["x@example.org", "--name", "X", "--role", "root"][..], &["x@example.org", "--password", "y"]] {
        assert_eq!(add(wrong, &password).code, 1, "{wrong:?}");
    }

    let listed = meetbox(&house, &["account", "list"], "");
    let rows = listed.out.lines().map(|line| line.split_whitespace().collect::<Vec<_>>()).collect::<Vec<_>>();
    let today = chrono::Utc::now().format("%Y-%m-%d").to_string();
    assert_eq!(rows[0], ["address", "role", "name", "made", "state"]);
    assert_eq!(rows[1], ["eve@example.org", "host", "Eve", &today, "no", "password"]);
    assert_eq!(rows[3], ["ada@example.org", "admin", "Ada", &today]);

    let bob = house.sign_in("bob@example.org", &PASSWORD, "bearer").await;
    let bob = bob.is(201).body["token"].as_str().unwrap().to_owned();
    house.get(&bob, "/accounts").await.refuses(403, "admins-only");
    let set_role = |email, role| meetbox(&house, &["account", "set-role", email, role], "");
    set_role("bob@example.org", "admin").says("bob@example.org is changed; role admin\n");
    soon(&house, &bob, "/account", 401).await;
    set_role("bob@example.org", "host").says("bob@example.org is changed; role host\n");
    set_role("ada@example.org", "host").fails(1, "this is the last administrator who can sign in");
    set_role("who@example.org", "host").fails(1, "there is no such account");

    let bob = house.sign_in("bob@example.org", &PASSWORD, "bearer").await.body["token"].as_str().unwrap().to_owned();
    house.get(&bob, "/account").await.is(200);
    let disable = |more: &[&str]| meetbox(&house, &[&["account", "disable", "bob@example.org"], more].concat(), "");
    disable(&[]).says("bob@example.org is kept out; role host\n");
    soon(&house, &bob, "/account", 401).await;
    house.sign_in("bob@example.org", &PASSWORD, "bearer").await.refuses(401, "sign-in-wrong");
    house.let_waits_pass().await;
    disable(&["--undo"]).says("bob@example.org is let in again; role host\n");

    let new = format!("{}-new", *PASSWORD);
    meetbox(&house, &["account", "reset-password", "bob@example.org"], &format!("{new}\r\n"))
        .says("bob@example.org is given another password; role host\n");
    house.sign_in("bob@example.org", &new, "bearer").await.is(201);
    let told = "select count(*) from audit_log where actor_kind = 'operator' and address = ''";
    assert_eq!(house.count(told).await, 8, "three accounts, two roles, out and in, a password");
    meetbox_at("postgres://meetbox@127.0.0.1:9/none", &house, &["account", "list"], "")
        .fails(2, "cannot reach the database");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_for_the_first_administrator_opens_once_and_within_an_hour() {
    let house = House::open().await;
    let printed = house.serving.printed();
    assert!(printed.contains("`meetbox account setup-link` makes the link"), "{printed}");
    let options = house.ask(None, Method::GET, "/sign-in", None).await;
    assert_eq!(options.is(200).body["setup_needed"], true);

    let made = || {
        let said = meetbox(&house, &["account", "setup-link"], "");
        let link = said.out.trim_end().to_owned();
        let page = format!("http://127.0.0.1:{}/app/setup#", house.serving.ground.port);
        let secret = link.strip_prefix(&page).unwrap_or_else(|| panic!("{said:?}")).to_owned();
        assert!(secret.starts_with("meetbox_setup_"), "{said:?}");
        house.secrets.note(&secret);
        secret
    };
    let set_up = |secret: &str, password: &str| {
        let wish = json!({ "secret": secret, "email": "ada@example.org", "name": "Ada", "password": password });
        house.answer(house.serving.request_as(None, Method::POST, "/setup").json(&wish))
    };
    let (old, good, spare) = (made(), made(), made());
    let hour = "select count(*) from setup_links where expires_at - created_at = interval '1 hour'";
    assert_eq!(house.count(hour).await, 3);
    let age = "update setup_links set expires_at = now() - interval '1 second'
        where created_at = (select min(created_at) from setup_links)";
    sqlx::query(age).execute(&house.pool).await.unwrap();
    set_up(&old, &PASSWORD).await.refuses(403, "setup-link-spent");
    set_up("meetbox_setup_guessed", &PASSWORD).await.refuses(403, "setup-link-spent");
    set_up(&good, "aaaaaaaaaaaa").await.refuses(422, "password-weak");

    let begun = set_up(&good, &PASSWORD).await;
    assert_eq!(begun.is(201).body["account"]["role"], "admin", "and a weak password did not use the link up");
    let accounts = house.serving.request_as(None, Method::GET, "/accounts");
    house.answer(accounts.header(COOKIE, begun.cookie("meetbox_session"))).await.is(200);
    for spent in [&good, &spare] {
        set_up(spent, &PASSWORD).await.refuses(403, "setup-link-spent");
    }
    assert_eq!(house.count("select count(*) from accounts").await, 1);
    meetbox(&house, &["account", "setup-link"], "").fails(1, "there are accounts already");
    assert_eq!(house.ask(None, Method::GET, "/sign-in", None).await.body["setup_needed"], false);
    house.nothing_secret_is_kept().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_makes_keys_and_takes_them_back() {
    let house = House::open().await;
    let host = house.person("host").await;
    let create = |more: &[&str]| meetbox(&house, &[&["api-key", "create", "--name", "door"], more].concat(), "");
    let made = create(&["--scope", "meetings:read,tokens:create", "--days", "7"]);
    assert_eq!(made.code, 0, "{made:?}");
    let key = made.out.strip_suffix('\n').unwrap().to_owned();
    house.secrets.note(&key);
    assert!(key.starts_with("meetbox_key_") && !key.contains('\n'), "the key and nothing else: {}", made.out);
    let id = made.err.split_whitespace().nth(1).unwrap().to_owned();
    assert_eq!(made.err, format!("key {id} may meetings:read, tokens:create\n"));
    house.get(&key, "/meetings").await.is(200);
    let admins = house.ask(Some(&key), Method::POST, "/meetings", Some(json!({}))).await;
    admins.refuses(403, "scope-missing");

    let hosts = create(&["--scope", "meetings:write", "--account", &host.email]);
    let hosts = hosts.out.trim_end().to_owned();
    house.secrets.note(&hosts);
    let meeting = house.ask(Some(&hosts), Method::POST, "/meetings", Some(json!({}))).await;
    assert_eq!(meeting.is(201).body["host_account_id"], json!(host.id));

    create(&["--scope", "root"]).fails(1, "there is no scope `root`");
    create(&["--scope", "admin", "--account", "who@example.org"]).fails(1, "there is no such account");
    assert_eq!(create(&["--scope", "admin", "--days", "0"]).code, 1);
    assert_eq!(create(&[]).code, 1, "a key without scopes is none");

    let listed = meetbox(&house, &["api-key", "list"], "");
    let row = listed.out.lines().find(|line| line.starts_with(&id)).unwrap_or_else(|| panic!("{listed:?}"));
    assert!(row.contains(&key[.."meetbox_key_".len() + 4]) && !listed.out.contains(&key), "{row}");
    assert!(row.contains("meetings:read tokens:create") && row.contains("until "), "{row}");

    let revoke = || meetbox(&house, &["api-key", "revoke", &id], "");
    revoke().says("the key opens nothing any more\n");
    soon(&house, &key, "/meetings", 401).await;
    revoke().fails(1, "there is no such key, or it was taken back already");
    let listed = meetbox(&house, &["api-key", "list"], "");
    assert!(listed.out.lines().any(|line| line.starts_with(&id) && line.ends_with("taken back")), "{listed:?}");
    assert_eq!(meetbox(&house, &["api-key", "revoke", "nonsense"], "").code, 1);
}
