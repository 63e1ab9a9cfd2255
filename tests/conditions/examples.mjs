// The language's own conformance tests, of those that bind no variables, as truths: [suite, expression, what is right].
import { createRequire } from "node:module";

const require = createRequire(new URL("../package.json", import.meta.url));
const { tests } = require("@bufbuild/cel-spec/testdata/conformance.js");

// A text in the language's own writing.
const quoted = (text) => JSON.stringify(text).replace(/[\u007f-\uffff]/g, (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));

// Surrogate pairs are one character to the language.
const isPlain = (text) => ![...text].some((c) => c.length > 1);

// An expression that is true where the test's own has the value that it should have.
const asTruth = (expr, value) => {
  if ("boolValue" in value) return [expr, value.boolValue];
  if ("int64Value" in value) return [`(${expr}) == ${value.int64Value}`, true];
  if ("uint64Value" in value) return [`(${expr}) == ${value.uint64Value}u`, true];
  if (typeof value.doubleValue === "number") return [`(${expr}) == ${value.doubleValue}`, true];
  if ("stringValue" in value && isPlain(value.stringValue)) return [`(${expr}) == ${quoted(value.stringValue)}`, true];
  if ("nullValue" in value) return [`(${expr}) == null`, true];
  return undefined;
};

const found = [];
const walk = (suite, path) => {
  for (const inner of suite.suites ?? []) walk(inner, path === "" ? inner.name : `${path}/${inner.name}`);
  for (const { original: test } of suite.tests ?? []) {
    if (test.bindings || test.container || test.typeEnv || test.checkOnly) continue;
    if (test.evalError) found.push([path, test.expr, null]);
    const truth = test.value && asTruth(test.expr, test.value);
    if (truth) found.push([path, ...truth]);
  }
};
for (const suite of tests.suites) walk(suite, suite.name);
process.stdout.write(JSON.stringify(found));
