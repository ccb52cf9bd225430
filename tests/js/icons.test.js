import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { ICONS } from "../../static/src/icons.js";

const root = new URL("../../", import.meta.url);
const files = ["templates/", "chatsite/"].flatMap((folder) =>
  readdirSync(new URL(folder, root), { recursive: true })
    .filter((name) => /\.(html|py)$/.test(name))
    .map((name) => readFileSync(new URL(`${folder}${name}`, root), "utf8")),
);

test("the sprite holds every icon that is used, and no other", () => {
  const used = new Set(files.flatMap((text) => [...text.matchAll(/\{% icon "([\w-]+)"|Note\(\s*"\w+", "([\w-]+)"/g)].map((found) => found[1] ?? found[2])));
  assert.deepEqual([...used].sort(), [...ICONS].sort());
});
