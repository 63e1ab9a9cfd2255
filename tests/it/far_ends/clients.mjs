// Makes each call of a list with the client that its far end's makers publish, and says what the client made of it.
import { readFileSync } from 'node:fs';
import { IncomingWebhook } from '@slack/webhook';
import { WebClient, LogLevel } from '@slack/web-api';
import { REST } from '@discordjs/rest';
import { RESTJSONErrorCodes, Routes } from 'discord-api-types/v10';
import nodemailer from 'nodemailer';

const clients = {
  'slack-webhook': ({ url, message }) => new IncomingWebhook(url).send(message),
  'slack-web-api': ({ url, token, method, fields, patient }) => {
    const own = patient ? {} : { retryConfig: { retries: 0 }, rejectRateLimitedCalls: true };
    const client = new WebClient(token, { slackApiUrl: url, logLevel: LogLevel.ERROR, ...own });
    return client.apiCall(method, fields);
  },
  'discord-rest': ({ api, webhook, token, message, method, query, body, patient }) => {
    const own = patient ? {} : { retries: 0, rejectOnRateLimit: () => true };
    const rest = rests[api + patient] ??= new REST({ api, version: '10', ...own });
    const route = message ? Routes.webhookMessage(webhook, token, message) : Routes.webhook(webhook, token);
    return rest[method](route, { auth: false, query: new URLSearchParams(query), body });
  },
  'discord-codes': () => RESTJSONErrorCodes,
  // The certificate is for a name, not for an address.
  nodemailer: async ({ port, root, auth, mail }) => {
    const tls = root && { ca: root, servername: 'localhost' };
    const transport = nodemailer.createTransport({ host: '127.0.0.1', port, auth, tls, requireTLS: !!root });
    const { accepted, rejected, response } = await transport.sendMail({ ...mail, date: new Date(mail.date) });
    return { accepted, rejected, response };
  },
};
const rests = {};

/** What a client throws, as far as it is data. */
function told({ name, code, status, statusCode, responseCode, message, data, body, rawError, retryAfter, scope, global, cause }) {
  return { name, code, status: status ?? statusCode ?? responseCode, message, data, body, rawError, retryAfter, scope, global, cause: cause?.name };
}

/** Makes one call. */
async function make(call) {
  try {
    return { result: (await clients[call.via](call)) ?? null };
  } catch (error) {
    return { error: told(error) };
  }
}

const { calls, at_once } = JSON.parse(readFileSync(0, 'utf8'));
const answers = [];
if (at_once) {
  answers.push(...(await Promise.all(calls.map(make))));
} else {
  for (const call of calls) answers.push(await make(call));
}
process.stdout.write(JSON.stringify(answers), () => process.exit(0));
