//! Products as a table says them: a row for each variant, those of a product by its slug.
//!
//! What is wrong is named by the line of the file, of which the first is 1, and the column: `/3/price`.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use catalog_api::{CreateProduct, SetStock, VariantInput};
use csv::{ReaderBuilder, StringRecord, Trim};
use kit_http::{Check, FieldError};
use kit_values::{Currency, Money, Slug};

use super::{OnHand, ProductDraft};

/// How many rows a table may have. All are written in one transaction.
const MOST_ROWS: usize = 1_000;

/// How many errors are named; who has more corrects these first.
pub(crate) const MOST_ERRORS: usize = 100;

const NEEDED: [&str; 5] = ["slug", "name", "sku", "price", "currency"];
const OPTIONAL: [&str; 3] = ["description", "category", "on_hand"];

/// What the name of a column begins with that holds an option, such as `option.size`.
const OPTION: &str = "option.";

/// What a table says of a product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ImportedProduct {
    pub slug: Slug,
    /// The slug of the category it stands in.
    pub category: Option<Slug>,
    /// All but the category.
    pub draft: ProductDraft,
    /// Of each variant of the draft, in their order.
    pub variants: Vec<ImportedVariant>,
}

/// What a table says of a variant beside the draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ImportedVariant {
    /// Where it stands.
    pub line: u64,
    /// How many are on hand; as many as before where it is not said.
    pub on_hand: Option<OnHand>,
}

impl ImportedProduct {
    /// The line that says it first.
    pub(crate) fn line(&self) -> u64 {
        self.variants.first().map_or(0, |variant| variant.line)
    }
}

/// The products of a table, in the order of their first rows, and what of it is wrong.
pub(crate) fn read_products(table: &str) -> Result<Vec<ImportedProduct>, Vec<FieldError>> {
    let mut check = Check::new();
    let groups = read_groups(&mut check, table);
    let mut errors = check.finish(|| Some(())).err().unwrap_or_default();
    let mut products = Vec::new();
    for group in groups {
        match group.product() {
            Ok(product) => products.push(product),
            Err(more) => errors.extend(more),
        }
    }
    errors.extend(repeated_skus(&products));
    if errors.is_empty() {
        return Ok(products);
    }
    errors.truncate(MOST_ERRORS);
    Err(errors)
}

/// A row of the table, by its columns; what is empty is left out.
struct Row<'a> {
    line: u64,
    fields: BTreeMap<&'a str, &'a str>,
}

impl Row<'_> {
    fn text(&self, column: &str) -> String {
        self.fields.get(column).copied().unwrap_or_default().to_owned()
    }

    /// A value of its text, if something stands there.
    fn parse<T: std::str::FromStr<Err: std::fmt::Display>>(
        &self,
        check: &mut Check,
        column: &str,
    ) -> Option<T> {
        let text = self.fields.get(column)?;
        check.field(format!("/{}/{column}", self.line), text.parse())
    }

    fn options(&self) -> BTreeMap<String, String> {
        let options = self.fields.iter().filter_map(|(column, value)| {
            let name = column.strip_prefix(OPTION)?;
            Some((name.to_owned(), (*value).to_owned()))
        });
        options.collect()
    }

    /// The price; what is no price is noted, and stands for nothing, which is refused too.
    fn price(&self, check: &mut Check) -> Option<Money> {
        let currency: Currency = self.parse(check, "currency")?;
        let price = Money::from_decimal(self.fields.get("price")?, currency);
        check.field(format!("/{}/price", self.line), price)
    }

    fn on_hand(&self, check: &mut Check) -> Option<OnHand> {
        let on_hand = self.parse(check, "on_hand")?;
        let refuse = |errors: Vec<FieldError>| {
            for error in errors {
                check.refuse(format!("/{}{}", self.line, error.pointer), error.message);
            }
        };
        OnHand::check(&SetStock { on_hand }).map_err(refuse).ok()
    }
}

/// The rows of a product, as far as they can be read.
struct Group {
    slug: Slug,
    category: Option<Slug>,
    request: CreateProduct,
    variants: Vec<ImportedVariant>,
}

impl Group {
    fn new(check: &mut Check, slug: Slug, row: &Row<'_>) -> Self {
        Self {
            category: row.parse(check, "category"),
            request: CreateProduct {
                name: row.text("name"),
                slug: Some(slug.to_string()),
                description: row.text("description"),
                category_id: None,
                variants: Vec::new(),
            },
            slug,
            variants: Vec::new(),
        }
    }

    /// Adds a row's variant. What belongs to the product is said by its first row; another may say the same.
    fn add(&mut self, check: &mut Check, row: &Row<'_>) {
        let category = self.category.as_ref().map(Slug::as_str).unwrap_or_default();
        let request = &self.request;
        for (column, first) in [
            ("name", request.name.as_str()),
            ("description", request.description.as_str()),
            ("category", category),
        ] {
            if row.fields.get(column).is_some_and(|said| *said != first) {
                let message = format!("must be that of the first row of `{}`, or empty", self.slug);
                check.refuse(format!("/{}/{column}", row.line), message);
            }
        }
        let on_hand = row.on_hand(check);
        if let Some(price) = row.price(check) {
            self.request.variants.push(VariantInput {
                sku: row.text("sku"),
                options: row.options(),
                price,
            });
            self.variants.push(ImportedVariant {
                line: row.line,
                on_hand,
            });
        }
    }

