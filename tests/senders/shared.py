"""Senders that share a secret with us, written from their documentation and from nothing else."""

import base64

from families import (
    Adyen,
    AnyHeader,
    Basic,
    BodyFirst,
    Digest,
    Drone,
    GraphClientState,
    Mac,
    Mollie,
    Pairs,
    PairsInSets,
    Query,
    Sinch,
    Stamped,
    Standard,
    Token,
    UpperHex,
    base64_text,
    from_milliseconds,
    http_date,
    iso8601,
    milliseconds,
    seconds,
)

REFERENCES = {
    # No provider: RFC 6750, RFC 7617, RFC 2104 and what docs/SENDERS.md says of each.
    "api-key": Token("x-api-key"),
    "basic": Basic(),
    "bearer": Token("authorization", "Bearer "),
    "header-token": Token("x-webhook-token"),
    "query-token": Query("token"),
    "shared-secret": Token("x-webhook-secret"),
    "hmac-sha1": Mac("x-signature", "sha1"),
    "hmac-sha1-base64": Mac("x-signature", "sha1", base64_text),
    "hmac-sha1-hub": Mac("x-hub-signature", "sha1", before="sha1="),
    "hmac-sha256": Mac("x-signature"),
    "hmac-sha256-base64": Mac("x-signature", write=base64_text),
    "hmac-sha256-hub": Mac("x-hub-signature-256", before="sha256="),
    "hmac-sha256-pairs": Pairs("x-signature", window=300),
    "hmac-sha256-prefixed": Mac("x-signature-256", before="sha256="),
    "hmac-sha256-timestamp": Stamped("x-signature", time="x-timestamp", window=300),
    "hmac-sha256-webhook": Mac("x-webhook-signature"),
    # Programs whose requests carry whatever header their owner enters.
    # https://healthchecks.io/docs/configuring_notifications/
    "healthchecks": Token("x-webhook-secret"),
    # https://www.home-assistant.io/integrations/rest_command/
    "home-assistant": Token("x-webhook-secret"),
    # https://plugins.jenkins.io/http_request/
    "jenkins": Token("x-webhook-secret"),
    # https://docs.portainer.io/
    "portainer": Token("x-webhook-secret"),
    # https://github.com/louislam/uptime-kuma/wiki/Notification-Methods
    "uptime-kuma": Token("x-webhook-secret"),
    # Providers that send a secret as it is.
    # https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
    "alertmanager": Token("authorization", "Bearer "),
    # https://auth0.com/docs/customize/log-streams/custom-log-streams
    "auth0": Token("authorization"),
    # https://learn.microsoft.com/azure/devops/service-hooks/services/webhooks
    "azure-devops": Basic(),
    # https://learn.microsoft.com/azure/event-grid/security-authentication
    "azure-event-grid": Query("token"),
    # https://developers.brevo.com/docs/secured-webhooks-calls
    "brevo": Token("authorization", "Bearer "),
    # https://buildkite.com/docs/apis/webhooks/pipelines#webhook-token
    "buildkite-token": Token("x-buildkite-token"),
    # https://github.com/cloudevents/spec/blob/main/cloudevents/http-webhook.md
    "cloudevents": Token("authorization", "Bearer "),
    # https://developers.cloudflare.com/notifications/get-started/configure-webhooks/
    "cloudflare": Token("cf-webhook-auth"),
    # https://developers.deepgram.com/docs/callback
    "deepgram": Basic(),
    # https://developer.flutterwave.com/docs/integration-guides/webhooks/
    "flutterwave": Token("verif-hash"),
    # https://developer.flutterwave.com/docs/webhooks
    "flutterwave *": Mac("flutterwave-signature", write=base64_text),
    # https://docs.gitlab.com/user/project/integrations/webhooks/
    "gitlab": Token("x-gitlab-token"),
    # https://docs.hetrixtools.com/webhook-authentication-token/
    "hetrixtools": Token("authorization", "Bearer "),
    # https://huggingface.co/docs/hub/webhooks
    "huggingface": Token("x-webhook-secret"),
    # https://learn.microsoft.com/graph/change-notifications-delivery-webhooks
    "microsoft-graph": GraphClientState(),
    # https://developer.okta.com/docs/concepts/event-hooks/
    "okta": Token("authorization"),
    # https://pipedrive.readme.io/docs/guide-for-webhooks-v2
    "pipedrive": Basic(),
    # https://postmarkapp.com/developer/webhooks/webhooks-overview
    "postmark": Basic(),
    # https://core.telegram.org/bots/api#setwebhook
    "telegram": Token("x-telegram-bot-api-secret-token"),
    # Providers that hash the body.
    # https://ably.com/docs/integrations/outbound-webhooks
    "ably": Mac("x-ably-signature", write=base64_text),
    # https://docs.adyen.com/development-resources/webhooks/secure-webhooks/verify-hmac-signatures
    "adyen": Adyen(),
    # https://www.aftership.com/docs/tracking/webhook/webhook-signature
    # and https://www.aftership.com/docs/returns/2025-04/webhook/signature
    "aftership": AnyHeader(
        "aftership-hmac-sha256",
        write=base64_text,
        others=("as-signature-hmac-sha256", "am-webhook-signature"),
        sometimes="hmac-sha256=",
    ),
    # https://airtable.com/developers/web/api/webhooks-overview
    "airtable": Mac("x-airtable-content-mac", before="hmac-sha256=", key=base64.b64decode),
    # https://www.alchemy.com/docs/reference/notify-api-quickstart
    "alchemy": Mac("x-alchemy-signature"),
    # https://developers.asana.com/docs/webhooks-guide
    "asana": Mac("x-hook-signature"),
    # https://developers.ashbyhq.com/docs/authenticating-webhooks
    "ashby": Mac("ashby-signature", before="sha256="),
    # https://developer.authorize.net/api/reference/features/webhooks.html
    "authorize-net": UpperHex("x-anet-signature", "sha512", before="sha512="),
    # https://aps.autodesk.com/en/docs/webhooks/v1/developers_guide/overview/
    "autodesk": Mac("x-adsk-signature", "sha1", before="sha1hash="),
    # https://help.bolt.com/developers/webhooks/hook-verification/
    "bolt": Mac("x-bolt-hmac-sha256", write=base64_text),
    # https://docs.bunny.net/stream/webhooks
    "bunny-stream": Mac("x-bunnystream-signature"),
    # https://help.buymeacoffee.com/
    "buy-me-a-coffee": Mac("x-signature-sha256"),
    # https://cal.com/docs/core-features/webhooks
    "cal-com": Mac("x-cal-signature-256"),
    # https://docs.maxio.com/hc/en-us/articles/24266143173901-Webhooks
    "chargify": Mac("x-chargify-webhook-signature-hmac-sha-256"),
    # https://www.checkout.com/docs/developer-resources/event-notifications/receive-webhooks
    "checkout-com": Mac("cko-signature"),
    # https://docs.checkr.com/#section/Webhooks
    "checkr": Mac("x-checkr-signature"),
    # https://developer.clickup.com/docs/webhooksignature
    "clickup": Mac("x-signature"),
    # https://coinify.readme.io/docs/webhook-signature
    "coinify": Mac("x-coinify-webhook-signature"),
    # https://docs.commercelayer.io/core/callbacks-security
    "commercelayer": Mac("x-commercelayer-signature", write=base64_text),
    # https://cursor.com/docs/cloud-agent/api/webhooks
    "cursor": Mac("x-webhook-signature", before="sha256="),
    # https://docs.datasaur.ai/integrations/webhook-notifications/webhook-signature
    "datasaur": Mac("x-datasaur-signature"),
    # https://developers.docusign.com/platform/webhooks/connect/hmac/
    "docusign": AnyHeader(
        "x-docusign-signature-1",
        write=base64_text,
        others=tuple(f"x-docusign-signature-{number}" for number in range(2, 101)),
    ),
    # https://docs.doppler.com/docs/webhooks
    "doppler": Mac("x-doppler-signature", before="sha256="),
    # https://dub.co/docs/concepts/webhooks/verify-webhook-requests
    "dub": Mac("dub-signature"),
    # https://developers.dwolla.com/docs/webhook-events
    "dwolla": Mac("x-request-signature-sha-256"),
    # https://docs.expo.dev/eas/webhooks/
    "expo": Mac("expo-signature", "sha1", before="sha1="),
    # https://developer.fastspring.com/reference/message-security
    "fastspring": Mac("x-fs-signature", write=base64_text),
    # https://docs.fireflies.ai/graphql-api/webhooks-v2
    "fireflies": Mac("x-hub-signature", before="sha256="),
    # https://apidocs.flexport.com/2023-07-01/tag/Webhook-Endpoints
    "flexport": Mac("x-hub-signature-256", before="sha256="),
    # https://forgejo.org/docs/latest/user/webhooks/
    "forgejo": Mac("x-forgejo-signature"),
    # https://docs.fourthwall.com/webhooks/signature-verification
    "fourthwall": AnyHeader(
        "x-fourthwall-hmac-sha256", write=base64_text, others=("x-fourthwall-hmac-apps-sha256",)
    ),
    # https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/
    "grafana": Mac("x-grafana-alerting-signature"),
    # https://devcenter.heroku.com/articles/app-webhooks#using-webhooks
    "heroku": Mac("heroku-webhook-hmac-sha256", write=base64_text),
    # https://developers.intercom.com/docs/webhooks/webhook-notifications
    "intercom": Mac("x-hub-signature", "sha1", before="sha1="),
    # https://launchdarkly.com/docs/home/infrastructure/webhooks
    "launchdarkly": Mac("x-ld-signature"),
    # https://docs.lemonsqueezy.com/help/webhooks/signing-requests
    "lemonsqueezy": Mac("x-signature"),
    # https://developers.facebook.com/docs/graph-api/webhooks/getting-started
    "meta": Mac("x-hub-signature-256", before="sha256="),
    # https://docs.mollie.com/reference/webhooks-new
    # and https://github.com/mollie/mollie-api-php/blob/master/src/Webhooks/SignatureValidator.php
    "mollie": Mollie("x-mollie-signature", before="sha256="),
    # https://www.mongodb.com/docs/atlas/tutorial/third-party-service-integrations/
    "mongodb-atlas": Mac("x-mms-signature", "sha1", base64_text),
    # https://docs.npmjs.com/cli/commands/npm-hook
    "npm": Mac("x-npm-signature", before="sha256="),
    # https://developer.nylas.com/docs/v3/notifications/
    "nylas": Mac("x-nylas-signature"),
    # https://paystack.com/docs/payments/webhooks/
    "paystack": Mac("x-paystack-signature", "sha512"),
    # https://developer.intuit.com/app/developer/qbo/docs/develop/webhooks
    "quickbooks": Mac("intuit-signature", write=base64_text),
    # https://docs.getrecharge.com/docs/webhooks-overview
    "recharge": Digest("x-recharge-hmac-sha256"),
    # https://segment.com/docs/connections/destinations/catalog/actions-webhook/
    "segment": Mac("x-signature", "sha1"),
    # https://sendbird.com/docs/chat/platform-api/v3/webhook/webhook-overview
    "sendbird": Mac("x-sendbird-signature"),
    # https://sendcloud.dev/api/v2/webhooks
    "sendcloud": Mac("sendcloud-signature"),
    # https://docs.sentry.io/organization/integrations/integration-platform/webhooks/
    "sentry": Mac("sentry-hook-signature"),
    # https://docs.sonarsource.com/sonarqube-server/latest/project-administration/webhooks/
    "sonarqube": Mac("x-sonar-webhook-hmac-sha256"),
    # https://developers.squarespace.com/commerce-apis/webhook-subscriptions-overview
    "squarespace": Mac("squarespace-signature", key=bytes.fromhex),
    # https://docs.strike.me/webhooks/signature-verification
    "strike": Mac("x-webhook-signature"),
    # https://tally.so/help/webhooks
    "tally": Mac("tally-signature", write=base64_text),
    # https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-outgoing-webhook
    "teams": Mac("authorization", write=base64_text, before="HMAC ", key=base64.b64decode),
    # https://developer.hashicorp.com/terraform/cloud-docs/api-docs/notification-configurations
    "terraform": Mac("x-tfe-notification-signature", "sha512"),
    # https://developer.atlassian.com/cloud/trello/guides/rest-api/webhooks/
    "trello": Mac("x-trello-webhook", "sha1", base64_text, content=lambda r: r.body + r.url.encode()),
    # https://www.typeform.com/developers/webhooks/secure-your-webhooks/
    "typeform": Mac("typeform-signature", write=base64_text, before="sha256="),
    # https://woocommerce.com/document/webhooks/
    "woocommerce": Mac("x-wc-webhook-signature", write=base64_text),
    # https://developer.xero.com/documentation/guides/webhooks/overview/
    "xero": Mac("x-xero-signature", write=base64_text),
    # Providers that hash a moment too.
    # https://docs.airship.com/guides/messaging/user-guide/channels/open/
    "airship": Stamped("x-ua-signature", time="x-ua-timestamp", between=":"),
    # https://www.airwallex.com/docs/developer-tools/webhooks/listen-for-webhook-events
    "airwallex": Stamped("x-signature", time="x-timestamp", between="", stamp=milliseconds),
    # https://docs.bigcommerce.com/developer/docs/integrations/webhooks/overview
    "bigcommerce": Standard(key=str.encode, window=300),
    # https://developer.brex.com/docs/webhooks/
    "brex": Standard(),
    # https://buildkite.com/docs/apis/webhooks/pipelines#webhook-signature
    "buildkite": Pairs("x-buildkite-signature", "timestamp", "signature"),
    # https://developer.calendly.com/api-docs/overview/webhooks/webhook-signatures
    "calendly": Pairs("calendly-webhook-signature", window=180),
    # https://www.cashfree.com/docs/payments/subscription/webhook-signature
    "cashfree": Stamped(
        "x-webhook-signature", write=base64_text, time="x-webhook-timestamp", between="", stamp=milliseconds
    ),
    # https://developers.cloudflare.com/stream/manage-video-library/using-webhooks/
    "cloudflare-stream": Pairs("webhook-signature", "time", "sig1"),
    # https://www.courier.com/docs/platform/workspaces/outbound-webhooks
    "courier": Pairs("courier-signature", "t", "signature", unit=1000),
    # https://docs.customer.io/integrations/api/webhooks/
    "customerio": Stamped("x-cio-signature", time="x-cio-timestamp", start="v0:", between=":"),
    # https://docs.dixa.io/docs/webhooks/webhooks-security
    "dixa": Pairs("x-dixa-signature", unit=1000, key=bytes.fromhex),
    # https://docs.drone.io/webhooks/overview/ and draft-cavage-http-signatures-10
    "drone": Drone(),
    # https://emailit.com/docs/webhooks/request-signature/
    "emailit": Stamped("x-emailit-signature", time="x-emailit-timestamp", window=300),
    # https://developers.etsy.com/documentation/tutorials/webhooks/
    "etsy": Standard(),
    # https://docs.ghost.org/webhooks
    "ghost": BodyFirst("x-ghost-signature", "t", "sha256", unit=1000),
    # https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/
    "grafana-timestamped": Stamped(
        "x-grafana-alerting-signature", time="x-grafana-alerting-timestamp", between=":"
    ),
    # https://developers.klaviyo.com/en/docs/working_with_system_webhooks
    "klaviyo": Stamped("klaviyo-signature", time="klaviyo-timestamp", between="", body_first=True, stamp=http_date),
    # https://docs.knock.app/developer-tools/outbound-webhooks/overview
    "knock": Pairs("x-knock-signature", "t", "s", unit=1000, write=base64_text),
    # https://docs.lob.com/#tag/Webhooks
    "lob": Stamped("lob-signature", time="lob-signature-timestamp", stamp=milliseconds),
    # https://loops.so/docs/webhooks
    "loops": Standard(),
    # https://docs.lusha.com/webhooks/security
    "lusha": Stamped("x-lusha-signature", time="x-lusha-timestamp"),
    # https://docs.withorb.com/integrations-and-exports/webhooks
    "orb": Stamped(
        "x-orb-signature",
        before="v1=",
        time="x-orb-timestamp",
        start="v1:",
        between=":",
        stamp=lambda at: iso8601(at).removesuffix("Z"),
        moment=lambda text: seconds(text.removesuffix("Z") + "Z"),
        window=300,
    ),
    # https://developers.paymongo.com/docs/securing-webhook
    "paymongo": Pairs("paymongo-signature", "t", "li"),
    # https://docs.withpersona.com/webhooks-best-practices
    "persona": PairsInSets("persona-signature"),
    # https://docs.qonto.com/api-reference/business-api/webhooks/setup
    "qonto": Pairs("x-qonto-signature", window=300),
    # https://developer.revolut.com/docs/guides/merchant/monitor-and-observe/webhooks/verify-the-payload-signature
    "revolut": Stamped(
        "revolut-signature",
        before="v1=",
        time="revolut-request-timestamp",
        start="v1.",
        stamp=milliseconds,
        moment=from_milliseconds,
        window=300,
    ),
    # https://docs.goshippo.com/docs/tracking/webhooksecurity/
    "shippo": Pairs("shippo-auth-signature"),
    # https://developers.sinch.com/docs/conversation/callbacks
    "sinch": Sinch("x-sinch-webhook-signature", write=base64_text, time="x-sinch-webhook-signature-timestamp"),
    # https://docs.statsig.com/integrations/event_webhook
    "statsig": Stamped(
        "x-statsig-signature",
        before="v0=",
        time="x-statsig-request-timestamp",
        start="v0:",
        between=":",
        stamp=milliseconds,
    ),
    # https://tailscale.com/kb/1213/webhooks
    "tailscale": Pairs("tailscale-webhook-signature", window=300),
    # https://developers.tiktok.com/doc/webhooks-verification
    "tiktok": Pairs("tiktok-signature", "t", "s"),
    # https://developer.zendesk.com/documentation/webhooks/verifying/
    "zendesk": Stamped(
        "x-zendesk-webhook-signature",
        write=base64_text,
        time="x-zendesk-webhook-signature-timestamp",
        between="",
        stamp=iso8601,
        moment=seconds,
    ),
    # https://developers.zoom.us/docs/api/webhooks/
    "zoom": Stamped("x-zm-signature", before="v0=", time="x-zm-request-timestamp", start="v0:", between=":"),
}
