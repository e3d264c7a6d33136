//! What operators see of a cache.

use kit_cache::Change;

use crate::shelf::{Away, Shelf, held, never};

#[tokio::test]
async fn look_ups_loads_and_evictions_are_counted_by_cache() {
    let shelf = Shelf::with(|settings| settings.entries = 2);
    shelf.load("a", 1).await;
    shelf.load("a", 1).await;
    shelf.load("a", 1).await;
    let (gate, load) = held();
    let asking = shelf.ask("b", load).await;
    let joined = shelf.ask("b", never()).await;
    gate.end(Err(Away));
    assert!(asking.await.is_err() && joined.await.is_err());
    shelf.put("c", 1);
    shelf.put("d", 1);
    let (gate, load) = held();
    let overtaken = shelf.ask("e", load).await;
    shelf.cache.invalidate(Change::updated("e", 2));
    gate.bring(1);
    overtaken.await.unwrap();

    let text = shelf.metrics.encode();
    for line in [
        "stoa_cache_lookups_total{cache=\"shelf\",outcome=\"hit\"} 2",
        "stoa_cache_lookups_total{cache=\"shelf\",outcome=\"miss\"} 3",
        "stoa_cache_lookups_total{cache=\"shelf\",outcome=\"joined\"} 1",
        "stoa_cache_loads_total{cache=\"shelf\",outcome=\"kept\"} 1",
        "stoa_cache_loads_total{cache=\"shelf\",outcome=\"failed\"} 1",
        "stoa_cache_loads_total{cache=\"shelf\",outcome=\"not_kept\"} 1",
        "stoa_cache_load_seconds_count{cache=\"shelf\"} 3",
        "stoa_cache_evictions_total{cache=\"shelf\"} 1",
        "stoa_cache_entries{cache=\"shelf\"} 2",
    ] {
        assert!(text.contains(line), "no `{line}` in\n{text}");
    }
    shelf.cache.clear();
    let text = shelf.metrics.encode();
    assert!(text.contains("stoa_cache_entries{cache=\"shelf\"} 0"), "{text}");
}
