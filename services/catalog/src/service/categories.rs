//! Categories.
//!
//! Whoever makes, moves or archives one holds the whole tree: two moves that are fine by themselves can make a cycle
//! together, and a category must not be archived while another comes to stand in it.

use catalog_api::{
    CatalogRefusal, CategoryChanged, CategoryId, CategoryView, CreateCategory, UpdateCategory,
};
use kit_db::{Reader, Tx};
use kit_http::IfMatch;
use kit_http::extract::{Page, PageRequest};
use kit_service::{Call, Failure, JsonAnswer};

use super::{CatalogFailure, CatalogService, not_saved, slug_taken, unknown};
use crate::domain::{Category, CategoryChange, CategoryDraft, CategoryTree};
use crate::reads::{Change, Changed};
use crate::store;

const CATEGORY: &str = "Category";

impl CatalogService {
    /// All categories, by slug.
    pub(crate) async fn list_categories(
        &self,
        request: &PageRequest,
    ) -> Result<Page<CategoryView>, CatalogFailure> {
        let (after, limit) = request.rows()?;
        Ok(self.reads.list_categories(after, request, limit).await?)
    }

    /// The category of an identifier or slug.
    pub(crate) async fn get_category(&self, reference: &str) -> Result<Category, CatalogFailure> {
        let reference = reference.parse().map_err(|_| Failure::NotFound(CATEGORY))?;
        let read = async move |reader: &mut Reader| store::find_category(reader, &reference).await;
        self.units.read(read).await?.ok_or(Failure::NotFound(CATEGORY))
    }

    pub(crate) async fn create_category(
        &self,
        call: &Call,
        request: CreateCategory,
    ) -> Result<JsonAnswer<CategoryView>, CatalogFailure> {
        let draft = CategoryDraft::check(request.clone())?;
        let changed = Changed::default();
        let (catalog, noted) = (self.clone(), changed.clone());
        let unit = async move |tx: &mut Tx| {
            let category = catalog.insert_category(tx, &draft).await?;
            publish(tx, &category, &noted);
            Ok(CategoryView::from(category))
        };
        let write = self.units.once(call, &request, unit);
        self.changing(&changed, write).await
    }

    async fn insert_category(&self, tx: &mut Tx, draft: &CategoryDraft) -> Result<Category, CatalogFailure> {
        store::hold_tree(tx).await?;
        if let Some(parent_id) = draft.parent_id {
            let parent = store::find_category_for_share(tx, parent_id).await?;
            parent.ok_or_else(|| unknown("/parent_id", "category"))?;
        }
        let mut category = draft.record(self.units.new_id(), self.units.now());
        if store::insert_category(tx, &category).await? {
            return Ok(category);
        }
        if let Some(slug) = draft.slug.second(category.id) {
            category.slug = slug;
            if store::insert_category(tx, &category).await? {
                return Ok(category);
            }
        }
        Err(slug_taken(&category.slug))
    }

    /// Changes a category; the category after it.
    pub(crate) async fn update_category(
        &self,
        call: &Call,
        id: CategoryId,
        request: UpdateCategory,
        seen: IfMatch,
    ) -> Result<Category, CatalogFailure> {
        let (change, now) = (CategoryChange::check(request)?, self.units.now());
        let changed = Changed::default();
        let noted = changed.clone();
        let unit = async move |tx: &mut Tx| {
            store::hold_tree(tx).await?;
            let category = held(tx, id, &seen).await?;
            if change == CategoryChange::default() {
                return Ok(category);
            }
            if let Some(Some(parent_id)) = change.parent_id {
                may_stand_in(tx, id, parent_id).await?;
            }
            let category = change.apply(category, now);
            let saved = store::update_category(tx, &category).await;
            saved.map_err(|error| not_saved(error, &category.slug))?;
            publish(tx, &category, &noted);
            Ok(category)
        };
        self.changing(&changed, self.units.unit(call, unit)).await
    }

    /// Archives a category in which nothing stands; the category as it was.
    pub(crate) async fn archive_category(
        &self,
        call: &Call,
        id: CategoryId,
        seen: IfMatch,
    ) -> Result<Category, CatalogFailure> {
        let now = self.units.now();
        let changed = Changed::default();
        let noted = changed.clone();
        let unit = async move |tx: &mut Tx| {
            store::hold_tree(tx).await?;
            // Held, so that no product comes to stand in it: those ask for the row too.
            let category = held(tx, id, &seen).await?;
            if store::is_category_used(tx, id).await? {
                return Err(Failure::Refused(CatalogRefusal::CategoryInUse));
            }
            store::archive_category(tx, id, now).await?;
            let archived = CategoryChanged {
                is_archived: true,
                version: category.version + 1,
                timestamp: now,
                ..category.event()
            };
            tx.publish(archived);
            noted.note(Change::Categories);
            Ok(category)
        };
        self.changing(&changed, self.units.unit(call, unit)).await
    }
}

/// Publishes that a category was made or changed.
fn publish(tx: &mut Tx, category: &Category, changed: &Changed) {
    tx.publish(category.event());
    changed.note(Change::Categories);
}

/// The category as it is now, held until the transaction ends, if it is what the client has seen.
async fn held(tx: &mut Tx, id: CategoryId, seen: &IfMatch) -> Result<Category, CatalogFailure> {
    let found = store::find_category_for_update(tx, id).await?;
    let category = found.ok_or(Failure::NotFound(CATEGORY))?;
    if seen.allows(category.version) {
        Ok(category)
    } else {
        Err(Failure::VersionMismatch)
    }
}

/// The caller holds the tree.
async fn may_stand_in(tx: &mut Tx, id: CategoryId, parent_id: CategoryId) -> Result<(), CatalogFailure> {
    let tree = CategoryTree::new(&store::list_categories(tx).await?);
    if !tree.contains(parent_id) {
        return Err(unknown("/parent_id", "category"));
    }
    if tree.is_within(parent_id, id) {
        return Err(Failure::Refused(CatalogRefusal::CategoryCycle));
    }
    Ok(())
}
