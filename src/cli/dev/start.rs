//! Carries the plan out: what is started when, and what waits for whom.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio::{
    sync::{Notify, watch},
    time::{Instant, sleep},
};

use super::{
    api::{self, Builder},
    folder::Folder,
    house::{Floor, House, Presence},
    plan::{BuildOptions, Elsewhere, Part, Plan},
    terminal::Terminal,
    watch::Sources,
    web,
};
use crate::cli::Failure;

/// How long something that the environment points at may take to answer.
const CHECK_TIMEOUT: Duration = Duration::from_secs(10);
const CHECK_AGAIN: Duration = Duration::from_millis(500);

/// Starts everything, and leaves it to the house.
pub async fn start(plan: Plan, house: &mut House) -> Result<(), Failure> {
    plan.clear_ports().await?;
    let folder = house.folder().clone();
    let terminal = house.terminal().clone();

    folder
        .write_settings(&plan.api.program.variables)
        .map_err(|err| Failure::input(format!("cannot write {}", folder.settings().display())).because(&err))?;

    // The longest first: it needs none of the others.
    let renew = Arc::new(Notify::new());
    let built = match plan.build {
        Some(options) => build(&plan.root, options, house, renew.clone())?,
        None => ourselves(&folder)?,
    };
    let mut api_needs = vec![built];
    if let Some(service) = plan.web {
        let (installed, docs) = install_web(plan.root, house);
        house.supervise(Floor::Top, service, vec![installed], Arc::default())?;
        api_needs.push(docs);
    }

    if let Some(cluster) = plan.cluster {
        cluster.create_if_missing(&folder, &terminal).await?;
    }
    let postgres = start_part(plan.postgres, Floor::Ground, vec![], house)?;
    let redis = start_part(plan.redis, Floor::Ground, vec![], house)?;
    let livekit = start_part(plan.livekit, Floor::Middle, vec![redis.clone()], house)?;
    api_needs.extend([postgres, redis, livekit.clone()]);
    if let Some(recorder) = plan.recorder {
        api_needs.push(house.supervise(Floor::Middle, recorder, vec![livekit], Arc::default())?);
    }
    house.supervise(Floor::Top, plan.api, api_needs, renew)?;
    Ok(())
}

fn start_part(part: Part, floor: Floor, needs: Vec<Presence>, house: &mut House) -> Result<Presence, Failure> {
    match part {
        Part::Ours(service) => house.supervise(floor, *service, needs, Arc::default()),
        Part::Elsewhere(elsewhere) => {
            let (present, presence) = watch::channel(false);
            house.run(floor, check(elsewhere, present, house.terminal().clone()));
            house.expect(presence.clone());
            Ok(presence)
        }
    }
}

/// Waits for something that is not ours to start.
async fn check(elsewhere: Elsewhere, present: watch::Sender<bool>, terminal: Terminal) -> Result<(), Failure> {
    let Elsewhere { name, variable, place, probe } = elsewhere;
    terminal.wait_for(name, &format!("checking {place}"));

    let began = Instant::now();
    while let Err(reason) = probe.ask(CHECK_TIMEOUT).await {
        if began.elapsed() > CHECK_TIMEOUT {
            return Err(Failure::input(format!("{name} at {place} cannot be used: {reason}"))
                .hint(format!("start it, correct {variable}, or unset {variable} to have one started here")));
        }
        sleep(CHECK_AGAIN).await;
    }
    terminal.arrived(name, &place);
    present.send_replace(true);
    // Whoever waits for it must not believe that it is gone.
    std::future::pending().await
}

fn build(root: &Path, options: BuildOptions, house: &mut House, renew: Arc<Notify>) -> Result<Presence, Failure> {
    let watch = || Sources::watch(root).map_err(|err| Failure::ours("cannot watch the sources").because(&err));
    let (built, presence) = watch::channel(false);
    let builder = Builder {
        folder: house.folder().clone(),
        terminal: house.terminal().clone(),
        root: root.to_owned(),
        command: options.command,
        sources: if options.watch { Some(watch()?) } else { None },
        built,
        renew,
    };
    house.run(Floor::Top, async move {
        builder.run().await;
        Ok(())
    });
    Ok(presence)
}

fn ourselves(folder: &Folder) -> Result<Presence, Failure> {
    api::install_ourselves(folder)
        .map_err(|err| Failure::input("cannot put the binary into .meetbox/bin").because(&err))?;
    Ok(watch::channel(true).1)
}

/// Makes the web app ready to run, and Swagger UI with it, which the API looks for when it starts.
fn install_web(root: PathBuf, house: &mut House) -> (Presence, Presence) {
    let (installed, app) = watch::channel(false);
    let (added, docs) = watch::channel(false);
    let (folder, terminal) = (house.folder().clone(), house.terminal().clone());

    house.run(Floor::Top, async move {
        match web::install(&folder, &root, &terminal).await {
            Ok(()) => {
                installed.send_replace(true);
                web::add_docs(&folder, &root).await;
            }
            Err(reason) => terminal.failed(web::NAME, &reason),
        }
        added.send_replace(true);
        Ok(())
    });
    (app, docs)
}
