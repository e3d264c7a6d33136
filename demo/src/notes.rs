//! What the demo remembers of a shop, in a file that is its owner's alone: how far it is, and the passwords that it made.
//!
//! The file is written after each step, whole or not at all. A step that was done and is not noted is done again under the
//! idempotency keys of the first time, which changes nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kit_config::secret_file;
use kit_runtime::{Ids, Secret, Timestamp};
use serde::{Deserialize, Serialize};

use crate::summary::{Contents, DemoAccount, Summary};

/// Of the history: one of another version is not gone on with.
const VERSION: u32 = 1;

#[derive(Clone, Serialize, Deserialize)]
struct Content {
    version: u32,
    /// When the first step happened.
    beginning: Timestamp,
    /// How late it is in the shop, about.
    moment: Timestamp,
    /// How many steps are done.
    done: usize,
    /// By username.
    passwords: BTreeMap<String, String>,
    /// The identifiers of orders, by their number in the history.
    orders: BTreeMap<usize, String>,
    /// What is in the shop, once everything is done.
    contents: Option<Contents>,
}

/// The notes.
pub struct Notes {
    file: PathBuf,
    content: Content,
}

impl Notes {
    /// Reads the notes of a shop, where there are any.
    pub fn find(file: &Path) -> anyhow::Result<Option<Self>> {
        let Some(bytes) = secret_file::read(file)? else {
            return Ok(None);
        };
        let content = serde_json::from_slice::<Content>(bytes.expose());
        let content = content.with_context(|| format!("`{}` cannot be read", file.display()))?;
        if content.version != VERSION {
            bail!("`{}` is of another version of the demo", file.display());
        }
        Ok(Some(Self {
            file: file.to_owned(),
            content,
        }))
    }

    /// Begins the notes of a shop whose history begins then and who is in it from the beginning. Runs that begin at once
    /// agree on one.
    pub fn begin(file: &Path, beginning: Timestamp, usernames: &[&str], ids: &Ids) -> anyhow::Result<Self> {
        let passwords = usernames.iter();
        let content = Content {
            version: VERSION,
            beginning,
            moment: beginning,
            done: 0,
            passwords: passwords
                .map(|name| ((*name).to_owned(), password(ids)))
                .collect(),
            orders: BTreeMap::new(),
            contents: None,
        };
        let bytes = serde_json::to_vec_pretty(&content)?;
        secret_file::read_or_create(file, || bytes)?;
        Self::find(file)?.with_context(|| format!("`{}` is gone", file.display()))
    }

    /// When the history begins.
    pub const fn beginning(&self) -> Timestamp {
        self.content.beginning
    }

    /// How late it is in the shop at least.
    pub const fn moment(&self) -> Timestamp {
        self.content.moment
    }

    /// Where they are.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The password of somebody, made and noted where there is none yet.
    pub fn password(&mut self, username: &str, ids: &Ids) -> anyhow::Result<Secret<String>> {
        if !self.content.passwords.contains_key(username) {
            self.content.passwords.insert(username.to_owned(), password(ids));
            self.save()?;
        }
        let password = self.content.passwords.get(username).cloned();
        Ok(Secret::new(password.unwrap_or_default()))
    }

    /// What is in the shop, once everything is done.
    pub fn summary(&self) -> Option<Summary> {
        let contents = self.content.contents.clone()?;
        let accounts = self.content.passwords.iter();
        let accounts = accounts.map(|(username, password)| DemoAccount::new(username, password));
        Some(Summary {
            contents,
            accounts: accounts.collect(),
        })
    }

    /// Everything is done.
    pub(crate) fn note_contents(&mut self, contents: Contents) -> anyhow::Result<()> {
        self.content.contents = Some(contents);
        self.save()
    }

    /// Whether anything was done by now.
    pub const fn has_begun(&self) -> bool {
        self.content.done > 0
    }

    pub(crate) const fn done(&self) -> usize {
        self.content.done
    }

    pub(crate) fn order(&self, number: usize) -> anyhow::Result<&str> {
        let order = self.content.orders.get(&number).map(String::as_str);
        order.with_context(|| format!("order {number} of the history is not noted"))
    }

    pub(crate) fn note_order(&mut self, number: usize, id: &str) {
        self.content.orders.insert(number, id.to_owned());
    }

    /// A step is done, and so late it is.
    pub(crate) fn note_step(&mut self, moment: Timestamp) -> anyhow::Result<()> {
        self.content.done += 1;
        self.content.moment = self.content.moment.max(moment);
        self.save()
    }

    fn save(&self) -> anyhow::Result<()> {
        let bytes = serde_json::to_vec_pretty(&self.content)?;
        Ok(secret_file::replace(&self.file, &bytes)?)
    }
}

/// A password that nobody guesses.
fn password(ids: &Ids) -> String {
    URL_SAFE_NO_PAD.encode(ids.random::<12>())
}
