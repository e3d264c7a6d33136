//! What a user may do, in three steps.

use std::borrow::Cow;
use std::fmt;

use kit_values::words;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

words! {
    /// A role. They are ordered: each includes the ones before it.
    pub enum Role {
        /// Buys; everyone who has registered.
        Customer = "customer",
        /// Works on everyone's orders.
        Staff = "staff",
        /// May do everything.
        Admin = "admin",
    }
}

impl Role {
    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// The roles of one user: a set, in JSON an array without repetitions.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Roles(u8);

impl Roles {
    /// Whether one of the roles is `role` or includes it.
    pub fn includes(self, role: Role) -> bool {
        self.highest().is_some_and(|highest| highest >= role)
    }

    /// The role that includes all the others, if there is one at all.
    pub fn highest(self) -> Option<Role> {
        self.iter().last()
    }

    /// The roles by name, the least first; those they include are not listed unless they were given.
    pub fn iter(self) -> impl Iterator<Item = Role> {
        Role::ALL.into_iter().filter(move |role| self.0 & role.bit() != 0)
    }

    /// Whether the set holds no role.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl From<Role> for Roles {
    fn from(role: Role) -> Self {
        Self(role.bit())
    }
}

impl FromIterator<Role> for Roles {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Self {
        Self(roles.into_iter().fold(0, |bits, role| bits | role.bit()))
    }
}

impl fmt::Debug for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl Serialize for Roles {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Roles {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(RolesVisitor)
    }
}

struct RolesVisitor;

impl<'de> Visitor<'de> for RolesVisitor {
    type Value = Roles;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of roles")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut given: A) -> Result<Roles, A::Error> {
        let mut roles = Roles::default();
        while let Some(role) = given.next_element::<Role>()? {
            if roles.0 & role.bit() != 0 {
                return Err(A::Error::custom(format_args!("doubled role `{role}`")));
            }
            roles.0 |= role.bit();
        }
        Ok(roles)
    }
}

impl JsonSchema for Roles {
    fn schema_name() -> Cow<'static, str> {
        "Roles".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let role = generator.subschema_for::<Role>();
        json_schema!({ "type": "array", "items": role, "uniqueItems": true })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_includes_the_ones_before_it() {
        let staff = Roles::from(Role::Staff);
        assert!(staff.includes(Role::Customer));
        assert!(staff.includes(Role::Staff));
        assert!(!staff.includes(Role::Admin));
        assert!(!Roles::default().includes(Role::Customer));
    }

    #[test]
    fn roles_are_an_array_of_names() {
        let roles = [Role::Admin, Role::Customer].into_iter().collect::<Roles>();
        let json = serde_json::to_string(&roles).unwrap();
        assert_eq!(json, r#"["customer","admin"]"#);
        assert_eq!(serde_json::from_str::<Roles>(&json).unwrap(), roles);
    }

    #[test]
    fn roles_of_another_form_are_refused() {
        for json in [
            r#"["admin","admin"]"#,
            r#"["Admin"]"#,
            r#"["root"]"#,
            r#"[{"admin":null}]"#,
            "[2]",
            r#""admin""#,
            r#"{"admin":true}"#,
            "null",
        ] {
            assert!(serde_json::from_str::<Roles>(json).is_err(), "{json}");
        }
    }
}
