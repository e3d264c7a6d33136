//! Plans.

use std::fmt;
use std::str::FromStr;

use kit_http::{Check, FieldError};
use kit_runtime::Timestamp;
use kit_values::{Currency, Money, Sku, Text};

use crate::{Goods, PlanOf};

/// The name of a plan, 1 to 100 characters.
pub type PlanName = Text<100, 1>;

/// The text about a plan, at most 2000 characters.
pub type PlanDescription = Text<2000>;

/// What comes with a plan, in a few words: 1 to 200 characters.
pub type PlanFeature = Text<200, 1>;

/// How many features a plan has, at most.
pub const MOST_FEATURES: usize = 20;

const LONGEST_PERIOD: u32 = 3660;

/// What is sold.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan<T> {
    /// The SKU without its case.
    pub sku_key: String,
    /// What names it.
    pub sku: Sku,
    /// Its name for people.
    pub name: PlanName,
    /// The text about it.
    pub description: PlanDescription,
    /// What a period costs, in the currency's smallest unit.
    pub price_minor: i64,
    /// The currency of that.
    pub currency: Currency,
    /// How many days a period has.
    pub duration_days: i64,
    /// What it promises.
    pub terms: T,
    /// What comes with it.
    pub features: PlanFeatures,
    /// Whether nobody may begin with it any more.
    pub is_retired: bool,
    /// How often it was changed, and one.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

/// What comes with a plan; its text is a JSON array.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlanFeatures(pub Vec<String>);

impl fmt::Display for PlanFeatures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", serde_json::Value::from(self.0.clone()))
    }
}

impl FromStr for PlanFeatures {
    type Err = serde_json::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        serde_json::from_str(text).map(Self)
    }
}

impl<T> Plan<T> {
    /// What a period costs.
    pub fn price(&self) -> Money {
        Money {
            amount_minor: self.price_minor,
            currency: self.currency,
        }
    }

    /// How many days a period has, as it was checked where it came in, and by the table.
    pub fn days(&self) -> u32 {
        u32::try_from(self.duration_days).unwrap_or_default()
    }

    /// Nobody may begin with it from now on. What is retired stays as it is.
    pub(crate) fn retire(self, at: Timestamp) -> Self {
        if self.is_retired {
            return self;
        }
        Self {
            is_retired: true,
            version: self.version + 1,
            updated_at: at,
            ..self
        }
    }
}

/// What is said of a plan that is to be made; nothing of it is checked.
#[derive(Clone, Debug)]
pub struct SpokenPlan<C> {
    /// What is to name it.
    pub sku: String,
    /// Its name for people.
    pub name: String,
    /// The text about it.
    pub description: String,
    /// What a period costs.
    pub price: Money,
    /// How many days a period has.
    pub duration_days: u32,
    /// What it promises.
    pub terms: C,
    /// What comes with it.
    pub features: Vec<String>,
}

/// What is said of a plan that is to be changed; nothing of it is checked, and `None` leaves the member as it is.
#[derive(Clone, Debug)]
pub struct PlanEdit<C> {
    /// Its name for people.
    pub name: Option<String>,
    /// The text about it.
    pub description: Option<String>,
    /// What a period costs.
    pub price: Option<Money>,
    /// How many days a period has.
    pub duration_days: Option<u32>,
    /// What it promises.
    pub terms: C,
    /// What comes with it.
    pub features: Option<Vec<String>>,
}

/// A plan that may be made.
#[derive(Clone, Debug)]
pub(crate) struct PlanDraft<T> {
    pub sku: Sku,
    name: PlanName,
    description: PlanDescription,
    price: Money,
    duration_days: i64,
    terms: T,
    features: PlanFeatures,
}

impl<T: Clone> PlanDraft<T> {
    /// Checks every member and names all that are wrong.
    pub(crate) fn check<G: Goods<Terms = T>>(
        said: SpokenPlan<G::TermsChange>,
    ) -> Result<Self, Vec<FieldError>> {
        let mut check = Check::new();
        let sku = check.field("/sku", said.sku.parse::<Sku>());
        let name = check.field("/name", name(said.name));
        let description = check.field("/description", PlanDescription::parse(said.description));
        let price = check.field("/price/amount_minor", price(said.price));
        let duration_days = check.field("/duration_days", duration(said.duration_days));
        G::check(&mut check, &said.terms);
        let features = features(&mut check, said.features);
        let terms = G::apply(said.terms, None);
        check.finish(|| {
            Some(Self {
                sku: sku?,
                name: name?,
                description: description?,
                price: price?,
                duration_days: duration_days?,
                terms: terms?,
                features,
            })
        })
    }

