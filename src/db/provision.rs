//! The database and the role of the settings, on a Postgres where we may make them.

use std::time::Duration;

use percent_encoding::percent_decode_str;
use secrecy::ExposeSecret;
use sqlx::{Connection, PgConnection};
use tokio::time::timeout;
use url::Url;

use crate::config::DatabaseSettings;

use super::{
    ConnectError,
    pool::{self, options},
};

/// How long signing in may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Postgres' codes for what a script can mend: no such role, a wrong password, no such database.
const MENDABLE: [&str; 3] = ["28000", "28P01", "3D000"];

/// Whether Postgres lets us into the database; false when role, password or database are not as the settings say.
pub async fn lets_us_in(settings: &DatabaseSettings) -> Result<bool, ConnectError> {
    let options = options(settings)?;
    let cannot = |last| ConnectError::GaveUp { place: pool::place(&options), attempts: 1, last };
    match timeout(TIMEOUT, PgConnection::connect_with(&options)).await {
        Ok(Ok(connection)) => {
            // The answer is known; how the farewell goes does not matter.
            let _ = connection.close().await;
            Ok(true)
        }
        Ok(Err(sqlx::Error::Database(err))) if err.code().is_some_and(|code| MENDABLE.contains(&&*code)) => Ok(false),
        Ok(Err(err)) => Err(cannot(err.to_string())),
        Err(_) => Err(cannot(format!("no answer within {TIMEOUT:?}"))),
    }
}

/// What psql has to be told, as an administrator, so that role and database are there and the password is the one of the
/// settings; may be told any number of times. Nothing when the settings' Postgres is not this machine's on `port`.
pub fn script(settings: &DatabaseSettings, port: u16) -> Result<Option<String>, ConnectError> {
    let options = options(settings)?;
    let is_here = ["127.0.0.1", "localhost", "::1"].contains(&options.get_host()) && options.get_port() == port;
    if !is_here || options.get_socket().is_some() {
        return Ok(None);
    }
    let url = Url::parse(settings.url.expose_secret())
        .map_err(|_| ConnectError::Address("it is not a postgresql:// address".to_owned()))?;
    let password = percent_decode_str(url.password().unwrap_or_default()).decode_utf8_lossy();
    let (role, database) = (options.get_username(), options.get_database().unwrap_or(options.get_username()));
    let (role_name, database_name, password) = (literal(role), literal(database), literal(&password));
    let (role, database) = (identifier(role), identifier(database));
    Ok(Some(format!(
        // What fails would else stand in the server's log, with the password.
        "set log_min_error_statement = panic;\n\
         select 'create role ' || {} where not exists (select from pg_roles where rolname = {role_name})\\gexec\n\
         alter role {role} login password {password};\n\
         select 'create database ' || {} where not exists (select from pg_database where datname = {database_name})\\gexec\n",
        literal(&role),
        literal(&format!("{database} owner {role}")),
    )))
}

/// As psql and Postgres read a text, whatever is in it: with doubled quotes, and backslashes that are escaped.
fn literal(text: &str) -> String {
    format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::script;
    use crate::config::DatabaseSettings;

    fn of(url: &str) -> Option<String> {
        let settings =
            DatabaseSettings { url: url.to_owned().into(), max_connections: 1, start_timeout: Duration::from_secs(1) };
        script(&settings, 5432).unwrap()
    }

    #[test]
    fn only_a_postgres_of_this_machine_is_provided_with_a_role() {
        assert!(of("postgresql://meetbox:secret@127.0.0.1:5432/meetbox").unwrap().contains("E'secret'"));
        assert_eq!(of("postgresql://meetbox:secret@db.example.org:5432/meetbox"), None);
        assert_eq!(of("postgresql://meetbox:secret@127.0.0.1:6432/meetbox"), None);
    }

    #[test]
    fn names_and_passwords_stay_what_they_are() {
        let said = of("postgresql://o%22x:it%27s%5C@127.0.0.1:5432/my%20db").unwrap();
        assert!(said.starts_with("set log_min_error_statement = panic;\nselect "), "{said}");
        for part in [r#"alter role "o""x" login"#, r"password E'it''s\\';", r#"E'"my db" owner "o""x"'"#] {
            assert!(said.contains(part), "{part} in {said}");
        }
    }
}
