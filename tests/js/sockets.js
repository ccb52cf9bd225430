/** A page's one socket, with a clock that stands still and servers that do what the test says. */
import { RunSocket } from "../../static/src/run-socket.js";
import { Clock, FakeSocket } from "./world.js";

export const RUN = "11111111-1111-4111-8111-111111111111";
export const text = (after, words) => ({ type: "events", run: RUN, after, position: after + words.length, events: words.map((word) => ({ type: "text", text: word })) });

export function world(session = 204) {
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

export const last = (list) => list[list.length - 1];
