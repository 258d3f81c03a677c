/** web/length.js: the same lengths that the server counts, from one list. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { length } from "../../client/web/length.js";

for (const [said, count] of JSON.parse(readFileSync(new URL("lengths.json", import.meta.url), "utf8"))) {
  test(`${count}: ${JSON.stringify(said).slice(0, 40)}`, () => assert.equal(length(said), count));
}
