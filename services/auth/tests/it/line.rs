//! The way from another process to auth, which a story can close and listen at.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use auth_api::{
    Auth, AuthClient, AuthError, GetIdentity, GetKeySet, GetRevocations, Identity, RecordAudit,
    RevocationNews,
};
use kit_rpc::CallContext;
use kit_testing::eventually;
use kit_token::Jwks;

/// The way to auth, which lets so many calls through as it is told.
#[derive(Clone)]
pub(crate) struct Line {
    auth: AuthClient,
    left: Arc<AtomicUsize>,
    refused: Arc<AtomicUsize>,
    /// How often there was news.
    answered: Arc<AtomicUsize>,
}

impl Line {
    pub(crate) const OPEN: usize = usize::MAX / 2;

    pub(crate) fn to(auth: AuthClient, calls: usize) -> Self {
        Self {
            auth,
            left: Arc::new(AtomicUsize::new(calls)),
            refused: Arc::default(),
            answered: Arc::default(),
        }
    }

    pub(crate) fn set(&self, calls: usize) {
        self.left.store(calls, Ordering::SeqCst);
    }

    /// How many answers about revocations have come through.
    pub(crate) fn answered(&self) -> usize {
        self.answered.load(Ordering::SeqCst)
    }

    /// Returns once a call was refused from now on: whoever makes one after the other has heard by then what
    /// came of those before.
    pub(crate) async fn has_refused(&self) {
        let before = self.refused.load(Ordering::SeqCst);
        let refused = async || (self.refused.load(Ordering::SeqCst) > before).then_some(());
        eventually("a call is refused", refused).await;
    }

    fn pass(&self) -> Result<(), AuthError> {
        let fewer = |calls: usize| calls.checked_sub(1);
        let passed = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, fewer);
        passed.map(|_| ()).map_err(|_| {
            self.refused.fetch_add(1, Ordering::SeqCst);
            AuthError::Unavailable
        })
    }
}

impl Auth for Line {
    async fn key_set(&self, call: &CallContext, request: GetKeySet) -> Result<Jwks, AuthError> {
        self.pass()?;
        self.auth.key_set(call, request).await
    }

    async fn revocations(
        &self,
        call: &CallContext,
        request: GetRevocations,
    ) -> Result<RevocationNews, AuthError> {
        self.pass()?;
        let news = self.auth.revocations(call, request).await?;
        self.answered.fetch_add(1, Ordering::SeqCst);
        Ok(news)
    }

    async fn get_identity(&self, call: &CallContext, request: GetIdentity) -> Result<Identity, AuthError> {
        self.pass()?;
        self.auth.get_identity(call, request).await
    }

    async fn record_audit(&self, call: &CallContext, request: RecordAudit) -> Result<(), AuthError> {
        self.pass()?;
        self.auth.record_audit(call, request).await
    }
}
