import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { Transcript } from "../../static/src/transcript.js";

const folder = new URL("../fixtures/transcripts/", import.meta.url);

for (const file of readdirSync(folder).filter((name) => name.endsWith(".json"))) {
  test(`it folds ${file} as the server does`, () => {
    const { events, expect } = JSON.parse(readFileSync(new URL(file, folder), "utf8"));
    const transcript = new Transcript().applyAll(events);
    const names = { tool_calls: "toolCalls", finish_reason: "finishReason" };
    for (const [name, wanted] of Object.entries(expect)) {
      const mine = names[name] ?? name;
      if (mine in transcript) assert.deepEqual(plain(transcript[mine]), plain(wanted), name);
    }
    assert.equal(transcript.state, expect.state);
  });
}

test("what follows the end changes nothing", () => {
  const transcript = new Transcript().applyAll([{ type: "text", text: "a" }, { type: "finished", reason: "stop" }, { type: "text", text: "b" }]);
  assert.equal(transcript.text, "a");
});

/** The server leaves members out that have their default. */
const plain = (value) => JSON.parse(JSON.stringify(value));
