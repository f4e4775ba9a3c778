// Build and find elements; text is always text, never HTML.

export const find = (id) => document.getElementById(id);

/** Make an element: attributes by name, `on...` as listeners, children as text or elements. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

export const count = (number, thing, things = `${thing}s`) => `${number} ${number === 1 ? thing : things}`;

export const percent = (share) => {
  if (share > 0.999) return "over 99.9 %";
  if (share < 0.001) return "under 0.1 %";
  return `${(100 * share).toFixed(share > 0.99 || share < 0.01 ? 1 : 0)} %`;
};

export const moment = (text) =>
  text ? new Date(text).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" }) : "";

/** Time of an <input type=datetime-local>, which is local, as UTC for the service. */
export const asUtc = (text) => (text ? new Date(text).toISOString() : null);

let hiding = 0;

/** Say something for some seconds; an action, if given, is a button beside it. */
export function say(text, { isWrong = false, action = null, label = "" } = {}) {
  const toast = find("toast");
  toast.replaceChildren(make("span", {}, text));
  if (action) {
    const act = () => {
      toast.hidden = true;
      action();
    };
    toast.append(make("button", { type: "button", onclick: act }, label));
  }
  toast.classList.toggle("wrong", isWrong);
  toast.hidden = false;
  clearTimeout(hiding);
  hiding = setTimeout(() => (toast.hidden = true), isWrong || action ? 12000 : 5000);
}

/** Ask before something is lost. */
export function ask(question) {
  const dialog = find("confirm");
  find("question").textContent = question;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

/** Let arrow keys go through the cards of a list; `keys` are further ones, by letter. */
export function walkable(list, keys) {
  list.addEventListener("keydown", (event) => {
    const card = event.target.closest("li");
    if (!card || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches("input:not([type=checkbox]), textarea")) return;
    const next = { ArrowRight: "nextElementSibling", ArrowDown: "nextElementSibling" }[event.key];
    const last = { ArrowLeft: "previousElementSibling", ArrowUp: "previousElementSibling" }[event.key];
    if (next || last) {
      event.preventDefault();
      card[next ?? last]?.focus();
    } else if (event.target === card && keys[event.key.toLowerCase()]) {
      event.preventDefault();
      keys[event.key.toLowerCase()](card);
    }
  });
}
