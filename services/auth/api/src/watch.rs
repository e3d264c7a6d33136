//! Keeps what a process believes about tokens current: the key set, and what was revoked.

use std::time::Duration;

use kit_rpc::{Actor, CallContext, Deadline};
use kit_runtime::{ReadinessGate, Stop, TaskError, Tasks};
use kit_token::{KeySet, Verifier};

use crate::keys::{KeysError, Revocation, TokenConfig, configured};
use crate::{AskNow, AuthClient, AuthError, GetKeySet, GetRevocations, RevocationCursor};

/// A revocation takes effect everywhere within a second, so it is asked for twice in one.
const PERIOD: Duration = Duration::from_millis(500);
/// Between two looks at the key set where nothing else is asked.
const KEYS_PERIOD: Duration = Duration::from_secs(5);
/// Between two looks however many hints there are.
const SHORTEST_PERIOD: Duration = Duration::from_millis(50);
/// While nothing could be loaded yet.
const FIRST_RETRY: Duration = Duration::from_millis(100);
const CALL_LIMIT: Duration = Duration::from_secs(2);

/// Feeds a verifier, for as long as the process lives. What it knows stays when auth is away.
pub struct KeyWatch {
    /// Who verifies.
    pub verifier: Verifier,
    /// Open once tokens can be verified.
    pub gate: ReadinessGate,
}

impl KeyWatch {
    /// Takes the keys from the configuration where it names some, else from auth, at once if that is in this
    /// process; and asks what was revoked, unless that is switched off. The handle makes it ask at once.
    pub fn start(self, config: &TokenConfig, auth: AuthClient, tasks: &Tasks) -> Result<AskNow, KeysError> {
        let ask_now = AskNow::default();
        let fixed = configured(config)?;
        let keys = if fixed.is_some() {
            Keys::Configured
        } else {
            Keys::Followed { known: None }
        };
        if let Some(keys) = fixed {
            self.verifier.replace_keys(keys);
        }
        match (config.revocation, &keys) {
            (Revocation::Off, Keys::Configured) => {
                self.gate.open();
                return Ok(ask_now);
            }
            (Revocation::Off, Keys::Followed { .. }) => {}
            (Revocation::Feed, _) => self
                .verifier
                .revocations()
                .follow(config.revocation_max_age.into()),
        }
        let (revocation, hints) = (config.revocation, ask_now.clone());
        tasks.supervise("token.watch", move |stop| {
            let watch = Watch {
                verifier: self.verifier.clone(),
                gate: self.gate.clone(),
                auth: auth.clone(),
                keys: keys.clone(),
                revocation,
                hints: hints.clone(),
                cursor: None,
            };
            watch.run(stop)
        });
        Ok(ask_now)
    }
}

/// Where the keys come from.
#[derive(Clone)]
enum Keys {
    Configured,
    Followed {
        /// The name of the set that is in use.
        known: Option<String>,
    },
}

struct Watch {
    verifier: Verifier,
    gate: ReadinessGate,
    auth: AuthClient,
    keys: Keys,
    revocation: Revocation,
    hints: AskNow,
    cursor: Option<RevocationCursor>,
}

impl Watch {
    async fn run(mut self, stop: Stop) -> Result<(), TaskError> {
        let (mut loaded, mut silent) = (false, false);
        loop {
            match self.look().await {
                Ok(()) => {
                    if !loaded {
                        self.gate.open();
                    }
                    if silent {
                        tracing::info!("there is news of keys and revocations again");
                    }
                    (loaded, silent) = (true, false);
                }
                // Once for each silence: it may last, and the metric says how long it does.
                Err(error) if loaded && silent => tracing::debug!(%error, "still no news"),
                Err(error) if loaded => {
                    tracing::warn!(%error, "no news of keys and revocations");
                    silent = true;
                }
                Err(error) => {
                    tracing::warn!(%error, "keys and revocations could not be loaded");
                    self.gate
                        .close("keys and revocations could not be loaded from auth yet");
                }
            }
            let period = match self.revocation {
                _ if !loaded => FIRST_RETRY,
                Revocation::Feed => PERIOD,
                Revocation::Off => KEYS_PERIOD,
            };
            if !stop.sleep(SHORTEST_PERIOD).await {
                return Ok(());
            }
            let goes_on = tokio::select! {
                goes_on = stop.sleep(period.saturating_sub(SHORTEST_PERIOD)) => goes_on,
                () = self.hints.hinted() => true,
            };
            if !goes_on {
                return Ok(());
            }
        }
    }

    async fn look(&mut self) -> Result<(), WatchError> {
        match self.revocation {
            Revocation::Off => self.load_keys(None).await,
            Revocation::Feed => self.load_news().await,
        }
    }

    /// Reads to the end of the news, and only then marks it as fresh: half a snapshot is none.
    async fn load_news(&mut self) -> Result<(), WatchError> {
        loop {
            let news = self
                .auth
                .revocations(
                    &call(),
                    GetRevocations {
                        after: self.cursor.clone(),
                    },
                )
                .await?;
            let revocations = self.verifier.revocations();
            news.sessions
                .iter()
                .for_each(|session| revocations.revoke_session(*session));
            news.epochs
                .iter()
                .for_each(|(user, epoch)| revocations.raise_epoch(*user, *epoch));
            self.cursor = news.cursor;
            if !news.more {
                self.load_keys(Some(news.key_set)).await?;
                self.verifier.revocations().mark_fresh();
                return Ok(());
            }
        }
    }

    /// Loads the key set, unless it is known to be the one in use.
    async fn load_keys(&mut self, name: Option<String>) -> Result<(), WatchError> {
        match &self.keys {
            Keys::Configured => return Ok(()),
            Keys::Followed { known } if name.is_some() && *known == name => return Ok(()),
            Keys::Followed { .. } => {}
        }
        let keys = KeySet::from_jwks(&self.auth.key_set(&call(), GetKeySet {}).await?)?;
        self.verifier.replace_keys(keys);
        self.keys = Keys::Followed { known: name };
        Ok(())
    }
}

#[derive(Debug, thiserror::Error)]
enum WatchError {
    #[error(transparent)]
    Auth(#[from] AuthError),
    #[error("auth's keys cannot be used: {0}")]
    Keys(#[from] kit_token::KeyError),
}

fn call() -> CallContext {
    CallContext::new(Actor::Service("token-watch".into()), Deadline::after(CALL_LIMIT))
}
