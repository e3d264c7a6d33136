//! A thread that puts questions to the brokers, one after the other: the library's answers block.

use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;

use futures::channel::oneshot;
use kit_bus::carrier::BrokerError;
use rdkafka::error::KafkaResult;

use crate::client::{Consumer, LogContext, consuming};
use crate::{KafkaSettings, broker_error};

type Question = Box<dyn FnOnce(&Consumer) + Send>;

/// A client of the brokers on a thread of its own, for the calls of the library that block. It begins with the first
/// question, and ends with this.
pub(crate) struct BlockingClient {
    settings: KafkaSettings,
    questions: Mutex<Option<mpsc::Sender<Question>>>,
}

impl BlockingClient {
    pub(crate) fn new(settings: KafkaSettings) -> Self {
        Self {
            settings,
            questions: Mutex::new(None),
        }
    }

    /// Puts a question and waits for the answer, though not for ever.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        what: &'static str,
        question: impl FnOnce(&Consumer) -> KafkaResult<T> + Send + 'static,
    ) -> Result<T, BrokerError> {
        let (reply, answer) = oneshot::channel();
        self.put(Box::new(move |consumer: &Consumer| {
            if !reply.is_canceled() {
                let _ = reply.send(question(consumer));
            }
        }))?;
        // Each question has its own limit; more of them may be waiting.
        match tokio::time::timeout(self.settings.answer_limit * 2, answer).await {
            Ok(Ok(answer)) => answer.map_err(|error| broker_error(format_args!("{what}: {error}"))),
            Ok(Err(_)) | Err(_) => Err(broker_error(format_args!("{what}: no answer"))),
        }
    }

    fn put(&self, mut question: Question) -> Result<(), BrokerError> {
        let mut questions = self.questions.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = questions.as_ref() {
            match open.send(question) {
                Ok(()) => return Ok(()),
                // The thread has panicked over an earlier question.
                Err(mpsc::SendError(unasked)) => question = unasked,
            }
        }
        let begun = begin(&self.settings)?;
        let _ = begun.send(question);
        *questions = Some(begun);
        Ok(())
    }
}

fn begin(settings: &KafkaSettings) -> Result<mpsc::Sender<Question>, BrokerError> {
    let consumer: Consumer = consuming(settings, &format!("{}.admin", settings.prefix))
        .create_with_context(LogContext)
        .map_err(broker_error)?;
    let (ask, questions) = mpsc::channel::<Question>();
    aside("kafka-admin", move || {
        for question in questions {
            question(&consumer);
        }
    })?;
    Ok(ask)
}

/// Runs something that blocks on a thread of its own.
pub(crate) fn aside(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), BrokerError> {
    let begun = thread::Builder::new().name(name.to_owned()).spawn(work);
    begun
        .map(drop)
        .map_err(|error| broker_error(format_args!("no thread: {error}")))
}
