import assert from "node:assert/strict";
import { test } from "node:test";
import { ACK_EVERY, RunSocket } from "../../static/src/run-socket.js";
import { Clock, FakeReader, FakeSocket } from "./world.js";

const RUN = "11111111-1111-4111-8111-111111111111";
const text = (after, words) => ({ type: "events", run: RUN, after, position: after + words.length, events: words.map((word) => ({ type: "text", text: word })) });

function world(session = 204) {
  const clock = new Clock();
  const sockets = [];
  const heard = [];
  const it = { clock, sockets, heard, session, asked: 0 };
  it.runs = new RunSocket({
    open: () => sockets[sockets.push(new FakeSocket()) - 1],
    session: async () => (it.asked++, it.session),
    clock,
    random: () => 0.5,
  });
  for (const type of ["resumed", "changed"]) it.runs.addEventListener(type, (event) => heard.push(event.detail ?? type));
  return it;
}

const last = (list) => list[list.length - 1];

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

test("it acknowledges the newest frame, at most four times a second", async () => {
  const { runs, sockets, clock } = world();
  runs.follow(RUN, new FakeReader(0));
  sockets[0].accept();
  for (let at = 0; at < 100; at++) {
    sockets[0].say(text(at, ["x"]));
    await clock.pass(10);
  }
  await clock.pass(ACK_EVERY);
  const acks = sockets[0].sent.filter((frame) => frame.type === "ack");
  assert.ok(acks.length <= 6, `${acks.length} acknowledgements in 1.25 s`);
  assert.equal(last(acks).n, 100);
});

test("after a dropped socket it comes back by itself, further each time, and goes on from its position", async () => {
  const { runs, sockets, clock, heard } = world();
  const reader = new FakeReader(0);
  runs.follow(RUN, reader);
  sockets[0].accept();
  sockets[0].say(text(0, ["a", "b"]));
  await sockets[0].end();
  assert.equal(runs.state, "waiting");
  await clock.pass(1_000);
  assert.equal(sockets.length, 2);
  sockets[1].accept();
  assert.deepEqual(sockets[1].sent, [{ type: "follow", run: RUN, after: 2 }]);
  assert.deepEqual(heard, ["resumed"]);
  sockets[1].say(text(2, ["c"]));
  assert.equal(reader.text, "abc");
});

test("pauses grow up to half a minute and never fall together", async () => {
  const { runs, sockets, clock } = world(0);
  runs.start();
  const gaps = [];
  for (let tries = 0; tries < 9; tries++) {
    const before = clock.time;
    await last(sockets).end();
    const count = sockets.length;
    while (sockets.length === count) await clock.pass(100);
    gaps.push(clock.time - before);
  }
  assert.ok(gaps.every((gap, at) => at === 0 || gap >= gaps[at - 1]));
  assert.ok(last(gaps) <= 30_000);
});

test("after a refused handshake it asks for the session, and stops when that has ended", async () => {
  const it = world(401);
  it.runs.start();
  await it.sockets[0].end();
  assert.equal(it.asked, 1);
  assert.equal(it.runs.state, "signed-out");
  await it.clock.pass(600_000);
  assert.equal(it.sockets.length, 1);
});

test("after signing in again elsewhere it comes back", async () => {
  const it = world(401);
  it.runs.start();
  await it.sockets[0].end();
  it.runs.wake();
  it.sockets[1].accept();
  assert.equal(it.runs.state, "open");
});

test("a session that is good again after 4401 is used", async () => {
  const it = world(204);
  it.runs.start();
  it.sockets[0].accept();
  await it.sockets[0].end(4401);
  await it.clock.pass(2_000);
  assert.equal(it.sockets.length, 2);
});

test("test_B_15_a_new_version_is_said_and_not_fought", async () => {
  const it = world();
  it.runs.start();
  it.sockets[0].accept();
  await it.sockets[0].end(4426);
  await it.clock.pass(600_000);
  it.runs.wake();
  assert.equal(it.runs.state, "outdated");
  assert.equal(it.sockets.length, 1);
});

for (const [code, least] of [
  [4400, 10_000],
  [4413, 10_000],
  [4429, 10_000],
  [4012, 1_000],
]) {
  test(`after ${code} it stays away for ${least / 1000} s at least`, async () => {
    const it = world();
    it.runs.start();
    it.sockets[0].accept();
    await it.sockets[0].end(code);
    await it.clock.pass(least);
    assert.equal(it.sockets.length, 1);
    await it.clock.pass(5_000);
    assert.equal(it.sockets.length, 2);
  });
}

test("a server that does not read us well (4408) is met again at once", async () => {
  const it = world();
  it.runs.start();
  it.sockets[0].accept();
  await it.sockets[0].end(4408);
  await it.clock.pass(1_000);
  assert.equal(it.sockets.length, 2);
});

test("test_B_16_where_no_socket_comes_through_it_says_so_and_keeps_trying", async () => {
  const it = world(204);
  it.runs.start();
  for (let tries = 0; tries < 3; tries++) {
    await last(it.sockets).end();
    const count = it.sockets.length;
    if (tries < 2) while (it.sockets.length === count) await it.clock.pass(100);
  }
  assert.equal(it.runs.state, "blocked");
  assert.equal(it.runs.since, 0, "all the attempts are one absence");
  const count = it.sockets.length;
  while (it.sockets.length === count) await it.clock.pass(100);
  assert.equal(it.runs.state, "blocked", "one more attempt is not news");
  last(it.sockets).accept();
  assert.equal(it.runs.state, "open");
});

test("test_B_16_a_handshake_that_is_never_answered_is_given_up", async () => {
  const it = world(204);
  it.runs.start();
  await it.clock.pass(45_000);
  assert.equal(it.runs.state, "blocked");
  assert.ok(it.sockets.slice(0, 3).every((socket) => socket.closed));
});

test("offline it rests, online it returns at once", async () => {
  const it = world();
  it.runs.follow(RUN, new FakeReader(3));
  it.sockets[0].accept();
  it.runs.lose();
  assert.equal(it.runs.state, "offline");
  assert.equal(it.sockets[0].closed, true);
  await it.clock.pass(600_000);
  assert.equal(it.sockets.length, 1);
  it.runs.wake();
  it.sockets[1].accept();
  assert.deepEqual(it.sockets[1].sent, [{ type: "follow", run: RUN, after: 3 }]);
});

test("a socket that died without a word is noticed", async () => {
  const it = world();
  it.runs.start();
  it.sockets[0].accept();
  await it.clock.pass(70_000);
  assert.equal(it.sockets[0].closed, true);
  assert.equal(it.sockets.length, 2);
});

test("pings keep it alive", async () => {
  const it = world();
  it.runs.start();
  it.sockets[0].accept();
  for (let seconds = 0; seconds < 200; seconds += 20) {
    await it.clock.pass(20_000);
    it.sockets[0].say({ type: "ping" });
  }
  assert.equal(it.sockets.length, 1);
});

test("test_B_19_it_rests_with_the_page_and_comes_back_with_it", () => {
  const it = world();
  it.runs.follow(RUN, new FakeReader(9));
  it.sockets[0].accept();
  it.runs.rest();
  assert.equal(it.sockets[0].closed, true);
  assert.equal(it.clock.waiting, 0);
  it.runs.start();
  it.sockets[1].accept();
  assert.deepEqual(it.sockets[1].sent, [{ type: "follow", run: RUN, after: 9 }]);
  assert.deepEqual(it.heard, ["resumed"]);
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
