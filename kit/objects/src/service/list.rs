//! Listing objects.

use kit_db::Reader;

use super::{Objects, store_failed};
use crate::domain::{Entry, ListQuery, Lister, Object, Refusal};
use crate::store;

/// The most entries of a page, as in S3.
pub(crate) const MOST_ENTRIES: usize = 1000;

/// A page of a listing.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) objects: Vec<Object>,
    pub(crate) common_prefixes: Vec<String>,
    /// After which the next page begins; none where this is the last.
    pub(crate) next: Option<String>,
}

impl Objects {
    /// A page of a bucket's objects, in the order of the bytes of their keys.
    pub(crate) async fn list(&self, bucket: &str, query: ListQuery) -> Result<Page, Refusal> {
        self.bucket(bucket).await?;
        let mut lister: Lister<Object> = Lister::new(ListQuery {
            limit: query.limit.min(MOST_ENTRIES),
            ..query
        });
        while let Some(scan) = lister.scan() {
            let (bucket, wanted) = (bucket.to_owned(), scan.clone());
            let rows = self
                .inner
                .db
                .read(async move |reader: &mut Reader| store::list_objects(reader, &bucket, &wanted).await);
            lister.take(&scan, rows.await.map_err(store_failed)?, |object| &object.key);
        }
        let (entries, next) = lister.finish();
        let mut page = Page {
            objects: Vec::new(),
            common_prefixes: Vec::new(),
            next,
        };
        for entry in entries {
            match entry {
                Entry::Key(object) => page.objects.push(object),
                Entry::CommonPrefix(prefix) => page.common_prefixes.push(prefix),
            }
        }
        Ok(page)
    }
}
