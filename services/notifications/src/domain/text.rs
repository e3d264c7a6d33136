//! What is said, before it is known how.

/// A title and a sentence or two, in plain text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text {
    pub title: String,
    pub body: String,
    /// Where to read more, as a path of the web client.
    pub link: Option<String>,
}
