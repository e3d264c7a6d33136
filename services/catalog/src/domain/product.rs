//! A product, from its draft to the archive.

use catalog_api::{
    CategoryId, CreateProduct, ImageView, ProductDescription, ProductId, ProductName, ProductStatus,
    ProductView, UpdateProduct, VariantView,
};
use kit_http::{Check, FieldError};
use kit_runtime::Timestamp;
use kit_values::{Money, Slug, Text};

use super::{Image, OfferedVariant, SlugChoice, Variants};

/// A product as it is stored, without its variants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Product {
    pub id: ProductId,
    pub slug: Slug,
    pub name: String,
    pub description: String,
    pub category_id: Option<CategoryId>,
    pub status: ProductStatus,
    /// What the cheapest variant costs.
    pub price: Money,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Product {
    /// The product after something has changed that belongs to it.
    pub(crate) fn touch(&self, at: Timestamp) -> Self {
        Self {
            version: self.version + 1,
            updated_at: at,
            ..self.clone()
        }
    }

    /// The product in the archive; none where it is there already.
    pub(crate) fn archive(&self, at: Timestamp) -> Option<Self> {
        (self.status == ProductStatus::Active).then(|| Self {
            status: ProductStatus::Archived,
            version: self.version + 1,
            updated_at: at,
            ..self.clone()
        })
    }
}

/// A product with what can be bought of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProductSnapshot {
    pub product: Product,
    pub variants: Vec<OfferedVariant>,
    /// In the order in which they are shown.
    pub images: Vec<Image>,
}

impl From<ProductSnapshot> for ProductView {
    fn from(snapshot: ProductSnapshot) -> Self {
        let ProductSnapshot {
            product,
            variants,
            images,
        } = snapshot;
        Self {
            id: product.id,
            slug: product.slug,
            name: product.name,
            description: product.description,
            status: product.status,
            category_id: product.category_id,
            images: images.into_iter().map(ImageView::from).collect(),
            variants: variants.into_iter().map(VariantView::from).collect(),
            created_at: product.created_at,
            updated_at: product.updated_at,
        }
    }
}

/// A product that may be made, as far as it alone is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProductDraft {
    pub name: ProductName,
    pub slug: SlugChoice,
    pub description: ProductDescription,
    pub category_id: Option<CategoryId>,
    pub variants: Variants,
}

impl ProductDraft {
    /// Checks every member and names all that are wrong.
    pub(crate) fn check(request: CreateProduct) -> Result<Self, Vec<FieldError>> {
        let mut check = Check::new();
        let slug = SlugChoice::read(&mut check, request.slug, (&request.name, "product"));
        let name = check.field("/name", visible(request.name));
        let description = check.field("/description", Text::parse(request.description));
        let variants = Variants::read(&mut check, request.variants);
        check.finish(|| {
            Some(Self {
                name: name?,
                slug: slug?,
                description: description?,
                category_id: request.category_id,
                variants: variants?,
            })
        })
    }

    pub(crate) fn record(&self, id: ProductId, at: Timestamp) -> Product {
        Product {
            id,
            slug: self.slug.first().clone(),
            name: self.name.to_string(),
            description: self.description.to_string(),
            category_id: self.category_id,
            status: ProductStatus::Active,
            price: self.variants.lowest_price(),
            version: 1,
            created_at: at,
            updated_at: at,
        }
    }
}

/// A change that may be made: `None` leaves the member as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::option_option,
    reason = "left out, null and given are three different requests"
)]
pub(crate) struct ProductChange {
    pub name: Option<ProductName>,
    pub slug: Option<Slug>,
    pub description: Option<ProductDescription>,
    pub status: Option<ProductStatus>,
    pub category_id: Option<Option<CategoryId>>,
    pub variants: Option<Variants>,
}

