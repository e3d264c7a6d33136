//! Purchases: what subscriptions is asked for is written down before, so that it is asked for the same again.

use http::StatusCode;
use kit_db::Tx;
use kit_http::ApiRefusal as _;
use kit_service::{Call, Failure, JsonAnswer};
use kit_values::Sku;

use super::{PLAN, PURCHASE_LIMIT, Shop, ShopFailure};
use crate::{Goods, Purchase, PurchaseOf, ShopRefusal, store};

impl<G: Goods> Shop<G> {
    /// Begins a subscription to a plan, which is to be paid.
    pub(crate) async fn purchase(
        &self,
        call: &Call,
        sku: Sku,
        request: G::PurchasePlan,
    ) -> Result<JsonAnswer<G::PurchaseView>, ShopFailure<G>> {
        if let Some(why) = &self.deps.closed {
            return Err(Failure::Unavailable {
                service: G::Refusal::SERVICE,
                cause: why.as_str().into(),
            });
        }
        let (shop, buying) = (self.clone(), call.clone());
        // Whoever has begun to buy is told of it by the same key, also where the client went away.
        let work = self.detached("shop.purchase", async move {
            let purchase = shop.begin_purchase(&buying, sku).await?;
            let begun = shop.subscribe(&buying, &purchase).await?;
            Ok((StatusCode::CREATED, begun))
        });
        self.units.once_with_calls(call, &request, work).await
    }

    /// Writes down what is asked for; what was asked for under the same key, where there is that.
    async fn begin_purchase(&self, call: &Call, sku: Sku) -> Result<PurchaseOf<G>, ShopFailure<G>> {
        let key = call.idempotency_key().map(ToString::to_string);
        let buyer = (call.actor.user_id, key);
        let (id, now) = (self.units.new_id::<G::SubscriptionId>(), self.units.now());
        let unit = async move |tx: &mut Tx| {
            if let (user_id, Some(key)) = &buyer
                && let Some(same) = store::find_purchase_of_key::<G>(tx, *user_id, key).await?
            {
                return if same.sku == sku {
                    Ok(same)
                } else {
                    Err(Failure::KeyReused)
                };
            }
            let plan = store::find_plan_for_update::<G>(tx, &sku).await?;
            let plan = plan.ok_or(Failure::NotFound(PLAN))?;
            if plan.is_retired {
                return Err(Failure::Refused(G::refuse(ShopRefusal::PlanRetired)));
            }
            let purchase = Purchase::of(plan, id, buyer.clone(), now);
            if store::insert_purchase::<G>(tx, &purchase).await? {
                Ok(purchase)
            } else {
                Err(Failure::StillRunning)
            }
        };
        self.units.unit(call, unit).await
    }

    /// Asks subscriptions for it.
    async fn subscribe(
        &self,
        call: &Call,
        purchase: &PurchaseOf<G>,
    ) -> Result<G::PurchaseView, ShopFailure<G>> {
        let asking = (**call).clone().for_service(G::SERVICE).within(PURCHASE_LIMIT);
        let asked = G::subscribe(&self.deps.subscriptions, asking, purchase, &call.actor.username).await;
        match asked {
            Ok(begun) => Ok(begun),
            Err(not_begun) => {
                if not_begun.is_surely_nothing {
                    let id = purchase.subscription_id.to_string();
                    let unit = async move |tx: &mut Tx| store::delete_purchase(tx, &id).await;
                    self.units.write(unit).await?;
                }
                Err(not_begun.failure)
            }
        }
    }
}
