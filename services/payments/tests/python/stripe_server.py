"""Stripe, for tests: localstripe, and what it lacks.

localstripe keeps PaymentIntents, charges and refunds. Added here are idempotency keys, Checkout Sessions, the errors of
cards, the payment methods that tests name, and lists by time. Every parameter is held against Stripe's own library, so
that nothing is taken here which Stripe does not know.

It listens on a free port, says which on standard output, and ends when its standard input does.
"""

import asyncio
import json
import sys
import threading
import time

import stripe
from aiohttp import web
from localstripe import resources, server
from localstripe.errors import UserError
from localstripe.resources import Charge, Event, List, PaymentIntent, PaymentMethod, Refund, StripeObject
from localstripe.webhooks import schedule_webhook
from stripe.params import (
    PaymentIntentCancelParams,
    PaymentIntentConfirmParams,
    PaymentIntentCreateParams,
    PaymentIntentListParams,
    RefundCreateParams,
    RefundListParams,
)
from stripe.params.checkout import SessionCreateParams, SessionExpireParams

# Numbers of cards by the payment methods that Stripe's test mode has, and what else becomes of them here.
METHODS = {
    "pm_card_visa": "4242424242424242",
    "pm_card_visa_chargeDeclined": "4000000000000002",
    "pm_card_visa_chargeDeclinedInsufficientFunds": "4000000000009995",
    "pm_card_threeDSecure2Required": "4000000000003220",
    # Charged, and then: the connection breaks, there is no answer at all, or a bad one; or it is another sum.
    "pm_card_thenBreaks": "4242424242424242",
    "pm_card_thenSilent": "4242424242424242",
    "pm_card_thenFails": "4242424242424242",
    "pm_card_chargesMore": "4242424242424242",
    # Never charged: there is no answer.
    "pm_card_silent": "4242424242424242",
}
DECLINES = {
    "4000000000000002": ("generic_decline", "Your card was declined."),
    "4000000000009995": ("insufficient_funds", "Your card has insufficient funds."),
}
# The parameters of Stripe's own library, by what a path ends with.
PARAMETERS = {
    ("POST", "/v1/payment_intents"): PaymentIntentCreateParams,
    ("POST", "/confirm"): PaymentIntentConfirmParams,
    ("POST", "/cancel"): PaymentIntentCancelParams,
    ("POST", "/v1/refunds"): RefundCreateParams,
    ("POST", "/v1/checkout/sessions"): SessionCreateParams,
    ("POST", "/expire"): SessionExpireParams,
    ("GET", "/v1/payment_intents"): PaymentIntentListParams,
    ("GET", "/v1/refunds"): RefundListParams,
}
# How often each request of a key was really done.
done = {}
answers = {}


# Nothing outlives the process.
resources.store.dump_to_disk = lambda: None


def find_method(id):
    number = METHODS.get(id)
    if number is None:
        raise UserError(400, f"No such PaymentMethod: '{id}'", {"code": "resource_missing", "param": "payment_method"})
    method = PaymentMethod(type="card", card={"number": number, "exp_month": "12", "exp_year": "2035", "cvc": "123"})
    method._name = id
    return method


PaymentMethod._try_get_canonical_test_article = classmethod(lambda cls, id: find_method(id) if id in METHODS else None)
PaymentMethod._charging_is_declined = lambda self: self._card_number in DECLINES


def decline_of(intent):
    number = PaymentMethod._api_retrieve(intent.payment_method)._card_number
    code, message = DECLINES.get(number, ("generic_decline", "Your card was declined."))
    return {"type": "card_error", "code": "card_declined", "decline_code": code, "message": message}


def last_payment_error(intent):
    if intent._authentication_failed:
        message = "We are unable to authenticate your payment method."
        return {"type": "invalid_request_error", "code": "payment_intent_authentication_failure", "message": message}
    if intent.latest_charge and intent.latest_charge.status == "failed":
        return decline_of(intent)
    return None


