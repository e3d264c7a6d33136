//! The two macros with which a component declares what it reads.

/// Declares a section of the configuration: a plain struct with a field a key.
///
/// A field is `name: Type = "default"`, the default written as in the environment. Without a default the type
/// must be one that may be absent: [`Option`], [`Vec`], [`Tables`](crate::Tables) or [`Map`](crate::Map). The
/// doc comment is the reference page's text. `#[key("a.b")]` gives the key another name than the field's,
/// `#[key("*")]` makes a [`Map`](crate::Map) of the section's own free names. `validate(function)` after the
/// struct names a `fn(&Section, &mut Check<'_>)` for rules between keys.
///
/// ```
/// use kit_config::{Check, Span};
///
/// kit_config::config! {
///     /// Sign-up, sign-in and tokens.
///     pub struct AuthConfig("auth") {
///         /// How long an access token lives.
///         token_expiry: Span = "24h",
///         /// The work factor of new password hashes.
///         #[key("password.bcrypt_cost")]
///         bcrypt_cost: u32 = "12",
///     }
///     validate(check_auth)
/// }
///
/// fn check_auth(config: &AuthConfig, check: &mut Check<'_>) {
///     if !(4..=31).contains(&config.bcrypt_cost) {
///         check.refuse("password.bcrypt_cost", "must be from 4 to 31");
///     }
/// }
///
/// assert_eq!(AuthConfig::defaults().bcrypt_cost, 12);
/// let quick: AuthConfig = kit_config::test_values(&[("auth.password.bcrypt_cost", "4")]);
/// assert_eq!(quick.bcrypt_cost, 4);
/// ```
///
/// A key that must be set does not exist; where one is needed only sometimes, `validate` says when:
///
/// ```compile_fail,E0277
/// kit_config::config! {
///     /// Mail.
///     pub struct MailConfig("mail") {
///         /// The server.
///         host: String,
///     }
/// }
/// ```
#[macro_export]
macro_rules! config {
    (
        $(#[doc = $section_doc:literal])*
        $vis:vis struct $name:ident($section:literal) {
            $(
                $(#[doc = $doc:literal])*
                $(#[key($key:literal)])?
                $field:ident : $type:ty $(= $default:literal)?
            ),* $(,)?
        }
        $(validate($validate:path))?
    ) => {
        $(#[doc = $section_doc])*
        #[derive(Debug, Clone)]
        $vis struct $name {
            $(
                $(#[doc = $doc])*
                $vis $field: $type,
            )*
        }

        impl $crate::Section for $name {
            const NAME: &'static str = $section;
            const DOC: &'static str = concat!($($section_doc, "\n"),*);

            fn keys() -> ::std::vec::Vec<$crate::KeySpec> {
                ::std::vec![$(
                    $crate::KeySpec::new::<$type>(
                        $section,
                        $crate::config!(@key $field $($key)?),
                        $crate::config!(@default $($default)?),
                        concat!($($doc, "\n"),*),
                    )
                ),*]
            }

            fn read(reader: &mut $crate::Reader<'_>) -> ::std::option::Option<Self> {
                $(
                    let $field: ::std::option::Option<$type> =
                        $crate::config!(@read reader, $crate::config!(@key $field $($key)?), $($default)?);
                )*
                let section = Self { $($field: $field?),* };
                $($validate(&section, &mut reader.check());)?
                ::std::option::Option::Some(section)
            }
        }

        impl $name {
            /// The section as it is when nothing is set.
            ///
            /// # Panics
            /// If a declared default is no value of its type or fails the section's own rules.
            #[must_use]
            $vis fn defaults() -> Self {
                $crate::test_values(&[])
            }
        }
    };
    (@key $field:ident) => { stringify!($field) };
    (@key $field:ident $key:literal) => { $key };
    (@default) => { ::std::option::Option::None };
    (@default $default:literal) => { ::std::option::Option::Some($default) };
    (@read $reader:ident, $key:expr,) => { $reader.optional($key) };
    (@read $reader:ident, $key:expr, $default:literal) => { $reader.value($key, $default) };
}

/// Declares an enum whose variants are chosen by name; the case of letters does not matter when it is read.
///
/// ```
/// kit_config::config_choice! {
///     /// How tokens are signed.
///     pub enum Algorithm {
///         /// RSA with SHA-256.
///         Rs256 = "RS256",
///         /// Ed25519.
///         EdDsa = "EdDSA",
///     }
/// }
///
/// assert_eq!(Algorithm::EdDsa.as_str(), "EdDSA");
/// assert_eq!("rs256".parse(), Ok(Algorithm::Rs256));
/// ```
#[macro_export]
macro_rules! config_choice {
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident {
            $($(#[$variant_meta:meta])* $variant:ident = $text:literal),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        $vis enum $name {
            $($(#[$variant_meta])* $variant),+
        }

        impl $name {
            /// The name by which it is chosen.
            #[must_use]
            $vis const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text),+
                }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = ::std::string::String;

            fn from_str(text: &str) -> ::std::result::Result<Self, ::std::string::String> {
                [$(Self::$variant),+]
                    .into_iter()
                    .find(|choice| choice.as_str().eq_ignore_ascii_case(text))
                    .ok_or_else(|| ::std::format!("expected {}", <Self as $crate::Value>::kind().expects))
            }
        }

        impl $crate::Value for $name {
            fn kind() -> $crate::Kind {
                let expects = [$(concat!("`", $text, "`")),+].join(" or ");
                $crate::Kind::new("choice", expects, $crate::__serde_json::json!({"enum": [$($text),+]}))
            }

            fn parse(raw: &$crate::Raw) -> ::std::result::Result<Self, $crate::Mismatch> {
                raw.scalar($crate::Accepts::Text)
                    .and_then(|text| text.parse().ok())
                    .ok_or_else(|| $crate::Mismatch::expected::<Self>(raw))
            }
        }
    };
}
