/** A page opens where one had been when one comes back to it by back, forward or reload. */

/** Keeps where one is, for the time when this page is shown again. @param {() => number | undefined} place */
export function rememberPlace(place) {
  addEventListener("pagehide", () => history.replaceState({ ...history.state, top: place() }, ""));
}

/** Where one had been, if one comes back. @returns {number | undefined} */
export function rememberedPlace() {
  const [entry] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
  return entry?.type === "navigate" ? undefined : history.state?.top;
}
