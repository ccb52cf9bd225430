/** What the browser runs: the elements, the tab's socket, keys and menus. Pages without a sidebar are without all that. */
import { banner } from "./banners.js";
import { ChatBarElement } from "./chat-bar.js";
import { ChatComposerElement } from "./chat-composer.js";
import { ChatLogElement } from "./chat-log.js";
import { ChatMessageElement } from "./chat-message.js";
import { ChatPageElement } from "./chat-page.js";
import { ChatSidebarElement } from "./chat-sidebar.js";
import { keepAboveKeyboard } from "./keyboard.js";
import { serveMenus } from "./menus.js";
import { ModelPickerElement } from "./model-picker.js";
import { attend, runs } from "./runs.js";
import { SecretFieldElement } from "./secret-field.js";
import { hurry } from "./slices.js";
import { serveShortcuts } from "./shortcuts.js";
import { ToastNoteElement } from "./toast-note.js";
import { serveTooltips } from "./tooltips.js";

const ELEMENTS = [
  ChatLogElement,
  ChatMessageElement,
  ModelPickerElement,
  ChatComposerElement,
  ChatBarElement,
  ChatPageElement,
  ChatSidebarElement,
  SecretFieldElement,
  ToastNoteElement,
];

runs.addEventListener("state", () => {
  banner("signed-out", runs.state === "signed-out");
  banner("outdated", runs.state === "outdated");
});
document.addEventListener("click", ({ target }) => {
  if (!(target instanceof Element)) return;
  if (target.closest('[data-action="reload"]')) location.reload();
  if (target.closest('[data-action="print"]')) print();
});
// Paper does not wait.
addEventListener("beforeprint", () => hurry(5_000));
serveMenus();
serveTooltips();
serveShortcuts();
keepAboveKeyboard();
for (const element of ELEMENTS) element.define();
// What can be seen first should never have looked otherwise.
hurry(40);
// Where nobody is signed in there is nothing to follow.
if (document.querySelector("chat-sidebar, .reader")) attend();
