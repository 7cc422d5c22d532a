//! What the operator's commands work with: the database of the settings, brought up to date.

use std::io::{self, BufRead, IsTerminal};

use rand::distr::{Alphanumeric, SampleString};

use crate::{app::App, clock::Clock, config::Settings, db};

use super::Failure;

/// The house of these settings, as far as its database goes, which is brought up to date; nothing else is asked.
pub async fn open(settings: &Settings) -> Result<App, Failure> {
    let app = look(settings).await?;
    db::migrate(&settings.database).await.map_err(|err| Failure::ours("cannot migrate the database").because(&err))?;
    Ok(app)
}

/// The same with the database as it is.
pub async fn look(settings: &Settings) -> Result<App, Failure> {
    let pool = db::connect(&settings.database).await.map_err(|err| {
        Failure::ours("cannot reach the database")
            .because(&err)
            .hint("DATABASE_URL says where it is; `meetbox check` looks at all settings")
    })?;
    App::new(settings, pool, Clock::System).map_err(|err| Failure::input("cannot work with the settings").because(&err))
}

/// A password that the operator types, twice and unseen, or that stands in the first line of stdin. Never an argument:
/// every process of the machine can read those.
pub fn read_password() -> Result<String, Failure> {
    let cannot = |err: io::Error| Failure::input("cannot read the password").because(&err);
    if !io::stdin().is_terminal() {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line).map_err(cannot)?;
        return Ok(line.trim_end_matches(['\r', '\n']).to_owned());
    }
    let first = rpassword::prompt_password("Password: ").map_err(cannot)?;
    let second = rpassword::prompt_password("Once more: ").map_err(cannot)?;
    if first == second { Ok(first) } else { Err(Failure::input("the two passwords are not the same")) }
}

/// A secret that goes into addresses and files as it is: letters and digits. LiveKit complains about fewer than 32.
pub fn new_secret() -> String {
    Alphanumeric.sample_string(&mut rand::rng(), 40)
}

/// Lines of columns, each as wide as its widest word.
pub fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths = (0..columns).map(width).collect::<Vec<_>>();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}", width = *width));
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::table;

    #[test]
    fn columns_stand_under_each_other() {
        let rows = [vec!["address".to_owned(), "role".to_owned()], vec!["a@b".to_owned(), "admin".to_owned()]];
        assert_eq!(table(&rows), "address  role\na@b      admin\n");
    }
}
