//! Recorders in the model's rooms: they come and go like anybody else, and leave files.

use std::{collections::BTreeMap, path::PathBuf};

use chrono::{DateTime, Utc};
use meetbox::{
    cli::dev::recorder::{Effect, Place, Room, Trouble, Write},
    model::recording::FOLDER,
};

use super::world::{RECORDER, World};

/// Where recorders write to, and what is wrong there.
#[derive(Default)]
pub struct Shelf {
    /// What was uploaded, by key.
    pub objects: BTreeMap<String, Vec<u8>>,
    /// What was rescued, by path with the backup's prefix.
    pub rescued: BTreeMap<String, Vec<u8>>,
    /// Uploads go into this folder as well, for a house that keeps its recordings there.
    pub folder: Option<PathBuf>,
    /// What is rescued goes into this folder as well, by its key.
    pub backup_folder: Option<PathBuf>,
    /// Why storage takes nothing.
    pub trouble: Option<Trouble>,
    /// Why the backup folder takes nothing.
    pub backup_trouble: Option<Trouble>,
    /// Nothing is written by itself: a test takes the writes ([`World::take_writes`]) and says how they went
    /// ([`World::wrote`]), for a store at the wire.
    pub by_hand: bool,
    waiting: Vec<Write>,
}

impl Shelf {
    fn put(&mut self, write: &Write) -> Result<(), Trouble> {
        let trouble = match write.place {
            Place::Storage => &self.trouble,
            Place::Backup => &self.backup_trouble,
        };
        if let Some(trouble) = trouble {
            return Err(trouble.clone());
        }
        match write.place {
            Place::Storage => {
                self.objects.insert(write.path.clone(), write.bytes.clone());
                if let Some(folder) = &self.folder {
                    put_file(folder.join(&write.path), &write.bytes);
                }
            }
            Place::Backup => {
                self.rescued.insert(write.path.clone(), write.bytes.clone());
                if let Some(folder) = &self.backup_folder {
                    let key = write.path.rfind(FOLDER).map_or(&write.path[..], |at| &write.path[at..]);
                    put_file(folder.join(key), &write.bytes);
                    return Ok(());
                }
                let path = PathBuf::from(&write.path);
                // A prefix that a test has made is a folder; any other only a name.
                if path.ancestors().any(|folder| folder.is_absolute() && folder.parent().is_some() && folder.is_dir()) {
                    put_file(path, &write.bytes);
                }
            }
        }
        Ok(())
    }
}

fn put_file(path: PathBuf, bytes: &[u8]) {
    std::fs::create_dir_all(path.parent().expect("a file in a folder")).expect("a folder for recordings");
    std::fs::write(path, bytes).expect("room for a recording");
}

impl World {
    /// Recorders see what has changed, and what is due happens.
    pub fn settle(&mut self, now: i64) {
        self.egresses.set_redis_down(self.redis_is_down, moment(now));
        loop {
            for name in self.egresses.rooms() {
                let room = self.rooms.get(&name).filter(|room| room.served);
                let present = room.into_iter().flat_map(|room| room.participants.values());
                // Whoever comes in is taken to publish.
                let somebody = present.into_iter().any(|it| it.served && !it.is_recorder());
                self.egresses.see(&name, Room { open: room.is_some(), somebody }, moment(now));
            }
            self.egresses.tick(moment(now));
            let effects = self.egresses.take_effects();
            if effects.is_empty() {
                return;
            }
            effects.into_iter().for_each(|effect| self.carry_out(effect));
        }
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Tell { name, info, at } => self.tell_run(name, &info, at.timestamp_millis()),
            Effect::Join { room_name, egress_id, at } => {
                self.let_in(&room_name, &egress_id, Some(RECORDER), at.timestamp_millis());
            }
            Effect::Leave { room_name, egress_id, at } => {
                self.let_out(&room_name, &egress_id, "CONNECTION_TIMEOUT", at.timestamp_millis());
            }
            Effect::Write(write) if self.shelf.by_hand => self.shelf.waiting.push(write),
            Effect::Write(write) => {
                let result = self.shelf.put(&write);
                self.egresses.written(&write, result, write.at);
            }
        }
    }

    /// What recorders want written, with a shelf that is filled by hand.
    pub fn take_writes(&mut self) -> Vec<Write> {
        std::mem::take(&mut self.shelf.waiting)
    }

    /// How one of those went.
    pub fn wrote(&mut self, write: &Write, result: Result<(), Trouble>, now: i64) {
        self.egresses.written(write, result, moment(now));
        self.settle(now);
    }
}

/// The world counts milliseconds.
pub fn moment(now: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(now).expect("a date of this era")
}
