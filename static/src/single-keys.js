/** Whether keys that stand alone do anything: who speaks to the machine, or trembles, may not want that. */

const OFF = "single-keys-off";

export function stored() {
  try {
    return !localStorage.getItem(OFF);
  } catch {
    return true;
  }
}

/** @param {boolean} on */
export function store(on) {
  try {
    if (on) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, "1");
  } catch {
    // A browser that stores nothing forgets it.
  }
}
