//! What operators see of a cache.

use kit_cache::Change;

use crate::fixture::{Away, Fixture, held, never};

#[tokio::test]
async fn look_ups_loads_and_evictions_are_counted_by_cache() {
    let fixture = Fixture::with(|settings| settings.entries = 2);
    fixture.load("a", 1).await;
    fixture.load("a", 1).await;
    fixture.load("a", 1).await;
    let (gate, load) = held();
    let asking = fixture.ask("b", load).await;
    let joined = fixture.ask("b", never()).await;
    gate.end(Err(Away));
    assert!(asking.await.is_err() && joined.await.is_err());
    fixture.put("c", 1);
    fixture.put("d", 1);
    let (gate, load) = held();
    let overtaken = fixture.ask("e", load).await;
    fixture.cache.invalidate(Change::updated("e", 2));
    gate.bring(1);
    overtaken.await.unwrap();

    let text = fixture.metrics.encode();
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
    fixture.cache.clear();
    let text = fixture.metrics.encode();
    assert!(text.contains("stoa_cache_entries{cache=\"shelf\"} 0"), "{text}");
}
