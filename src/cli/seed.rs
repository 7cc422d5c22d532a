//! `meetbox seed`: meetings to look at, in a development database.

use crate::{
    app::seed::{Sown, sow},
    clock::Clock,
    config::{Environment, Settings},
    db,
};

use super::{Failure, print};

/// Fills the database that the settings name.
pub fn run() -> Result<(), Failure> {
    let settings = Settings::from_process()?.settings;
    if settings.environment != Environment::Local {
        let message = format!("made-up meetings do not belong into a database for {}", settings.environment);
        return Err(Failure::input(message).hint("set APP_ENV=local if this is a development database"));
    }

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|err| Failure::ours("cannot start").because(&err))?;
    let sown = runtime.block_on(seed(&settings))?;
    print(&match sown.meetings {
        0 => "everything is there already\n".to_owned(),
        meetings => {
            format!("added {meetings} meetings, {} sittings and {} presences\n", sown.instances, sown.participants)
        }
    })
}

async fn seed(settings: &Settings) -> Result<Sown, Failure> {
    let pool = db::connect(&settings.database).await.map_err(|err| {
        Failure::ours("cannot fill the database")
            .because(&err)
            .hint("`make dev` starts one; DATABASE_URL says where it is")
    })?;
    db::migrate(&settings.database).await.map_err(|err| Failure::ours("cannot migrate the database").because(&err))?;
    sow(&pool, Clock::System.now()).await.map_err(|err| Failure::ours("cannot fill the database").because(&err))
}
