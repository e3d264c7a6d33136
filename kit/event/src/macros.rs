//! The macros with which contracts and consumers declare events.

/// Declares the topics that a service publishes, and every event on them.
///
/// A topic becomes a constant [`Topic`](crate::Topic), an event a struct with public fields that is an
/// [`Event`](crate::Event). Key, subject and sequence name fields; without a subject, the key is it. Each field has
/// an example after it. Beside them come `TOPICS`, all topics, and `events()`, all events for the `AsyncAPI`
/// document. Used once in a module; the crate depends on `serde` and `schemars`.
///
/// ```
/// kit_event::events! {
///     /// What becomes of orders.
///     topic ORDERS = "orders" (retention: Usual, carrier: Queue, key: "the order's id") {
///         /// `order.created`: somebody ordered something.
///         OrderCreated = "order.created" (key: order_id, sequence: version) {
///             /// The order.
///             order_id: String = "ord_7".to_owned(),
///             /// The order's version.
///             version: i64 = 1,
///         }
///         /// `order.noted`: somebody wrote a note to an order.
///         OrderNoted = "order.noted" (key: order_id, subject: note_id) {
///             /// The order.
///             order_id: String = "ord_7".to_owned(),
///             /// The note.
///             note_id: u64 = 3,
///         }
///     }
/// }
///
/// # fn main() {
/// use kit_event::Event;
///
/// let noted = OrderNoted { order_id: "ord_8".to_owned(), note_id: 4 };
/// assert_eq!((noted.key().as_str(), noted.subject().as_str()), ("ord_8", "4"));
/// assert_eq!(OrderCreated { order_id: noted.order_id, version: 2 }.sequence(), Some(2));
/// assert_eq!(<OrderNoted as Event>::TOPIC, TOPICS[0]);
/// assert_eq!(events().len(), 2);
/// # }
/// ```
#[macro_export]
macro_rules! events {
    ($(
        $(#[$topic_meta:meta])*
        topic $topic:ident = $topic_name:literal
            (retention: $retention:ident, carrier: $carrier:ident, key: $topic_key:literal $(,)?)
        {$(
            $(#[$meta:meta])*
            $name:ident = $type_name:literal
                (key: $key:ident $(, subject: $subject:ident)? $(, sequence: $sequence:ident)? $(,)?)
            {$(
                $(#[$field_meta:meta])*
                $field:ident: $type:ty = $example:expr
            ),* $(,)?}
        )+}
    )+) => {
        $(
            $(#[$topic_meta])*
            pub const $topic: $crate::Topic = $crate::Topic {
                name: $topic_name,
                retention: $crate::Retention::$retention,
                carrier: $crate::CarrierClass::$carrier,
                key: $topic_key,
            };

            $(
                $(#[$meta])*
                #[derive(
                    Clone, Debug, PartialEq, Eq, ::serde::Deserialize, ::serde::Serialize, ::schemars::JsonSchema,
                )]
                pub struct $name {
                    $($(#[$field_meta])* pub $field: $type,)*
                }

                impl $crate::Event for $name {
                    const TOPIC: &'static $crate::Topic = &$topic;
                    const TYPE: &'static str = $type_name;

                    fn key(&self) -> ::std::string::String {
                        ::std::string::ToString::to_string(&self.$key)
                    }

                    $(
                        fn subject(&self) -> ::std::string::String {
                            ::std::string::ToString::to_string(&self.$subject)
                        }
                    )?

                    $(
                        fn sequence(&self) -> ::std::option::Option<i64> {
                            ::std::option::Option::Some(self.$sequence)
                        }
                    )?
                }
            )+
        )+

        /// Every topic that the service publishes.
        pub const TOPICS: &[&$crate::Topic] = &[$(&$topic),+];

        /// Every event that the service publishes, with an example.
        pub fn events() -> ::std::vec::Vec<$crate::EventDoc> {
            ::std::vec![$($($crate::EventDoc::of(&$name { $($field: $example),* })),+),+]
        }
    };
}

/// Declares a consumer's view of somebody else's event: the members that it reads, as the types that it needs.
/// Whatever else the payload has is passed over. Topic and type are the other's. The crate depends on `serde`.
///
/// ```
/// # kit_event::events! {
/// #     /// What becomes of orders.
/// #     topic ORDERS = "orders" (retention: Usual, carrier: Queue, key: "the order's id") {
/// #         /// `order.created`: somebody ordered something.
/// #         OrderCreated = "order.created" (key: order_id) {
/// #             /// The order.
/// #             order_id: String = "ord_7".to_owned(),
/// #         }
/// #     }
/// # }
/// # fn main() {
/// kit_event::partial_event! {
///     /// `order.created`, as far as it is counted.
///     struct CountedOrder of OrderCreated (key: order_id) {
///         order_id: String,
///     }
/// }
///
/// use kit_event::Event;
///
/// assert_eq!(<CountedOrder as Event>::TYPE, "order.created");
/// # }
/// ```
#[macro_export]
macro_rules! partial_event {
    (
        $(#[$meta:meta])*
        $visibility:vis struct $name:ident of $whole:ident (key: $key:ident) {
            $($(#[$field_meta:meta])* $field_visibility:vis $field:ident: $type:ty),* $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, ::serde::Deserialize, ::serde::Serialize)]
        $visibility struct $name {
            $($(#[$field_meta])* $field_visibility $field: $type,)*
        }

        impl $crate::Event for $name {
            const TOPIC: &'static $crate::Topic = <$whole as $crate::Event>::TOPIC;
            const TYPE: &'static str = <$whole as $crate::Event>::TYPE;

            fn key(&self) -> ::std::string::String {
                ::std::string::ToString::to_string(&self.$key)
            }
        }
    };
}
