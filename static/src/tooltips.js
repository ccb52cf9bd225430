/** The name of a button that shows only an icon, after a moment of hovering or at once with focus. */

const HOVER = 500;
const GAP = 6;
/** A finger has nothing to hover with, and what it has touched needs no explanation. */
const hovers = matchMedia("(hover: hover)");

/** @type {any} */
let timer = null;

export function serveTooltips() {
  document.addEventListener("pointerover", (event) => event.pointerType === "mouse" && point(event.target, HOVER));
  document.addEventListener("focusin", (event) => point(event.target, 0));
  for (const type of ["pointerdown", "focusout", "scroll", "keydown"]) document.addEventListener(type, hide, true);
}

/** @param {EventTarget | null} target @param {number} after */
function point(target, after) {
  const button = target instanceof Element ? target.closest("[data-tip]") : null;
  hide();
  if (button && hovers.matches && (after || button.matches(":focus-visible"))) timer = setTimeout(() => show(button), after);
}

/** @param {Element} button */
function show(button) {
  const tooltip = document.getElementById("tooltip");
  if (!tooltip || !button.checkVisibility()) return;
  const keys = button.getAttribute("aria-keyshortcuts")?.replace("Control", navigator.platform.startsWith("Mac") ? "⌘" : "Ctrl").replaceAll("+", " ");
  tooltip.textContent = [button.getAttribute("data-done") ?? button.getAttribute("aria-label"), keys].filter(Boolean).join("  ");
  tooltip.showPopover();
  const [at, size] = [button.getBoundingClientRect(), tooltip.getBoundingClientRect()];
  const above = at.top - size.height - GAP;
  tooltip.style.top = `${above > 0 ? above : at.bottom + GAP}px`;
  tooltip.style.left = `${Math.max(GAP, Math.min(at.left + at.width / 2 - size.width / 2, innerWidth - size.width - GAP))}px`;
}

function hide() {
  clearTimeout(timer);
  const tooltip = document.getElementById("tooltip");
  if (tooltip?.matches(":popover-open")) tooltip.hidePopover();
}