PaymentIntent.last_payment_error = property(last_payment_error)
PaymentIntent.amount_received = property(
    lambda self: self.amount + getattr(self, "_more", 0) if self.status == "succeeded" else 0
)


def create_intent(amount=None, currency=None, description=None, metadata=None):
    return PaymentIntent(amount=amount, currency=currency, metadata=metadata)


def confirm_intent(id=None, payment_method=None, return_url=None):
    intent = PaymentIntent._api_retrieve(id)
    if intent.status not in ("requires_payment_method", "requires_confirmation"):
        raise UserError(400, "It cannot be confirmed.", {"code": "payment_intent_unexpected_state"})
    method = find_method(payment_method)
    intent.payment_method = method.id
    intent.latest_charge = None
    intent._more = int(payment_method == "pm_card_chargesMore")
    intent._confirm(on_failure_now=intent._report_failure)
    if intent.next_action and return_url:
        url = f"https://hooks.stripe.example/redirect/{intent.id}"
        intent.next_action = {"type": "redirect_to_url", "redirect_to_url": {"url": url, "return_url": return_url}}
    return intent


def cancel_intent(id=None):
    intent = PaymentIntent._api_cancel(id)
    schedule_webhook(Event("payment_intent.canceled", intent))
    return intent


def listed(cls, url, created=None, limit=None, starting_after=None, expand=None):
    page = List(url, limit=limit, starting_after=starting_after)
    from_, to = int((created or {}).get("gte", 0)), int((created or {}).get("lt", 2**40))
    found = [value for key, value in resources.store.items() if key.startswith(cls.object + ":")]
    page._list = [value for value in reversed(found) if from_ <= value.created < to]
    return page


def list_intents(**query):
    return listed(PaymentIntent, "/v1/payment_intents", **query)


def create_refund(payment_intent=None, amount=None, metadata=None):
    charge = PaymentIntent._api_retrieve(payment_intent).latest_charge
    received = PaymentIntent._api_retrieve(payment_intent).amount_received
    if charge is None or int(amount) > received - charge.amount_refunded:
        raise UserError(400, "The refund is greater than what was charged.", {"code": "charge_already_refunded"})
    refund = Refund(payment_intent=payment_intent, amount=amount, metadata=metadata)
    schedule_webhook(Event("refund.created", refund))
    return refund


class CheckoutSession(StripeObject):
    object = "checkout.session"
    _id_prefix = "cs_test_"

    def __init__(self, metadata=None, line_items=None, payment_intent_data=None, expires_at=None, success_url=None, **rest):
        if int(expires_at) < time.time() + 30 * 60:
            raise UserError(400, "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.")
        super().__init__()
        price = line_items[0]["price_data"]
        self.amount_total, self.currency = int(price["unit_amount"]), price["currency"]
        self.metadata, self.success_url = metadata, success_url
        self.status, self.payment_status, self.payment_intent = "open", "unpaid", None
        self.url = f"https://checkout.stripe.example/c/pay/{self.id}"
        self._intent_metadata = payment_intent_data["metadata"]

    @classmethod
    def _api_expire(cls, id=None):
        session = cls._api_retrieve(id)
        if session.status != "open":
            raise UserError(400, "Only Checkout Sessions with a status in [\"open\"] can be expired.")
        session.status, session.url = "expired", None
        schedule_webhook(Event("checkout.session.expired", session))
        return session

    @classmethod
    def _pay(cls, id=None, method=None):
        """What the payer does on the page: another card may follow one that is declined."""
        session = cls._api_retrieve(id)
        if session.status != "open":
            raise UserError(400, "The page is closed.")
        intent = create_intent(session.amount_total, session.currency, metadata=session._intent_metadata)
        session.payment_intent = intent.id
        confirm_intent(intent.id, method)
        session.status, session.payment_status, session.url = "complete", "paid", None
        schedule_webhook(Event("checkout.session.completed", session))
        return session


