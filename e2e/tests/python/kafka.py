"""A Kafka client that is not ours: does the one thing that is asked of it on stdin, and answers on stdout."""

import json
import sys

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

PATIENCE = 30


def settings(server):
    return {
        "bootstrap.servers": server["servers"],
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": "PLAIN",
        "sasl.username": server["user"],
        "sasl.password": server["password"],
    }


def publish(order):
    failures = []
    # As Java's clients choose partitions, and so everybody who wants to share keys with them.
    producer = Producer(settings(order["server"]) | {"partitioner": "murmur2_random"})
    producer.produce(
        order["topic"],
        key=order["key"],
        value=bytes(order["payload"]),
        headers=list(order["headers"].items()),
        on_delivery=lambda error, _: error and failures.append(str(error)),
    )
    if producer.flush(PATIENCE) or failures:
        sys.exit(f"not delivered: {failures}")


def consume(order):
    """Everything that is there, each partition from its beginning to its end."""
    wanted = {"group.id": "witness", "enable.auto.commit": False, "enable.partition.eof": False}
    consumer = Consumer(settings(order["server"]) | wanted)
    topic = order["topic"]
    ends = {}
    for partition in consumer.list_topics(topic, PATIENCE).topics[topic].partitions:
        low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), PATIENCE)
        if high > low:
            ends[partition] = high
    consumer.assign([TopicPartition(topic, partition, 0) for partition in ends])
    messages = []
    while ends:
        message = consumer.poll(PATIENCE)
        if message is None or message.error():
            sys.exit(f"nothing came: {message and message.error()}")
        headers = message.headers() or []
        messages.append(
            {
                "key": (message.key() or b"").decode(errors="replace"),
                "headers": {name: value.decode(errors="replace") for name, value in headers},
                "payload": message.value().decode(errors="replace"),
            }
        )
        if message.offset() + 1 >= ends[message.partition()]:
            del ends[message.partition()]
            consumer.incremental_unassign([TopicPartition(topic, message.partition())])
    return messages


def forget(order):
    admin = AdminClient(settings(order["server"]))
    known = admin.list_topics(timeout=PATIENCE).topics
    ours = [topic for topic in known if topic.startswith(order["prefix"])]
    for forgotten in admin.delete_topics(ours).values() if ours else []:
        forgotten.result(PATIENCE)


ORDER = json.load(sys.stdin)
json.dump({"publish": publish, "consume": consume, "forget": forget}[ORDER["do"]](ORDER), sys.stdout)