impl ProductChange {
    /// Checks every member and names all that are wrong.
    pub(crate) fn check(request: UpdateProduct) -> Result<Self, Vec<FieldError>> {
        let mut check = Check::new();
        let name = check.field("/name", request.name.map(visible).transpose());
        let slug = request.slug.map(|slug| slug.parse()).transpose();
        let slug = check.field("/slug", slug);
        let description = check.field("/description", request.description.map(Text::parse).transpose());
        let given = request.variants.is_some();
        let variants = request
            .variants
            .and_then(|inputs| Variants::read(&mut check, inputs));
        check.finish(|| {
            Some(Self {
                name: name?,
                slug: slug?,
                description: description?,
                status: request.status,
                category_id: request.category_id,
                variants: if given { Some(variants?) } else { None },
            })
        })
    }

    /// The product after it, in its next version.
    pub(crate) fn apply(&self, product: Product, at: Timestamp) -> Product {
        Product {
            name: self.name.as_ref().map_or(product.name, ToString::to_string),
            slug: self.slug.clone().unwrap_or(product.slug),
            description: self
                .description
                .as_ref()
                .map_or(product.description, ToString::to_string),
            status: self.status.unwrap_or(product.status),
            category_id: self.category_id.unwrap_or(product.category_id),
            price: self
                .variants
                .as_ref()
                .map_or(product.price, Variants::lowest_price),
            version: product.version + 1,
            updated_at: at,
            ..product
        }
    }

    /// Whether the category must be looked at: it is another one, or the product comes back from the archive, while
    /// which the category may have gone into it.
    pub(crate) fn touches_category(&self) -> bool {
        self.category_id.is_some() || self.status == Some(ProductStatus::Active)
    }
}

/// A name of which something is to be seen.
pub(super) fn visible<const MAX: usize>(name: String) -> Result<Text<MAX, 1>, String> {
    let name = Text::parse(name).map_err(|error| error.to_string())?;
    if name
        .as_str()
        .chars()
        .all(|letter| letter.is_whitespace() || letter.is_control())
    {
        return Err("must not be blank".to_owned());
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use kit_values::Currency;
    use serde_json::json;

    use super::*;

    fn request(name: &str, description: &str, slug: Option<&str>) -> CreateProduct {
        let variants = json!([{ "sku": "a", "price": { "amount_minor": 5, "currency": "USD" } }]);
        CreateProduct {
            name: name.to_owned(),
            slug: slug.map(str::to_owned),
            description: description.to_owned(),
            category_id: None,
            variants: serde_json::from_value(variants).unwrap(),
        }
    }

    fn wrong(request: CreateProduct) -> Vec<String> {
        let errors = ProductDraft::check(request).err().unwrap_or_default();
        errors.into_iter().map(|error| error.pointer).collect()
    }

    #[test]
    fn everything_that_is_wrong_is_named() {
        assert_eq!(wrong(request("Mug", "", None)), [""; 0]);
        let long = "x".repeat(10_001);
        assert_eq!(
            wrong(request("", &long, Some("No"))),
            ["/slug", "/name", "/description"]
        );
        for name in ["", " \t", "\u{3000}", "a\0b", &"x".repeat(201)] {
            assert_eq!(wrong(request(name, "", None)), ["/name"], "{name:?}");
        }
    }

    #[test]
    fn a_change_leaves_what_it_does_not_name() {
        let at = Timestamp::from_micros;
        let draft = ProductDraft::check(request("Mug", "round", None)).unwrap();
        let product = draft.record(kit_values::Uuid::max().into(), at(1));
        let change = UpdateProduct {
            name: Some("Cup".to_owned()),
            ..UpdateProduct::default()
        };
        let changed = ProductChange::check(change)
            .unwrap()
            .apply(product.clone(), at(2));
        let expected = Product {
            name: "Cup".to_owned(),
            version: 2,
            updated_at: at(2),
            ..product
        };
        assert_eq!(changed, expected);
        assert_eq!(
            changed.price,
            Money {
                amount_minor: 5,
                currency: Currency::USD
            }
        );
    }

    #[test]
    fn a_product_is_archived_once() {
        let draft = ProductDraft::check(request("Mug", "", None)).unwrap();
        let product = draft.record(kit_values::Uuid::max().into(), Timestamp::from_micros(1));
        let archived = product.archive(Timestamp::from_micros(2)).unwrap();
        assert_eq!((archived.status, archived.version), (ProductStatus::Archived, 2));
        assert_eq!(archived.archive(Timestamp::from_micros(3)), None);
    }
}
