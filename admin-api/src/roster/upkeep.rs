//! How the roster comes by its people, and stays true across changes and restarts.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use records::{Actor, Change, ChangeError, Database, People, keep_people, kept_people};
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};

use crate::roster::{ConfigKey, Known, Roster};
use crate::time::wall_now;

/// Why a node cannot start with these people.
#[derive(Debug, thiserror::Error)]
pub enum RosterError {
    /// The same name in the file and in the database (DESIGN section 5).
    #[error("the {what} \"{name}\" is declared in the configuration and exists in the database; rename one of them")]
    SameName {
        /// Kind of thing.
        what: &'static str,
        /// Its name.
        name: String,
    },
}

impl Roster {
    /// Takes the people of the database; while it is away, those that `file` kept.
    ///
    /// # Errors
    /// Something is both in the configuration and in the database.
    pub async fn open(&self, database: &Database, file: &Path) -> Result<(), RosterError> {
        match database.people().await {
            Ok(people) => {
                self.check_names(&people, &self.config_keys())?;
                self.publish(people, Source::Database);
            }
            Err(away) => {
                tracing::warn!(%away, "users and keys are those known last, until the database is back");
                let path = file.to_owned();
                match spawn_blocking(move || kept_people(&path)).await {
                    Ok(Ok(Some(people))) => self.publish(people, Source::File),
                    Ok(Ok(None)) => {
                        tracing::warn!("no users and keys were kept: only those of the configuration exist");
                        self.publish(People::default(), Source::File);
                    }
                    Ok(Err(error)) => {
                        tracing::error!(%error, file = %file.display(), "users and keys that were kept cannot be read");
                        self.publish(People::default(), Source::File);
                    }
                    Err(_) => {}
                }
            }
        }
        Ok(())
    }

    /// Keeps each change in `file`, and looks for the database until it has been read once. Runs as long as the node.
    pub async fn keep_up(self: Arc<Self>, database: Database, file: PathBuf) {
        let mut changes = self.known.subscribe();
        changes.mark_changed();
        loop {
            let (people, is_from_file, is_in_doubt) = {
                let known = changes.borrow_and_update();
                (Arc::clone(&known.people), known.is_from_file, known.is_in_doubt)
            };
            let is_kept = is_from_file || self.keep(Arc::clone(&people), file.clone()).await;
            tokio::select! {
                changed = changes.changed() => if changed.is_err() { return },
                () = sleep(TRY_AGAIN), if is_from_file || is_in_doubt => self.look_for(&database).await,
                () = sleep(TRY_AGAIN), if !is_kept => {}
            }
        }
    }

    /// Makes changes in one transaction that is durable when this returns; from then on they hold for everyone.
    ///
    /// # Errors
    /// A change is refused, or the database is away: none of them is made.
    pub(crate) async fn change(
        self: &Arc<Self>,
        database: &Database,
        actor: Actor,
        changes: Vec<Change>,
    ) -> Result<Arc<People>, ChangeError> {
        let people = match database.change_people(&actor, changes, wall_now()).await {
            Ok(people) => people,
            Err(error) => {
                self.doubt(&error, database).await;
                return Err(error);
            }
        };
        let version = people.version;
        self.publish(people, Source::Database);
        let mut kept = self.kept.subscribe();
        if timeout(KEPT_WITHIN, kept.wait_for(|kept| *kept >= version)).await.is_err() {
            tracing::error!(
                version,
                "a change of people is not beside the journal: a start without the database lacks it"
            );
        }
        Ok(self.people())
    }

    /// A database that went away may have made the change all the same, and one that refuses may know of such a
    /// change: what it says now is read before anyone is told that nothing was changed, or as soon as it can be.
    async fn doubt(&self, error: &ChangeError, database: &Database) {
        self.known.send_modify(|known| *known = Arc::new(Known { is_in_doubt: true, ..Known::clone(known) }));
        if matches!(error, ChangeError::Refused(_)) {
            self.look_for(database).await;
        }
    }

    async fn look_for(&self, database: &Database) {
        if let Ok(people) = database.people().await {
            if let Err(error) = self.check_names(&people, &self.config_keys()) {
                tracing::error!(%error, "the configuration's counts until this is resolved");
            }
            if self.known.borrow().is_from_file {
                tracing::info!("users and keys are those of the database again");
            }
            self.publish(people, Source::Database);
        }
    }

    async fn keep(&self, people: Arc<People>, file: PathBuf) -> bool {
        let version = people.version;
        match spawn_blocking(move || keep_people(&file, &people)).await {
            Ok(Ok(())) => {
                self.kept.send_replace(version);
                true
            }
            Ok(Err(error)) => {
                tracing::error!(%error, "users and keys cannot be kept beside the journal");
                false
            }
            Err(_) => false,
        }
    }

    /// What the database says counts before the file, and the newer before the older: answers may overtake each other.
    fn publish(&self, people: People, source: Source) {
        self.known.send_if_modified(|known| {
            let is_newer = known.is_from_file
                || people.version > known.people.version
                || (known.is_in_doubt && people.version == known.people.version);
            let is_wanted = source == Source::File || is_newer;
            if is_wanted {
                *known = Arc::new(Known { is_from_file: source == Source::File, ..Known::of(people) });
            }
            is_wanted
        });
    }

    pub(super) fn check_names(&self, people: &People, config_keys: &[ConfigKey]) -> Result<(), RosterError> {
        if people.account(&self.account).is_some() {
            return Err(RosterError::SameName { what: "account", name: self.account.clone() });
        }
        let live = people.keys.iter().filter(|key| key.account == self.account && key.revoked_at.is_none());
        let same = live.map(|key| &key.name).find(|name| config_keys.iter().any(|key| key.name == **name));
        same.map_or(Ok(()), |name| Err(RosterError::SameName { what: "key", name: name.clone() }))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    Database,
    File,
}

/// For the database to come back, or the disk to take the file.
const TRY_AGAIN: Duration = Duration::from_secs(1);
/// For a change to be in the file: some syncs of the disk.
const KEPT_WITHIN: Duration = Duration::from_secs(2);
