"""An AMQP client that is not ours: does the one thing that is asked of it on stdin, and answers on stdout."""

import base64
import json
import sys
import urllib.parse
import urllib.request

import pika


def manage(order, method, path, body):
    url = urllib.parse.urlsplit(order["management"].strip())
    account = base64.b64encode(f"{url.username}:{url.password}".encode()).decode()
    request = urllib.request.Request(
        f"http://{url.hostname}:{url.port}/api/{path}",
        method=method,
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Basic {account}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        answer.read()
    return url.username


def make(order):
    user = manage(order, "PUT", f"vhosts/{order['vhost']}", {})
    everything = {"configure": ".*", "write": ".*", "read": ".*"}
    manage(order, "PUT", f"permissions/{order['vhost']}/{user}", everything)


def remove(order):
    manage(order, "DELETE", f"vhosts/{order['vhost']}", {})


def channel(order):
    return pika.BlockingConnection(pika.URLParameters(order["url"])).channel()


def listen(order):
    at = channel(order)
    at.exchange_declare(order["exchange"], "topic", durable=True)
    at.queue_declare(order["queue"], durable=True)
    at.queue_bind(order["queue"], order["exchange"], order["key"])


def take(order):
    """Everything that is there."""
    at = channel(order)
    messages = []
    while True:
        method, properties, payload = at.basic_get(order["queue"], auto_ack=True)
        if method is None:
            return messages
        headers = properties.headers or {}
        messages.append(
            {
                "key": headers.get("ce_partitionkey") or headers.get("ce_subject"),
                "headers": headers,
                "payload": payload.decode(errors="replace"),
            }
        )


def publish(order):
    at = channel(order)
    at.confirm_delivery()
    properties = pika.BasicProperties(headers=order["headers"], delivery_mode=2)
    payload = bytes(order["payload"])
    at.basic_publish(order["exchange"], order["key"], payload, properties, mandatory=True)


DO = {"make": make, "remove": remove, "listen": listen, "take": take, "publish": publish}
ORDER = json.load(sys.stdin)
json.dump(DO[ORDER["do"]](ORDER), sys.stdout)
