// Judges requests as the senders' own libraries for Node do.
//
// Standard input: a list of requests. Standard output: for each null where it is accepted, or why not.

import { X509Certificate } from "node:crypto";
import https from "node:https";
import { createRequire } from "node:module";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";

import { Environment, SignedDataVerifier } from "@apple/app-store-server-library";
import Anthropic from "@anthropic-ai/sdk";
import { verifyWebhook as verifyClerk } from "@clerk/backend/webhooks";
import { LinearWebhookClient } from "@linear/sdk/webhooks";
import { WebhookHandler as Liveblocks } from "@liveblocks/node";
import Mux from "@mux/mux-node";
import { verifyWebhookSignature as verifyNotion } from "@notionhq/client";
import { isValidSignature as isValidSanity } from "@sanity/webhook";
import { EventWebhook as SendGrid } from "@sendgrid/eventwebhook";
import { basicAuthValidator } from "chargebee";
import { verifyKey as verifyDiscord } from "discord-interactions";
import DodoPayments from "dodopayments";
import { verifyWebhookSignature as verifyHook0 } from "hook0-client";
import Lithic from "lithic";
import { WebhookReceiver as LiveKit } from "livekit-server-sdk";
import ModernTreasury from "modern-treasury";
import Orb from "orb-billing";
import { validateWebhook as validateReplicate } from "replicate";
import { Resend } from "resend";
import Retell from "retell-sdk";
import { Webhook as StandardWebhook } from "standardwebhooks";
import { Webhook as SvixWebhook } from "svix";
import { WebflowClient } from "webflow-api";

// Advice on what they refuse is not for the log of the tests.
console.warn = () => {};

const require = createRequire(import.meta.url);

/** By package; each throws, or answers false, where it refuses. */
const LIBRARIES = {
  "@anthropic-ai/sdk": ({ body, headers, secret }) =>
    new Anthropic({ apiKey: "none" }).beta.webhooks.unwrap(body, { headers, key: secret }),
  "@apple/app-store-server-library": ({ body, secret, key, sender }) => {
    const environment = sender === "app-store" ? Environment.PRODUCTION : Environment.SANDBOX;
    const verifier = new SignedDataVerifier([new X509Certificate(key).raw], false, environment, secret, 1234567890);
    return verifier.verifyAndDecodeNotification(JSON.parse(body).signedPayload);
  },
  "@clerk/backend": ({ url, body, headers, secret }) =>
    verifyClerk(new Request(url, { method: "POST", headers, body }), { signingSecret: secret }),
  "@linear/sdk": ({ body, headers, secret }) =>
    new LinearWebhookClient(secret).verify(Buffer.from(body), headers["linear-signature"]),
  "@liveblocks/node": ({ body, headers, secret }) =>
    ofAnyType(() => new Liveblocks(secret).verifyRequest({ headers, rawBody: body })),
  "@mux/mux-node": ({ body, headers, secret }) =>
    new Mux({ tokenId: "none", tokenSecret: "none" }).webhooks.verifySignature(body, headers, secret),
  "@notionhq/client": ({ body, headers, secret }) =>
    verifyNotion({ body, signature: headers["x-notion-signature"], verificationToken: secret }),
  "@sanity/webhook": ({ body, headers, secret }) => isValidSanity(body, headers["sanity-webhook-signature"], secret),
  "@sendgrid/eventwebhook": ({ body, headers, secret }) => {
    const verifier = new SendGrid();
    const header = (name) => headers[`x-twilio-email-event-webhook-${name}`] ?? "";
    const key = verifier.convertPublicKeyToECDSA(secret);
    return verifier.verifySignature(key, body, header("signature"), header("timestamp"));
  },
  chargebee: ({ headers, secret }) => {
    const [user, ...rest] = secret.split(":");
    return basicAuthValidator((name, password) => name === user && password === rest.join(":"))(headers);
  },
  "discord-interactions": ({ body, headers, secret }) =>
    verifyDiscord(body, headers["x-signature-ed25519"] ?? "", headers["x-signature-timestamp"] ?? "", secret),
  dodopayments: ({ body, headers, secret }) =>
    new DodoPayments({ bearerToken: "none" }).webhooks.unwrap(body, { headers, key: secret }),
  "hook0-client": ({ body, headers, secret }) =>
    verifyHook0(headers["x-hook0-signature"] ?? "", Buffer.from(body), new Headers(headers), secret, 300),
  lithic: ({ body, headers, secret }) =>
    new Lithic({ apiKey: "none" }).webhooks.verifySignature(body, headers, secret),
  "livekit-server-sdk": ({ body, headers, secret }) =>
    new LiveKit(undefined, secret).receive(body, headers.authorization),
  "modern-treasury": ({ body, headers, secret }) =>
    new ModernTreasury({ apiKey: "none", organizationID: "none" }).webhooks.validateSignature(body, headers, {
      key: secret,
    }),
  "orb-billing": ({ body, headers, secret }) =>
    new Orb({ apiKey: "none" }).webhooks.verifySignature(body, headers, secret),
  replicate: ({ body, headers, secret }) => validateReplicate({ body, headers }, secret),
  resend: ({ body, headers, secret }) => {
    const of = { id: headers["svix-id"], timestamp: headers["svix-timestamp"], signature: headers["svix-signature"] };
    return new Resend("re_none").webhooks.verify({ payload: body, headers: of, webhookSecret: secret });
  },
  "retell-sdk": ({ body, headers, secret }) => Retell.verify(body, secret, headers["x-retell-signature"] ?? ""),
  "sns-validator": ({ body, key }) => withKey(key, (done) => new (anew("sns-validator"))().validate(body, done)),
  standardwebhooks: ({ body, headers, secret }) => new StandardWebhook(secret).verify(body, headers),
  svix: ({ body, headers, secret }) => new SvixWebhook(secret).verify(body, headers),
  "webflow-api": ({ body, headers, secret }) =>
    new WebflowClient({ accessToken: "none" }).webhooks.verifySignature({ headers, body, secret }),
};

/** Runs a verifier that looks at the event's type last: what has a type of ours has proved itself by then. */
function ofAnyType(verify) {
  try {
    verify();
  } catch (error) {
    if (!String(error).includes("Unknown event type")) throw error;
  }
}

/** A package that remembers nothing: this one keeps certificates by their address. */
function anew(name) {
  delete require.cache[require.resolve(name)];
  return require(name);
}

/** Runs a verifier that fetches its sender's certificate, which it is given here: nothing leaves this process. */
async function withKey(key, verify) {
  const { get } = https;
  https.get = (url, answered) => {
    const answer = new PassThrough();
    answer.statusCode = 200;
    answered(answer);
    answer.end(key);
    return answer;
  };
  try {
    return await new Promise((resolve, reject) => verify((error) => (error ? reject(error) : resolve(true))));
  } finally {
    https.get = get;
  }
}

/** Why a request is refused, if it is. */
async function judge({ by, body, ...request }) {
  try {
    const answer = await LIBRARIES[by]({ ...request, body: Buffer.from(body, "base64").toString() });
    return answer === false ? "false" : null;
  } catch (error) {
    return String(error);
  }
}

const judged = [];
for (const request of JSON.parse(await text(process.stdin))) judged.push(await judge(request));
process.stdout.write(JSON.stringify(judged));
