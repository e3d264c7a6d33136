//! What clients do with objects. Each story is a function of the same name in `tests/python/stories.py`.

use std::process::Stdio;
use std::time::Duration;

use kit_testing::{eventually, pass_time};
use tokio::io::{AsyncBufReadExt as _, BufReader};

use crate::fixture::Fixture;

macro_rules! stories {
    ($($story:ident: $test:ident;)+) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $test() {
            let fixture = Fixture::start().await;
            fixture.story(stringify!($story), &[]).await;
            let (objects, bytes) = fixture.listed().await;
            let usage = fixture.usage().await;
            assert_eq!((usage.objects, usage.bytes, usage.upload_bytes), (objects, bytes, 0));
        }
    )+};
}

stories! {
    objects: an_object_is_given_back_as_it_was_put;
    ranges: a_range_of_an_object_is_read;
    conditions: conditions_are_held;
    checksums: checksums_are_held_kept_and_given_back;
    listing: listings_are_ordered_and_paged;
    odd_keys: a_key_may_be_nearly_anything;
    copies: objects_are_copied;
    multipart: a_large_object_is_uploaded_in_parts;
    parts: an_upload_is_what_its_list_of_parts_says;
    presigned: an_address_can_be_signed_for_others;
    refused: what_is_not_answered_says_so;
    forms: a_form_is_held_to_its_policy;
    continues: a_client_that_waits_for_the_go_ahead_gets_it;
    replaced_while_read: a_reader_reads_to_its_end_what_is_replaced;
    command: the_aws_command_works;
}

// On one thread, whose time is the test's.
#[tokio::test]
async fn a_client_that_stands_still_is_sent_away() {
    let fixture = Fixture::start().await;
    let mut client = fixture
        .command("stands_still", &[])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(client.stdout.take().unwrap()).lines();
    assert_eq!(lines.next_line().await.unwrap().as_deref(), Some("silent"));
    let is_received = async || (fixture.files() == 1).then_some(());
    eventually("its body is being received", is_received).await;
    // Each of what it sent before begins the time anew, and may still be on its way.
    for _ in 0..5 {
        pass_time(Duration::from_mins(1)).await;
    }
    let ended = tokio::time::timeout(Duration::from_mins(2), client.wait()).await;
    let status = ended.expect("it is sent away").unwrap();
    assert!(status.success());
    assert_eq!(fixture.listed().await, (0, 0));
}
