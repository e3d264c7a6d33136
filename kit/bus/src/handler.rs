//! Handlers: typed where they are written, without types where they are run.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use kit_event::{Event, Topic};
use serde::de::DeserializeOwned;

use crate::bus::BusError;
use crate::envelope::{Delivery, Envelope, Record};
use crate::failure::Failure;
use crate::inbox::Inbox;

/// What a group does with an event: an async function of a [`Delivery`] and an [`Inbox`].
///
/// It first makes what calls to others it needs, then lets [`Inbox::apply`] do the effect. An `Ok` without an
/// effect means that there was nothing to do. It is run again after any failure, so its calls to others must
/// bear repetition.
pub trait Handler<E>: Fn(Delivery<E>, Inbox) -> <Self as Handler<E>>::Fut + Send + Sync + 'static {
    /// What it returns.
    type Fut: Future<Output = Result<(), Failure>> + Send + 'static;
}

impl<E, F, Fut> Handler<E> for F
where
    F: Fn(Delivery<E>, Inbox) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), Failure>> + Send + 'static,
{
    type Fut = Fut;
}

/// What a broadcast does with an event: an async function of a [`Delivery`]. It has no inbox, and a failure is
/// its own to deal with.
pub trait Listener<E>: Fn(Delivery<E>) -> <Self as Listener<E>>::Fut + Send + Sync + 'static {
    /// What it returns.
    type Fut: Future<Output = ()> + Send + 'static;
}

impl<E, F, Fut> Listener<E> for F
where
    F: Fn(Delivery<E>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    type Fut = Fut;
}

/// Handles a record, or says that its payload cannot be read.
pub(crate) type ErasedHandler = dyn Fn(&Record, Envelope, u32, Inbox) -> Result<BoxFuture<'static, Result<(), Failure>>, Failure>
    + Send
    + Sync;

pub(crate) type ErasedListener =
    dyn Fn(&Record, Envelope) -> Result<BoxFuture<'static, ()>, Failure> + Send + Sync;

pub(crate) fn erase_handler<E>(handler: impl Handler<E>) -> Arc<ErasedHandler>
where
    E: Event + DeserializeOwned + Send + 'static,
{
    Arc::new(move |record: &Record, envelope, attempt, inbox| {
        let payload = decode::<E>(record)?;
        let delivery = Delivery {
            envelope,
            payload,
            attempt,
        };
        Ok(handler(delivery, inbox).boxed())
    })
}

pub(crate) fn erase_listener<E>(listener: impl Listener<E>) -> Arc<ErasedListener>
where
    E: Event + DeserializeOwned + Send + 'static,
{
    Arc::new(move |record: &Record, envelope| {
        let payload = decode::<E>(record)?;
        let delivery = Delivery {
            envelope,
            payload,
            attempt: 1,
        };
        Ok(listener(delivery).boxed())
    })
}

fn decode<E: Event + DeserializeOwned>(record: &Record) -> Result<E, Failure> {
    serde_json::from_str(&record.payload)
        .map_err(|error| Failure::never(format_args!("the payload cannot be read: {error}")))
}

/// What a subscription listens to: one handler a topic and type.
pub(crate) struct Routes<H: ?Sized> {
    by_topic: BTreeMap<&'static str, ByType<H>>,
}

/// The handlers of a topic.
struct ByType<H: ?Sized> {
    topic: &'static Topic,
    handlers: BTreeMap<&'static str, Arc<H>>,
}

impl<H: ?Sized> Clone for ByType<H> {
    fn clone(&self) -> Self {
        Self {
            topic: self.topic,
            handlers: self.handlers.clone(),
        }
    }
}

impl<H: ?Sized> Default for Routes<H> {
    fn default() -> Self {
        Self {
            by_topic: BTreeMap::new(),
        }
    }
}

impl<H: ?Sized> Routes<H> {
    pub(crate) fn add<E: Event>(&mut self, handler: Arc<H>) -> Result<(), BusError> {
        let by_type = self.by_topic.entry(E::TOPIC.name).or_insert(ByType {
            topic: E::TOPIC,
            handlers: BTreeMap::new(),
        });
        match by_type.handlers.insert(E::TYPE, handler) {
            None => Ok(()),
            Some(_) => Err(BusError::HandledTwice { kind: E::TYPE }),
        }
    }

    pub(crate) fn find(&self, record: &Record) -> Option<&Arc<H>> {
        let by_type = self.by_topic.get(record.chain.topic.as_str())?;
        by_type.handlers.get(record.kind.as_str())
    }

    pub(crate) fn topics(&self) -> Vec<&'static Topic> {
        self.by_topic.values().map(|by_type| by_type.topic).collect()
    }

    pub(crate) fn types(&self) -> Vec<&'static str> {
        let all = self.by_topic.values();
        all.flat_map(|by_type| by_type.handlers.keys()).copied().collect()
    }

    /// The part about some topics.
    pub(crate) fn only(&self, topics: &[&'static Topic]) -> Self {
        let mut by_topic = self.by_topic.clone();
        by_topic.retain(|_, by_type| topics.contains(&by_type.topic));
        Self { by_topic }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.by_topic.is_empty()
    }
}
