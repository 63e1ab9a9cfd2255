// Evaluates expressions on documents with @bufbuild/cel, and answers with truths, or with what is wrong in words.
import { createRequire } from "node:module";

const require = createRequire(new URL("../package.json", import.meta.url));
const { celEnv, parse, plan } = require("@bufbuild/cel");
const { strings } = require("@bufbuild/cel/ext");

// A whole number comes as {"int": "7"}: JavaScript's own JSON would round it.
const toCel = (value) => {
  if (Array.isArray(value)) return value.map(toCel);
  if (value === null || typeof value !== "object") return value;
  if (typeof value.int === "string") return BigInt(value.int);
  return new Map(Object.entries(value).map(([name, field]) => [name, toCel(field)]));
};

let text = "";
for await (const chunk of process.stdin) text += chunk;
const { expressions, documents } = JSON.parse(text);
const env = celEnv({ funcs: strings });
const bindings = documents.map((payload) => ({ payload: toCel(payload) }));

const answer = (evaluate, binding) => {
  try {
    const result = evaluate(binding);
    if (typeof result === "boolean") return result;
    return result instanceof Error ? result.message : "a value of another type, or null";
  } catch (error) {
    return error.message;
  }
};

const answers = expressions.map((expression) => {
  try {
    const evaluate = plan(env, parse(expression));
    return bindings.map((binding) => answer(evaluate, binding));
  } catch (error) {
    return bindings.map(() => error.message);
  }
});
process.stdout.write(JSON.stringify(answers));
