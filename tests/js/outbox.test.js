import assert from "node:assert/strict";
import { test } from "node:test";
import { clientId } from "../../static/src/client-id.js";
import { Drafts } from "../../static/src/drafts.js";
import { Outbox } from "../../static/src/outbox.js";

const stored = { status: 201, document: { querySelector: () => ({ dataset: {} }) }, location: "", reason: "", sentence: "" };
const nothing = { status: 0, document: null, location: "", reason: "", sentence: "" };

/** A server that gives these answers in turn, and a browser's storage. */
function world(...answers) {
  const posted = [];
  const kept = new Map();
  const storage = { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value), removeItem: (key) => kept.delete(key) };
  const account = clientId();
  const post = async (address, fields) => (posted.push({ address, ...fields }), answers.shift());
  const open = () => new Outbox(new Drafts(account, storage), post);
  return { posted, kept, storage, account, open, outbox: open() };
}

test("test_I_2_the_same_text_keeps_its_id_until_it_is_stored", async () => {
  const { outbox, posted } = world(nothing, nothing, stored, stored);
  for (let tries = 0; tries < 4; tries++) await outbox.send("c", "/c/c/messages/", "Hello", { model: "tour" });
  const ids = posted.map((one) => one.client_id);
  assert.equal(new Set(ids.slice(0, 3)).size, 1);
  assert.notEqual(ids[3], ids[0]);
});

test("other words are another message", async () => {
  const { outbox, posted } = world(nothing, stored);
  await outbox.send("c", "/", "Hello", {});
  await outbox.send("c", "/", "Hello, world", {});
  assert.notEqual(posted[0].client_id, posted[1].client_id);
});

test("what could not be sent is still there after a reload, under the same id", async () => {
  const { open, outbox, posted } = world(nothing, stored);
  await outbox.send("c", "/", "Hello", {});
  const later = open();
  assert.equal(later.restore("c"), "Hello");
  await later.send("c", "/", "Hello", {});
  assert.equal(posted[0].client_id, posted[1].client_id);
});

test("what is stored is no draft any more", async () => {
  const { open, outbox, kept } = world(stored);
  outbox.keep("c", "Hello");
  await outbox.send("c", "/", "Hello", {});
  assert.equal(open().restore("c"), "");
  assert.equal(kept.size, 0);
});

test("what is typed while something is under way does not push that out of the storage", async () => {
  const { open, outbox } = world(nothing);
  const sending = outbox.send("c", "/", "Precious", {});
  outbox.keep("c", "n");
  assert.equal(open().restore("c"), "Precious");
  await sending;
});

test("drafts belong to one account and one conversation", () => {
  const { outbox, storage, account, open } = world();
  outbox.keep("c", "Alice's");
  assert.equal(open().restore("d"), "");
  assert.equal(new Drafts("somebody else", storage).read("c"), null);
  assert.equal(new Drafts(account, storage).read("c")?.text, "Alice's");
});

test("test_B_18_a_browser_that_stores_nothing_keeps_drafts_in_memory", () => {
  const full = { getItem: () => null, setItem: () => { throw new Error("QuotaExceededError"); }, removeItem: () => { throw new Error("SecurityError"); } };
  const drafts = new Drafts(clientId(), full);
  drafts.keep("c", "Hello", "");
  assert.equal(drafts.read("c")?.text, "Hello");
  drafts.forget("c");
  assert.equal(drafts.read("c"), null);
});

test("an answer that is no answer counts as not sent", async () => {
  const page = { ...stored, status: 200, document: { querySelector: () => null } };
  const { outbox } = world(page);
  const { section } = await outbox.send("c", "/", "Hello", {});
  assert.equal(section, null);
});

test("ids are random UUIDs of version 4", () => {
  assert.match(clientId(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
