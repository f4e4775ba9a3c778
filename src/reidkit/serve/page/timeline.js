// One individual: its pictures in order of time; wrong ones are split off, changed or removed.

import { attempt, get, pictureOf, post } from "./api.js";
import { ask, asUtc, count, find, make, moment, say, walkable } from "./elements.js";
import { searchLike } from "./search.js";

const MOST = 500;

/** Show one individual. */
export async function showTimeline(identity) {
  const page = await attempt(() => get("/v1/templates", { identity, limit: MOST }));
  if (!page) return;
  const view = find("timeline");
  const list = make("ol", { class: "cards" }, page.templates.map(card));
  walkable(list, {
    " ": (item) => item.querySelector("input").click(),
    l: (item) => item.querySelector(".similar").click(),
  });
  const form = actions(identity, list);
  list.addEventListener("change", () => {
    form.hidden = chosenIn(list).length === 0;
    form.querySelector(".number").textContent = count(chosenIn(list).length, "picture");
  });
  const more = page.total > page.templates.length ? `, the first ${page.templates.length} are shown` : "";
  view.replaceChildren(
    make("p", {}, make("a", { href: "#individuals" }, "All individuals")),
    make("h2", {}, identity),
    make("p", { class: "quiet" }, page.total ? count(page.total, "picture") + more : "There is nobody of this name."),
    make("details", {}, make("summary", {}, "Rename or merge"), renaming(identity)),
    lanes(page.templates, list),
    list,
    form,
  );
}

const chosenIn = (list) => [...list.querySelectorAll("input:checked")].map((item) => item.value);

function card(template) {
  const source = pictureOf(template, 320);
  return make(
    "li",
    { class: "card", tabindex: 0, id: `t-${template.template_id}`, "aria-label": moment(template.time) || "no time" },
    make(
      "div",
      { class: "shot" },
      source
        ? make("img", { src: source, alt: `Picture of ${template.identity}`, loading: "lazy" })
        : make("span", { class: "quiet" }, "no picture"),
    ),
    make("h3", {}, moment(template.time) || "no time"),
    make(
      "p",
      { class: "facts quiet" },
      [template.camera && `camera ${template.camera}`, template.notes].filter(Boolean).join(" · "),
    ),
    make(
      "div",
      { class: "buttons" },
      make("label", { class: "check" }, make("input", { type: "checkbox", value: template.template_id }), "Choose"),
      make("button", { type: "button", class: "similar", onclick: () => searchLike(template) }, "Similar"),
    ),
  );
}

/** One lane per camera, one mark per picture, placed by its time. */
function lanes(templates, list) {
  const timed = templates.filter((template) => template.time);
  if (timed.length < 2) return null;
  const at = (template) => new Date(template.time).getTime();
  const first = Math.min(...timed.map(at));
  const span = Math.max(...timed.map(at)) - first || 1;
  const cameras = [...new Set(timed.map((template) => template.camera ?? "unknown"))].sort();
  const mark = (template) => {
    const go = () => {
      const item = list.querySelector(`#${CSS.escape(`t-${template.template_id}`)}`);
      item.scrollIntoView({ block: "center" });
      item.focus();
    };
    const label = `${moment(template.time)}, camera ${template.camera ?? "unknown"}`;
    const button = make("button", { type: "button", class: "mark", title: label, "aria-label": label, onclick: go });
    button.style.left = `${(100 * (at(template) - first)) / span}%`;
    return button;
  };
  return make(
    "div",
    { class: "lanes", "aria-label": "When and where" },
    cameras.map((camera) => {
      const mine = timed.filter((template) => (template.camera ?? "unknown") === camera);
      return [make("span", { class: "quiet" }, `camera ${camera}`), make("div", { class: "lane" }, mine.map(mark))];
    }),
    make("span", {}),
    make(
      "p",
      { class: "ends quiet" },
      make("span", {}, moment(first)),
      make("span", {}, moment(first + span)),
    ),
  );
}

function renaming(identity) {
  const rename = async (event) => {
    event.preventDefault();
    const into = event.target.elements.into.value.trim();
    if (into === identity) return;
    if (!(await attempt(() => post("/v1/identities/merge", { identities: [identity], into })))) return;
    changed(`${identity} is now ${into}.`);
    location.hash = `#individual/${encodeURIComponent(into)}`;
  };
  return make(
    "form",
    { class: "inline", onsubmit: rename },
    make("label", {}, "Name ", make("input", { name: "into", required: true, maxlength: 200, value: identity })),
    make("button", { type: "submit" }, "Rename or merge"),
  );
}

function actions(identity, list) {
  const split = async (event) => {
    event.preventDefault();
    const into = event.target.elements.into.value.trim();
    const body = { template_ids: chosenIn(list), into };
    const done = into && (await attempt(() => post("/v1/identities/split", body)));
    if (!done) return;
    changed(`${count(done.changed, "picture")} are now ${into}.`);
    await showTimeline(identity);
  };
  const change = async () => {
    const { camera, time, notes } = form.elements;
    const values = {};
    if (camera.value.trim()) values.camera = camera.value.trim();
    if (time.value) values.time = asUtc(time.value);
    if (notes.value.trim()) values.notes = notes.value.trim();
    if (!Object.keys(values).length) {
      say("Fill in what to change: camera, time or notes.");
      return;
    }
    const body = { template_ids: chosenIn(list), ...values };
    if (!(await attempt(() => post("/v1/templates/update", body)))) return;
    changed("Changed.");
    await showTimeline(identity);
  };
  const remove = async () => {
    const ids = chosenIn(list);
    if (!(await ask(`Remove ${count(ids.length, "picture")} of ${identity} from the gallery?`))) return;
    const done = await attempt(() => post("/v1/templates/remove", { template_ids: ids }));
    if (!done) return;
    changed(`${count(done.changed, "picture")} removed.`);
    await showTimeline(identity);
  };
  const form = make(
    "form",
    { class: "actions", hidden: true, onsubmit: split },
    make("span", { class: "number" }),
    make("label", {}, "are ", make("input", { name: "into", placeholder: "somebody else", maxlength: 200 })),
    make("button", { type: "submit", class: "main" }, "Split off"),
    make(
      "details",
      {},
      make("summary", {}, "Change"),
      make("label", {}, "Camera ", make("input", { name: "camera", maxlength: 200 })),
      make("label", {}, "Time ", make("input", { name: "time", type: "datetime-local" })),
      make("label", {}, "Notes ", make("input", { name: "notes", maxlength: 2000 })),
      make("button", { type: "button", onclick: change }, "Change"),
    ),
    make("button", { type: "button", class: "danger", onclick: remove }, "Remove"),
  );
  return form;
}

function changed(text) {
  say(text);
  dispatchEvent(new Event("gallery-changed"));
}
