import assert from "node:assert/strict";
import { test } from "node:test";
import { RUN, last, text, world } from "./sockets.js";
import { FakeReader } from "./world.js";

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