async def sign(request):
    """The header that Stripe's own library makes for a text."""
    wanted = await request.json()
    header = stripe.WebhookSignature.generate_signature_header(wanted["payload"], wanted["secret"], wanted["timestamp"])
    return web.json_response({"header": header})


async def count(request):
    """How often the requests of a key were done, not answered again."""
    return web.json_response({"done": done.get(request.query["key"], 0)})


def refuse(status, kind, message):
    return web.json_response({"error": {"type": kind, "message": message}}, status=status)


def known_parameters(request):
    for (method, end), parameters in PARAMETERS.items():
        if request.method == method and request.path.endswith(end):
            return parameters.__annotations__
    return None


@web.middleware
async def as_stripe_does(request, handler):
    if not request.path.startswith("/v1/"):
        return await handler(request)
    if not request.headers.get("Stripe-Version"):
        return refuse(400, "invalid_request_error", "Tests ask with a version.")
    form = await request.post() if request.method == "POST" else request.query
    known = known_parameters(request)
    unknown = [name for name in form if known is not None and name.split("[")[0] not in known]
    if unknown:
        return refuse(400, "invalid_request_error", f"Received unknown parameter: {unknown[0]}")
    key = request.headers.get("Idempotency-Key")
    if key is None or request.method != "POST":
        return finished(await handler(request))
    asked = (request.path, sorted(form.items()))
    if key in answers:
        before, answer = answers[key]
        if before != asked:
            return refuse(400, "idempotency_error", "Keys for idempotent requests can only be used with the same parameters.")
        if not answer.done():
            return refuse(409, "idempotency_error", "There is currently another in-progress request using this key.")
        status, body = answer.result()
        return web.Response(status=status, body=body, content_type="application/json", headers={"Idempotent-Replayed": "true"})
    answers[key] = (asked, asyncio.get_running_loop().create_future())
    done[key] = done.get(key, 0) + 1
    method = form.get("payment_method")
    if method == "pm_card_silent":
        await asyncio.sleep(3600)
    response = finished(await handler(request))
    answers[key][1].set_result((response.status, response.body))
    if method == "pm_card_thenBreaks":
        request.transport.close()
    elif method == "pm_card_thenSilent":
        await asyncio.sleep(3600)
    elif method == "pm_card_thenFails":
        return refuse(500, "api_error", "An unknown error occurred")
    return response


def finished(response):
    """A decline is the error of a card, which localstripe does not say."""
    if response.status == 402:
        error = json.loads(response.body)["error"]
        charge = Charge._api_retrieve(error["charge"])
        error.update(decline_of(PaymentIntent._api_retrieve(charge.payment_intent)))
        return web.json_response({"error": error}, status=402)
    return response


def retrieve_session(id=None):
    return CheckoutSession._api_retrieve(id)


ROUTES = (
    ("POST", "/v1/payment_intents", create_intent),
    ("GET", "/v1/payment_intents", list_intents),
    ("POST", "/v1/payment_intents/{id}/confirm", confirm_intent),
    ("POST", "/v1/payment_intents/{id}/cancel", cancel_intent),
    ("POST", "/v1/refunds", create_refund),
    ("POST", "/v1/checkout/sessions", lambda **form: CheckoutSession(**form)),
    ("GET", "/v1/checkout/sessions/{id}", retrieve_session),
    ("POST", "/v1/checkout/sessions/{id}/expire", CheckoutSession._api_expire),
    ("POST", "/_config/pay/{id}", CheckoutSession._pay),
)


async def serve():
    app = web.Application(middlewares=[as_stripe_does, *server.app.middlewares])
    for method, url, func in ROUTES:
        app.router.add_route(method, url, server.api_extra(func, url))
    app.router.add_post("/_config/sign", sign)
    app.router.add_get("/_config/count", count)
    for route in server.app.router.routes():
        if route.method != "HEAD":
            app.router.add_route(route.method, route.resource.canonical, route.handler)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()

    def wait_for_end():
        sys.stdin.read()
        loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=wait_for_end, daemon=True).start()
    await ended.wait()


asyncio.run(serve())
