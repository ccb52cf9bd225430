import assert from "node:assert/strict";
import { test } from "node:test";
import { ACK_EVERY } from "../../static/src/run-socket.js";
import { RUN, last, text, world } from "./sockets.js";
import { FakeReader } from "./world.js";

test("it opens one socket, and follows from where the page stands", () => {
  const { runs, sockets } = world();
  runs.follow(RUN, new FakeReader(17));
  runs.follow("other", new FakeReader(0));
  assert.equal(sockets.length, 1);
  sockets[0].accept();
  assert.deepEqual(sockets[0].sent, [
    { type: "follow", run: RUN, after: 17 },
    { type: "follow", run: "other", after: 0 },
  ]);
});

test("it hands on what comes next, in order", () => {
  const { runs, sockets } = world();
  const reader = new FakeReader(2);
  runs.follow(RUN, reader);
  sockets[0].accept();
  sockets[0].say(text(2, ["Hel"]));
  sockets[0].say(text(3, ["lo", "!"]));
  assert.equal(reader.text, "Hello!");
  assert.equal(reader.position, 5);
});

test("U-07 what a busy model makes us wait for is handed on, and moves nothing", () => {
  const { runs, sockets } = world();
  const reader = new FakeReader(2);
  runs.follow(RUN, reader);
  sockets[0].accept();
  sockets[0].say({ type: "waiting", run: RUN, seconds: 14, reason: "rate_limited" });
  assert.deepEqual(reader.calls, [{ seconds: 14, reason: "rate_limited" }]);
  sockets[0].say(text(2, ["on"]));
  assert.equal(reader.text, "on");
});

test("test_I_4_a_hole_is_never_shown: it resyncs instead, and ignores the rest until it follows again", () => {
  const { runs, sockets } = world();
  const reader = new FakeReader(0);
  runs.follow(RUN, reader);
  sockets[0].accept();
  sockets[0].say(text(0, ["a"]));
  sockets[0].say(text(2, ["c"]));
  sockets[0].say(text(3, ["d"]));
  assert.equal(reader.text, "a");
  assert.deepEqual(reader.calls, ["resync"]);
  assert.deepEqual(last(sockets[0].sent), { type: "leave", run: RUN });
  reader.position = 3;
  runs.follow(RUN, reader);
  sockets[0].say(text(3, ["d"]));
  assert.equal(reader.text, "ad");
});

test("nothing is shown twice", () => {
  const { runs, sockets } = world();
  const reader = new FakeReader(0);
  runs.follow(RUN, reader);
  sockets[0].accept();
  sockets[0].say(text(0, ["a"]));
  sockets[0].say(text(0, ["a"]));
  assert.equal(reader.text, "a");
  assert.deepEqual(reader.calls, ["resync"]);
});

test("it resyncs when the server says so, on the same socket", () => {
  const { runs, sockets } = world();
  const reader = new FakeReader(4);
  runs.follow(RUN, reader);
  sockets[0].accept();
  sockets[0].say({ type: "resync", run: RUN });
  runs.follow(RUN, reader);
  sockets[0].say({ type: "resync", run: RUN, away: true });
  assert.deepEqual(reader.calls, ["resync", "resync, away"]);
  assert.equal(sockets[0].closed, false);
});

test("a run that is gone is left", () => {
  const { runs, sockets } = world();
  const reader = new FakeReader(0);
  runs.follow(RUN, reader);
  sockets[0].accept();
  sockets[0].say({ type: "gone", run: RUN });
  sockets[0].say(text(0, ["late"]));
  assert.deepEqual(reader.calls, ["gone"]);
  assert.equal(reader.text, "");
});

test("it acknowledges the newest frame, at most twice a second", async () => {
  const { runs, sockets, clock } = world();
  runs.follow(RUN, new FakeReader(0));
  sockets[0].accept();
  for (let at = 0; at < 100; at++) {
    sockets[0].say(text(at, ["x"]));
    await clock.pass(10);
  }
  await clock.pass(ACK_EVERY);
  const acks = sockets[0].sent.filter((frame) => frame.type === "ack");
  assert.ok(acks.length <= 4, `${acks.length} acknowledgements in 1.5 s`);
  assert.equal(last(acks).n, 100);
});

test("hints are passed on, and what is unknown is ignored", () => {
  const it = world();
  it.runs.start();
  it.sockets[0].accept();
  it.sockets[0].say({ type: "changed", what: "conversations", id: "7" });
  it.sockets[0].say({ type: "news", of: "tomorrow" });
  assert.deepEqual(it.heard, [{ what: "conversations", id: "7" }]);
});

test("leaving tells the server once", () => {
  const { runs, sockets } = world();
  const reader = new FakeReader(0);
  runs.follow(RUN, reader);
  sockets[0].accept();
  runs.leave(RUN);
  runs.leave(RUN);
  sockets[0].say(text(0, ["x"]));
  assert.deepEqual(sockets[0].sent.filter((frame) => frame.type === "leave"), [{ type: "leave", run: RUN }]);
  assert.equal(reader.text, "");
});
