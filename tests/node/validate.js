// Validate HTML: a JSON string of a page, or of a part of one, per line; a JSON list of faults in return.
"use strict";
const readline = require("node:readline");
const { HtmlValidate, StaticConfigLoader } = require("html-validate");

const RULES = {
  // Of taste: browsers read both alike.
  "aria-label-misuse": ["error", { allowAnyNamable: true }],
  "doctype-style": "off",
  "long-title": "off",
  "no-implicit-button-type": "off",
  "no-implicit-input-type": "off",
  "no-trailing-whitespace": "off",
  "void-style": "off",
  // Lists of values are sent as fields of one name; two buttons of a form say which was pressed.
  "form-dup-name": "off",
  // All files are this server's own.
  "require-sri": "off",
};
const presets = ["html-validate:recommended", "html-validate:a11y"];
const page = validator([...presets, "html-validate:document"], RULES);
const part = validator(presets, { ...RULES, "heading-level": "off" });

function validator(presets, rules) {
  return new HtmlValidate(new StaticConfigLoader({ extends: presets, rules }));
}

readline.createInterface({ input: process.stdin }).on("line", async (line) => {
  const html = JSON.parse(line);
  const report = await (/^\s*<!doctype/i.test(html) ? page : part).validateString(html);
  const faults = report.results.flatMap((result) =>
    result.messages.map((fault) => `line ${fault.line}: ${fault.message} (${fault.ruleId})`),
  );
  process.stdout.write(`${JSON.stringify(faults)}\n`);
});
