//! Identifiers of one kind of thing each.

use thiserror::Error;

/// Why a text is not an identifier.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("not an identifier of this kind")]
pub struct IdError;

/// Declares an identifier: a UUID behind a typed prefix (`ord_0190…`). The same text form goes through JSON,
/// SQL and paths.
///
/// ```
/// kit_values::typed_id! {
///     /// An order.
///     pub struct OrderId("ord_");
/// }
/// let id = OrderId::from(kit_values::Uuid::max());
/// assert!(id.to_string().starts_with("ord_"));
/// assert_eq!(id.to_string().parse::<OrderId>().ok(), Some(id));
/// ```
#[macro_export]
macro_rules! typed_id {
    ($(#[$meta:meta])* $visibility:vis struct $name:ident($prefix:literal);) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $visibility struct $name($crate::Uuid);

        impl From<$crate::Uuid> for $name {
            fn from(id: $crate::Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for $crate::Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::IdError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let digits = text.strip_prefix($prefix).ok_or($crate::IdError)?;
                let id = $crate::Uuid::try_parse(digits).map_err(|_| $crate::IdError)?;
                // One identifier has one text: upper case, braces and missing hyphens are other texts.
                if id.to_string() == digits { Ok(Self(id)) } else { Err($crate::IdError) }
            }
        }

        $crate::text_form!($name, if $prefix.is_empty() {
            $crate::__private::schemars::json_schema!({ "type": "string", "format": "uuid" })
        } else {
            $crate::__private::schemars::json_schema!({
                "type": "string", "pattern": concat!("^", $prefix, "[0-9a-f-]{36}$")
            })
        });
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Uuid;

    crate::typed_id! {
        /// For the test.
        struct ThingId("thg_");
    }

    #[test]
    fn an_identifier_has_one_text() {
        let id = ThingId::from(Uuid::from_u128(0x0199_f3a0_8b1c_7e34_9d5a_2f6b_c8d0_e1f2));
        let text = id.to_string();
        assert_eq!(text, "thg_0199f3a0-8b1c-7e34-9d5a-2f6bc8d0e1f2");
        assert_eq!(text.parse(), Ok(id));
        assert_eq!(ThingId::from(Uuid::from(id)), id);
        assert_eq!(text.to_uppercase().parse::<ThingId>(), Err(IdError));
        assert_eq!(text.replace('-', "").parse::<ThingId>(), Err(IdError));
        assert_eq!(text.trim_start_matches("thg_").parse::<ThingId>(), Err(IdError));
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(serde_json::from_str::<ThingId>(&json).unwrap(), id);
    }
}