    pub(crate) fn record(&self, at: Timestamp) -> Plan<T> {
        Plan {
            sku_key: self.sku.key(),
            sku: self.sku.clone(),
            name: self.name.clone(),
            description: self.description.clone(),
            price_minor: self.price.amount_minor,
            currency: self.price.currency,
            duration_days: self.duration_days,
            terms: self.terms.clone(),
            features: self.features.clone(),
            is_retired: false,
            version: 1,
            created_at: at,
            updated_at: at,
        }
    }
}

/// A change of a plan that may be made: `None` leaves the member as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlanChange<C> {
    name: Option<PlanName>,
    description: Option<PlanDescription>,
    price: Option<Money>,
    duration_days: Option<i64>,
    terms: C,
    features: Option<PlanFeatures>,
}

impl<C: Default + PartialEq> PlanChange<C> {
    /// Checks every member and names all that are wrong.
    pub(crate) fn check<G: Goods<TermsChange = C>>(said: PlanEdit<C>) -> Result<Self, Vec<FieldError>> {
        let mut check = Check::new();
        let name = check.field("/name", said.name.map(name).transpose());
        let description = said.description.map(PlanDescription::parse).transpose();
        let description = check.field("/description", description);
        let price = check.field("/price/amount_minor", said.price.map(price).transpose());
        let duration_days = said.duration_days.map(duration).transpose();
        let duration_days = check.field("/duration_days", duration_days);
        G::check(&mut check, &said.terms);
        let features = said.features.map(|given| features(&mut check, given));
        check.finish(|| {
            Some(Self {
                name: name?,
                description: description?,
                price: price?,
                duration_days: duration_days?,
                terms: said.terms,
                features,
            })
        })
    }

    /// The plan after it, in its next version; as it is where nothing is to be changed.
    pub(crate) fn apply<G: Goods<TermsChange = C>>(self, plan: PlanOf<G>, at: Timestamp) -> PlanOf<G> {
        if self == Self::default() {
            return plan;
        }
        let price = self.price.unwrap_or(plan.price());
        Plan {
            name: self.name.unwrap_or(plan.name),
            description: self.description.unwrap_or(plan.description),
            price_minor: price.amount_minor,
            currency: price.currency,
            duration_days: self.duration_days.unwrap_or(plan.duration_days),
            terms: G::apply(self.terms, Some(&plan.terms)).unwrap_or(plan.terms),
            features: self.features.unwrap_or(plan.features),
            version: plan.version + 1,
            updated_at: at,
            ..plan
        }
    }
}

fn name(name: String) -> Result<PlanName, String> {
    let name = PlanName::parse(name).map_err(|error| error.to_string())?;
    if name.as_str().trim().is_empty() {
        return Err("must not be blank".to_owned());
    }
    Ok(name)
}

fn price(price: Money) -> Result<Money, &'static str> {
    if price.amount_minor > 0 {
        Ok(price)
    } else {
        Err("must be more than 0")
    }
}

fn duration(days: u32) -> Result<i64, &'static str> {
    if (1..=LONGEST_PERIOD).contains(&days) {
        Ok(days.into())
    } else {
        Err("must be from 1 to 3660")
    }
}

fn features(check: &mut Check, given: Vec<String>) -> PlanFeatures {
    if given.len() > MOST_FEATURES {
        check.refuse("/features", format!("must be at most {MOST_FEATURES}"));
    }
    let mut kept = Vec::with_capacity(given.len());
    for (number, feature) in given.into_iter().enumerate() {
        let feature = PlanFeature::parse(feature);
        kept.extend(
            check
                .field(format!("/features/{number}"), feature)
                .map(String::from),
        );
    }
    PlanFeatures(kept)
}
