//! What can go wrong with any call, whatever it was for.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A failure that no contract has to name for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Surely not done: the service could not be reached, or would not begin.
    Unavailable,
    /// May have been done: it was under way when the connection broke or the deadline passed.
    Unknown,
    /// A defect: a panic, an answer that cannot be read, a key that the peer does not know. It may have
    /// been done, and sending it again will not help; the log says more.
    Internal,
}

/// The error of a contract: what its callers can act on, and the three [`Fault`]s. Made for an enum with the
/// variants `Unavailable`, `Unknown` and `Internal` by [`contract_error!`](crate::contract_error).
pub trait ContractError: std::error::Error + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The variant for a fault.
    fn from_fault(fault: Fault) -> Self;

    /// The fault, where it is one.
    fn fault(&self) -> Option<Fault>;
}

/// Makes an enum the error of a contract. It has to have the variants `Unavailable`, `Unknown` and
/// `Internal`, and to implement `Error`, `Serialize` and `Deserialize`.
#[macro_export]
macro_rules! contract_error {
    ($error:ty) => {
        impl $crate::ContractError for $error {
            fn from_fault(fault: $crate::Fault) -> Self {
                match fault {
                    $crate::Fault::Unavailable => Self::Unavailable,
                    $crate::Fault::Unknown => Self::Unknown,
                    $crate::Fault::Internal => Self::Internal,
                }
            }

            fn fault(&self) -> ::core::option::Option<$crate::Fault> {
                if ::core::matches!(self, Self::Unavailable) {
                    ::core::option::Option::Some($crate::Fault::Unavailable)
                } else if ::core::matches!(self, Self::Unknown) {
                    ::core::option::Option::Some($crate::Fault::Unknown)
                } else if ::core::matches!(self, Self::Internal) {
                    ::core::option::Option::Some($crate::Fault::Internal)
                } else {
                    ::core::option::Option::None
                }
            }
        }
    };
}
