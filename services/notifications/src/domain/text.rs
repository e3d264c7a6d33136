//! What is said, before it is known how.

/// A title and a sentence or two, in plain text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text {
    pub title: String,
    pub body: String,
    /// Where to read or do more, as a path of the web client.
    pub link: Option<String>,
    /// What the link does.
    pub action: String,
}

/// What a mail says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MailText {
    /// One line.
    pub subject: String,
    pub text: String,
    pub html: String,
}
