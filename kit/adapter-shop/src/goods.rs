//! What differs from one shop to another.

use std::fmt;
use std::str::FromStr;

use kit_db::{Row, StoreError};
use kit_http::{ApiRefusal, Check};
use kit_rpc::CallContext;
use kit_runtime::Timestamp;
use kit_values::{Sku, Uuid};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{NotBegun, Plan, PlanEdit, Provisioned, Purchase, ServiceState, SpokenPlan};

/// A plan of a shop.
pub type PlanOf<G> = Plan<<G as Goods>::Terms>;

/// A purchase of a shop.
pub type PurchaseOf<G> = Purchase<<G as Goods>::Terms, <G as Goods>::SubscriptionId>;

/// A service of a shop.
pub type ProvisionedOf<G> = Provisioned<<G as Goods>::Terms, <G as Goods>::Keys>;

/// What a column of the service's own holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ColumnValue {
    /// A number.
    Integer(i64),
    /// A text, or NULL.
    Text(Option<String>),
}

/// What a shop refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShopRefusal {
    /// Another plan has the SKU, perhaps a retired one.
    SkuTaken(Sku),
    /// Nobody may begin with the plan any more.
    PlanRetired,
    /// The service cannot be used now.
    ServiceNotActive(ServiceState),
}

/// What a service sells.
pub trait Goods: Copy + fmt::Debug + Send + Sync + 'static {
    /// The service's name, as others are told who calls.
    const SERVICE: &'static str;
    /// The name of the adapter at subscriptions, and of what it offers.
    const ADAPTER: &'static str;
    /// The identifier of what is offered; the same for ever, since platforms keep it.
    const SERVICE_ID: &'static str;
    /// What is offered, in a sentence.
    const DESCRIPTION: &'static str;

    /// What a plan promises beside its price and its time.
    type Terms: Clone + fmt::Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync;
    /// Terms of which any may be left out.
    type TermsChange: Clone + fmt::Debug + Default + PartialEq + Send + Sync + 'static;
    /// The names of the keys to a service. No secret is in it.
    type Keys: Clone + fmt::Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync;
    /// What the service refuses.
    type Refusal: ApiRefusal;
    /// What subscriptions is called by.
    type Subscriptions: Clone + Send + Sync;
    /// What names a subscription, and its instance.
    type SubscriptionId: Copy
        + fmt::Debug
        + fmt::Display
        + FromStr<Err: fmt::Display>
        + From<Uuid>
        + Send
        + Sync;
    /// The body that makes a plan.
    type CreatePlan: Clone + Serialize + DeserializeOwned + Send + Sync;
    /// The body that changes a plan.
    type UpdatePlan: DeserializeOwned + Send;
    /// A plan as it is shown.
    type PlanView: Serialize + Send;
    /// The body of a purchase.
    type PurchasePlan: Default + Serialize + DeserializeOwned + Send + Sync;
    /// A purchase that is to be paid.
    type PurchaseView: Serialize + Send;

    /// The columns of the terms, in `plans`, `purchases` and `services`.
    const TERMS: &'static [&'static str] = &["terms"];
    /// The column of what is provisioned, in `services`.
    const RESOURCE: &'static str = "resource";
    /// The columns of the keys, in `services`.
    const KEYS: &'static [&'static str] = &["access_keys"];

    /// Reads the columns of the terms.
    fn read_terms(row: &Row) -> Result<Self::Terms, StoreError> {
        row.json("terms")
    }

    /// What the columns of the terms hold.
    fn write_terms(terms: &Self::Terms) -> Vec<ColumnValue> {
        vec![ColumnValue::Text(Some(json(terms)))]
    }

    /// Reads the columns of the keys.
    fn read_keys(row: &Row) -> Result<Option<Self::Keys>, StoreError> {
        let written: Option<String> = row.get("access_keys")?;
        written.map(|_| row.json("access_keys")).transpose()
    }

    /// What the columns of the keys hold.
    fn write_keys(keys: Option<&Self::Keys>) -> Vec<ColumnValue> {
        vec![ColumnValue::Text(keys.map(json))]
    }

    /// The service's own word for what is refused.
    fn refuse(refusal: ShopRefusal) -> Self::Refusal;

    /// What is said of a plan that is to be made.
    fn spoken(request: Self::CreatePlan) -> SpokenPlan<Self::TermsChange>;

    /// What is said of a plan that is to be changed.
    fn edit(request: Self::UpdatePlan) -> PlanEdit<Self::TermsChange>;

    /// Names each term that is wrong.
    fn check(check: &mut Check, given: &Self::TermsChange);

    /// The terms, where all of them were checked and none is left out; else those of `before`.
    fn apply(change: Self::TermsChange, before: Option<&Self::Terms>) -> Option<Self::Terms>;

    /// A plan as it is shown.
    fn show(plan: PlanOf<Self>) -> Self::PlanView;

    /// Asks subscriptions to begin what was purchased; asked again it is the same.
    fn subscribe(
        subscriptions: &Self::Subscriptions,
        call: CallContext,
        purchase: &PurchaseOf<Self>,
        username: &str,
    ) -> impl Future<Output = Result<Self::PurchaseView, NotBegun<Self::Refusal>>> + Send;

    /// Until when a subscription is paid, if it is; else why that is not known now.
    fn paid_until(
        subscriptions: &Self::Subscriptions,
        call: CallContext,
        id: Self::SubscriptionId,
    ) -> impl Future<Output = Result<Option<Timestamp>, String>> + Send;
}

/// Plain structs of numbers and texts, which are always JSON.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
