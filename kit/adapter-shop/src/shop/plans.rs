//! Plans.

use kit_db::{Reader, Tx};
use kit_http::IfMatch;
use kit_http::extract::{Page, PageRequest};
use kit_service::{Call, Failure, JsonAnswer};
use kit_values::Sku;

use super::{PLAN, Shop, ShopFailure};
use crate::plan::PlanDraft;
use crate::{Goods, PlanChange, PlanOf, ShopRefusal, store};

impl<G: Goods> Shop<G> {
    /// Those that can be purchased, by SKU.
    pub(crate) async fn list_plans(
        &self,
        request: &PageRequest,
    ) -> Result<Page<G::PlanView>, ShopFailure<G>> {
        let (after, limit) = request.rows::<String>()?;
        let read =
            async move |reader: &mut Reader| store::list_plans::<G>(reader, after.clone(), limit).await;
        let plans = self.units.read(read).await?;
        Ok(Page::cut(plans, request, |plan: &PlanOf<G>| plan.sku_key.clone()).map(G::show))
    }

    /// A plan, retired or not.
    pub(crate) async fn get_plan(&self, sku: Sku) -> Result<PlanOf<G>, ShopFailure<G>> {
        let read = async move |reader: &mut Reader| store::find_plan::<G>(reader, &sku).await;
        self.units.read(read).await?.ok_or(Failure::NotFound(PLAN))
    }

    pub(crate) async fn create_plan(
        &self,
        call: &Call,
        request: G::CreatePlan,
    ) -> Result<JsonAnswer<G::PlanView>, ShopFailure<G>> {
        let draft = PlanDraft::check::<G>(G::spoken(request.clone()))?;
        let plan = draft.record(self.units.now());
        let unit = async move |tx: &mut Tx| {
            if store::insert_plan::<G>(tx, &plan).await? {
                return Ok(G::show(plan.clone()));
            }
            let refusal = ShopRefusal::SkuTaken(plan.sku.clone());
            Err(Failure::Refused(G::refuse(refusal)))
        };
        self.units.once(call, &request, unit).await
    }

    /// Changes a plan; the plan after it.
    pub(crate) async fn update_plan(
        &self,
        call: &Call,
        sku: Sku,
        request: G::UpdatePlan,
        seen: IfMatch,
    ) -> Result<PlanOf<G>, ShopFailure<G>> {
        let (change, now) = (
            PlanChange::<G::TermsChange>::check::<G>(G::edit(request))?,
            self.units.now(),
        );
        let change = move |plan: PlanOf<G>| change.clone().apply::<G>(plan, now);
        self.change_plan(call, (sku, seen), change).await
    }

    /// Retires a plan; the plan after it.
    pub(crate) async fn retire_plan(
        &self,
        call: &Call,
        sku: Sku,
        seen: IfMatch,
    ) -> Result<PlanOf<G>, ShopFailure<G>> {
        let now = self.units.now();
        self.change_plan(call, (sku, seen), move |plan: PlanOf<G>| plan.retire(now))
            .await
    }

    async fn change_plan(
        &self,
        call: &Call,
        (sku, seen): (Sku, IfMatch),
        change: impl Fn(PlanOf<G>) -> PlanOf<G> + Clone + Send + Sync + 'static,
    ) -> Result<PlanOf<G>, ShopFailure<G>> {
        let unit = async move |tx: &mut Tx| {
            let found = store::find_plan_for_update::<G>(tx, &sku).await?;
            let plan = found.ok_or(Failure::NotFound(PLAN))?;
            if !seen.allows(plan.version) {
                return Err(Failure::VersionMismatch);
            }
            let changed = change(plan.clone());
            if changed != plan {
                store::save_plan::<G>(tx, &changed).await?;
            }
            Ok::<_, ShopFailure<G>>(changed)
        };
        self.units.unit(call, unit).await
    }
}
