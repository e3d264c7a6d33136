//! What an adapter's steps have in common: the row of an instance, which is written before anything else is done.
//! Nothing of one instance happens twice at the same time, and each step may have been cut off, or have succeeded,
//! before.

use kit_adapter::{AdapterError, Instance, Offers, PlanOffer};
use kit_db::{Reader, StoreError, Tx};
use kit_runtime::Timestamp;

use super::Shop;
use crate::names::resource_name;
use crate::provisioned::BindRefusal;
use crate::{Goods, Provisioned, ProvisionedOf, StepError, store};

type Step<T, G> = Result<T, StepError<<G as Goods>::Refusal>>;

const NO_KEYS: &str = "the instance has no keys";

impl<G: Goods> Shop<G> {
    /// The plans, as they are offered.
    pub async fn offers(&self) -> Result<Offers, AdapterError> {
        let read = async move |reader: &mut Reader| {
            Ok((
                store::list_all_plans::<G>(reader).await?,
                store::list_owed_plans(reader).await?,
            ))
        };
        let read = self.units.read(read).await;
        let (plans, owed) = read.map_err(StepError::<G::Refusal>::from)?;
        let plans = plans.into_iter().map(|plan| PlanOffer {
            id: plan.sku.as_str().to_owned(),
            name: plan.sku.as_str().to_owned(),
            description: plan.name.into(),
            // What was sold is made, also where the plan was retired meanwhile.
            retired: plan.is_retired && !owed.contains(&plan.sku_key),
        });
        Ok(Offers {
            service_id: G::SERVICE_ID.to_owned(),
            name: G::ADAPTER.to_owned(),
            description: G::DESCRIPTION.to_owned(),
            plans: plans.collect(),
        })
    }

    /// The row of an instance, made where there is none, or none that lives.
    pub async fn begin_service(&self, instance: &Instance) -> Step<ProvisionedOf<G>, G> {
        let (asked, now) = (instance.clone(), self.units.now());
        let resource = resource_name(&self.deps.prefix, &asked.id);
        let unit = async move |tx: &mut Tx| {
            let found = store::find_service_for_update::<G>(tx, &asked.id).await?;
            let user_id = asked.context.user_id.clone();
            if let Some(service) = &found
                && service.state.is_kept()
            {
                let is_same = service.user_id == user_id && service.sku == asked.parameters.sku;
                return if is_same {
                    Ok(service.clone())
                } else {
                    Err(StepError::Rejected(
                        "the instance is another's, or of another plan",
                    ))
                };
            }
            let terms = (asked.parameters.sku.clone(), terms_of::<G>(tx, &asked).await?);
            // What was there before has its name for ever.
            let resource = found.as_ref().map_or(&resource, |over| &over.resource).clone();
            let service = Provisioned::begin(asked.id.clone(), user_id.clone(), (terms, resource), now);
            match found {
                None => store::insert_service::<G>(tx, &service).await?,
                Some(over) if over.user_id == user_id => store::save_service::<G>(tx, &service).await?,
                Some(_) => return Err(StepError::Rejected("the instance is another's")),
            }
            Ok(service)
        };
        self.units.write(unit).await
    }

    /// An instance's keys for a binding, written down before they are in place: those that it has, or these.
    pub async fn bind_keys(
        &self,
        instance: &Instance,
        binding_id: &str,
        new: G::Keys,
    ) -> Step<(ProvisionedOf<G>, G::Keys), G> {
        let binding_id = binding_id.to_owned();
        let bind = move |service: ProvisionedOf<G>, now| {
            let bound = service.bind(&binding_id, new.clone(), now);
            bound.map_err(|refusal| {
                StepError::Rejected(match refusal {
                    BindRefusal::Bound => "the instance has credentials of another binding",
                    BindRefusal::NotUsable => "the instance is suspended or gone",
                })
            })
        };
        let bound = self.try_change(&instance.id, bind).await?;
        let keys = bound.keys.clone().ok_or(StepError::Rejected(NO_KEYS))?;
        Ok((bound, keys))
    }

    /// Changes the row of an instance that can be suspended and resumed, as it says; the service after it, and its keys.
    pub async fn switch(
        &self,
        instance: &Instance,
        change: impl Fn(ProvisionedOf<G>, Timestamp) -> Option<ProvisionedOf<G>> + Clone + Send + Sync + 'static,
    ) -> Step<(ProvisionedOf<G>, G::Keys), G> {
        let switch = move |service, now| {
            let switched: Option<ProvisionedOf<G>> = change(service, now);
            let switched = switched.ok_or(StepError::Rejected("the instance cannot be used"))?;
            match switched.keys {
                Some(_) => Ok(switched),
                None => Err(StepError::Rejected(NO_KEYS)),
            }
        };
        let switched = self.try_change(&instance.id, switch).await?;
        let keys = switched.keys.clone().ok_or(StepError::Rejected(NO_KEYS))?;
        Ok((switched, keys))
    }

    /// Changes the row of an instance, which is there; the service after it.
    pub async fn change(
        &self,
        instance_id: &str,
        change: impl Fn(ProvisionedOf<G>, Timestamp) -> ProvisionedOf<G> + Clone + Send + Sync + 'static,
    ) -> Step<ProvisionedOf<G>, G> {
        self.try_change(instance_id, move |service, now| Ok(change(service, now)))
            .await
    }

    /// As [`Self::change`], unless the service refuses.
    async fn try_change(
        &self,
        instance_id: &str,
        change: impl Fn(ProvisionedOf<G>, Timestamp) -> Step<ProvisionedOf<G>, G> + Clone + Send + Sync + 'static,
    ) -> Step<ProvisionedOf<G>, G> {
        let (id, now) = (instance_id.to_owned(), self.units.now());
        let unit = async move |tx: &mut Tx| {
            let found = store::find_service_for_update::<G>(tx, &id).await?;
            let service = found.ok_or(StepError::Rejected("there is no such instance"))?;
            let changed = change(service, now)?;
            store::save_service::<G>(tx, &changed).await?;
            Ok(changed)
        };
        self.units.write(unit).await
    }

    /// At most `limit` services that have keys, by their instances, after the one of this identifier.
    pub async fn list_bound_services(
        &self,
        after: &str,
        limit: u32,
    ) -> Result<Vec<ProvisionedOf<G>>, StoreError> {
        let after = after.to_owned();
        let read =
            async move |reader: &mut Reader| store::list_bound_services::<G>(reader, &after, limit).await;
        self.units.read(read).await
    }

    /// The row of an instance.
    pub async fn find_instance(&self, instance: &Instance) -> Step<Option<ProvisionedOf<G>>, G> {
        let id = instance.id.clone();
        let read = async move |reader: &mut Reader| store::find_service::<G>(reader, &id).await;
        Ok(self.units.read(read).await?)
    }
}

/// The terms as they were sold. What was not sold here, but by another platform, has those of the plan as it is.
async fn terms_of<G: Goods>(tx: &mut Tx, instance: &Instance) -> Step<G::Terms, G> {
    if let Some(purchase) = store::find_purchase::<G>(tx, &instance.id).await? {
        let is_same = purchase.user_id.to_string() == instance.context.user_id
            && purchase.sku == instance.parameters.sku;
        return if is_same {
            Ok(purchase.terms)
        } else {
            Err(StepError::Rejected("something else was sold"))
        };
    }
    match store::find_plan::<G>(tx, &instance.parameters.sku).await? {
        Some(plan) if !plan.is_retired => Ok(plan.terms),
        Some(_) => Err(StepError::Rejected("the plan is not sold any more")),
        None => Err(StepError::Rejected("there is no such plan")),
    }
}