    fn product(self) -> Result<ImportedProduct, Vec<FieldError>> {
        let variants = self.variants;
        if variants.is_empty() {
            // Its rows are refused already.
            return Err(Vec::new());
        }
        let at = |error| pointed(error, &variants);
        let draft = ProductDraft::check(self.request)
            .map_err(|errors| errors.into_iter().map(at).collect::<Vec<_>>())?;
        Ok(ImportedProduct {
            slug: self.slug,
            category: self.category,
            draft,
            variants,
        })
    }
}

/// What is wrong with a product, by line and column and no longer by member.
fn pointed(error: FieldError, variants: &[ImportedVariant]) -> FieldError {
    let mut members = error.pointer.split('/').skip(1);
    let (member, index) = (members.next().unwrap_or_default(), members.next());
    let index = index.and_then(|index| index.parse::<usize>().ok());
    let variant = index.and_then(|index| variants.get(index));
    let line = variant.or(variants.first()).map_or(0, |variant| variant.line);
    let column = match (member, members.last()) {
        ("variants", None) => "sku",
        ("variants", Some("amount_minor")) => "price",
        ("variants", Some(column)) => column,
        (member, _) => member,
    };
    FieldError::new(format!("/{line}/{column}"), error.message)
}

fn read_groups(check: &mut Check, table: &str) -> Vec<Group> {
    let mut reader = ReaderBuilder::new()
        .flexible(true)
        .trim(Trim::All)
        .from_reader(table.as_bytes());
    let columns = match reader.headers() {
        Ok(columns) => columns.clone(),
        Err(error) => {
            check.refuse("", error);
            return Vec::new();
        }
    };
    if !are_columns(check, &columns) {
        return Vec::new();
    }
    let mut groups: Vec<Group> = Vec::new();
    let mut by_slug: HashMap<Slug, usize> = HashMap::new();
    let mut count = 0;
    for record in reader.into_records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                check.refuse("", error);
                break;
            }
        };
        count += 1;
        if count > MOST_ROWS {
            check.refuse("", format!("must have at most {MOST_ROWS} rows"));
            break;
        }
        let Some(row) = row(check, &columns, &record) else {
            continue;
        };
        let Some(slug) = row.parse::<Slug>(check, "slug") else {
            continue;
        };
        let group = *by_slug.entry(slug.clone()).or_insert_with(|| {
            groups.push(Group::new(check, slug, &row));
            groups.len() - 1
        });
        groups[group].add(check, &row);
    }
    if count == 0 {
        check.refuse("", "must have a row");
    }
    groups
}

/// Whether these are the columns of products.
fn are_columns(check: &mut Check, columns: &StringRecord) -> bool {
    let mut known = BTreeSet::new();
    let mut is_good = true;
    let mut refuse = |column: &str, message: &str| {
        check.refuse("/1", format!("`{column}` {message}"));
        is_good = false;
    };
    for column in columns {
        let is_option = column.strip_prefix(OPTION).is_some_and(|name| !name.is_empty());
        if !is_option && !NEEDED.contains(&column) && !OPTIONAL.contains(&column) {
            refuse(column, "is no column of a table of products");
        }
        if !known.insert(column) {
            refuse(column, "must not stand there twice");
        }
    }
    for column in NEEDED {
        if !known.contains(column) {
            refuse(column, "must be among the columns");
        }
    }
    is_good
}

/// A record by its columns, if it has as many fields as there are and what every row needs.
fn row<'a>(check: &mut Check, columns: &'a StringRecord, record: &'a StringRecord) -> Option<Row<'a>> {
    let line = record.position().map_or(0, csv::Position::line);
    if record.len() != columns.len() {
        let message = format!("must have {} fields and not {}", columns.len(), record.len());
        check.refuse(format!("/{line}"), message);
        return None;
    }
    let fields = columns.iter().zip(record).filter(|(_, field)| !field.is_empty());
    let row = Row {
        line,
        fields: fields.collect(),
    };
    let mut is_whole = true;
    for column in NEEDED.iter().filter(|column| **column != "name") {
        if !row.fields.contains_key(column) {
            check.refuse(format!("/{line}/{column}"), "must not be empty");
            is_whole = false;
        }
    }
    is_whole.then_some(row)
}

/// SKUs that more than one product has. Those of one product are checked with it.
fn repeated_skus(products: &[ImportedProduct]) -> Vec<FieldError> {
    let mut lines = HashMap::new();
    let mut errors = Vec::new();
    for product in products {
        for (variant, row) in product.draft.variants.all().iter().zip(&product.variants) {
            if let Some(first) = lines.insert(variant.sku.key(), row.line) {
                let pointer = format!("/{}/sku", row.line);
                errors.push(FieldError::new(
                    pointer,
                    format!("must not be that of line {first}"),
                ));
            }
        }
    }
    errors
}
