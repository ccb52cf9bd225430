/** The tab's one socket. It opens when something is worth following, and follows the tab through sleep and tunnels. */
import { session } from "./request.js";
import { PROTOCOL, RunSocket } from "./run-socket.js";

const address = () => new URL("/ws/", location.href.replace(/^http/, "ws")).href;

export const runs = new RunSocket({ open: () => new WebSocket(address(), PROTOCOL), session });

export function attend() {
  addEventListener("online", () => runs.wake());
  addEventListener("offline", () => runs.lose());
  // A page that sleeps for the back button must hold no connection, or the browser does not keep it.
  addEventListener("pagehide", () => runs.rest());
  addEventListener("pageshow", (event) => event.persisted && runs.start());
  document.addEventListener("visibilitychange", () => document.hidden || runs.wake());
  if (navigator.onLine) runs.start();
  else runs.lose();
}
