/** Keeps the message box above the keyboard on screen, where the browser does not shrink the page for it (Safari). */

export function keepAboveKeyboard() {
  const viewport = window.visualViewport;
  const dock = /** @type {HTMLElement | null} */ (document.querySelector(".dock"));
  if (!viewport || !dock) return;
  viewport.addEventListener("resize", () => {
    const covered = Math.max(0, innerHeight - viewport.height - viewport.offsetTop);
    dock.style.setProperty("--kb", viewport.scale > 1 ? "0px" : `${covered}px`);
  });
}
