//! Who places an order, and who looks at one.

use std::sync::Arc;

use cart_api::{CartOwner, CartToken};
use kit_http::FieldError;
use kit_http::server::ClientNetwork;
use kit_token::{GuestToken, Principal, Role, UserId};
use kit_values::EmailAddress;
use orders_api::OrderId;

use super::{Order, OrderDetails};

/// By what somebody who places an order is known.
#[derive(Clone, Debug)]
pub(crate) enum Credentials {
    User(UserId),
    Guest(CartToken),
}

/// Who places an order.
#[derive(Clone, Debug)]
pub(crate) enum Buyer {
    User(UserId),
    Guest(Guest),
}

/// A guest who places an order.
#[derive(Clone, Debug)]
pub(crate) struct Guest {
    pub cart: CartToken,
    /// Where the guest is told what becomes of the order.
    pub email: EmailAddress,
    /// The network that the request came from, where it is known.
    pub network: Option<ClientNetwork>,
    /// What the guest's token is made of beside the cart's.
    pub salt: String,
}

/// How many orders of guests may wait to be paid at a time: each holds stock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GuestLimits {
    /// Those of one cart, and those to one address.
    pub own: u32,
    /// Those from one network.
    pub network: u32,
}

impl Buyer {
    /// A guest has to say an address, and a user has one.
    pub(crate) fn check(
        credentials: Credentials,
        email: Option<EmailAddress>,
        (network, random): (Option<ClientNetwork>, [u8; 32]),
    ) -> Result<Self, Vec<FieldError>> {
        let refuse = |message: &'static str| Err(vec![FieldError::new("/email", message)]);
        match (credentials, email) {
            (Credentials::User(user_id), None) => Ok(Self::User(user_id)),
            (Credentials::User(_), Some(_)) => refuse("must not be given: it is that of the account"),
            (Credentials::Guest(_), None) => refuse("is needed of a guest"),
            (Credentials::Guest(cart), Some(email)) => Ok(Self::Guest(Guest {
                cart,
                email,
                network,
                salt: salt(random),
            })),
        }
    }

    /// The user; none of a guest.
    pub(crate) fn user_id(&self) -> Option<UserId> {
        match self {
            Self::User(user_id) => Some(*user_id),
            Self::Guest(_) => None,
        }
    }

    /// As histories name them. A guest has no name that does not open anything.
    pub(crate) fn actor(&self) -> String {
        self.user_id()
            .map_or_else(|| "guest".to_owned(), |user_id| user_id.to_string())
    }

    /// Whose cart it is.
    pub(crate) fn cart(&self) -> CartOwner {
        match self {
            Self::User(user_id) => CartOwner::User(*user_id),
            Self::Guest(guest) => CartOwner::Guest(guest.cart.hash()),
        }
    }
}

/// 256 random bits as text.
fn salt(random: [u8; 32]) -> String {
    let (first, second) = random.split_at(16);
    let number = |bytes: &[u8]| u128::from_le_bytes(bytes.try_into().unwrap_or_default());
    format!("{:032x}{:032x}", number(first), number(second))
}

impl Guest {
    /// What opens the order.
    pub(crate) fn token(&self) -> GuestToken {
        GuestToken::derive(self.cart.bytes(), self.salt.as_bytes())
    }

    /// For whom the order counts as long as it waits to be paid, and how many may count for each; in the order in which
    /// their rows are held.
    pub(crate) fn subjects(&self, limits: GuestLimits) -> Vec<(String, u32)> {
        let mut subjects = vec![
            (format!("cart:{}", self.cart.hash()), limits.own),
            (format!("email:{}", self.email.key()), limits.own),
        ];
        subjects.extend(
            self.network
                .iter()
                .map(|network| (format!("network:{network}"), limits.network)),
        );
        subjects
    }
}

/// Who looks at an order.
#[derive(Clone, Debug)]
pub(crate) enum Viewer {
    User(Arc<Principal>),
    /// A guest, whose token opens this order.
    Guest(OrderId),
}

impl Viewer {
    /// Whether they may know of an order: its owner, staff, and who has its token.
    pub(crate) fn may_see(&self, order: &Order) -> bool {
        match self {
            Self::User(principal) => order.user_id == Some(principal.user_id) || self.is_staff(),
            Self::Guest(opened) => order.id == *opened,
        }
    }

    pub(crate) fn is_staff(&self) -> bool {
        match self {
            Self::User(principal) => principal.includes(Role::Staff),
            Self::Guest(_) => false,
        }
    }

    /// As histories name them.
    pub(crate) fn actor(&self) -> String {
        match self {
            Self::User(principal) => principal.user_id.to_string(),
            Self::Guest(_) => "guest".to_owned(),
        }
    }

    /// An order as they see it. A guest is not told that the address has an account.
    pub(crate) fn shown(&self, mut details: OrderDetails) -> OrderDetails {
        if let Self::Guest(_) = self {
            details.order.user_id = None;
        }
        details
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::super::order::tests::order;
    use super::*;
    use kit_values::Uuid;

    const LIMITS: GuestLimits = GuestLimits {
        own: 10,
        network: 100,
    };

    fn guest(salt: u8) -> Guest {
        let credentials = Credentials::Guest(CartToken::new([7; 32]));
        let email = Some("Ada@Example.com".parse().unwrap());
        let network = Some(ClientNetwork::of(IpAddr::from([192, 0, 2, 7])));
        match Buyer::check(credentials, email, (network, [salt; 32])) {
            Ok(Buyer::Guest(guest)) => guest,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_guest_says_an_address_and_a_user_none() {
        let (user, email) = (Uuid::nil().into(), Some("a@example.com".parse().unwrap()));
        let refused = |credentials, email| Buyer::check(credentials, email, (None, [0; 32])).is_err();
        assert!(refused(Credentials::User(user), email));
        assert!(!refused(Credentials::User(user), None));
        assert!(refused(Credentials::Guest(CartToken::new([7; 32])), None));
    }

    #[test]
    fn each_order_of_a_guest_has_a_token_of_its_own() {
        assert_eq!(guest(1).token(), guest(1).token());
        assert_ne!(guest(1).token(), guest(2).token());
    }

    #[test]
    fn subjects_are_in_one_order_and_tell_no_secret() {
        let subjects = guest(1).subjects(LIMITS);
        assert!(subjects.is_sorted());
        assert_eq!(subjects[1], ("email:ada@example.com".to_owned(), 10));
        assert_eq!(subjects[2], ("network:192.0.2.7".to_owned(), 100));
        assert!(!subjects[0].0.contains(&guest(1).cart.expose()));
    }

    #[test]
    fn a_guest_sees_one_order_and_not_whose_it_has_become() {
        let adopted = Order {
            user_id: Some(Uuid::from_u128(9).into()),
            ..order(&[("a", 1, 1)])
        };
        let viewer = Viewer::Guest(adopted.id);
        assert!(viewer.may_see(&adopted) && !viewer.is_staff());
        let other = Order {
            id: Uuid::from_u128(1).into(),
            ..adopted.clone()
        };
        assert!(!viewer.may_see(&other));
        let refunds = Vec::new();
        let order = adopted;
        assert_eq!(viewer.shown(OrderDetails { order, refunds }).order.user_id, None);
    }
}
